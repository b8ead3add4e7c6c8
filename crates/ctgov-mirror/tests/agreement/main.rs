//! What questions mean to the index: what the evaluator says, which defines what is correct; what the laws of sets say;
//! and, of hostile ones, that they come to an end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end, and say where")]

mod evaluator;
mod expressions;
mod hostile;
mod laws;
mod relations;
mod world;
