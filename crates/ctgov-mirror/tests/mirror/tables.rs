//! Tables and statistics of every piece against a naive count over the records.

use crate::{
    oracle::{Naive, random_query},
    support::{Random, WORDS, gzip_lines, import, import_studies, plain_study, real_data, snapshot, studies},
};
use ctgov::{
    Budget, Matching, NctId, RegistryError, Snapshot,
    pieces::{Kind, Measure, Order, Piece},
    tabulate::{
        Dimension, FieldStats, FieldValues, ListSizes, Period, ROWS_MAX, Row, TOP_VALUES_MAX, Table,
        TableQuery, TextValues, date_format,
    },
};
use ctgov_mirror::Source;
use serde_json::{Value, json};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

/// Most rows of a table that is counted naively.
const NAIVE_ROWS_MAX: usize = 100_000;

/// A value as it is told: of a vocabulary or a boolean, of a number by what it compares by, else as text.
fn values(study: &Value, by: Dimension) -> BTreeSet<String> {
    let piece = by.piece;
    let mut values = BTreeSet::new();
    let measure = Measure::Values(piece);
    match (piece.kind(), piece.kind().order(), by.period) {
        (_, Some(Order::Dates), Some(period)) => {
            measure.for_each_key(study, |key| _ = values.insert(period.label(key)));
        }
        (_, Some(Order::Numbers), _) => {
            measure.for_each_key(study, |key| _ = values.insert(key.to_string()));
        }
        (Kind::Enum(_) | Kind::Boolean, ..) => piece.for_each_value(study, |value| {
            values.extend(value.as_str().map(str::to_owned));
            values.extend(value.as_bool().map(|value| value.to_string()));
        }),
        _ => piece.for_each_value(study, |value| {
            if piece.is_value(value) {
                values.insert(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
        }),
    }
    values
}

/// How many studies, and the least of their numbers.
type Count = (u64, u32);

/// The fullest, those whose first study comes first, and of one study in the order of the texts; then by their texts.
fn fullest<T: Ord + Clone>(counts: &BTreeMap<T, Count>, most: usize) -> Vec<(T, u64)> {
    let mut rows: Vec<(&T, Count)> = counts.iter().map(|(value, count)| (value, *count)).collect();
    rows.sort_by_key(|(value, (studies, first))| (Reverse(*studies), *first, *value));
    rows.truncate(most);
    rows.sort_by_key(|(value, (studies, _))| (Reverse(*studies), *value));
    rows.into_iter().map(|(value, (studies, _))| (value.clone(), studies)).collect()
}

fn add<T: Ord>(counts: &mut BTreeMap<T, Count>, value: T, number: u32) {
    let (studies, first) = counts.entry(value).or_insert((0, u32::MAX));
    (*studies, *first) = (*studies + 1, number.min(*first));
}

/// Nothing if it is too large to be counted here.
fn table(hits: &[&Naive], by: &[Dimension]) -> Option<Table> {
    let mut counts: BTreeMap<Vec<Option<String>>, Count> = BTreeMap::new();
    for study in hits {
        let mut rows = vec![Vec::new()];
        for by in by {
            let values = values(&study.study, *by);
            let none = values.is_empty().then_some(None);
            let values: Vec<_> = values.into_iter().map(Some).chain(none).collect();
            if rows.len() * values.len() > NAIVE_ROWS_MAX {
                return None;
            }
            let longer = |row: &Vec<Option<String>>| {
                let row = row.clone();
                values
                    .iter()
                    .map(move |value| [row.as_slice(), std::slice::from_ref(value)].concat())
                    .collect::<Vec<_>>()
            };
            rows = rows.iter().flat_map(longer).collect();
        }
        rows.into_iter().for_each(|row| add(&mut counts, row, study.number));
        if counts.len() > NAIVE_ROWS_MAX {
            return None;
        }
    }
    let rows = fullest(&counts, ROWS_MAX).into_iter().map(|(values, studies)| Row { values, studies });
    Some(Table { studies: hits.len() as u64, rows: rows.collect(), rows_in_all: counts.len() as u64 })
}

fn stats(hits: &[&Naive], piece: Piece) -> FieldStats {
    let (mut counts, mut missing) = (BTreeMap::new(), 0);
    let (mut keys, mut without_key) = (Vec::new(), 0);
    let mut formats = BTreeSet::new();
    for study in hits {
        let values = values(&study.study, Dimension { piece, period: None });
        missing += u64::from(values.is_empty());
        values.into_iter().for_each(|value| add(&mut counts, value, study.number));
        let before = keys.len();
        Measure::Values(piece).for_each_key(&study.study, |key| keys.push((key, study.number)));
        without_key += u64::from(before == keys.len());
        piece.for_each_value(&study.study, |value| formats.extend(value.as_str().and_then(date_format)));
    }
    let unique = counts.len() as u64;
    let top = fullest(&counts, TOP_VALUES_MAX);
    let studies_with = |value: &str| counts.get(value).map_or(0, |(studies, _)| *studies);
    let number = |number: u32| NctId::new(number).unwrap();
    let longest =
        counts.iter().map(|(text, (_, first))| (Reverse(text.chars().count() as u64), *first, text));
    let longest = longest.min().map(|(Reverse(length), first, text)| (length, number(first), text.clone()));
    let texts = TextValues { unique, top: top.clone(), longest };
    let (min, max) = (keys.iter().map(|(key, _)| *key).min(), keys.iter().map(|(key, _)| *key).max());
    let sum: i128 = keys.iter().map(|(key, _)| i128::from(*key)).sum();
    let mean = (!keys.is_empty()).then(|| sum as f64 / keys.len() as f64);
    let published = |key: Option<i64>| {
        let key = key?;
        let (_, first) = keys.iter().filter(|(known, _)| *known == key).min_by_key(|(_, first)| *first)?;
        let mut text = None;
        let study = hits.iter().find(|study| study.number == *first)?;
        piece.for_each_value(&study.study, |value| {
            if Measure::key_of(piece, value) == Some(key) {
                text = text.take().or(value.as_str().map(str::to_owned));
            }
        });
        text
    };
    let (missing, values) = match piece.kind() {
        Kind::Enum(_) => {
            // By their texts alone: a vocabulary is never cut.
            let mut top: Vec<_> =
                counts.iter().map(|(value, (studies, _))| (value.clone(), *studies)).collect();
            top.sort_by_key(|(value, studies)| (Reverse(*studies), value.clone()));
            (missing, FieldValues::Enum { unique, top })
        }
        Kind::Boolean => {
            (missing, FieldValues::Boolean { yes: studies_with("true"), no: studies_with("false") })
        }
        Kind::Duration => (missing, FieldValues::Duration { texts, min, max, mean }),
        kind => match kind.order() {
            Some(Order::Dates) => {
                let mut formats: Vec<_> = formats.into_iter().collect();
                formats.sort_by_key(|format| format.len());
                (without_key, FieldValues::Date { min: published(min), max: published(max), formats })
            }
            Some(_) => (without_key, FieldValues::Number { min, max, mean }),
            None => (missing, FieldValues::Text(texts)),
        },
    };
    FieldStats { piece, missing, values }
}

fn sizes(known: &[Naive], piece: Piece) -> ListSizes {
    let mut counts: HashMap<i64, u64> = HashMap::new();
    for study in known {
        let mut sizes = BTreeSet::new();
        Measure::Size(piece).for_each_key(&study.study, |size| _ = sizes.insert(size));
        sizes.into_iter().for_each(|size| *counts.entry(size).or_default() += 1);
    }
    let mut top: Vec<_> = counts.into_iter().collect();
    top.sort_by_key(|(size, studies)| (Reverse(*studies), *size));
    let (unique, sizes) = (top.len() as u64, top.iter().map(|(size, _)| *size));
    let (min, max) = (sizes.clone().min(), sizes.max());
    top.truncate(TOP_VALUES_MAX);
    ListSizes { piece, unique, min, max, top }
}

fn ask(snapshot: &dyn Snapshot, matching: &Matching, by: &[Dimension]) -> Result<Table, RegistryError> {
    let query = TableQuery { matching: matching.clone(), by: by.to_vec() };
    snapshot.tabulate(&query, &Budget::unlimited())
}

fn has_values(piece: Piece) -> bool {
    !matches!(piece.kind(), Kind::Struct)
}

/// Every way to count by a piece.
fn dimensions(piece: Piece) -> Vec<Dimension> {
    let mut periods = vec![None];
    if piece.kind().order() == Some(Order::Dates) {
        periods.extend([Period::Year, Period::Quarter, Period::Month].map(Some));
    }
    periods.into_iter().map(|period| Dimension { piece, period }).collect()
}

fn hits<'a>(snapshot: &dyn Snapshot, known: &'a [Naive], matching: &Matching) -> Vec<&'a Naive> {
    known.iter().filter(|study| study.matches(matching, snapshot.synonyms())).collect()
}

