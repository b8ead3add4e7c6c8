//! Pieces: the registry's names for the nodes of a study record, what kind each is, and where it stands.
//!
//! A node has a unique *piece* name (`BriefTitle`) and a dotted path of JSON keys
//! (`protocolSection.identificationModule.briefTitle`); arrays are passed through and not written in it. Names, paths
//! and types are those of `/api/v2/studies/metadata`: 454 nodes of the record and 74 that exist in the index only,
//! which are counted or derived from the record (see [`Measure::for_each_key`]).

mod derived;
mod table;
mod titles;

use crate::enums::Enumeration;
use serde_json::Value;
use std::{collections::HashMap, fmt, sync::LazyLock};

pub use derived::Measure;
pub(crate) use derived::duration_key;

/// A node of the study record, `BriefTitle` at `protocolSection.identificationModule.briefTitle`.
///
/// Ordered as the registry lists them: parents before children, in the order of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece(u16);

/// What a piece's values are.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// An object, or a list of objects: has children instead of values.
    Struct,
    /// Text.
    Text,
    /// CommonMark text.
    Markup,
    /// An NCT number.
    NctNumber,
    /// A city or a state.
    GeoName,
    /// Text that is one word whatever is in it.
    Keyword,
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A whole number of 16 bits: a count in the index.
    Short,
    /// A number.
    Number,
    /// `yyyy`, `yyyy-MM` or `yyyy-MM-dd`.
    PartialDate,
    /// `yyyy-MM-dd`.
    Date,
    /// `yyyy-MM-ddTHH:mm`.
    DateTime,
    /// `18 Years`.
    Duration,
    /// `{"lat": …, "lon": …}`.
    GeoPoint,
    /// One of a closed vocabulary.
    Enum(&'static Enumeration),
}

/// How the values of a kind compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As days and minutes; a partial date counts as its first day.
    Dates,
    /// As numbers.
    Numbers,
    /// As minutes.
    Durations,
}

impl Kind {
    /// Whether its values are texts that words are searched in.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Markup | Self::NctNumber | Self::GeoName | Self::Keyword)
    }

    /// How its values compare, if they do.
    pub const fn order(self) -> Option<Order> {
        match self {
            Self::PartialDate | Self::Date | Self::DateTime => Some(Order::Dates),
            Self::Integer | Self::Long | Self::Short | Self::Number => Some(Order::Numbers),
            Self::Duration => Some(Order::Durations),
            _ => None,
        }
    }
}

/// A line of the table.
#[derive(Debug)]
struct Entry {
    path: &'static str,
    name: &'static str,
    kind: Kind,
    type_name: &'static str,
    list: bool,
    synonyms: bool,
    nested: bool,
    index_only: bool,
    computed: Option<&'static str>,
    max_chars: u32,
    also: &'static [&'static str],
}

const fn entry(path: &'static str, name: &'static str, kind: Kind, type_name: &'static str) -> Entry {
    Entry {
        path,
        name,
        kind,
        type_name,
        list: false,
        synonyms: false,
        nested: false,
        index_only: false,
        computed: None,
        max_chars: 0,
        also: &[],
    }
}

impl Entry {
    const fn list(self) -> Self {
        Self { list: true, ..self }
    }

    const fn synonyms(self) -> Self {
        Self { synonyms: true, ..self }
    }

    const fn nested(self) -> Self {
        Self { nested: true, ..self }
    }

    const fn index_only(self) -> Self {
        Self { index_only: true, ..self }
    }

    const fn computed(self, from: &'static str) -> Self {
        Self { computed: Some(from), ..self }
    }

    const fn max_chars(self, max_chars: u32) -> Self {
        Self { max_chars, ..self }
    }

