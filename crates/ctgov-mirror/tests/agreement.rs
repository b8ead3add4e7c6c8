//! The index answers every expression as the evaluator does, which defines what is correct.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end, and say where")]

#[path = "agreement/expressions.rs"]
mod expressions;

use ctgov::{
    Budget, DEFAULT_AREA, Matching, NctId, PAGE_SIZE_MAX, PageSize, Registry as _, Snapshot, StudyQuery,
    essie::{
        Target,
        evaluate::{Prepared, matches},
        parse, resolve,
    },
};
use ctgov_mirror::{ImportOptions, Importer, Mirror, Source, Unobserved};
use expressions::Expressions;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Cursor, Write as _},
    path::Path,
    sync::Arc,
    thread,
};

/// A registry of some records, and the records.
struct World {
    _root: tempfile::TempDir,
    snapshot: Arc<dyn Snapshot>,
    studies: Vec<Value>,
}

impl World {
    /// The real records, where they are at hand, and `synthetic` made-up ones, imported in several steps, a part of
    /// them twice: so that there are segments with records taken out.
    fn new(synthetic: u32) -> Self {
        let mut records = real_records();
        records.extend(ctgov_sample::Sample::new(synthetic).iter());
        let root = tempfile::tempdir().unwrap();
        let (third, all) = (records.len() / 3, records.len());
        let import = |records: &[String]| {
            let sources = vec![Source::reader("test", Cursor::new(records.join("\n")))];
            let importer = Importer::open(root.path()).unwrap();
            let summary = importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap();
            assert_eq!(summary.refused, 0, "{:?}", summary.refusals);
        };
        // Older forms of the first third, which the others replace.
        let older: Vec<String> = records[..third]
            .iter()
            .map(|record| record.replacen("\"briefTitle\":\"", "\"briefTitle\":\"Older ", 1))
            .collect();
        import(&older);
        import(&records[third..2 * third]);
        import(&records[..third]);
        import(&records[2 * third..all]);
        let snapshot = Mirror::open(root.path()).unwrap().snapshot().unwrap();
        let studies = records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
        Self { _root: root, snapshot, studies }
    }

    /// Asks `count` random expressions and reports the first few that index and evaluator disagree on.
    fn check(&self, count: usize, seed: u64) {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
        let disagreements: Vec<String> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    let seed = seed.wrapping_mul(1_000).wrapping_add(worker as u64);
                    scope.spawn(move || self.disagreements(count / threads, seed))
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        assert!(
            disagreements.is_empty(),
            "{} disagreements:\n{}",
            disagreements.len(),
            disagreements.join("\n")
        );
    }

    fn disagreements(&self, count: usize, seed: u64) -> Vec<String> {
        let prepared: Vec<(u32, Prepared<'_>)> =
            self.studies.iter().map(|study| (number(study), Prepared::new(study))).collect();
        let mut expressions = Expressions::new(&self.studies, seed);
        let (mut disagreements, mut asked, mut found_some) = (Vec::new(), 0, 0);
        while asked < count && disagreements.len() < 5 {
            let text = expressions.next();
            // Made at random, some ask what cannot be asked.
            let Ok(expr) = parse(&text) else { continue };
            let synonyms = self.snapshot.synonyms();
            let Ok(condition) = resolve(&expr, Target::Area(DEFAULT_AREA), synonyms) else { continue };
            asked += 1;
            let mut expected: Vec<u32> = prepared
                .iter()
                .filter(|(_, study)| matches(&condition, study))
                .map(|(number, _)| *number)
                .collect();
            expected.sort_unstable();
            found_some += usize::from(!expected.is_empty() && expected.len() < self.studies.len());
            let found = self.found(&text);
            if found != expected {
                let only = |a: &[u32], b: &[u32]| {
                    a.iter().copied().filter(|number| !b.contains(number)).take(3).collect::<Vec<_>>()
                };
                disagreements.push(format!(
                    "{text}: index {} studies, evaluator {}; only index: {:?}, only evaluator: {:?}",
                    found.len(),
                    expected.len(),
                    only(&found, &expected),
                    only(&expected, &found)
                ));
            }
        }
        assert!(found_some * 3 > asked, "only {found_some} of {asked} expressions tell studies apart");
        disagreements
    }

    /// The studies that the index finds, ascending.
    fn found(&self, text: &str) -> Vec<u32> {
        let mut matching = Matching::default();
        matching.filter(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut query = StudyQuery {
            matching,
            page_size: PageSize::new(PAGE_SIZE_MAX).unwrap(),
            ..StudyQuery::default()
        };
        let mut found = Vec::new();
        loop {
            let page = self
                .snapshot
                .find(&query, &Budget::unlimited())
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            found.extend(page.0.iter().map(|id: &NctId| id.number()));
            query.page_token = page.1.next;
            if query.page_token.is_none() {
                assert_eq!(page.1.total, found.len() as u64, "{text}");
                return found;
            }
        }
    }
}

fn number(study: &Value) -> u32 {
    let id = study.pointer("/protocolSection/identificationModule/nctId").and_then(Value::as_str).unwrap();
    id.parse::<NctId>().unwrap().number()
}

fn real_records() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/studies.ndjson.gz");
    if !path.exists() {
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: the real data is not next to the checkout");
        return Vec::new();
    }
    BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines().map(Result::unwrap).collect()
}

#[test]
fn index_and_evaluator_agree_on_five_thousand_expressions() {
    World::new(1_000).check(5_000, 1);
}

/// Takes minutes: `cargo xtask deep` runs it.
#[test]
#[ignore = "takes minutes; part of the deep tests"]
fn index_and_evaluator_agree_on_a_hundred_thousand_expressions() {
    World::new(5_000).check(100_000, 2);
}