fn check_pieces(snapshot: &dyn Snapshot, known: &[Naive], matching: &Matching) {
    let hits = hits(snapshot, known, matching);
    for piece in Piece::all().filter(|piece| has_values(*piece)) {
        for by in dimensions(piece) {
            // Twice: what is remembered is what was worked out.
            let ours = [(); 2].map(|()| ask(snapshot, matching, &[by]).unwrap());
            let expected = table(&hits, &[by]).unwrap();
            assert!(
                ours.iter().all(|ours| *ours == expected),
                "{by:?} of {matching:?}: {ours:?}, not {expected:?}"
            );
        }
        let ours = [(); 2].map(|()| snapshot.field_stats(piece, matching, &Budget::unlimited()).unwrap());
        let expected = stats(&hits, piece);
        assert!(ours.iter().all(|ours| *ours == expected), "{matching:?}: {ours:?}, not {expected:?}");
    }
}

fn check(snapshot: &dyn Snapshot, known: &[Naive], vocabulary: &[&str], rounds: usize, seed: u64) {
    check_pieces(snapshot, known, &Matching::default());
    for piece in Piece::all().filter(|piece| piece.is_list()) {
        let ours = snapshot.list_sizes(piece, &Budget::unlimited()).unwrap();
        assert_eq!(ours, sizes(known, piece), "{piece:?}");
    }
    let mut random = Random(seed);
    let mut found = || loop {
        let matching = random_query(&mut random, vocabulary, known).matching;
        if !hits(snapshot, known, &matching).is_empty() {
            return matching;
        }
    };
    check_pieces(snapshot, known, &found());
    let queries: Vec<Matching> = (0..rounds).map(|_| found()).collect();

    let pieces: Vec<Piece> = Piece::all().filter(|piece| has_values(*piece)).collect();
    let usual = ["Phase", "OverallStatus", "LocationCountry", "StartDate", "LocationStatus", "Condition"];
    let mut compared = 0;
    for matching in &queries {
        let hits = hits(snapshot, known, matching);
        let mut dimension = || {
            let all = random.below(2) == 0;
            let piece = if all {
                pieces[random.below(pieces.len())]
            } else {
                Piece::find(random.pick(&usual)).unwrap()
            };
            let ways = dimensions(piece);
            ways[random.below(ways.len())]
        };
        let by = [dimension(), dimension(), dimension()];
        for by in [&by[..2], &by] {
            if let Some(expected) = table(&hits, by) {
                compared += 1;
                assert_eq!(ask(snapshot, matching, by).unwrap(), expected, "{by:?} of {matching:?}");
            }
        }
    }
    assert!(compared > rounds, "only {compared} tables of {rounds} rounds were small enough to compare");
}

