//! `Projection`: the fields of a record that somebody asked for, cut out of its text.
//!
//! ```text
//! NCTId, ConditionsModule ─parse─▶ Projection ─apply─▶ {"protocolSection":{"identificationModule":{"nctId":"NCT…"},
//!                                                       "conditionsModule":{…}}}
//! ```
//!
//! The text of a record is copied, never read and written anew: what is kept keeps its numbers' spelling, its escapes,
//! the order of its keys and, below a branch that was asked for, keys that no table knows.

use crate::{areas::Area, essie::Target, pieces::Piece};
use memchr::memchr2;
use std::collections::BTreeMap;

/// Which fields of a record to keep.
///
/// ```
/// use ctgov::Projection;
/// let projection = Projection::parse(["InterventionName"], None)?;
/// let record = r#"{"protocolSection":{"armsInterventionsModule":{"interventions":[{"type":"DRUG","name":"X"},{"type":"OTHER"}]}},"hasResults":true}"#;
/// assert_eq!(
///     projection.apply(record),
///     r#"{"protocolSection":{"armsInterventionsModule":{"interventions":[{"name":"X"},{}]}}}"#
/// );
/// assert!(Projection::parse(["NumArmGroups"], None).is_err());
/// # Ok::<(), ctgov::UnknownField>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    keep: Keep,
}

/// What is kept of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Keep {
    /// All of it.
    Whole,
    /// Of an object these keys, of an array this much of every element. As many as the field tree has, at most.
    Keys(BTreeMap<&'static str, Keep>),
}

/// A text that names no field a record can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no field of a record is called `{name}`")]
pub struct UnknownField {
    /// What was asked for.
    pub name: String,
}

/// What stands for every field that a question's searches looked at.
const QUERIED: &str = "@query";

impl Projection {
    /// Reads a list of fields: pieces by their name, another name or their path, and search areas. Case matters. A
    /// branch brings all that stands below it.
    ///
    /// `@query` stands for `queried`, what the question's searches looked at; without `queried` it is no field.
    ///
    /// # Errors
    ///
    /// The first item that names no field of a record. Pieces that exist for searching and sorting only are none.
    pub fn parse<'a>(
        items: impl IntoIterator<Item = &'a str>,
        queried: Option<&[Target]>,
    ) -> Result<Self, UnknownField> {
        let mut projection = Self { keep: Keep::nothing() };
        for item in items {
            if let (QUERIED, Some(targets)) = (item, queried) {
                targets.iter().for_each(|target| projection.add_target(*target));
            } else if let Some(area) = Area::find(item) {
                projection.add_target(Target::Area(area));
            } else {
                let piece = Piece::find(item).filter(|piece| !piece.is_index_only());
                projection.add(piece.ok_or_else(|| UnknownField { name: item.to_owned() })?);
            }
        }
        Ok(projection)
    }

    fn add_target(&mut self, target: Target) {
        match target {
            Target::Area(area) => area.pieces().for_each(|(piece, _)| self.add(piece)),
            Target::Piece(piece) | Target::Size(piece) => self.add(piece),
        }
    }

    fn add(&mut self, piece: Piece) {
        if piece.is_index_only() {
            return;
        }
        let mut keep = &mut self.keep;
        for key in piece.path().split('.') {
            let Keep::Keys(keys) = keep else { return };
            keep = keys.entry(key).or_insert_with(Keep::nothing);
        }
        *keep = Keep::Whole;
    }

    /// The part of `record`, a JSON text, that was asked for.
    ///
    /// An object on the way to a missing field stays, empty; elements of arrays keep their places. A text that is not
    /// JSON comes back as it is where that shows.
    pub fn apply(&self, record: &str) -> String {
        let mut out = String::new();
        self.apply_to(record, &mut out);
        out
    }

    /// [`apply`](Self::apply), appended to `out`.
    pub fn apply_to(&self, record: &str, out: &mut String) {
        let start = out.len();
        let mut reader = Reader { text: record, at: 0 };
        let done = reader.copy(&self.keep, out, DEPTH_MAX).and_then(|()| reader.end());
        if done.is_none() {
            out.truncate(start);
            out.push_str(record);
        }
    }
}

