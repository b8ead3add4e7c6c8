//! The sample is as large and as varied as the registry: against known figures of it, and against real
//! records where they are at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};

use ctgov_sample::Sample;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::support::{Study, beside_the_checkout, items};

/// Numbers and what they come to.
struct Figures(Vec<usize>);

impl Figures {
    fn of(studies: &[Study], number: impl Fn(&Study) -> usize) -> Self {
        let mut numbers: Vec<_> = studies.iter().map(number).collect();
        numbers.sort_unstable();
        Self(numbers)
    }

    fn mean(&self) -> f64 {
        self.0.iter().sum::<usize>() as f64 / self.0.len() as f64
    }

    /// The value that so many of a hundred stay below.
    fn share(&self, percent: usize) -> usize {
        self.0[self.0.len() * percent / 100]
    }
}

fn bytes(study: &Study) -> usize {
    study.0.to_string().len()
}

fn sites(study: &Study) -> usize {
    study.count("/contactsLocationsModule/locations")
}

#[test]
fn sizes_and_numbers_are_those_of_the_registry() {
    let studies = Study::all();
    let mean = |path: &'static str| Figures::of(studies, move |study| study.count(path)).mean();
    let sizes = Figures::of(studies, bytes);
    let of_sites = Figures::of(studies, sites);
    let percent = |count: usize| count as f64 * 100.0 / studies.len() as f64;
    let terms = |list: &'static str| {
        let count = |study: &Study| items(&study.0["derivedSection"]["conditionBrowseModule"][list]).len();
        Figures::of(studies, count).mean()
    };
    let other_names = |study: &Study| {
        let given = study.list("/armsInterventionsModule/interventions").iter();
        given.map(|one| items(&one["otherNames"]).len()).sum()
    };
    let count = |study: &Study| study.at("/designModule/enrollmentInfo/count").as_u64().unwrap_or(0);
    let participants = Figures::of(studies, |study| usize::try_from(count(study)).unwrap_or_default());
    let partial = studies.iter().filter(|study| study.date("startDate").len() == 7).count();
    let cases = [
        // figure, of the sample, at least, at most; in the registry
        ("mean bytes", sizes.mean(), 14_500.0, 20_000.0), // 17,300
        ("median bytes", sizes.share(50) as f64, 8_500.0, 12_000.0), // 10,000
        ("bytes of 90 %", sizes.share(90) as f64, 24_000.0, 45_000.0),
        ("sites a study", of_sites.mean(), 5.3, 8.3), // 6.6
        ("percent without sites", percent(of_sites.0.partition_point(|&sites| sites == 0)), 6.0, 11.0), // 8
        ("conditions a study", mean("/conditionsModule/conditions"), 1.5, 1.9), // 1.7
        ("keywords a study", mean("/conditionsModule/keywords"), 2.2, 3.2), // 2.7
        ("interventions a study", mean("/armsInterventionsModule/interventions"), 1.5, 2.0), // 1.7
        ("other names a study", Figures::of(studies, other_names).mean(), 0.6, 1.2), // 0.9
        ("secondary outcomes", mean("/outcomesModule/secondaryOutcomes"), 3.0, 4.4), // 3.6
        ("condition terms", terms("meshes"), 1.4, 2.0), // 1.7
        ("terms above them", terms("ancestors"), 3.2, 4.8), // 4
        ("median of participants", participants.share(50) as f64, 45.0, 95.0), // 64
        ("participants of 90 %", participants.share(90) as f64, 320.0, 900.0), // 485
        ("percent of starts by month", percent(partial), 20.0, 50.0), // 30
    ];
    for (figure, found, at_least, at_most) in cases {
        println!("{figure}: {found:.2}");
        assert!((at_least..=at_most).contains(&found), "{figure}: {found:.2}");
    }
    assert!(of_sites.0.last().is_some_and(|&most| most > 200), "a study has hundreds of sites");
    assert!(sizes.0.last().is_some_and(|&most| most > 150_000), "a study is very large");
    let aliases =
        studies.iter().filter(|study| study.count("/identificationModule/nctIdAliases") > 0).count();
    assert!((3..30).contains(&aliases), "{aliases} of 2,000 had another number before");
    let facilities = studies.iter().flat_map(|study| study.list("/contactsLocationsModule/locations"));
    let mut shared = BTreeMap::new();
    facilities.for_each(|site| *shared.entry(site["facility"].to_string()).or_insert(0_u32) += 1);
    let (once, most) = (shared.values().filter(|&&count| count == 1).count(), shared.values().max());
    assert!(shared.len() > 3_000 && once * 4 > shared.len() && most > Some(&50), "{once} {most:?}");
}

#[test]
fn the_vocabulary_has_a_long_tail() {
    let mut words = BTreeMap::new();
    for study in Study::all() {
        count_words(study, &mut words);
    }
    let once = words.values().filter(|&&count| count == 1).count();
    assert!(words.len() > 20_000 && once > 8_000, "{} words, {once} of them once", words.len());
}