fn naive(studies: Vec<Value>) -> Vec<Naive> {
    studies.into_iter().map(Naive::new).collect()
}

#[test]
fn tables_of_made_up_studies_are_what_counting_gives() {
    let root = tempfile::tempdir().unwrap();
    let mut known: Vec<Value> =
        ctgov_sample::Sample::new(150).iter().map(|study| serde_json::from_str(&study).unwrap()).collect();
    known.extend(studies(100, 21).into_iter().map(|mut study| {
        let id = &mut study["protocolSection"]["identificationModule"]["nctId"];
        *id = json!(id.as_str().unwrap().replace("NCT900", "NCT100"));
        study
    }));
    // Several imports, so that a value stands in several dictionaries, and studies that were replaced.
    for chunk in known.chunks(50) {
        import_studies(root.path(), chunk);
    }
    let changed = known.len() / 4;
    for study in known.iter_mut().take(changed) {
        study["protocolSection"]["conditionsModule"]["keywords"] = json!(["changed", "asthma"]);
        study["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"] = json!("2027-01-01");
    }
    import_studies(root.path(), &known[..changed]);
    check(snapshot(root.path()).as_ref(), &naive(known), WORDS, 60, 22);
}

#[test]
fn tables_of_real_studies_are_what_counting_gives() {
    let Some(path) = real_data("studies.ndjson.gz") else { return };
    let root = tempfile::tempdir().unwrap();
    import(root.path(), Source::path(&path));
    let known = gzip_lines(&path).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let vocabulary = ["cancer", "diabetes mellitus", "placebo", "university", "women", "covid-19", "pain"];
    check(snapshot(root.path()).as_ref(), &naive(known), &vocabulary, 60, 23);
}

