//! The tests of the store on Redis, against servers that they start themselves.

mod ends;
mod limits;
mod promises;
mod server;
mod traffic;
mod verbs;
