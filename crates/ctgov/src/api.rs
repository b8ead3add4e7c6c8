//! The parameters and answers of ClinicalTrials.gov's API v2, without HTTP.
//!
//! ```text
//! decoded query pairs ─read─▶ StudiesRequest { StudyQuery, Projection, … } ─▶ Snapshot ─▶ bodies
//!                        └──▶ ApiError { status, body }
//! ```
//!
//! An endpoint's parameters are read from its decoded query pairs, in the order given; the first that is wrong is the
//! one that is told, in the words on record. What the tables know by themselves (field tree, areas, vocabularies) is
//! answered from here; what the data knows is only written here, from [`crate::tabulate`]'s types.
//!
//! Where the service's behaviour is not on record, this is what holds:
//!
//! - A parameter without a value counts as not given, but for `fields`, which must not be empty.
//! - A parameter given twice is refused: taking one of the two would answer another question.
//! - A value with U+FFFD in it, which stands for bytes that were no text, is refused.
//! - Values of lists are taken as they stand between commas and pipes; white space around them makes them wrong.
//! - In errors of queries without a label on record, the area's or piece's name stands for it (`PatientSearch`,
//!   `LeadSponsorName`).

mod agg_filters;
mod error;
mod geo;
mod model;
mod parameters;
mod stats;
mod studies;

pub use error::ApiError;
pub use geo::circle;
pub use model::{enums, metadata, search_areas};
pub use stats::{
    FieldSizesRequest, FieldValuesRequest, StatsType, field_sizes, field_values, record_sizes, version,
};
pub use studies::{MetadataRequest, StudiesRequest, StudyRequest};

use parameters::Given;

/// Which version of the API this is: its `apiVersion`.
pub const VERSION: &str = "2.0.5";

/// Checks the query pairs of an endpoint that takes no parameters.
///
/// # Errors
///
/// The first pair.
pub fn no_parameters(pairs: &[(String, String)]) -> Result<(), ApiError> {
    Given::new(pairs, &[]).try_for_each(|given| given.map(drop))
}