    const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

/// How many pieces there are.
pub const COUNT: usize = table::TABLE.len();

/// Where the sites of a study stand: the one list whose elements are searched as records of their own.
const SITES: &str = "protocolSection.contactsLocationsModule.locations";

impl Piece {
    /// The piece of this name, for names written in the program: an unknown one does not compile where this is
    /// evaluated in a constant.
    ///
    /// # Panics
    ///
    /// When there is no such piece.
    pub const fn named(name: &str) -> Self {
        let mut at = 0;
        while at < table::TABLE.len() {
            if same(table::TABLE[at].name.as_bytes(), name.as_bytes()) {
                return Self(at as u16);
            }
            at += 1;
        }
        panic!("there is no piece of this name")
    }

    /// The piece that goes by `name`: its own name, another it is known by, or its path. Case matters.
    pub fn find(name: &str) -> Option<Self> {
        static NAMES: LazyLock<HashMap<&'static str, Piece>> = LazyLock::new(|| {
            let named = Piece::all().flat_map(|piece| {
                let own = [piece.name(), piece.path()].into_iter();
                own.chain(piece.also().iter().copied()).map(move |name| (name, piece))
            });
            named.collect()
        });
        NAMES.get(name).copied()
    }

    /// Every piece, in the registry's order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..COUNT as u16).map(Self)
    }

    /// The piece's place among [`all`](Self::all).
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    const fn entry(self) -> &'static Entry {
        &table::TABLE[self.0 as usize]
    }

    /// The registry's name for it.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// Where it stands in a record: object keys joined by dots, arrays passed through.
    pub const fn path(self) -> &'static str {
        self.entry().path
    }

    /// Its JSON key: the last of its path.
    pub fn key(self) -> &'static str {
        self.path().rsplit('.').next().unwrap_or_default()
    }

    /// What it is called in full, `Overall Recruitment Status or Expanded Access Status`, where that says more than its
    /// name.
    pub fn title(self) -> Option<&'static str> {
        let found = titles::TITLES.binary_search_by_key(&self.name(), |(name, _)| *name);
        found.ok().map(|at| titles::TITLES[at].1)
    }

    /// What its values are.
    pub const fn kind(self) -> Kind {
        self.entry().kind
    }

    /// The name of its type as the API writes it, without the `[]` of a list.
    pub const fn type_name(self) -> &'static str {
        self.entry().type_name
    }

    /// Whether its JSON value is an array.
    pub const fn is_list(self) -> bool {
        self.entry().list
    }

    /// Whether words in it also find their synonyms.
    pub const fn has_synonyms(self) -> bool {
        self.entry().synonyms
    }

    /// Whether its elements are searched as records of their own. True of `Location` alone.
    pub const fn is_nested(self) -> bool {
        self.entry().nested
    }

    /// Whether it exists for searching and sorting only, and stands in no record.
    pub const fn is_index_only(self) -> bool {
        self.entry().index_only
    }

    /// What the registry computes it from, in the registry's words.
    pub const fn computed_from(self) -> Option<&'static str> {
        self.entry().computed
    }

    /// How many characters it may have, if that is bounded.
    pub fn max_chars(self) -> Option<u32> {
        Some(self.entry().max_chars).filter(|max| *max > 0)
    }

    /// Other names it goes by.
    pub const fn also(self) -> &'static [&'static str] {
        self.entry().also
    }

    /// The vocabulary its values are from.
    pub const fn enumeration(self) -> Option<&'static Enumeration> {
        match self.kind() {
            Kind::Enum(enumeration) => Some(enumeration),
            _ => None,
        }
    }

    /// Where it stands in a site, `city` of `locations.city`; nothing for what is not part of a site. The site itself
    /// (`Location`) is no part of one.
    pub fn path_in_site(self) -> Option<&'static str> {
        self.path().strip_prefix(SITES)?.strip_prefix('.')
    }

    /// Whether it is `self` or stands somewhere below it.
    pub fn contains(self, other: Self) -> bool {
        let rest = other.path().strip_prefix(self.path());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Calls `each` with every value the piece has in `study`, in the record's order. A struct's values are its
    /// objects.
    ///
    /// A missing key is no value; an array on the way or at the end gives one value an element.
    pub fn for_each_value<'a>(self, study: &'a Value, mut each: impl FnMut(&'a Value)) {
        descend(study, self.path(), &mut each);
    }

    /// [`for_each_value`](Self::for_each_value) of a piece of a site, in one site. There is none of any other piece.
    pub fn for_each_value_in_site<'a>(self, site: &'a Value, mut each: impl FnMut(&'a Value)) {
        if let Some(path) = self.path_in_site() {
            descend(site, path, &mut each);
        }
    }

    /// Whether `value`, one of the piece's own, counts as a value: a scalar where there should be one; of a struct or a
    /// point, an object with a scalar somewhere in it.
    pub fn is_value(self, value: &Value) -> bool {
        let is_branch = matches!(self.kind(), Kind::Struct | Kind::GeoPoint);
        match value {
            Value::Object(_) => is_branch && has_leaf(value),
            _ => !is_branch && !value.is_null(),
        }
    }

    /// The piece's first value in `study` that is text.
    pub fn text(self, study: &Value) -> Option<&str> {
        let mut found = None;
        self.for_each_value(study, |value| found = found.or(value.as_str()));
        found
    }
}

