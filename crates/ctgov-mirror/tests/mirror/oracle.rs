//! The index against a naive reading of the records: same sets, same counts, same order.

use crate::support::{
    Random, WORDS, gzip_lines, ids, import, import_studies, real_data, search, snapshot, studies, walk,
};
use ctgov::{
    Budget, Matching, NctId, PAGE_SIZE_MAX, PageSize, Snapshot, Sort, SortKey, StudyQuery, areas, enums,
    essie::{
        Target,
        evaluate::{Prepared, matches},
    },
    pieces::Piece,
    synonyms::Synonyms,
};
use ctgov_mirror::Source;
use serde_json::Value;
use std::{cmp::Ordering, collections::HashSet};

/// A record as the naive reading sees it.
pub(crate) struct Naive {
    pub(crate) number: u32,
    pub(crate) study: Value,
}

impl Naive {
    pub(crate) fn new(study: Value) -> Self {
        let number = NCT_ID.text(&study).unwrap().parse::<NctId>().unwrap().number();
        Self { number, study }
    }

    /// By the evaluator, which defines what is correct.
    pub(crate) fn matches(&self, matching: &Matching, synonyms: &Synonyms) -> bool {
        let conditions = matching.conditions(synonyms).unwrap();
        let study = Prepared::new(&self.study);
        conditions.searches.iter().chain([&conditions.filter]).all(|condition| matches(condition, &study))
    }

    fn key(&self, key: &SortKey) -> Option<i64> {
        let mut keys = Vec::new();
        key.by.measure().unwrap().for_each_key(&self.study, |key| keys.push(key));
        if key.descending { keys.into_iter().max() } else { keys.into_iter().min() }
    }
}

const NCT_ID: Piece = Piece::named("NCTId");

