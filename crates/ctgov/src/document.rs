//! `Document`: one study record, as it was received.
//!
//! What comes out is what came in: the bytes kept are the bytes received less the white space between tokens.
//! Number lexemes, escapes, key order and unknown keys stay. A record that JSON leaves ambiguous (a key twice in
//! one object) or that is plainly not a whole record is refused instead of repaired.

use crate::{InvalidNctId, NctId};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::{cell::Cell, collections::HashSet, fmt, sync::Arc};

/// Largest record accepted. The largest of the registry was 3.6 MB in August 2026.
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;
/// Most values (objects, arrays and leaves) in a record: parsed, each takes some hundred bytes.
const VALUES_MAX: u32 = 2_000_000;

/// A whole study record in the API v2 shape. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    nct_id: NctId,
    json: Arc<str>,
}

/// Why a text is not a study record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Larger than [`DOCUMENT_BYTES_MAX`].
    #[error("the record has {bytes} bytes, more than the {DOCUMENT_BYTES_MAX} accepted")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the record is not UTF-8 text")]
    NotUtf8,
    /// Not JSON, or a key stands twice in one object; the source names line and column.
    #[error("not readable as JSON")]
    Syntax(#[source] serde_json::Error),
    /// There is no `protocolSection.identificationModule.nctId`.
    #[error("no NCT number at protocolSection.identificationModule.nctId: this is not a study record")]
    NoNctId,
    /// What stands there is not an NCT number.
    #[error("`{text}` at protocolSection.identificationModule.nctId is no NCT number")]
    BadNctId {
        /// What stands there, cut to a printable length.
        text: String,
        /// What it should be.
        source: InvalidNctId,
    },
    /// A record that was downloaded with `fields=…` lacks data; stored, it would pass for the whole.
    #[error("{nct_id} has no `{missing}`, so it is not a whole record (was it downloaded with `fields`?)")]
    Partial {
        /// Whose record it is.
        nct_id: NctId,
        /// Something that every whole record has.
        missing: &'static str,
    },
}

impl Document {
    /// Reads a record and returns it with its parsed form, for callers that index it.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] says what is wrong with it; nothing is repaired.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Value), DocumentError> {
        if bytes.len() > DOCUMENT_BYTES_MAX {
            return Err(DocumentError::TooLarge { bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| DocumentError::NotUtf8)?;
        refuse_repeated_keys(text).map_err(DocumentError::Syntax)?;
        let study: Value = serde_json::from_str(text).map_err(DocumentError::Syntax)?;
        // By its exact place: an array on the way is not the registry's shape.
        let nct_id = study.pointer(NCT_ID).and_then(Value::as_str).ok_or(DocumentError::NoNctId)?;
        let nct_id: NctId = nct_id
            .parse()
            .map_err(|source| DocumentError::BadNctId { text: nct_id.chars().take(40).collect(), source })?;
        let is_there = |(_, place): &&(_, &str)| study.pointer(place).is_some_and(|value| !value.is_null());
        if let Some((missing, _)) = WHOLE_RECORD_HAS.iter().find(|part| !is_there(part)) {
            return Err(DocumentError::Partial { nct_id, missing });
        }
        Ok((Self { nct_id, json: without_white_space(text).into() }, study))
    }

    /// A record from a store that checked it with [`Document::parse`] before it kept it.
    pub fn from_checked(nct_id: NctId, json: impl Into<Arc<str>>) -> Self {
        Self { nct_id, json: json.into() }
    }

    /// Whose record it is.
    pub fn nct_id(&self) -> NctId {
        self.nct_id
    }

    /// The record's JSON text, byte for byte as received but for white space between tokens.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The record as a JSON value, keys in the record's order.
    ///
    /// Equal as JSON to [`json`](Self::json); a number's spelling (`1.50`) is only in the text.
    ///
    /// # Errors
    ///
    /// When the text is not JSON, which a checked store rules out.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(&self.json)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {} bytes)", self.nct_id, self.json.len())
    }
}

/// Where the NCT number stands, as a JSON pointer.
const NCT_ID: &str = "/protocolSection/identificationModule/nctId";

/// What every whole record of the registry has, withheld ones included: by its name, and where as a JSON pointer. The
/// date of the registry's version of the record is what a selection of fields hardly ever takes along.
const WHOLE_RECORD_HAS: [(&str, &str); 4] = [
    ("derivedSection.miscInfoModule.versionHolder", "/derivedSection/miscInfoModule/versionHolder"),
    ("lastUpdatePostDateStruct.date", "/protocolSection/statusModule/lastUpdatePostDateStruct/date"),
    ("sponsorCollaboratorsModule", "/protocolSection/sponsorCollaboratorsModule"),
    ("hasResults", "/hasResults"),
];

