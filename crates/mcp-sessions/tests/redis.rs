//! The tests of the store on Redis, against servers that they start themselves.

mod alert;
mod cluster;
mod ends;
mod limits;
mod login;
mod outages;
mod promises;
pub(crate) mod server;
mod traffic;
mod verbs;