/// The sites of a study, in the record's order.
pub fn sites(study: &Value) -> &[Value] {
    let pointer = study.pointer("/protocolSection/contactsLocationsModule/locations");
    pointer.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn has_leaf(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(elements) => elements.iter().any(has_leaf),
        Value::Object(object) => object.values().any(has_leaf),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

fn descend<'a>(value: &'a Value, path: &str, each: &mut impl FnMut(&'a Value)) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| descend(element, path, each)),
        Value::Null => {}
        _ if path.is_empty() => each(value),
        Value::Object(object) => {
            let (key, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(child) = object.get(key) {
                descend(child, rest, each);
            }
        }
        _ => {}
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_found_through_arrays_in_the_records_order() {
        let study = json!({"protocolSection": {"armsInterventionsModule": {"interventions": [
            {"name": "A", "otherNames": ["a1", "a2"]}, {"name": "B"}, {"name": "C", "otherNames": ["c1"]},
        ]}}});
        let mut names = Vec::new();
        Piece::named("InterventionOtherName")
            .for_each_value(&study, |value| names.push(value.as_str().unwrap()));
        assert_eq!(names, ["a1", "a2", "c1"]);
        assert_eq!(Piece::named("InterventionName").text(&study), Some("A"));
        assert_eq!(Piece::named("BriefTitle").text(&study), None);
    }

    #[test]
    fn a_record_of_another_shape_has_no_values() {
        let study = json!({"protocolSection": "?", "derivedSection": [1, null]});
        for piece in Piece::all() {
            assert_eq!(
                piece.text(&study),
                None.or((piece.name() == "ProtocolSection").then_some("?")),
                "{piece:?}"
            );
        }
    }

    #[test]
    fn a_piece_goes_by_its_name_its_other_names_and_its_path() {
        let sex = Piece::named("Sex");
        for name in ["Sex", "Gender", "GENDER", "protocolSection.eligibilityModule.sex"] {
            assert_eq!(Piece::find(name), Some(sex), "{name}");
        }
        assert_eq!(Piece::find("sex"), None);
        assert_eq!(Piece::all().filter(|piece| piece.is_index_only()).count(), 74);
        assert_eq!(Piece::all().len(), 528);
    }

    #[test]
    fn sites_are_the_one_nested_list() {
        let nested: Vec<_> = Piece::all().filter(|piece| piece.is_nested()).collect();
        assert_eq!(nested, [Piece::named("Location")]);
        assert_eq!(Piece::named("Location").path(), SITES);
        assert_eq!(Piece::named("LocationContactName").path_in_site(), Some("contacts.name"));
        assert_eq!(Piece::named("Location").path_in_site(), None);
        assert_eq!(Piece::named("BriefTitle").path_in_site(), None);
        assert!(Piece::named("Location").contains(Piece::named("LocationCity")));
        assert!(!Piece::named("LocationCity").contains(Piece::named("Location")));
    }
}
