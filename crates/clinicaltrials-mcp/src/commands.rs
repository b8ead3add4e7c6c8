//! The subcommands, one file each.

pub mod demo;
pub mod import;
pub mod serve;
pub mod status;
pub mod stdio;
