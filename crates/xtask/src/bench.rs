//! `cargo xtask bench`: what the program costs, measured.

mod growth;
mod log;
mod process;
mod program;
mod registry;

pub(crate) use program::run_program;
pub(crate) use registry::{STUDIES as REGISTRY_STUDIES, run_registry};
