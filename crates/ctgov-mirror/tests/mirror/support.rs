//! Made-up studies, data directories of them, and the real ones where they are at hand.

use ctgov::{
    Budget, Document, Matching, NctId, Page, PageToken, Registry as _, RegistryError, Snapshot, StudyQuery,
    areas::Area, essie::Target,
};
use ctgov_mirror::{ImportOptions, ImportSummary, Importer, Mirror, Source, Unobserved};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufRead, BufReader, Cursor, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Repeatable random numbers (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub(crate) fn words(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.pick(WORDS)).collect::<Vec<_>>().join(" ")
    }
}

pub(crate) const WORDS: &[&str] = &[
    "asthma",
    "COPD",
    "heart",
    "Failure",
    "Sjögren's",
    "cancer",
    "breast",
    "lung",
    "placebo",
    "TNF-α",
    "insulin",
    "children",
    "of",
    "the",
    "in",
    "trial",
    "phase-2",
    "mRNA",
    "vaccine",
    "Zürich",
    "pain",
    "chronic",
    "acute",
];
const STATUSES: &[&str] = &["RECRUITING", "COMPLETED", "TERMINATED", "UNKNOWN", "WITHDRAWN"];
const PHASES: &[&str] = &["NA", "EARLY_PHASE1", "PHASE1", "PHASE2", "PHASE3", "PHASE4"];
const DATES: &[&str] = &["2019", "2020-03", "2020-03-15", "2021-11-02", "2024-02-29", "not a date"];

/// A whole made-up record with a bit of everything that is searched.
pub(crate) fn study(number: u32, random: &mut Random) -> Value {
    let mut study = json!({
        "protocolSection": {
            "identificationModule": {
                "nctId": NctId::new(number).unwrap().to_string(),
                "orgStudyIdInfo": {"id": format!("ORG-{number}")},
                "briefTitle": random.words(6),
                "officialTitle": random.words(12),
            },
            "statusModule": {
                "overallStatus": random.pick(STATUSES),
                "lastUpdatePostDateStruct": {"date": "2024-05-01", "type": "ACTUAL"},
            },
            "sponsorCollaboratorsModule": {
                "leadSponsor": {"name": random.words(3)},
                "collaborators": [{"name": random.words(2)}, {"name": random.words(2)}],
            },
            "descriptionModule": {"briefSummary": random.words(40)},
            "conditionsModule": {"conditions": [random.words(2), random.words(2)], "keywords": [random.words(2)]},
            "designModule": {"phases": [random.pick(PHASES), random.pick(PHASES)]},
            "armsInterventionsModule": {"interventions": [
                {"name": random.words(2), "description": random.words(9), "otherNames": [random.words(2)]},
                {"name": random.words(2)},
            ]},
            "contactsLocationsModule": {"locations": [
                {"facility": random.words(3), "city": random.words(1), "contacts": [{"name": random.words(2)}]},
            ]},
        },
        "derivedSection": {"miscInfoModule": {"versionHolder": "2026-01-02"}, "conditionBrowseModule": {"ancestors": [{"id": "D1", "term": random.words(2)}]}},
        "hasResults": false,
    });
    if random.below(3) > 0 {
        study["protocolSection"]["statusModule"]["startDateStruct"] = json!({"date": random.pick(DATES)});
    }
    if random.below(3) > 0 {
        study["protocolSection"]["designModule"]["enrollmentInfo"] = json!({"count": random.below(9)});
    }
    study
}

/// A record of which only a few things matter.
pub(crate) fn plain_study(number: u32, updated: &str, title: &str) -> Value {
    json!({
        "protocolSection": {
            "identificationModule": {"nctId": NctId::new(number).unwrap().to_string(), "briefTitle": title},
            "statusModule": {"lastUpdatePostDateStruct": {"date": updated}},
            "sponsorCollaboratorsModule": {},
        },
        "derivedSection": {"miscInfoModule": {"versionHolder": "2026-01-02"}},
        "hasResults": false,
    })
}

/// A record of some 48 KB that is hardly more work than a small one: what makes it large is not searched.
pub(crate) fn bulky_study(number: u32) -> Value {
    let mut study = plain_study(number, "2024-01-01", "a bulky record");
    let mut random = Random(number.into());
    let lines: Vec<String> =
        (0..600).map(|_| format!("{} {}", random.below(10_000), random.words(20))).collect();
    study["documentSection"] = json!({"notes": lines});
    study
}

/// `count` made-up records, the same for the same seed.
pub(crate) fn studies(count: u32, seed: u64) -> Vec<Value> {
    let mut random = Random(seed);
    (1..=count).map(|number| study(90_000_000 + 7 * number, &mut random)).collect()
}

pub(crate) fn ndjson(studies: &[Value]) -> Vec<u8> {
    studies.iter().flat_map(|study| format!("{study}\n").into_bytes()).collect()
}

pub(crate) fn source(bytes: impl Into<Vec<u8>>) -> Source {
    Source::reader("test", Cursor::new(bytes.into()))
}

pub(crate) fn import(data_dir: &Path, source: Source) -> ImportSummary {
    let importer = Importer::open(data_dir).unwrap();
    importer.import(vec![source], &ImportOptions::default(), &mut Unobserved).unwrap()
}

pub(crate) fn import_studies(data_dir: &Path, studies: &[Value]) -> ImportSummary {
    import(data_dir, source(ndjson(studies)))
}

pub(crate) fn snapshot(data_dir: &Path) -> Arc<dyn Snapshot> {
    Mirror::open(data_dir).unwrap().snapshot().unwrap()
}

/// A page and its studies.
pub(crate) struct Answer {
    pub(crate) studies: Vec<Document>,
    pub(crate) total: u64,
    pub(crate) next: Option<PageToken>,
    pub(crate) notices: Vec<String>,
}

pub(crate) fn try_search(
    snapshot: &dyn Snapshot,
    query: &StudyQuery,
    budget: &Budget,
) -> Result<Answer, RegistryError> {
    let mut studies = Vec::new();
    let Page { total, next, notices, .. } = snapshot.search(query, budget, &mut |study| {
        studies.push(study);
        Ok(())
    })?;
    Ok(Answer { studies, total, next, notices })
}

pub(crate) fn search(snapshot: &dyn Snapshot, query: &StudyQuery) -> Answer {
    try_search(snapshot, query, &Budget::unlimited()).unwrap()
}

pub(crate) fn ids(page: &Answer) -> Vec<u32> {
    page.studies.iter().map(|study| study.nct_id().number()).collect()
}

pub(crate) fn words_in(area: &'static Area, words: &str) -> StudyQuery {
    let mut matching = Matching::default();
    matching.search(Target::Area(area), words).unwrap();
    StudyQuery { matching, ..StudyQuery::default() }
}

/// Every study a query finds, walked in pages of its size.
pub(crate) fn walk(snapshot: &dyn Snapshot, query: &StudyQuery) -> Vec<u32> {
    let (mut found, mut query) = (Vec::new(), query.clone());
    loop {
        let page = search(snapshot, &query);
        found.extend(ids(&page));
        match page.next {
            // Through its text, as it comes back from a client.
            Some(token) => query.page_token = Some(token.to_string().parse().unwrap()),
            None => return found,
        }
    }
}

/// A file of real records, if it is at hand.
pub(crate) fn real_data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    // Past the test harness, which keeps what passing tests print to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {name} of the real data is not next to the checkout");
    None
}

/// Every line of a gzip file.
pub(crate) fn gzip_lines(path: &Path) -> Vec<String> {
    BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines().map(Result::unwrap).collect()
}
