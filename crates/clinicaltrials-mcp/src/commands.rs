//! The subcommands, one file each.

pub mod compact;
pub mod config;
pub mod demo;
pub mod import;
mod progress;
pub mod serve;
pub mod sessions;
pub mod status;
pub mod stdio;
pub mod verify;
