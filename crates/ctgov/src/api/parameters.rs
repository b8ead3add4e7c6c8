//! Query pairs as parameters: which there are, which are wrong, and how values are read that several endpoints take.

use super::ApiError;

/// Goes through an endpoint's parameters in the order given.
///
/// A name that is no parameter's, one given before, and a value that was not UTF-8 are errors. Parameters without a
/// value are left out, but for `fields`.
pub(super) struct Given<'a> {
    pairs: &'a [(String, String)],
    at: usize,
    names: &'static [&'static str],
}

impl<'a> Given<'a> {
    pub(super) fn new(pairs: &'a [(String, String)], names: &'static [&'static str]) -> Self {
        Self { pairs, at: 0, names }
    }

    fn read(&self, name: &str, value: &str, before: &[(String, String)]) -> Result<&'static str, ApiError> {
        let Some(known) = self.names.iter().find(|known| **known == name) else {
            let in_group = |prefix| self.names.iter().any(|known| group(known) == Some(prefix));
            return Err(match group(name) {
                Some(prefix) if !in_group(prefix) => ApiError::invalid_prefix(name),
                _ => ApiError::unknown_parameter(name),
            });
        };
        // Only names of parameters get this far, each once: there are few.
        if before.iter().any(|(other, _)| other == name) {
            return Err(ApiError::given_twice(known));
        }
        // What stands for bytes that were no text. Without them it would be another question.
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(ApiError::incorrect_format(known));
        }
        Ok(known)
    }
}

/// What stands before the first dot.
fn group(name: &str) -> Option<&str> {
    name.split_once('.').map(|(prefix, _)| prefix)
}

impl<'a> Iterator for Given<'a> {
    type Item = Result<(&'static str, &'a str), ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (name, value) = self.pairs.get(self.at)?;
            let read = self.read(name, value, &self.pairs[..self.at]);
            self.at += 1;
            match read {
                Ok(known) if value.trim().is_empty() && known != "fields" => {}
                read => return Some(read.map(|known| (known, value.as_str()))),
            }
        }
    }
}

/// The items of a list with their positions, counted from 1.
pub(super) fn items(list: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(list.split([',', '|']))
}

/// The items of a list of field names, each of which `^[a-zA-Z][a-zA-Z0-9\-. ]*$` or, where that is one, `@query`.
pub(super) fn field_items<'a>(
    parameter: &'a str,
    list: &'a str,
    with_query: bool,
) -> impl Iterator<Item = Result<&'a str, ApiError>> {
    items(list).map(move |(position, item)| {
        if is_field_name(item) || (with_query && item == "@query") {
            Ok(item)
        } else {
            Err(ApiError::incorrect_item(position, parameter))
        }
    })
}

/// Whether a text is of the pattern of field names.
pub(super) fn is_field_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-. ".contains(&byte))
}

/// `true` or `false`.
pub(super) fn boolean(parameter: &str, value: &str) -> Result<bool, ApiError> {
    value.parse().map_err(|_| ApiError::incorrect_format(parameter))
}

/// Refuses what `format` can be but JSON, and what it cannot be.
pub(super) fn json_only(value: &str, others: &[&str]) -> Result<(), ApiError> {
    match value {
        "json" => Ok(()),
        _ if others.contains(&value) => {
            Err(ApiError::not_served("format", value, "it answers JSON only (format=json)"))
        }
        _ => Err(ApiError::invalid_value("format", value)),
    }
}

/// Refuses what `markupFormat` can be but CommonMark, and what it cannot be.
pub(super) fn markdown_only(value: &str) -> Result<(), ApiError> {
    match value {
        "markdown" => Ok(()),
        "legacy" => {
            Err(ApiError::not_served("markupFormat", value, "markup is CommonMark (markupFormat=markdown)"))
        }
        _ => Err(ApiError::invalid_value("markupFormat", value)),
    }
}
