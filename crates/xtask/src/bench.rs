//! `cargo xtask bench`: what the program costs, measured.

mod growth;
mod log;
pub(crate) mod process;
mod program;
mod registry;
mod session_server;
mod sessions;
mod tools;

pub(crate) use program::run_program;
pub(crate) use registry::{STUDIES as REGISTRY_STUDIES, run_registry};
pub(crate) use sessions::run_sessions;
pub(crate) use tools::{STUDIES as TOOLS_STUDIES, run_tools};
