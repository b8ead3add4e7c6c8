//! What a piece's values compare by, and what is counted or derived instead of read from the record.

use super::{Kind, Order, Piece, descend};
use serde_json::Value;
use std::{collections::BTreeSet, sync::LazyLock};

/// Something about a record that has an order: a piece's values, or how long its list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// The values of a piece that compare (dates, numbers, durations), as keys.
    Values(Piece),
    /// How many elements a list has (`Phase:size`), one number for every list in the record. An absent list has none.
    Size(Piece),
}

impl Measure {
    /// The piece it is about.
    pub const fn piece(self) -> Piece {
        match self {
            Self::Values(piece) | Self::Size(piece) => piece,
        }
    }

    /// The measure with the same keys that all its names share: a count of the index (`NumPhases`) is the size of the
    /// list it counts.
    pub fn canonical(self) -> Self {
        match self {
            Self::Values(piece) => match derivation(piece) {
                Some(Derivation::Size(list)) => Self::Size(*list),
                _ => self,
            },
            Self::Size(_) => self,
        }
    }

    /// How its keys compare; nothing for values without an order.
    pub const fn order(self) -> Option<Order> {
        match self {
            Self::Values(piece) => piece.kind().order(),
            Self::Size(_) => Some(Order::Numbers),
        }
    }

    /// Calls `each` with every key it has in `study`, in the record's order.
    ///
    /// Keys compare like the values: a date is `yyyymmddHHMM` (a partial one its first minute), a duration is in
    /// minutes, a number is itself. A value that is not of its kind has no key.
    pub fn for_each_key(self, study: &Value, mut each: impl FnMut(i64)) {
        match self {
            Self::Size(piece) => for_each_size(study, piece.path(), &mut each),
            Self::Values(piece) => match derivation(piece) {
                Some(derivation) => derivation.for_each_key(study, &mut each),
                None => piece
                    .for_each_value(study, |value| key(piece.kind(), value).into_iter().for_each(&mut each)),
            },
        }
    }

    /// The key of one value of `piece`.
    pub fn key_of(piece: Piece, value: &Value) -> Option<i64> {
        key(piece.kind(), value)
    }

    /// [`for_each_key`](Self::for_each_key) of a piece of a site, in one site.
    pub fn for_each_key_in_site(self, site: &Value, mut each: impl FnMut(i64)) {
        let Some(path) = self.piece().path_in_site() else { return };
        match (self, derivation(self.piece())) {
            (Self::Size(_), _) => for_each_size(site, path, &mut each),
            (Self::Values(_), Some(Derivation::Size(of))) => {
                for_each_size(site, of.path_in_site().unwrap_or_default(), &mut each);
            }
            (Self::Values(piece), _) => {
                descend(site, path, &mut |value| key(piece.kind(), value).into_iter().for_each(&mut each));
            }
        }
    }
}

