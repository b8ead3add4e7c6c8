//! When the registry does not answer: what the caller is told, and what the operator reads in the log.

use ctgov::RegistryError;
use rmcp::ErrorData;
use std::error::Error;

/// A registry's failure as a JSON-RPC error; the causes go to the log only.
pub(crate) fn protocol_error(error: &RegistryError) -> ErrorData {
    if let RegistryError::Unavailable(cause) = error {
        tracing::error!(causes = with_causes(cause.as_ref()), "the registry cannot be read");
    }
    ErrorData::internal_error(error.to_string(), None)
}

/// An error and everything that led to it, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
