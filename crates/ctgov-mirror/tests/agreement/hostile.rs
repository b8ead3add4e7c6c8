//! Questions made to cost a lot: what is too much is refused, and what is not looks at its budget in proportion to its
//! work, so that time that is up is noticed soon, and says where it went.
//!
//! Checks are counted instead of measuring time: whatever is done between two of them takes well under a millisecond.

use crate::world::World;
use ctgov::{
    Budget, Matching, Registry as _, RegistryError, Snapshot, Sort, StudyQuery,
    api::{ApiError, StudiesRequest},
    areas,
    essie::Target,
    pieces::Piece,
    tabulate::{Dimension, TableQuery},
};
use ctgov_mirror::{ImportOptions, Importer, Mirror, Source, Unobserved};
use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

const STUDIES: u32 = 300;

/// A small registry of made-up records that was asked nothing yet: what it was asked before, it would remember.
fn fresh() -> Arc<dyn Snapshot> {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement").join("hostile");
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        fs::create_dir_all(&root).unwrap();
        let records: Vec<String> = ctgov_sample::Sample::new(STUDIES).iter().collect();
        let sources = vec![Source::reader("test", Cursor::new(records.join("\n")))];
        Importer::open(&root).unwrap().import(sources, &ImportOptions::default(), &mut Unobserved).unwrap();
        root
    });
    Mirror::open(&ROOT).unwrap().snapshot().unwrap()
}

type Question<'a> = &'a dyn Fn(&dyn Snapshot, &Budget) -> Result<(), RegistryError>;

/// How often a question looks at its budget, and what it says when the time is up at the first look, in the middle and
/// at the last.
fn asked(question: Question<'_>) -> (u64, Vec<String>) {
    const ENOUGH: u64 = 1 << 40;
    let budget = Budget::unlimited().with_checks_max(ENOUGH);
    question(fresh().as_ref(), &budget).unwrap();
    let checks = ENOUGH - budget.checks_left().unwrap();
    assert!(checks > 0, "it never looks at its budget");
    let mut told = Vec::new();
    for allowed in [0, checks / 2, checks - 1] {
        let budget = Budget::unlimited().with_checks_max(allowed);
        match question(fresh().as_ref(), &budget) {
            Err(error @ RegistryError::DeadlineExceeded { .. }) => told.push(error.to_string()),
            other => panic!("{allowed} of {checks} checks: {other:?}"),
        }
        assert_eq!(budget.checks_left(), Some(0), "it goes on after its time is up");
    }
    (checks, told)
}

/// Every word of the records once.
fn words(count: usize) -> Vec<String> {
    let mut known = std::collections::BTreeSet::new();
    for record in ctgov_sample::Sample::new(STUDIES).iter() {
        let study: serde_json::Value = serde_json::from_str(&record).unwrap();
        for piece in ["BriefSummary", "DetailedDescription", "OfficialTitle"].map(Piece::named) {
            piece.for_each_value(&study, |value| {
                known.extend(ctgov::text::words(value.as_str().unwrap_or_default()));
            });
        }
    }
    known.into_iter().filter(|word| word.chars().all(char::is_lowercase)).take(count).collect()
}

fn count(matching: &Matching) -> impl Fn(&dyn Snapshot, &Budget) -> Result<(), RegistryError> {
    move |snapshot, budget| snapshot.count(matching, budget).map(drop)
}