#[test]
fn names_have_short_and_other_forms_to_learn_from() {
    let (mut short, mut brands) = (0, BTreeMap::<String, BTreeSet<String>>::new());
    for study in Study::all() {
        let summary = study.text("/descriptionModule/briefSummary");
        short += usize::from(summary.contains("Heart Failure (HF)") || summary.contains("(COPD)"));
        for given in study.list("/armsInterventionsModule/interventions") {
            let names = brands.entry(given["name"].to_string()).or_default();
            names.extend(items(&given["otherNames"]).iter().map(ToString::to_string));
        }
    }
    assert!(short > 5, "{short} summaries");
    // Every study of a medicine draws from the same few names.
    assert!(brands["\"Metformin\""].len() >= 3, "{:?}", brands["\"Metformin\""]);
    assert!(brands.values().all(|names| names.len() < 10), "{brands:?}");
}

#[test]
fn lengths_are_those_of_real_records() {
    let Some(file) = beside_the_checkout("data/studies.ndjson.gz") else { return };
    let lines = BufReader::new(GzDecoder::new(File::open(file).expect("a file"))).lines();
    let parse = |text: String| Study(serde_json::from_str(&text).expect("it is JSON"));
    let real: Vec<_> = lines.map(|line| parse(line.expect("text"))).collect();
    let sample: Vec<_> = Sample::new(u32::try_from(real.len()).expect("few")).iter().map(parse).collect();

    // Mean numbers of words of what is there.
    let texts: [(&str, Option<&str>); 13] = [
        ("/identificationModule/briefTitle", None),
        ("/identificationModule/officialTitle", None),
        ("/descriptionModule/briefSummary", None),
        ("/descriptionModule/detailedDescription", None),
        ("/eligibilityModule/eligibilityCriteria", None),
        ("/eligibilityModule/studyPopulation", None),
        ("/armsInterventionsModule/armGroups", Some("description")),
        ("/armsInterventionsModule/interventions", Some("description")),
        ("/outcomesModule/primaryOutcomes", Some("measure")),
        ("/outcomesModule/primaryOutcomes", Some("description")),
        ("/outcomesModule/secondaryOutcomes", Some("measure")),
        ("/outcomesModule/secondaryOutcomes", Some("description")),
        ("/referencesModule/references", Some("citation")),
    ];
    for (path, key) in texts {
        let [real, made] = [&real, &sample].map(|studies| words_of(studies, path, key));
        println!("{}", compare(&format!("words {path} {}", key.unwrap_or("")), real, made, 1.5));
    }
    let lists = [
        "/conditionsModule/conditions",
        "/conditionsModule/keywords",
        "/armsInterventionsModule/armGroups",
        "/armsInterventionsModule/interventions",
        "/outcomesModule/primaryOutcomes",
        "/contactsLocationsModule/locations",
        "/referencesModule/references",
    ];
    for path in lists {
        let [real, made] =
            [&real, &sample].map(|studies| Figures::of(studies, |study| study.count(path)).mean());
        println!("{}", compare(&format!("number {path}"), real, made, 1.5));
    }
    let sizes = |studies: &[Study], results: bool| {
        let alike = |study: &&Study| study.results().is_some() == results;
        let mut sizes: Vec<_> = studies.iter().filter(alike).map(bytes).collect();
        sizes.sort_unstable();
        Figures(sizes)
    };
    for results in [false, true] {
        let [real, made] = [&real, &sample].map(|studies| sizes(studies, results));
        let figure = format!("bytes, {} results,", if results { "with" } else { "without" });
        println!(
            "{}",
            compare(&format!("{figure} median"), real.share(50) as f64, made.share(50) as f64, 1.5)
        );
        println!(
            "{}",
            compare(&format!("{figure} of 90 %"), real.share(90) as f64, made.share(90) as f64, 1.7)
        );
        // A single record of 1 MB is a tenth of the real mean.
        println!("{}", compare(&format!("{figure} mean"), real.mean(), made.mean(), 1.7));
    }
    let [real, made] = [&real, &sample].map(|studies| {
        let mut words = BTreeMap::new();
        studies.iter().for_each(|study| count_words(study, &mut words));
        words.len() as f64
    });
    println!("{}", compare("different words", real, made, 1.5));
}

/// Says both, and fails where they are further apart than the factor.
fn compare(figure: &str, real: f64, made: f64, factor: f64) -> String {
    let both = format!("{figure}: {real:.1} in real records, {made:.1} in the sample");
    assert!(real / factor <= made && made <= real * factor, "{both}");
    both
}

/// The mean number of words of a text, or of a member of the objects in a list.
fn words_of(studies: &[Study], path: &str, key: Option<&str>) -> f64 {
    let (mut words, mut texts) = (0, 0);
    for study in studies {
        let values = match key {
            Some(key) => study.list(path).iter().map(|item| &item[key]).collect(),
            None => vec![study.at(path)],
        };
        for text in values.into_iter().filter_map(Value::as_str) {
            words += text.split_whitespace().count();
            texts += 1;
        }
    }
    f64::from(words as u32) / f64::from(texts)
}

/// Counts the words of the parts that are mostly text.
fn count_words(study: &Study, words: &mut BTreeMap<String, u32>) {
    for module in ["descriptionModule", "eligibilityModule", "outcomesModule", "armsInterventionsModule"] {
        let text = study.at(&format!("/{module}")).to_string().to_lowercase();
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
        {
            match words.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(words.insert(word.to_owned(), 1)),
            }
        }
    }
}
