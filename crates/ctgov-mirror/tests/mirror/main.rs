//! The mirror from outside: records in, answers out, whatever happens in between.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end, and say where")]

mod compact;
mod crash;
mod damage;
mod disk_full;
mod generations;
mod geo;
mod import;
mod killed;
mod oracle;
mod paging;
mod relevance;
mod support;
mod tables;
mod verify;