fn filtered(text: &str) -> Matching {
    let mut matching = Matching::default();
    matching.filter(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    matching
}

#[test]
fn every_costly_part_looks_at_its_budget_and_is_named_when_the_time_is_up() {
    let words = words(200);
    assert_eq!(words.len(), 200);
    let lossy = format!("EXPANSION[Lossy]({})", words.join(" "));
    let many = words.iter().map(|word| format!("AREA[BriefSummary]{word}")).collect::<Vec<_>>().join(" OR ");
    let near = "AREA[LocationGeoPoint]DISTANCE[42.36,-71.06,5000mi]";
    let site = format!("SEARCH[Location](AREA[LocationCity]({}))", words[..50].join(" OR "));
    let never = format!("AREA[BriefSummary]\"{}\"", "made up ".repeat(128));
    // A question, how often it looks at its budget at least, and what it says it was at.
    let cases = [
        (lossy.as_str(), 200, "at the words `"),
        (many.as_str(), 200, "at the words `"),
        // Every piece of an area is looked through for a phrase.
        ("\"of the study\"", 20, "at the words `of the study`"),
        // Words that stand everywhere, and never one after the other so often: every study's positions are compared.
        (never.as_str(), u64::from(STUDIES) * 4 / 256, "at the words `made up made up"),
        ("AREA[StartDate]RANGE[2010, MAX]", 1, "at the range of StartDate"),
        ("AREA[OverallStatus]RECRUITING", 1, "at the values of OverallStatus"),
        ("AREA[ProtocolSection]MISSING", 1, "at MISSING"),
        (near, 1, "at the distance"),
        (site.as_str(), 50, "at the words `"),
        // The records decide: every one that has the words is read.
        ("AREA[BriefSummary]EXPANSION[None]of", u64::from(STUDIES) / 2, "at the words `of`"),
    ];
    for (text, least, costly) in cases {
        let (checks, told) = asked(&count(&filtered(text)));
        let text: String = text.chars().take(60).collect();
        assert!(checks >= least, "{text}: {checks} checks");
        for told in told {
            assert!(
                told.starts_with("the query took too long at") && told.contains(costly),
                "{text}: {told}"
            );
        }
    }
}

#[test]
fn long_lists_of_ids_are_looked_up_within_the_budget() {
    let ids = (1..=5_000).map(|number| format!("NCT{number:08}")).collect::<Vec<_>>().join(",");
    let request = StudiesRequest::read(&[("filter.ids".to_owned(), ids)]).unwrap();
    let (checks, _) = asked(&count(&request.query.matching));
    assert!(checks >= 5_000, "{checks}");
}

#[test]
fn an_order_by_relevance_and_tables_keep_to_the_budget() {
    let words = words(200);
    let mut matching = Matching::default();
    matching.search(Target::Area(&areas::BASIC), &format!("EXPANSION[Lossy]({})", words.join(" "))).unwrap();
    let query = StudyQuery { matching, ..StudyQuery::default() };
    let by_field = StudyQuery { sort: Sort::parse("StartDate").unwrap(), ..query.clone() };
    let find = |query: &StudyQuery| asked(&|snapshot, budget| snapshot.find(query, budget).map(drop));
    let ((scored, told), (sorted, _)) = (find(&query), find(&by_field));
    // Every word is counted, and its levels are read.
    assert!(scored >= sorted + 2 * 200, "{scored} checks with scores, {sorted} without");
    assert!(told.iter().all(|told| told.starts_with("the query took too long at ")), "{told:?}");

    let by = |names: &[&str]| {
        names.iter().map(|name| Dimension { piece: Piece::named(name), period: None }).collect()
    };
    for names in [&["Phase", "OverallStatus"][..], &["DetailedDescription"], &["LocationCity", "Condition"]] {
        let query = TableQuery { by: by(names), matching: filtered("NOT AREA[BriefTitle]nothing") };
        let (checks, _) = asked(&|snapshot, budget| snapshot.tabulate(&query, budget).map(drop));
        assert!(checks >= 2, "{names:?}: {checks}");
    }
}

/// What `/studies` says to `value`.
fn refused(parameter: &str, value: String) -> ApiError {
    StudiesRequest::read(&[(parameter.to_owned(), value)]).map(drop).unwrap_err()
}

#[test]
fn what_is_too_much_is_refused_as_the_registry_refuses_it() {
    /// Makes a question with so many of something.
    type Make<'a> = &'a dyn Fn(usize) -> String;
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    let cases: [(&str, Make<'_>, usize); 6] = [
        ("characters", &|count| "a".repeat(count), 20_000),
        ("terms", &|count| vec!["a"; count].join(" OR "), 512),
        ("words in a term", &|count| vec!["a"; count].join(" "), 256),
        ("words in a term", &|count| format!("\"{}\"", vec!["a"; count].join(" ")), 256),
        ("nested parentheses and operators", &nested, 64),
        ("nested parentheses and operators", &|count| format!("{}a", "NOT ".repeat(count)), 64),
    ];
    for (what, make, most) in cases {
        for (parameter, label) in [("query.term", "Other terms"), ("filter.advanced", "advanced filter")] {
            let pair = (parameter.to_owned(), make(most));
            assert!(StudiesRequest::read(&[pair]).is_ok(), "{most} {what}");
            let error = refused(parameter, make(most + 1));
            let body =
                format!("Error parsing query in {label}: Too complicated query: more than {most} {what}");
            assert_eq!((error.status, error.body), (400, body));
        }
    }
}

#[test]
fn what_is_just_not_too_much_is_answered() {
    let world = World::small();
    let long = "x".repeat(10_000);
    let chain = format!("{}asthma", "NOT ".repeat(64));
    let deep = (0..31).fold("asthma".to_owned(), |inner, _| format!("NOT (cancer OR {inner})"));
    let tilted = format!("{}asthma", "TILT[StudyFirstPostDate]".repeat(60));
    let sites = format!("{}AREA[LocationCity]Boston", "SEARCH[Location]SEARCH[Study]".repeat(30));
    for text in [
        chain,
        deep,
        tilted,
        sites,
        format!("{long} OR asthma"),
        format!("\"{long} and {}\"", &long[..9_000]),
        vec!["asthma"; 512].join(" OR "),
        vec!["NOT asthma"; 512].join(" AND "),
        vec!["\"a trial of the treatment\""; 512].join(" OR "),
        format!("EXPANSION[Lossy]({})", vec!["the"; 256].join(" ")),
        format!("\"{}\"", vec!["of"; 256].join(" ")),
        format!("AREA[EnrollmentCount]RANGE[-{}, {}]", "9".repeat(5_000), "9".repeat(5_000)),
        format!("AREA[MinimumAge]RANGE[MIN, {} Years]", "9".repeat(9)),
        "AREA[StartDate]RANGE[0000-01-01, 9999-12-31]".to_owned(),
        "AREA[LocationGeoPoint]DISTANCE[90,-180,99999999999999999999999999999999999999mi]".to_owned(),
    ] {
        let shown: String = text.chars().take(60).collect();
        let mut query = StudyQuery::default();
        query
            .matching
            .search(Target::Area(&areas::BASIC), &text)
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        let (ids, page) = world.snapshot.find(&query, &Budget::unlimited()).unwrap();
        assert_eq!(ids.len() as u64, page.total.min(10), "{shown}");
        assert_eq!(
            world.snapshot.count(&query.matching, &Budget::unlimited()).unwrap(),
            page.total,
            "{shown}"
        );
    }
    for text in [
        format!("AREA[MinimumAge]RANGE[MIN, {} Years]", "9".repeat(10)),
        format!("AREA[StartDate]{}", "9".repeat(9_000)),
        format!("AREA[LocationGeoPoint]DISTANCE[0,0,{}mi]", "9".repeat(400)),
    ] {
        let error = refused("query.term", text);
        assert!(error.body.len() < 300, "{error}");
    }
}
