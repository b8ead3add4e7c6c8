//! What records say about words that mean the same, kept in the index so that a generation can learn from all of it.

use serde_json::Value;

/// Calls `each` with every statement of `study`.
pub(super) fn for_each_statement(_study: &Value, _each: impl FnMut(&str)) {}