fn naive_order(sort: &Sort, a: &Naive, b: &Naive) -> Ordering {
    for key in sort.keys() {
        let order = match (a.key(key), b.key(key)) {
            (Some(a), Some(b)) if key.descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
    a.number.cmp(&b.number)
}

pub(crate) fn random_query(random: &mut Random, vocabulary: &[&str], known: &[Naive]) -> StudyQuery {
    let mut query = StudyQuery::default();
    for _ in 0..random.below(3) {
        let words: Vec<&str> = (0..=random.below(2)).map(|_| random.pick(vocabulary)).collect();
        let areas = [&areas::BASIC, &areas::CONDITION, &areas::INTERVENTION, &areas::TITLE, &areas::SPONSOR];
        query.matching.search(Target::Area(areas[random.below(5)]), &words.join(" ")).unwrap();
    }
    for (piece, vocabulary) in [("OverallStatus", &enums::STATUS), ("Phase", &enums::PHASE)] {
        let count = random.below(3);
        if count > 0 {
            let values: Vec<_> =
                (0..count).map(|_| &vocabulary.values[random.below(vocabulary.values.len())]).collect();
            query.matching.filter_values(Piece::find(piece).unwrap(), values);
        }
    }
    if random.below(6) == 0 {
        let mut number = || known[random.below(known.len())].number + random.below(2) as u32;
        let ids: Vec<_> = (0..20).map(|_| NctId::new(number()).unwrap()).collect();
        query.matching.filter_ids(ids);
    }
    const SORTED: [&str; 6] = [
        "LastUpdatePostDate",
        "StartDate",
        "EnrollmentCount",
        "MinimumAge",
        "NumLocations",
        "StudyFirstPostDate",
    ];
    let mut key = || format!("{}:{}", random.pick(&SORTED), ["asc", "desc"][random.below(2)]);
    query.sort = Sort::parse(&[key(), key()].join(",")).unwrap();
    if random.below(4) == 0 {
        query.sort = Sort::parse("StartDate:asc,EnrollmentCount:desc").unwrap();
    }
    query.page_size = PageSize::new(1 + random.below(40) as u16).unwrap();
    query
}

fn check(snapshot: &dyn Snapshot, known: &[Naive], vocabulary: &[&str], rounds: usize, seed: u64) {
    let mut random = Random(seed);
    let mut found_any = 0;
    for round in 0..rounds {
        let query = random_query(&mut random, vocabulary, known);
        let mut expected: Vec<&Naive> =
            known.iter().filter(|study| study.matches(&query.matching, snapshot.synonyms())).collect();
        expected.sort_by(|a, b| naive_order(&query.sort, a, b));
        let expected: Vec<u32> = expected.iter().map(|study| study.number).collect();
        found_any += usize::from(!expected.is_empty());

        let asked = format!("round {round}: {query:?}");
        assert_eq!(walk(snapshot, &query), expected, "{asked}");
        let count = snapshot.count(&query.matching, &Budget::unlimited()).unwrap();
        assert_eq!(count, expected.len() as u64, "{asked}");
        assert_eq!(search(snapshot, &query).total, count, "{asked}");

        // By relevance the set is the same, and pages joined are the one big page.
        let relevance = StudyQuery { sort: Sort::parse("@relevance").unwrap(), ..query };
        let joined = walk(snapshot, &relevance);
        let big_page = PageSize::new(PAGE_SIZE_MAX).unwrap();
        let at_once = ids(&search(snapshot, &StudyQuery { page_size: big_page, ..relevance }));
        assert_eq!(joined[..at_once.len()], at_once, "{asked}");
        let set = |ids: &[u32]| ids.iter().copied().collect::<HashSet<_>>();
        assert_eq!((set(&joined), joined.len()), (set(&expected), expected.len()), "{asked}");
    }
    assert!(found_any > rounds / 4, "only {found_any} of {rounds} queries found anything");
}

#[test]
fn made_up_studies_are_found_as_a_naive_reading_finds_them() {
    let (studies, root) = (studies(300, 1), tempfile::tempdir().unwrap());
    import_studies(root.path(), &studies);
    let known: Vec<_> = studies.into_iter().map(Naive::new).collect();
    check(snapshot(root.path()).as_ref(), &known, WORDS, 150, 2);
}

#[test]
fn replaced_studies_are_found_by_their_newest_record_only() {
    let root = tempfile::tempdir().unwrap();
    let mut known = studies(300, 3);
    import_studies(root.path(), &known);
    for (round, chunk) in (1..=4).map(|round| (round, round as usize * 60)) {
        let changed = studies(chunk as u32, 10 + round);
        known.splice(..chunk, changed.iter().cloned());
        assert_eq!(import_studies(root.path(), &changed).changed, chunk as u64);
    }
    let known: Vec<_> = known.into_iter().map(Naive::new).collect();
    check(snapshot(root.path()).as_ref(), &known, WORDS, 100, 4);
}

#[test]
fn real_studies_are_found_as_a_naive_reading_finds_them() {
    let Some(path) = real_data("studies.ndjson.gz") else { return };
    let root = tempfile::tempdir().unwrap();
    import(root.path(), Source::path(&path));
    let known: Vec<_> =
        gzip_lines(&path).iter().map(|line| Naive::new(serde_json::from_str(line).unwrap())).collect();
    let vocabulary = [
        "cancer",
        "breast cancer",
        "the",
        "covid-19",
        "diabetes mellitus",
        "placebo",
        "of",
        "pain",
        "university",
        "hospital",
        "pfizer",
        "women",
        "nct",
        "lung",
        "Müller",
        "stage",
        "her2",
        "injection",
        "depression",
    ];
    check(snapshot(root.path()).as_ref(), &known, &vocabulary, 60, 5);
}

#[test]
fn real_records_come_back_as_they_were_received() {
    let Some(path) = real_data("studies.ndjson.gz") else { return };
    let root = tempfile::tempdir().unwrap();
    let summary = import(root.path(), Source::path(&path));
    assert_eq!((summary.refusals, summary.older), (vec![], 0));
    let snapshot = snapshot(root.path());
    let lines = gzip_lines(&path);
    assert_eq!(summary.new, lines.len() as u64);
    for line in &lines {
        let received: Value = serde_json::from_str(line).unwrap();
        let id = NCT_ID.text(&received).unwrap().parse().unwrap();
        let study = snapshot.study(id, &Budget::unlimited()).unwrap().expect("it was imported");
        // The file has one record a line, without white space between its tokens: nothing is left to minify.
        assert_eq!(study.json(), line, "{id}");
        // With key order, which comparing values would not see.
        assert_eq!(study.value().unwrap().to_string(), received.to_string(), "{id}");
    }
    let newest = lines.iter().filter_map(|line| {
        let study: Value = serde_json::from_str(line).unwrap();
        Piece::named("LastUpdatePostDate").text(&study).map(str::to_owned)
    });
    assert_eq!(snapshot.data_version().newest_update, newest.max());
}