/// Records that nobody expects.
fn strange_studies() -> Vec<Value> {
    let long = |letter: &str, length: usize| letter.repeat(length);
    let strange = |number: u32| -> Value {
        let pick = |values: &[Value]| values[number as usize % values.len()].clone();
        let mut study = plain_study(number, "2024-05-01", "");
        let protocol = &mut study["protocolSection"];
        protocol["statusModule"]["overallStatus"] =
            pick(&[json!("NEVER_HEARD_OF"), json!("COMPLETED"), json!(true)]);
        protocol["statusModule"]["startDateStruct"] =
            json!({"date": pick(&[json!("2020"), json!("2020-01"), json!("2020-01-01"), json!(7)])});
        protocol["designModule"] =
            json!({"enrollmentInfo": {"count": pick(&[json!(1.5), json!(-3.0), json!(1e300)])}});
        protocol["descriptionModule"] = json!({
            "briefSummary": long("x", 66_000 + number as usize % 3),
            "detailedDescription": long(if number.is_multiple_of(2) { "é" } else { "z" }, 70_000),
        });
        protocol["conditionsModule"] = json!({
            "keywords": ["", "", "\u{0}", "\u{0}00ff", long("k", 255), long("k", 256), long("k", 70_000), 5, false, null, ["in", "a list"]],
            "conditions": [long("c", 300), long("d", 300), {"no": "text"}],
        });
        protocol["eligibilityModule"] = json!({"minimumAge": pick(&[json!("18 Years"), json!("18 years"), json!("18  Years"), json!("young"), json!(18)])});
        protocol["contactsLocationsModule"] = json!({"locations": [
            {"city": "Ulm", "status": "RECRUITING", "geoPoint": {"lat": 1.5, "lon": 2}, "contacts": [{"name": "A"}, {"name": "A"}]},
            {"city": "Ulm", "status": "WHO_KNOWS", "geoPoint": {"lat": 1.5, "lon": 2.0}},
            {"city": long("U", 300), "geoPoint": {"lat": null}, "contacts": []},
            7,
        ]});
        study
    };
    (1..=12).map(|number| strange(3 * number)).collect()
}

#[test]
fn strange_values_are_counted_as_they_are() {
    let root = tempfile::tempdir().unwrap();
    let known = strange_studies();
    for chunk in known.chunks(5) {
        import_studies(root.path(), chunk);
    }
    check_pieces(snapshot(root.path()).as_ref(), &naive(known), &Matching::default());
}

#[test]
fn of_more_rows_than_a_table_has_the_first_studies_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let study = |number: u32| {
        let mut study = plain_study(number, "2024-05-01", "a title");
        let names: Vec<_> = (0..60).map(|name| format!("{}-{}", 7 * name % 60, number % 100)).collect();
        study["protocolSection"]["conditionsModule"] = json!({"keywords": names, "conditions": names[..6]});
        study["protocolSection"]["descriptionModule"] = json!({"briefSummary": format!("summary {number}")});
        study
    };
    let known: Vec<Value> = (1..=400).rev().map(study).collect();
    import_studies(root.path(), &known);
    let (snapshot, known) = (snapshot(root.path()), naive(known));
    let hits: Vec<&Naive> = known.iter().collect();
    let of = |name: &str| Dimension { piece: Piece::find(name).unwrap(), period: None };
    for by in
        [vec![of("Keyword"), of("Condition")], vec![of("BriefSummary"), of("Keyword")], vec![of("Keyword")]]
    {
        let ours = ask(snapshot.as_ref(), &Matching::default(), &by).unwrap();
        assert_eq!(Some(ours), table(&hits, &by), "{by:?}");
    }
    let stats_of = |piece| snapshot.field_stats(piece, &Matching::default(), &Budget::unlimited()).unwrap();
    for name in ["Keyword", "BriefSummary", "Condition"] {
        assert_eq!(stats_of(Piece::find(name).unwrap()), stats(&hits, Piece::find(name).unwrap()), "{name}");
    }
}

