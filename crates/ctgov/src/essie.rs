//! Essie: ClinicalTrials.gov's expression language.
//!
//! ```text
//! text ─parse─▶ Expr ─resolve─▶ Condition ─▶ Evaluator over JSON (the definition of correct)
//!                 └─print─▶ text          └▶ an index (must agree)
//! ```

mod ast;
mod condition;
mod error;
pub mod evaluate;
mod lexer;
mod parse;
mod print;
mod resolve;

pub use ast::{Bound, Circle, Context, Coverage, Expansion, Expr, LengthUnit, Scope, Span, Target, Term};
pub use condition::{Condition, Interval, Place, Words};
pub use error::{EssieError, Problem};
pub use parse::parse;
pub use print::{literal, quote};
pub use resolve::resolve;
