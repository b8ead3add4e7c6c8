//! The server, as a library for its binary and its tests. See `ARCHITECTURE.md` for the path of one request.

#![warn(missing_docs)]

pub mod admin;
pub mod api_v2;
pub mod auth;
pub mod cli;
pub mod cohorts;
pub mod commands;
pub mod completion;
pub mod engine;
mod failure;
pub mod http;
pub mod mcp;
pub mod prompts;
pub mod render;
pub mod resources;
pub mod sessions;
pub mod settings;
pub mod shutdown;
pub mod source;
pub mod telemetry;
pub mod tools;
