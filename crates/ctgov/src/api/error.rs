//! `ApiError`: every answer to a request that cannot be served, in the words on record.

use crate::{NctId, essie::EssieError};

/// Why a request is not answered, as the API says it: a status, and a body of plain text.
///
/// What ClinicalTrials.gov was seen to say is repeated to the letter, its three ways of quoting included.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {body}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The body, plain text.
    pub body: String,
}

/// Longest part of a request that an error repeats, in characters.
const REPEATED_MAX: usize = 200;

fn shown(text: &str) -> &str {
    text.char_indices().nth(REPEATED_MAX).map_or(text, |(end, _)| &text[..end])
}

impl ApiError {
    /// 400 with this text.
    pub fn bad_request(body: impl Into<String>) -> Self {
        Self { status: 400, body: body.into() }
    }

    /// No parameter of the endpoint has this name.
    pub fn unknown_parameter(name: &str) -> Self {
        Self::bad_request(format!("`{}` is unknown parameter", shown(name)))
    }

    /// The name's part before the dot is that of no group of the endpoint's parameters.
    pub fn invalid_prefix(name: &str) -> Self {
        Self::bad_request(format!("Invalid prefix in parameter name: {}", shown(name)))
    }

    /// The value is none of those there are. The parameter is shown without its prefix, as on record.
    pub fn invalid_value(parameter: &str, value: &str) -> Self {
        let parameter = parameter.rsplit('.').next().unwrap_or_default();
        Self::bad_request(format!("Invalid value in parameter `{parameter}`: `{}`", shown(value)))
    }

    /// The value is not of the parameter's pattern.
    pub fn incorrect_format(parameter: &str) -> Self {
        Self::bad_request(format!("Parameter `{parameter}` has incorrect format"))
    }

    /// An item of the list, counted from 1, is not of the parameter's pattern.
    pub fn incorrect_item(position: usize, parameter: &str) -> Self {
        Self::bad_request(format!("Item {position} in parameter `{parameter}` has incorrect format"))
    }

    /// No field has this name.
    pub fn invalid_field(parameter: &str, name: &str) -> Self {
        Self::bad_request(format!("Parameter '{parameter}' contains invalid field name: '{}'", shown(name)))
    }

    /// Values of this type have no order.
    pub fn unsupported_sort(type_name: &str) -> Self {
        Self::bad_request(format!("Unsupported sort field type: {type_name}"))
    }

    /// The expression cannot be read or asks what cannot be asked. `label` is what the website calls the field it was
    /// typed into.
    pub fn query(label: &str, error: &EssieError) -> Self {
        Self::bad_request(format!("Error parsing query in {label}: {error}"))
    }

    /// The question takes more work than a request is given.
    pub fn too_complicated(why: &str) -> Self {
        Self::bad_request(format!("Too complicated query: {why}"))
    }

    /// No study has this number.
    pub fn no_such_study(id: NctId) -> Self {
        Self { status: 404, body: format!("NCT number {id} not found") }
    }

    /// No statistics are kept of anything by this name.
    pub fn unknown_piece(name: &str) -> Self {
        Self { status: 404, body: format!("Unknown piece name of field path: {}", shown(name)) }
    }

    /// The parameter is given more than once. Not on record.
    pub fn given_twice(parameter: &str) -> Self {
        Self::bad_request(format!("Parameter `{parameter}` is given more than once"))
    }

    /// The value is one of the API's that this server does not serve. Not on record.
    pub fn not_served(parameter: &str, value: &str, instead: &str) -> Self {
        Self::bad_request(format!("`{parameter}={value}` is not served here; {instead}"))
    }
}