/// Drops the white space between tokens; `text` must be JSON.
fn without_white_space(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut in_string, mut escaped, mut start) = (false, false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b' ' | b'\t' | b'\r' | b'\n' if !in_string => {
                kept.push_str(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    kept.push_str(&text[start..]);
    kept
}

/// Walks the whole text without keeping it, and counts. `serde_json` bounds the nesting (128 levels).
fn refuse_repeated_keys(text: &str) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    UniqueKeys { values: &Cell::new(0) }.deserialize(&mut deserializer)?;
    deserializer.end()
}

#[derive(Clone, Copy)]
struct UniqueKeys<'a> {
    /// How many values were met.
    values: &'a Cell<u32>,
}

impl<'de> DeserializeSeed<'de> for UniqueKeys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > VALUES_MAX {
            return Err(de::Error::custom(format_args!("more than {VALUES_MAX} values")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if seen.contains(&key) {
                let key: String = key.chars().take(60).collect();
                return Err(de::Error::custom(format_args!("key `{key}` stands twice in one object")));
            }
            seen.insert(key);
            entries.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::error::Error as _;

    fn record(extra: &str) -> String {
        format!(
            "{{ \"protocolSection\": {{\"identificationModule\" :{{\"nctId\":\"nct123\"}},\
             \"statusModule\":{{\"lastUpdatePostDateStruct\":{{\"date\":\"2024-01-02\"}}}},\
             \"sponsorCollaboratorsModule\":{{}} }},\n\
             \"derivedSection\":{{\"miscInfoModule\":{{\"versionHolder\":\"2026-01-02\"}}}}, \"hasResults\":false{extra}}}"
        )
    }

    #[test]
    fn the_bytes_kept_are_the_bytes_received_less_white_space() {
        let text =
            record(r#", "z" : 1.50, "a": [ 1E+2, -0 ,12345678901234567890123], "e\u0301\/ \"": "x  \\" "#);
        let (document, _) = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(document.nct_id().to_string(), "NCT00000123");
        assert_eq!(
            document.json(),
            r#"{"protocolSection":{"identificationModule":{"nctId":"nct123"},"statusModule":{"lastUpdatePostDateStruct":{"date":"2024-01-02"}},"sponsorCollaboratorsModule":{}},"derivedSection":{"miscInfoModule":{"versionHolder":"2026-01-02"}},"hasResults":false,"z":1.50,"a":[1E+2,-0,12345678901234567890123],"e\u0301\/ \"":"x  \\"}"#
        );
    }

    #[test]
    fn what_is_not_a_whole_unambiguous_record_is_refused_with_the_reason() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let cases: [(String, &str); 13] = [
            (record(r#","a":1,"b":{"a":2,"a":3}"#), "key `a` stands twice in one object"),
            (record(r#","a":1,"\u0061":2"#), "key `a` stands twice in one object"),
            ("[]".into(), "no NCT number"),
            (record("").replace("nct123", "NCT0"), "is no NCT number"),
            (record("").replace("hasResults", "x"), "NCT00000123 has no `hasResults`"),
            (record("").replace("false", "null"), "NCT00000123 has no `hasResults`"),
            (
                record("").replace("versionHolder", "x"),
                "NCT00000123 has no `derivedSection.miscInfoModule.versionHolder`",
            ),
            (
                record("").replace("sponsorCollaboratorsModule", "x"),
                "NCT00000123 has no `sponsorCollaboratorsModule`",
            ),
            (record("").replace("\"nct123\"", "[\"nct123\"]"), "no NCT number"),
            (record(&format!(",\"a\":[{}0]", "0,".repeat(VALUES_MAX as usize))), "more than 2000000 values"),
            (deep, "recursion limit"),
            (record("") + "{}", "trailing characters"),
            (record(r#","a":"\ud800""#), "hex escape"),
        ];
        for (text, reason) in cases {
            let shown: String = text.chars().take(80).collect();
            let error = Document::parse(text.as_bytes()).expect_err(&shown);
            let told = format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default());
            assert!(told.contains(reason), "text: {shown}, error: {told}");
        }
        assert!(matches!(Document::parse(b"\xff"), Err(DocumentError::NotUtf8)));
    }

    fn json_values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((".{0,8}", inner), 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn dropping_white_space_keeps_the_value_and_the_tokens(value in json_values()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(without_white_space(&pretty), value.to_string());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Document::parse(&bytes);
        }
    }
}
