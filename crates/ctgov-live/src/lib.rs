//! ClinicalTrials.gov as it is now: a registry that asks the API v2 for every answer.
//!
//! ```text
//! StudyQuery ─address─▶ path?query ─cache─▶ the answer, if it was given of this data version
//!                            └─flights─▶ one request for all who ask the same ─pace─▶ http ─▶ bytes
//!                                                                       bytes ─answer─▶ Documents, Page
//! ```
//!
//! The service is asked about once a second, by a program that names itself. What passes (429, 5xx, a web page instead
//! of data, a connection that breaks) is tried again, with growing waits. What comes back is bounded before it is read,
//! and every way in which it is no answer is a [`LiveError`] that says what to do next.
//!
//! Calls block within their [`Budget`](ctgov::Budget): run them off the async threads of the runtime that
//! [`Live::open`] is given, on which the requests run.

#![warn(missing_docs, missing_debug_implementations)]

mod address;
mod answer;
mod cache;
mod client;
mod error;
mod flights;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod live;
mod options;
pub mod outbound;
mod pace;
mod search;
mod snapshot;
mod statistics;

pub use error::LiveError;
pub use live::{Live, OpenError};
pub use options::{InvalidBaseUrl, LiveOptions};
