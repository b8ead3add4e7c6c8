//! What is learnt about words that mean the same is right, and is most of what could be learnt.
//!
//! A fifth of the studies is held out. From the others synonyms are learnt, and the pairs that the held-out studies
//! state are looked up. That is done five times, so that every study is held out once: what one fifth says is luck.
//!
//! The word lists of `src/synonyms/phrases.rs` were written with these same records in sight: on records nobody has
//! looked at, precision may be lower.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end, and say where")]
#![expect(clippy::print_stdout, reason = "the figures are for whoever documents them")]

use ctgov::{
    Budget, Expanded, Registry as _, StudyQuery, areas,
    essie::Target,
    synonyms::{SynonymKind, Synonyms},
    text::words,
};
use ctgov_mirror::{
    ImportOptions, Importer, Mirror, Source, Unobserved,
    synonyms::{Rules, Statement, StatementKind, learn, statements_of},
};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{BufRead as _, BufReader, Cursor, Write as _},
    path::Path,
};
use tempfile::TempDir;

/// A registry of some records.
fn registry(imports: &[&[String]]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for records in imports {
        let sources = vec![Source::reader("test", Cursor::new(records.join("\n")))];
        let importer = Importer::open(root.path()).unwrap();
        let summary = importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap();
        assert_eq!(summary.refused, 0, "{:?}", summary.refusals);
    }
    root
}

/// What is learnt from records: of so few, from two studies of two sponsors.
fn learnt(records: &[String]) -> Synonyms {
    learn(registry(&[records]).path(), &Rules { studies_min: 2, sponsors_min: 2 }).unwrap()
}

fn real_records() -> Option<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/studies.ndjson.gz");
    let Ok(file) = File::open(path) else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: the real data is not next to the checkout");
        return None;
    };
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    Some(lines.map(Result::unwrap).collect())
}

fn statements(records: &[String]) -> Vec<Statement> {
    records.iter().flat_map(|record| statements_of(&serde_json::from_str(record).unwrap())).collect()
}

const FIFTHS: u32 = 5;