/// As deep as records are (see [`Document`](crate::Document)); what is nested deeper is not taken apart.
const DEPTH_MAX: u8 = 128;

impl Keep {
    const fn nothing() -> Self {
        Self::Keys(BTreeMap::new())
    }
}

/// A walk over a JSON text. `None` anywhere means that the text is not JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space, which is where the walk then stands.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += 1)
    }

    fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// Copies of the next value what `keep` says.
    fn copy(&mut self, keep: &Keep, out: &mut String, depth: u8) -> Option<()> {
        let Keep::Keys(keys) = keep else {
            out.push_str(self.value()?);
            return Some(());
        };
        match self.peek()? {
            b'{' => self.copy_object(keys, out, depth.checked_sub(1)?),
            b'[' => self.copy_array(keep, out, depth.checked_sub(1)?),
            // Not what the field tree says; nothing below it was asked for, and its place stays.
            _ => {
                self.value()?;
                out.push_str("{}");
                Some(())
            }
        }
    }

    fn copy_object(
        &mut self,
        keys: &BTreeMap<&'static str, Keep>,
        out: &mut String,
        depth: u8,
    ) -> Option<()> {
        self.take(b'{')?;
        out.push('{');
        if self.peek()? != b'}' {
            let mut comma = "";
            loop {
                let written = self.string()?;
                self.take(b':')?;
                let is_nested = matches!(self.peek()?, b'{' | b'[');
                match key(written).and_then(|key| keys.get(key.as_ref())) {
                    Some(keep) if is_nested || *keep == Keep::Whole => {
                        out.extend([comma, written, ":"]);
                        self.copy(keep, out, depth)?;
                        comma = ",";
                    }
                    _ => _ = self.value()?,
                }
                if self.peek()? == b'}' {
                    break;
                }
                self.take(b',')?;
            }
        }
        self.take(b'}')?;
        out.push('}');
        Some(())
    }

    fn copy_array(&mut self, keep: &Keep, out: &mut String, depth: u8) -> Option<()> {
        self.take(b'[')?;
        out.push('[');
        if self.peek()? != b']' {
            loop {
                self.copy(keep, out, depth)?;
                if self.peek()? == b']' {
                    break;
                }
                self.take(b',')?;
                out.push(',');
            }
        }
        self.take(b']')?;
        out.push(']');
        Some(())
    }

    /// The next value as it is written.
    fn value(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.string(),
            b'{' | b'[' => self.nested(),
            _ => {
                let rest = &self.text.as_bytes()[self.at..];
                let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                if length == 0 { None } else { self.skip(length) }
            }
        }
    }

    /// The next object or array as it is written. Brackets are counted, so that no nesting is too deep.
    fn nested(&mut self) -> Option<&'a str> {
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return self.text.get(start..self.at);
            }
        }
    }

    /// The next string as it is written, quotes included.
    fn string(&mut self) -> Option<&'a str> {
        if self.peek()? != b'"' {
            return None;
        }
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        loop {
            at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
            match bytes[at] {
                b'"' => return self.skip(at + 1 - self.at),
                _ => at += 2,
            }
        }
    }

    fn skip(&mut self, length: usize) -> Option<&'a str> {
        let start = self.at;
        self.at += length;
        self.text.get(start..self.at)
    }
}

/// What a key says, without quotes and escapes.
fn key(written: &str) -> Option<std::borrow::Cow<'_, str>> {
    if written.contains('\\') {
        serde_json::from_str::<String>(written).ok().map(Into::into)
    } else {
        written.get(1..written.len() - 1).map(Into::into)
    }
}