/// The length of every list at `path`.
fn for_each_size(value: &Value, path: &str, each: &mut dyn FnMut(i64)) {
    match value {
        Value::Array(elements) if path.is_empty() => each(elements.len() as i64),
        Value::Array(elements) => elements.iter().for_each(|element| for_each_size(element, path, each)),
        Value::Object(object) if !path.is_empty() => {
            let (head, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(child) = object.get(head) {
                for_each_size(child, rest, each);
            }
        }
        _ => {}
    }
}

/// What a value of a kind that compares compares by.
pub(crate) fn key(kind: Kind, value: &Value) -> Option<i64> {
    match kind.order()? {
        Order::Dates => date_key(value.as_str()?),
        Order::Durations => duration_key(value.as_str()?),
        Order::Numbers => value.as_i64().or_else(|| {
            value
                .as_f64()
                .filter(|number| number.fract() == 0.0 && number.abs() < 1e15)
                .map(|number| number as i64)
        }),
    }
}

/// The first minute of a date as `yyyymmddHHMM`: `2020-03` → 202003010000. Nothing for what is not a date.
pub(crate) fn date_key(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let mut parts = date.split('-');
    let mut part = |digits: usize, range: std::ops::RangeInclusive<i64>| match parts.next() {
        None => Some(*range.start()),
        Some(text) => number_of(text, digits).filter(|number| range.contains(number)),
    };
    let date = part(4, 0..=9_999)? * 10_000 + part(2, 1..=12)? * 100 + part(2, 1..=31)?;
    if parts.next().is_some() || text.is_empty() {
        return None;
    }
    let time = match time.as_bytes() {
        [] => 0,
        [_, _, b':', _, _, rest @ ..] if rest.is_empty() || rest[0] == b':' => {
            let hour = number_of(&time[..2], 2).filter(|hour| *hour < 24)?;
            hour * 100 + number_of(&time[3..5], 2).filter(|minute| *minute < 60)?
        }
        _ => return None,
    };
    Some(date * 10_000 + time)
}

fn number_of(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A duration in minutes, `18 Months` → 788400. Nothing for what is not a duration.
pub(crate) fn duration_key(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text[..digits].parse().ok().filter(|_| digits <= 9)?;
    unit_minutes(text[digits..].trim_start_matches(' ')).map(|minutes| number * minutes)
}

/// Minutes in a unit of time, by its name in any case: a year has 365 days, a month is a twelfth of it.
pub(crate) fn unit_minutes(unit: &str) -> Option<i64> {
    const DAY: i64 = 24 * 60;
    const UNITS: [(&[&str], i64); 6] = [
        (&["year", "years", "y"], 365 * DAY),
        (&["month", "months", "m"], 365 * DAY / 12),
        (&["week", "weeks", "w"], 7 * DAY),
        (&["day", "days", "d"], DAY),
        (&["hour", "hours", "h"], 60),
        (&["minute", "minutes", "min"], 1),
    ];
    let known = UNITS.iter().find(|(names, _)| names.iter().any(|name| name.eq_ignore_ascii_case(unit)));
    known.map(|(_, minutes)| *minutes)
}

/// How an index-only piece comes from the record.
enum Derivation {
    /// The length of a list.
    Size(Piece),
    /// The lengths of several lists together; nothing where all are absent.
    Sizes(&'static [Piece]),
    /// The year of a date.
    Year(Piece),
    /// How many collaborators, and the lead sponsor.
    CollaboratorsAndLead,
    /// How many different countries the sites are in.
    Countries,
}

fn derivation(piece: Piece) -> Option<&'static Derivation> {
    static DERIVATIONS: LazyLock<Vec<Option<Derivation>>> =
        LazyLock::new(|| Piece::all().map(derive).collect());
    if piece.is_index_only() { DERIVATIONS[piece.index()].as_ref() } else { None }
}

fn derive(piece: Piece) -> Option<Derivation> {
    const fn size(name: &str) -> Option<Derivation> {
        Some(Derivation::Size(Piece::named(name)))
    }
    if !piece.is_index_only() {
        return None;
    }
    match piece.name() {
        "StudyFirstSubmitYear" => Some(Derivation::Year(Piece::named("StudyFirstSubmitDate"))),
        "StudyFirstPostYear" => Some(Derivation::Year(Piece::named("StudyFirstPostDate"))),
        "ResultsFirstSubmitYear" => Some(Derivation::Year(Piece::named("ResultsFirstSubmitDate"))),
        "ResultsFirstPostYear" => Some(Derivation::Year(Piece::named("ResultsFirstPostDate"))),
        "DispFirstSubmitYear" => Some(Derivation::Year(Piece::named("DispFirstSubmitDate"))),
        "DispFirstPostYear" => Some(Derivation::Year(Piece::named("DispFirstPostDate"))),
        "LastUpdateSubmitYear" => Some(Derivation::Year(Piece::named("LastUpdateSubmitDate"))),
        "LastUpdatePostYear" => Some(Derivation::Year(Piece::named("LastUpdatePostDate"))),
        "NumCollaboratorsPlusLead" => Some(Derivation::CollaboratorsAndLead),
        "NumUniqueLocationCountries" => Some(Derivation::Countries),
        "NumOutcomes" => {
            const OUTCOMES: [Piece; 3] = [
                Piece::named("PrimaryOutcome"),
                Piece::named("SecondaryOutcome"),
                Piece::named("OtherOutcome"),
            ];
            Some(Derivation::Sizes(&OUTCOMES))
        }
        "NumEvents" => {
            const EVENTS: [Piece; 2] = [Piece::named("SeriousEvent"), Piece::named("OtherEvent")];
            Some(Derivation::Sizes(&EVENTS))
        }
        "NumRetractionsAllRefs" => {
            const RETRACTIONS: [Piece; 1] = [Piece::named("Retraction")];
            Some(Derivation::Sizes(&RETRACTIONS))
        }
        // Where the name of the list cannot be read off the name of its count.
        "NumNCTAliases" => size("NCTIdAlias"),
        "NumOutcomeAnalyses" => size("OutcomeAnalysis"),
        "NumSecondaryIds" => size("SecondaryIdInfo"),
        "NumArmGroupInterventionNames" => size("ArmGroupInterventionName"),
        "NumInterventionArmGroupLabels" => size("InterventionArmGroupLabel"),
        "NumInterventionOtherNames" => size("InterventionOtherName"),
        "NumRetractionsForRef" => size("Retraction"),
        "NumSeriousEventStatss" => size("SeriousEventStats"),
        "NumOtherEventStatss" => size("OtherEventStats"),
        name => {
            let counted = name.strip_prefix("Num")?;
            let singular = [
                counted.strip_suffix("ies").map(|stem| format!("{stem}y")),
                counted.strip_suffix("es").map(str::to_owned),
                counted.strip_suffix('s').map(str::to_owned),
            ];
            let lists = singular.into_iter().flatten().filter_map(|name| Piece::find(&name));
            lists.into_iter().find(|list| list.is_list()).map(Derivation::Size)
        }
    }
}

impl Derivation {
    fn for_each_key(&self, study: &Value, each: &mut dyn FnMut(i64)) {
        match self {
            Self::Size(list) => for_each_size(study, list.path(), each),
            Self::Sizes(lists) => {
                let mut sum = None;
                for list in *lists {
                    for_each_size(study, list.path(), &mut |size| sum = Some(sum.unwrap_or(0) + size));
                }
                sum.into_iter().for_each(each);
            }
            Self::Year(date) => date.for_each_value(study, |value| {
                let key = value.as_str().and_then(date_key);
                key.map(|key| key / 100_000_000).into_iter().for_each(&mut *each);
            }),
            Self::CollaboratorsAndLead => {
                let mut count = 0;
                for name in [Piece::named("LeadSponsor"), Piece::named("Collaborator")] {
                    name.for_each_value(study, |_| count += 1);
                }
                each(count);
            }
            Self::Countries => {
                let mut countries = BTreeSet::new();
                Piece::named("LocationCountry").for_each_value(study, |value| {
                    countries.extend(value.as_str());
                });
                if !countries.is_empty() {
                    each(countries.len() as i64);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_index_only_number_comes_from_the_record() {
        for piece in Piece::all().filter(|piece| piece.is_index_only() && piece.kind().order().is_some()) {
            let derivation = derivation(piece);
            assert!(derivation.is_some(), "{piece:?}");
            // A count stands beside the list it counts.
            if let Some(Derivation::Size(list)) = derivation {
                let beside = |piece: Piece| piece.path().rsplit_once('.').unwrap().0;
                assert_eq!(beside(*list), beside(piece), "{piece:?}");
                assert!(list.is_list(), "{piece:?}");
            }
        }
    }

    #[test]
    fn dates_and_durations_become_keys_that_compare_like_them() {
        let dates = [
            ("2020", Some(202_001_010_000)),
            ("2020-03", Some(202_003_010_000)),
            ("2020-03-15", Some(202_003_150_000)),
            ("2020-03-15T08:30", Some(202_003_150_830)),
            ("2020-03-15T25:30", None),
            ("2020-13", None),
            ("2020-3", None),
            ("March 2020", None),
            ("", None),
        ];
        for (text, expected) in dates {
            assert_eq!(date_key(text), expected, "{text}");
        }
        let durations = [
            ("18 Years", Some(18 * 525_600)),
            ("12 Months", Some(525_600)),
            ("2 Weeks", Some(20_160)),
            ("1 Day", Some(1_440)),
            ("3 Hours", Some(180)),
            ("5 Minutes", Some(5)),
            ("64y", Some(64 * 525_600)),
            ("18", None),
            ("N/A", None),
            ("9999999999 Years", None),
            ("", None),
        ];
        for (text, expected) in durations {
            assert_eq!(duration_key(text), expected, "{text}");
        }
    }

    #[test]
    fn counts_years_and_sizes_are_taken_from_the_record() {
        let study = json!({"protocolSection": {
            "statusModule": {"studyFirstSubmitDate": "2019-05-01"},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A"}, "collaborators": [{"name": "B"}]},
            "designModule": {"phases": ["PHASE1", "PHASE2"], "enrollmentInfo": {"count": 120}},
            "armsInterventionsModule": {"interventions": [{"otherNames": ["x", "y"]}, {}, {"otherNames": ["z"]}]},
            "outcomesModule": {"primaryOutcomes": [{}], "otherOutcomes": [{}, {}]},
            "contactsLocationsModule": {"locations": [
                {"country": "France", "contacts": [{}, {}]}, {"country": "France"}, {"country": "Spain"},
            ]},
        }});
        let keys = |measure: Measure| {
            let mut keys = Vec::new();
            measure.for_each_key(&study, |key| keys.push(key));
            keys
        };
        let cases: [(&str, &[i64]); 10] = [
            ("StudyFirstSubmitYear", &[2019]),
            ("NumCollaboratorsPlusLead", &[2]),
            ("NumPhases", &[2]),
            ("EnrollmentCount", &[120]),
            ("NumInterventionOtherNames", &[2, 1]),
            ("NumOutcomes", &[3]),
            ("NumUniqueLocationCountries", &[2]),
            ("NumLocations", &[3]),
            ("NumLocationContacts", &[2]),
            ("NumEvents", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(keys(Measure::Values(Piece::named(name))), expected, "{name}");
        }
        assert_eq!(keys(Measure::Size(Piece::named("Phase"))), [2]);
        assert_eq!(keys(Measure::Size(Piece::named("Keyword"))), Vec::<i64>::new());
        let site = &super::super::sites(&study)[0];
        let mut in_site = Vec::new();
        Measure::Values(Piece::named("NumLocationContacts"))
            .for_each_key_in_site(site, |key| in_site.push(key));
        assert_eq!(in_site, [2]);
    }
}