/// The records to learn from, and a fifth to ask about.
fn split(records: &[String], fifth: u32) -> (Vec<String>, Vec<String>) {
    let held_out = |record: &String| {
        let study: Value = serde_json::from_str(record).unwrap();
        let id = study["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap().to_owned();
        let number: u32 = id[3..].parse().unwrap();
        (number.wrapping_mul(2_654_435_761) >> 16) % FIFTHS == fifth
    };
    let (held_out, kept) = records.iter().cloned().partition(held_out);
    (kept, held_out)
}

/// The two phrases of a statement as words: what is looked up first, what should be found second.
fn question(statement: &Statement) -> [Vec<String>; 2] {
    let [phrase, other] = [words(&statement.phrase), words(&statement.other)];
    match statement.kind {
        StatementKind::Condition | StatementKind::Intervention => [phrase, other],
        StatementKind::Name | StatementKind::Abbreviation => [other, phrase],
    }
}

/// How held-out pairs were answered.
#[derive(Debug, Default)]
struct Figures {
    /// Held-out statements of two different phrases.
    asked: u32,
    /// Those that two other studies make, too: only they can be known.
    stated: u32,
    /// Those whose phrase has synonyms of the kind.
    answered: u32,
    /// Those where the other phrase is one of them; and of these, those that two other studies make.
    right: u32,
    right_of_stated: u32,
}

impl Figures {
    fn add(&mut self, kinds: &[StatementKind], table: &Synonyms, kept: &[Statement], held_out: &[Statement]) {
        let mut stated: HashMap<[Vec<String>; 2], u32> = HashMap::new();
        for statement in kept.iter().filter(|statement| kinds.contains(&statement.kind)) {
            *stated.entry(question(statement)).or_default() += 1;
        }
        for statement in held_out.iter().filter(|statement| kinds.contains(&statement.kind)) {
            let kind = match statement.kind {
                StatementKind::Condition | StatementKind::Intervention => SynonymKind::Mesh,
                StatementKind::Name => SynonymKind::OtherName,
                StatementKind::Abbreviation => SynonymKind::Abbreviation,
            };
            let asked = question(statement);
            let [phrase, other] = &asked;
            if phrase == other {
                continue;
            }
            let known = || table.of(phrase).iter().filter(|synonym| synonym.kind == kind);
            self.asked += 1;
            let is_stated = stated.get(&asked).is_some_and(|count| *count >= 2);
            let is_right = known().any(|synonym| synonym.words == *other);
            self.stated += u32::from(is_stated);
            self.answered += u32::from(known().next().is_some());
            self.right += u32::from(is_right);
            self.right_of_stated += u32::from(is_right && is_stated);
        }
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from(self.answered.max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from(self.asked.max(1))
    }

    fn recall_of_stated(&self) -> f64 {
        f64::from(self.right_of_stated) / f64::from(self.stated.max(1))
    }

    fn tell(&self, what: &str) {
        println!(
            "| {what} | {} | {:.2} | {:.2} | {:.2} |",
            self.asked,
            self.precision(),
            self.recall(),
            self.recall_of_stated()
        );
    }
}

const KINDS: [(&str, &[StatementKind]); 3] = [
    ("condition or intervention, MeSH term", &[StatementKind::Condition, StatementKind::Intervention]),
    ("intervention, other name", &[StatementKind::Name]),
    ("abbreviation, long form", &[StatementKind::Abbreviation]),
];

/// The figures of every kind, each record held out once.
fn figures(what: &str, records: &[String]) -> [Figures; 3] {
    let mut figures = KINDS.map(|_| Figures::default());
    for fifth in 0..FIFTHS {
        let (kept, held_out) = split(records, fifth);
        let table = learnt(&kept);
        let (kept, held_out) = (statements(&kept), statements(&held_out));
        for (figures, (_, kinds)) in figures.iter_mut().zip(KINDS) {
            figures.add(kinds, &table, &kept, &held_out);
        }
    }
    println!("| {what} | held out | precision | recall | of pairs stated twice elsewhere |");
    KINDS.iter().zip(&figures).for_each(|((name, _), figures)| figures.tell(name));
    figures
}

#[test]
fn real_pairs_that_were_held_out_are_found() {
    let Some(records) = real_records() else { return };
    let [mesh, names, abbreviations] = figures("1,575 real records", &records);
    for (figures, precision, recall) in [(mesh, 0.95, 0.6), (names, 0.9, 0.9), (abbreviations, 0.88, 0.7)] {
        assert!(figures.asked >= 300, "{figures:?}");
        assert!(figures.precision() >= precision, "{figures:?}");
        assert!(figures.recall_of_stated() >= recall, "{figures:?}");
    }
}

#[test]
fn pairs_of_the_sample_that_were_held_out_are_found() {
    let records: Vec<String> = ctgov_sample::Sample::new(2_000).iter().collect();
    let [mesh, names, abbreviations] = figures("2,000 made-up records", &records);
    // What is missing: conditions that are narrower than the MeSH term, classes of medicines, and abbreviations of
    // several conditions.
    for (figures, precision, recall) in [(mesh, 0.99, 0.6), (names, 0.99, 0.7), (abbreviations, 0.99, 0.75)] {
        assert!(figures.asked >= 200, "{figures:?}");
        assert!(figures.precision() >= precision, "{figures:?}");
        assert!(figures.recall() >= recall, "{figures:?}");
    }
}

/// In the sample every study of a medicine draws from the same names, so that what is true of them is known.
#[test]
fn the_names_of_the_samples_medicines_are_learnt_exactly() {
    let records: Vec<String> = ctgov_sample::Sample::new(4_000).iter().collect();
    let table = learnt(&records);
    let mut names_of: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for statement in statements(&records).iter().filter(|statement| statement.kind == StatementKind::Name) {
        let [other, name] = question(statement).map(|words| words.join(" "));
        *names_of.entry(name).or_default().entry(other).or_default() += 1;
    }
    let are_one = |a: &str, b: &str| {
        let both = [a, b];
        names_of.iter().any(|(name, others)| both.iter().all(|it| it == name || others.contains_key(*it)))
    };
    let (mut learnt, mut wrong) = (0, Vec::new());
    for (phrase, synonyms) in table.iter() {
        for synonym in synonyms.iter().filter(|synonym| synonym.kind == SynonymKind::OtherName) {
            learnt += 1;
            if !are_one(phrase, &synonym.words.join(" ")) {
                wrong.push((phrase, &synonym.label));
            }
        }
    }
    // Of its names, those that three studies state and that are neither classes nor two letters.
    let classes = ["inhibitor", "agonist", "antagonist", "antibody", "insulin"];
    let (mut stated, mut missing) = (0, Vec::new());
    for (name, others) in &names_of {
        for other in others.iter().filter(|(_, studies)| **studies >= 3).map(|(other, _)| other) {
            let found = table.of(&words(other)).iter().any(|synonym| synonym.words == words(name));
            if other.len() <= 2 || classes.iter().any(|class| other.ends_with(class)) {
                assert!(!found, "{other}: {name}");
            } else {
                stated += 1;
                missing.extend((!found).then_some((name, other)));
            }
        }
    }
    println!(
        "{learnt} names learnt, {} wrong; {stated} stated, {} missing: {missing:?}",
        wrong.len(),
        missing.len()
    );
    assert_eq!(wrong, []);
    assert!(stated >= 100 && missing.len() * 20 <= stated, "{missing:?}");
}

#[test]
fn known_pairs_are_learnt_and_known_traps_are_not() {
    let Some(records) = real_records() else { return };
    let table = learnt(&records);
    let knows = |a: &str, b: &str| table.of(&words(a)).iter().any(|synonym| synonym.words == words(b));
    for (a, b) in [
        ("NSCLC", "non-small cell lung cancer"),
        ("non-small cell lung cancer", "Carcinoma, Non-Small-Cell Lung"),
        ("COPD", "Chronic Obstructive Pulmonary Disease"),
        ("PTSD", "post-traumatic stress disorder"),
        ("Prostate Cancer", "Prostatic Neoplasms"),
        ("Gastric Cancer", "Stomach Neoplasms"),
        ("food allergies", "Food Hypersensitivity"),
        ("insomnia", "Sleep Initiation and Maintenance Disorders"),
        ("Keytruda", "pembrolizumab"),
        ("Keytruda", "MK-3475"),
        ("Opdivo", "nivolumab"),
        ("Tecentriq", "MPDL3280A"),
        ("Xolair", "omalizumab"),
        ("Rilvegostomig", "AZD2936"),
    ] {
        assert!(knows(a, b) && knows(b, a), "{a}, {b}");
    }
    for phrase in [
        "PD",
        "CR",
        "AR",
        "all",
        "placebo",
        "standard of care",
        "pembrolizumab 200 mg",
        "vaccine",
        "severe asthma",
    ] {
        let synonyms = table.of(&words(phrase));
        assert!(synonyms.is_empty(), "{phrase}: {synonyms:?}");
    }
    let all = || table.iter().flat_map(|(phrase, synonyms)| synonyms.iter().map(move |one| (phrase, one)));
    for (phrase, synonym) in all() {
        let dose = |word: &String| matches!(word.as_str(), "mg" | "placebo" | "arm" | "cohort" | "daily");
        assert!(!synonym.words.iter().any(dose), "{phrase}: {synonym:?}");
        assert!(knows(&synonym.label, phrase), "{phrase}: {synonym:?}");
        assert!(synonym.support >= 2, "{phrase}: {synonym:?}");
    }
}

#[test]
fn equal_records_give_an_equal_table_whatever_their_history() {
    let records: Vec<String> = ctgov_sample::Sample::new(900).iter().collect();
    // What older forms say must not count once they are replaced.
    let older: Vec<String> = records[..400]
        .iter()
        .map(|record| {
            record.replacen("\"conditions\":[", "\"conditions\":[\"Oldest Condition\",", 1).replacen(
                "\"otherNames\":[",
                "\"otherNames\":[\"Former Name\",",
                1,
            )
        })
        .collect();
    assert!(older.iter().zip(&records).filter(|(older, record)| older != record).count() > 300);
    let rules = Rules::default();
    let at_once = registry(&[&records]);
    let table = learn(at_once.path(), &rules).unwrap();
    assert!(table.len() > 100, "{}", table.len());
    let in_steps = registry(&[&older, &records[300..700], &records[..350], &records]);
    assert_eq!(learn(in_steps.path(), &rules).unwrap(), table);
}

/// How many studies a search for conditions finds, and what it was expanded with.
fn found(mirror: &Mirror, text: &str) -> (u64, Vec<Expanded>) {
    let mut query = StudyQuery::default();
    query.matching.search(Target::Area(&areas::CONDITION), text).unwrap();
    let (_, page) = mirror.snapshot().unwrap().find(&query, &Budget::unlimited()).unwrap();
    (page.total, page.expanded)
}

#[test]
fn a_generation_answers_with_what_it_learnt_and_what_was_added() {
    let records: Vec<String> = ctgov_sample::Sample::new(1_500).iter().collect();
    let root = registry(&[&records]);
    let mirror = Mirror::open(root.path()).unwrap();
    let learnt = learn(root.path(), &Rules::default()).unwrap();
    assert_eq!(*mirror.snapshot().unwrap().synonyms(), learnt);
    let mut more = 0;
    for (phrase, known) in learnt.iter() {
        let (with_synonyms, expanded) = found(&mirror, phrase);
        let labels: Vec<String> = known.iter().map(|synonym| synonym.label.clone()).collect();
        assert_eq!(expanded, [Expanded { term: phrase.to_owned(), synonyms: labels }]);
        let as_written = found(&mirror, &format!("EXPANSION[Term]\"{phrase}\"")).0;
        assert!(with_synonyms >= as_written, "{phrase}");
        more += u32::from(with_synonyms > as_written);
    }
    assert!(more > 20, "synonyms add nothing: {more} of {}", learnt.len());

    // An import that brings nothing new takes other additions up, once.
    let version = mirror.snapshot().unwrap().data_version().id;
    fs::write(root.path().join("synonyms.toml"), "[[synonym]]\nterms = ['gout', 'hypertension']\n").unwrap();
    let import = || {
        let sources = vec![Source::reader("test", Cursor::new(records[0].clone()))];
        let importer = Importer::open(root.path()).unwrap();
        importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap().published
    };
    assert!(import().is_some() && import().is_none());
    assert!(mirror.refresh().unwrap());
    assert_ne!(mirror.snapshot().unwrap().data_version().id, version, "answers differ, so versions do");
    let both = found(&mirror, "EXPANSION[Term](gout OR hypertension)").0;
    assert!(found(&mirror, "gout").0 >= both, "what was added is searched, too");
    assert_eq!(found(&mirror, "gout").1[0].synonyms[0], "hypertension");

    fs::write(root.path().join("synonyms.toml"), "[[synonym]]\nterms = 'gout'\n").unwrap();
    let importer = Importer::open(root.path()).unwrap();
    let sources = vec![Source::reader("test", Cursor::new(records[0].clone()))];
    let error = importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap_err();
    assert!(error.to_string().contains("synonyms.toml, line 2: "), "{error}");
}

#[test]
fn what_is_added_in_the_data_directory_counts() {
    let records: Vec<String> = ctgov_sample::Sample::new(200).iter().collect();
    let root = registry(&[&records]);
    let additions = root.path().join("synonyms.toml");
    fs::write(&additions, "[[synonym]]\nterms = ['heart attack', 'coronary']\n").unwrap();
    let table = learn(root.path(), &Rules::default()).unwrap();
    let [synonym] = table.of(&words("Heart Attacks")) else { panic!() };
    assert_eq!((synonym.label.as_str(), synonym.kind), ("coronary", SynonymKind::Added));
    fs::write(&additions, "\n[[synonym]]\nterms = 'heart attack'\n").unwrap();
    let error = learn(root.path(), &Rules::default()).unwrap_err().to_string();
    assert!(
        error.ends_with("synonyms.toml, line 3: invalid type: string \"heart attack\", expected a sequence"),
        "{error}"
    );
    fs::remove_dir_all(root.path().join("generations")).unwrap();
    assert!(learn(root.path(), &Rules::default()).is_err());
    assert!(
        learn(&root.path().join("nowhere"), &Rules::default())
            .unwrap_err()
            .to_string()
            .contains("no registry")
    );
}
