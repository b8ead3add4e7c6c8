//! How does JSON text come about?
//!
//! [`Json`] writes compact JSON in the order of the calls, so the code that writes a study reads
//! like the study. An empty object or list is written as such; what a record leaves out is not
//! asked for in the first place.

use std::fmt::{self, Write as _};

/// Compact JSON under construction: an object whose members are added one after another.
#[derive(Debug)]
pub(crate) struct Json {
    text: String,
}

impl Json {
    /// The text of one object, whose members `fill` adds.
    pub(crate) fn text(capacity: usize, fill: impl FnOnce(&mut Self)) -> String {
        let mut json = Self { text: String::with_capacity(capacity) };
        json.braces(fill);
        json.text
    }

    /// A string.
    pub(crate) fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quote(value);
    }

    /// A string, if there is one.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(name, value);
        }
    }

    /// Anything that prints as a JSON string without escapes: dates, identifiers, numbers of people.
    pub(crate) fn plain(&mut self, name: &str, value: impl fmt::Display) {
        self.name(name);
        write(&mut self.text, format_args!("\"{value}\""));
    }

    /// A whole number.
    pub(crate) fn number(&mut self, name: &str, value: u32) {
        self.name(name);
        write(&mut self.text, format_args!("{value}"));
    }

    /// A number with a fraction, which must be finite.
    pub(crate) fn decimal(&mut self, name: &str, value: f64) {
        self.name(name);
        // `{:?}` prints the shortest text that reads back as the same number, always with a point.
        write(&mut self.text, format_args!("{value:?}"));
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.text.push_str(if value { "true" } else { "false" });
    }

    /// An object within the object.
    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braces(fill);
    }

    /// A list of strings.
    pub(crate) fn strings<T: AsRef<str>>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        self.brackets(name, values, |json, value| json.quote(value.as_ref()));
    }

    /// A list of objects, each filled from one value.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) {
        self.brackets(name, values, |json, value| json.braces(|json| fill(json, value)));
    }

    fn brackets<T>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
        mut put: impl FnMut(&mut Self, T),
    ) {
        self.name(name);
        self.text.push('[');
        for value in values {
            if !self.text.ends_with('[') {
                self.text.push(',');
            }
            put(self, value);
        }
        self.text.push(']');
    }

    fn braces(&mut self, fill: impl FnOnce(&mut Self)) {
        self.text.push('{');
        fill(self);
        self.text.push('}');
    }

    /// Starts a member. The names of a record need no escapes.
    fn name(&mut self, name: &str) {
        self.text.push_str(if self.text.ends_with('{') { "\"" } else { ",\"" });
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    fn quote(&mut self, value: &str) {
        self.text.push('"');
        let mut copied = 0;
        for (at, byte) in value.bytes().enumerate() {
            if byte != b'"' && byte != b'\\' && byte >= b' ' {
                continue;
            }
            self.text.push_str(&value[copied..at]);
            match byte {
                b'"' => self.text.push_str("\\\""),
                b'\\' => self.text.push_str("\\\\"),
                b'\n' => self.text.push_str("\\n"),
                control => write(&mut self.text, format_args!("\\u{control:04x}")),
            }
            copied = at + 1;
        }
        self.text.push_str(&value[copied..]);
        self.text.push('"');
    }
}

fn write(text: &mut String, what: fmt::Arguments<'_>) {
    text.write_fmt(what).unwrap_or_else(|_| unreachable!("a string takes any text"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let text = Json::text(0, |json| {
            json.string("text", "a \"quoted\" back\\slash,\nnext line, \u{1} and Türkiye [");
            json.maybe("absent", None);
            json.object("empty", |_| {});
            json.strings("list", ["[", "{"]);
            json.objects("pairs", [1, 2], |json, n| json.number("n", n));
            json.strings("none", [""; 0]);
            json.decimal("lat", -33.0);
            json.flag("yes", true);
            json.plain("id", 7);
        });
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value["text"], "a \"quoted\" back\\slash,\nnext line, \u{1} and Türkiye [");
        assert_eq!(
            text.split_once(",\"empty\"").expect("a second member").1,
            r#":{},"list":["[","{"],"pairs":[{"n":1},{"n":2}],"none":[],"lat":-33.0,"yes":true,"id":"7"}"#
        );
    }
}