#[test]
fn what_cannot_be_counted_is_refused_with_the_reason() {
    let root = tempfile::tempdir().unwrap();
    let mut study = plain_study(1, "2024-05-01", "a title");
    let many: Vec<String> = (0..130).map(|name| name.to_string()).collect();
    let sponsors: Vec<Value> = many.iter().map(|name| json!({"name": name})).collect();
    study["protocolSection"]["conditionsModule"] = json!({"keywords": many, "conditions": many});
    study["protocolSection"]["sponsorCollaboratorsModule"] = json!({"collaborators": sponsors});
    import_studies(root.path(), &[study]);
    let snapshot = snapshot(root.path());
    let of = |name: &str, period| Dimension { piece: Piece::find(name).unwrap(), period };
    let cases = [
        (vec![], "1 to 3 dimensions, not 0"),
        (vec![of("Phase", None); 4], "1 to 3 dimensions, not 4"),
        (vec![of("Location", None)], "`Location` is a group of fields"),
        (vec![of("MinimumAge", Some(Period::Year))], "`MinimumAge` is no date"),
        (
            vec![of("Keyword", None), of("Condition", None), of("CollaboratorName", None)],
            "more than 1800000 combinations",
        ),
    ];
    for (by, expected) in cases {
        let error = ask(snapshot.as_ref(), &Matching::default(), &by).unwrap_err();
        assert!(matches!(error, RegistryError::Unsupported { .. }), "{by:?}: {error}");
        assert!(error.to_string().contains(expected), "{by:?}: {error}");
    }
}

#[test]
fn suggestions_begin_with_what_was_typed_the_commonest_first() {
    let folder = tempfile::tempdir().unwrap();
    let conditions = [
        &["Asthma"][..],
        &["Asthma", "Allergic Asthma"],
        &["Astigmatism"],
        &["Sjögren Syndrome", "asthma, mild"],
        &[],
    ];
    let records: Vec<Value> = (1..)
        .zip(conditions)
        .map(|(number, conditions)| {
            let mut study = plain_study(4_280_700 + number, "2024-01-01", "a record");
            study["protocolSection"]["conditionsModule"] = json!({"conditions": conditions});
            study
        })
        .collect();
    import_studies(folder.path(), &records);
    let snapshot = snapshot(folder.path());
    let suggest = |piece, typed: &str, count| {
        snapshot.suggest(Piece::named(piece), typed, count, &Budget::unlimited()).unwrap()
    };
    assert_eq!(suggest("Condition", "AST", 9), ["Asthma", "Astigmatism", "asthma, mild", "Allergic Asthma"]);
    assert_eq!(suggest("Condition", "sjogren s", 9), ["Sjögren Syndrome"]);
    assert_eq!(suggest("Condition", "syn", 9), ["Sjögren Syndrome"]);
    assert_eq!(suggest("Condition", "", 1), ["Asthma"]);
    assert!(suggest("Condition", "thma", 9).is_empty());
    for typed in ["NCT0428070", "nct0428070", "0428070", " NCT0428070 "] {
        assert_eq!(suggest("NCTId", typed, 2), ["NCT04280701", "NCT04280702"], "{typed}");
    }
    assert_eq!(suggest("NCTId", "NCT04280705", 9), ["NCT04280705"]);
    assert_eq!(suggest("NCTId", "N", 9).len(), 5);
    for typed in ["NCT1", "NCTé", "N04", "NCT042807050", "X"] {
        assert!(suggest("NCTId", typed, 9).is_empty(), "{typed}");
    }
    let no_values = snapshot.suggest(Piece::named("DesignModule"), "x", 1, &Budget::unlimited());
    assert!(matches!(no_values, Err(RegistryError::Unsupported { .. })));
}
