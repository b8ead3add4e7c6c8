//! The live registry against a service on this machine that says what a test wants.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod captured;
mod faults;
mod keeping;
mod paging;
mod questions;
mod support;
mod waiting;
