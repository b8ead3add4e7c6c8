//! A registry of some records with synonyms of every kind, and the records.

use ctgov::{
    Budget, Matching, NctId, PAGE_SIZE_MAX, PageSize, Registry as _, Snapshot, StudyQuery,
    api::{ApiError, StudiesRequest},
    pieces::Piece,
    text::words,
};
use ctgov_mirror::{ImportOptions, Importer, Mirror, Source, Unobserved};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufRead as _, BufReader, Cursor, Write as _},
    path::Path,
    sync::{Arc, LazyLock},
};

/// The numbers of studies, ascending.
pub(crate) type Set = BTreeSet<u32>;

/// A registry of some records, and the records.
pub(crate) struct World {
    pub(crate) snapshot: Arc<dyn Snapshot>,
    pub(crate) studies: Vec<Value>,
    /// What was said to mean the same, three names each.
    pub(crate) added: Vec<[String; 3]>,
}

/// What stands in the records as they were first imported, and in none of them now.
const OUTDATED: &str = "Outdated";

impl World {
    /// The real records, where they are at hand, and 1,000 made-up ones: made once for all tests.
    pub(crate) fn small() -> &'static Self {
        static SMALL: LazyLock<World> = LazyLock::new(|| World::new("small", 1_000));
        &SMALL
    }

    /// The real records, where they are at hand, and `synthetic` made-up ones, in a data directory called `name` that
    /// is replaced by the next run. They are imported in several steps, a part of them twice: so that there are
    /// segments with records taken out.
    pub(crate) fn new(name: &str, synthetic: u32) -> Self {
        let mut records = real_records();
        records.extend(ctgov_sample::Sample::new(synthetic).iter());
        let studies: Vec<Value> =
            records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement").join(name);
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        fs::create_dir_all(&root).unwrap();
        let added = additions(&studies);
        fs::write(root.join("synonyms.toml"), additions_file(&added)).unwrap();
        let (third, all) = (records.len() / 3, records.len());
        let import = |records: &[String]| {
            let sources = vec![Source::reader("test", Cursor::new(records.join("\n")))];
            let importer = Importer::open(&root).unwrap();
            let summary = importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap();
            assert_eq!(summary.refused, 0, "{:?}", summary.refusals);
        };
        // Older forms of the first third, which the others replace.
        let older: Vec<String> = records[..third]
            .iter()
            .map(|record| record.replacen("\"briefTitle\":\"", &format!("\"briefTitle\":\"{OUTDATED} "), 1))
            .collect();
        import(&older);
        import(&records[third..2 * third]);
        import(&records[..third]);
        import(&records[2 * third..all]);
        let snapshot = Mirror::open(&root).unwrap().snapshot().unwrap();
        Self { snapshot, studies, added }
    }

    /// The studies that the index finds by an expression; nothing when it asks what cannot be asked.
    pub(crate) fn find(&self, text: &str) -> Option<Set> {
        let mut matching = Matching::default();
        matching.filter(text).ok()?;
        let walked = self.walk(&StudyQuery { matching, ..StudyQuery::default() }, || PAGE_SIZE_MAX, text);
        Some(walked.into_iter().collect())
    }

    /// [`find`](Self::find) of what can be asked.
    pub(crate) fn found(&self, text: &str) -> Set {
        self.find(text).unwrap_or_else(|| panic!("it cannot be asked: {text}"))
    }

    pub(crate) fn count(&self, text: &str) -> u64 {
        let mut matching = Matching::default();
        matching.filter(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        self.snapshot.count(&matching, &Budget::unlimited()).unwrap()
    }

    /// The studies of all pages of `query`, in their order; every page as large as `size` says.
    pub(crate) fn walk(&self, query: &StudyQuery, mut size: impl FnMut() -> u16, text: &str) -> Vec<u32> {
        let mut query = query.clone();
        let mut found = Vec::new();
        loop {
            query.page_size = PageSize::new(size()).unwrap();
            let page = self.snapshot.find(&query, &Budget::unlimited());
            let (ids, page) = page.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(ids.len() <= query.page_size.get(), "{text}");
            found.extend(ids.iter().map(|id: &NctId| id.number()));
            query.page_token = page.next;
            if query.page_token.is_none() {
                assert_eq!(page.total, found.len() as u64, "{text}");
                return found;
            }
        }
    }

    /// What the parameters of `/studies` ask for.
    pub(crate) fn asked(&self, parameters: &[(&str, &str)]) -> Result<StudiesRequest, ApiError> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        StudiesRequest::read(&parameters.iter().map(pair).collect::<Vec<_>>())
    }

    /// The studies that parameters of `/studies` find.
    pub(crate) fn api(&self, parameters: &[(&str, &str)]) -> Set {
        let request = self.asked(parameters).unwrap_or_else(|error| panic!("{parameters:?}: {error}"));
        self.walk(&request.query, || PAGE_SIZE_MAX, &format!("{parameters:?}")).into_iter().collect()
    }
}

pub(crate) fn number(study: &Value) -> u32 {
    Piece::named("NCTId").text(study).unwrap().parse::<NctId>().unwrap().number()
}

/// The most frequent values of some pieces, three and three of them said to be the same: what they mean does not matter,
/// that they are found does.
fn additions(studies: &[Value]) -> Vec<[String; 3]> {
    const PIECES: [&str; 3] = ["Condition", "InterventionName", "Keyword"];
    let mut studies_with: BTreeMap<Vec<String>, (usize, String)> = BTreeMap::new();
    for study in studies {
        for piece in PIECES.map(Piece::named) {
            piece.for_each_value(study, |value| {
                let text = value.as_str().unwrap_or_default();
                let plain = text.chars().count() <= 60 && !text.chars().any(char::is_control);
                let words = words(text);
                if plain && (1..=5).contains(&words.len()) {
                    studies_with.entry(words).or_insert_with(|| (0, text.to_owned())).0 += 1;
                }
            });
        }
    }
    let mut values: Vec<(usize, String)> =
        studies_with.into_values().filter(|(count, _)| *count > 1).collect();
    values.sort_by(|a, b| b.cmp(a));
    let names: Vec<String> = values.into_iter().map(|(_, text)| text).take(180).collect();
    let triples = names.chunks_exact(3).map(|names| [names[0].clone(), names[1].clone(), names[2].clone()]);
    triples.collect()
}

fn additions_file(added: &[[String; 3]]) -> String {
    // A JSON string is a TOML string.
    let entry =
        |terms: &[String; 3]| format!("[[synonym]]\nterms = {}\n", serde_json::to_string(terms).unwrap());
    added.iter().map(entry).collect()
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
