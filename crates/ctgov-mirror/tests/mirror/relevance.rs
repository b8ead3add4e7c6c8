//! Relevance: what a study is about comes before what it mentions.

use crate::support::{ids, import_studies, plain_study, search, snapshot, studies, walk, words_in};
use ctgov::{
    DecayFunction, GeoDecay, PageSize, Sort, StudyQuery, areas,
    essie::{Circle, LengthUnit},
};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A record with `text` at one place.
fn with(number: u32, pointer: &str, text: Value) -> Value {
    let mut study = plain_study(number, "2024-01-01", "a study of something else entirely");
    let mut at = &mut study["protocolSection"];
    for key in pointer.split('.') {
        at = &mut at[key];
    }
    *at = text;
    study
}

#[test]
fn the_heavier_the_place_the_earlier_the_study() {
    let root = tempfile::tempdir().unwrap();
    let studies = [
        with(1, "descriptionModule.briefSummary", json!("asthma")),
        with(2, "identificationModule.acronym", json!("asthma")),
        with(3, "conditionsModule.conditions", json!(["asthma"])),
        with(4, "sponsorCollaboratorsModule.collaborators", json!([{"name": "asthma"}])),
        with(5, "contactsLocationsModule.locations", json!([{"city": "asthma"}])),
        with(6, "identificationModule.officialTitle", json!("asthma")),
        with(7, "sponsorCollaboratorsModule.collaborators", json!([{"name": "else"}])),
    ];
    import_studies(root.path(), &studies);
    let found = ids(&search(snapshot(root.path()).as_ref(), &words_in(&areas::BASIC, "asthma")));
    // Places are alike in length and rarity here, so that the area's weights decide; 4 is weak: it comes last.
    assert_eq!(found.last(), Some(&4));
    let at = |number| found.iter().position(|found| *found == number).unwrap();
    assert!(at(2) < at(6) && at(6) < at(1) && at(1) < at(5), "{found:?}");
    assert!(at(3) < at(5), "{found:?}");
    assert_eq!(found.len(), 6);
}

#[test]
fn a_title_beats_a_description_and_a_short_text_a_long_one() {
    let filler = |words: usize| "filler ".repeat(words);
    let cases = [
        (
            "title before summary",
            plain_study(2, "2024-01-01", &format!("asthma {}", filler(5))),
            with(1, "descriptionModule.briefSummary", json!(format!("asthma {}", filler(5)))),
        ),
        (
            "short before long",
            plain_study(2, "2024-01-01", &format!("asthma {}", filler(2))),
            plain_study(1, "2024-01-01", &format!("asthma {}", filler(30))),
        ),
        (
            "the word alone before a text about it",
            plain_study(2, "2024-01-01", "asthma"),
            plain_study(1, "2024-01-01", "asthma one two three"),
        ),
    ];
    for (name, first, second) in cases {
        let root = tempfile::tempdir().unwrap();
        import_studies(root.path(), &[second, first, plain_study(3, "2024-01-01", &filler(6))]);
        let found = ids(&search(snapshot(root.path()).as_ref(), &words_in(&areas::BASIC, "asthma")));
        assert_eq!(found, [2, 1], "{name}");
    }
}

#[test]
fn a_rare_word_counts_more_than_a_common_one() {
    let root = tempfile::tempdir().unwrap();
    let mut studies = vec![
        with(1, "descriptionModule.briefSummary", json!("common")),
        with(2, "descriptionModule.briefSummary", json!("rare")),
    ];
    studies[0]["protocolSection"]["identificationModule"]["briefTitle"] = json!("rare one");
    studies[1]["protocolSection"]["identificationModule"]["briefTitle"] = json!("common one");
    studies.extend((3..30).map(|number| plain_study(number, "2024-01-01", "common one")));
    import_studies(root.path(), &studies);
    let found = ids(&search(snapshot(root.path()).as_ref(), &words_in(&areas::BASIC, "common rare")));
    assert_eq!(found, [1, 2]);
}

#[test]
fn equally_good_studies_follow_their_numbers_in_both_directions() {
    let root = tempfile::tempdir().unwrap();
    let studies: Vec<Value> =
        (1..=9).map(|number| plain_study(10 - number, "2024-01-01", "asthma")).collect();
    import_studies(root.path(), &studies);
    let snapshot = snapshot(root.path());
    for direction in ["asc", "desc"] {
        let sort = Sort::parse(&format!("@relevance:{direction}")).unwrap();
        let page_size = PageSize::new(4).unwrap();
        let query = StudyQuery { sort, page_size, ..words_in(&areas::TITLE, "asthma") };
        assert_eq!(walk(snapshot.as_ref(), &query), [1, 2, 3, 4, 5, 6, 7, 8, 9], "{direction}");
    }
}

/// What a search in titles finds, in its order.
fn in_titles(root: &Path, text: &str) -> Vec<u32> {
    ids(&search(snapshot(root).as_ref(), &words_in(&areas::TITLE, text)))
}

fn titled<const N: usize>(titles: [(u32, &str); N]) -> [Value; N] {
    titles.map(|(number, title)| plain_study(number, "2024-01-01", title))
}

#[test]
fn a_value_itself_comes_before_its_words_before_a_synonym_before_words_apart_before_some_of_them() {
    let root = tempfile::tempdir().unwrap();
    let additions = "[[synonym]]\nterms = ['heart attack', 'myocardial infarction']\n";
    fs::write(root.path().join("synonyms.toml"), additions).unwrap();
    // Numbered against the order, which would be that of the numbers if all were alike.
    import_studies(
        root.path(),
        &titled([
            (5, "Heart attacks"),
            (4, "Heart attack aftercare today"),
            (3, "Myocardial infarction aftercare today"),
            (2, "Attack upon a heart"),
            (1, "Heart aftercare for today"),
        ]),
    );
    let cases = [
        ("heart attack", &[5, 4, 3, 2][..]),
        ("EXPANSION[Relaxation]heart attack", &[5, 4, 3, 2]),
        ("EXPANSION[Lossy]heart attack", &[5, 4, 3, 2, 1]),
        ("EXPANSION[Concept]heart attack", &[5, 4, 3]),
        ("\"heart attack\"", &[5, 4, 3]),
        ("EXPANSION[Term]heart attack", &[5, 4]),
        ("AREA[BriefTitle]heart attack", &[5, 4, 3, 2]),
    ];
    for (text, expected) in cases {
        assert_eq!(in_titles(root.path(), text), expected, "{text}");
    }
}

#[test]
fn both_sides_of_or_count_not_counts_nothing_and_filters_do_not_either() {
    let root = tempfile::tempdir().unwrap();
    import_studies(
        root.path(),
        &titled([
            (1, "asthma alone here"),
            (2, "eczema alone here"),
            (3, "asthma, eczema"),
            (4, "asthma in a child"),
        ]),
    );
    assert_eq!(in_titles(root.path(), "asthma OR eczema")[0], 3);
    let plain = in_titles(root.path(), "asthma");
    let without = |number: u32| plain.iter().copied().filter(|found| *found != number).collect::<Vec<_>>();
    assert_eq!(in_titles(root.path(), "asthma NOT child"), without(4));
    assert_eq!(in_titles(root.path(), "asthma AND AREA[StartDate]MISSING AND ALL"), plain);
    let mut filtered = words_in(&areas::TITLE, "asthma");
    filtered.matching.filter("NOT eczema").unwrap();
    assert_eq!(ids(&search(snapshot(root.path()).as_ref(), &filtered)), without(3));
    filtered.matching.filter("asthma alone OR child").unwrap();
    assert_eq!(ids(&search(snapshot(root.path()).as_ref(), &filtered)), without(3));
}

#[test]
fn tilt_prefers_large_values_and_puts_those_without_one_last() {
    let root = tempfile::tempdir().unwrap();
    let counted = |number, count: Value| with(number, "designModule.enrollmentInfo", json!({"count": count}));
    let mut studies =
        [counted(1, json!(10)), counted(2, json!(null)), counted(3, json!(900)), counted(4, json!(500))];
    for study in &mut studies {
        study["protocolSection"]["identificationModule"]["briefTitle"] = json!("asthma");
    }
    import_studies(root.path(), &studies);
    assert_eq!(in_titles(root.path(), "asthma"), [1, 2, 3, 4]);
    assert_eq!(in_titles(root.path(), "TILT[EnrollmentCount]asthma"), [3, 4, 1, 2]);
    assert_eq!(in_titles(root.path(), "asthma AND TILT[EnrollmentCount]ALL"), [1, 2, 3, 4]);
}

#[test]
fn near_sites_come_first_where_a_place_is_asked_as_the_decay_says() {
    let root = tempfile::tempdir().unwrap();
    // Degrees of a meridian, 111 km each; the nearest site of a study counts.
    let at = |number, degrees: &[f64]| {
        let sites: Vec<_> = degrees.iter().map(|lat| json!({"geoPoint": {"lat": lat, "lon": 0.0}})).collect();
        let mut study = with(number, "contactsLocationsModule.locations", json!(sites));
        study["protocolSection"]["identificationModule"]["briefTitle"] = json!("asthma");
        study
    };
    import_studies(
        root.path(),
        &[at(1, &[8.0, -9.0]), at(2, &[4.0, 9.5]), at(3, &[9.0, 0.1]), at(4, &[2.0])],
    );
    let asked = |decay: Option<GeoDecay>| {
        let mut query = words_in(&areas::TITLE, "asthma");
        if let Some(decay) = decay {
            let here =
                Circle { latitude: 0.0, longitude: 0.0, radius: 1_200.0, unit: LengthUnit::Kilometers };
            query.matching.filter_near(here);
            query.decay = decay;
        }
        ids(&search(snapshot(root.path()).as_ref(), &query))
    };
    assert_eq!(asked(None), [1, 2, 3, 4]);
    assert_eq!(asked(Some(GeoDecay::default())), [3, 4, 2, 1]);
    let decay = |function, scale, offset| Some(GeoDecay { function, scale, offset, decay: 0.5 });
    assert_eq!(asked(decay(DecayFunction::Gauss, 300_000.0, 0.0)), [3, 4, 2, 1]);
    // Within the offset all are near; beyond the reach of a line all are far.
    assert_eq!(asked(decay(DecayFunction::Exponential, 100_000.0, 500_000.0)), [2, 3, 4, 1]);
    assert_eq!(asked(decay(DecayFunction::Linear, 50_000.0, 0.0)), [3, 1, 2, 4]);
}

#[test]
fn with_more_than_ten_thousand_hits_distance_does_not_matter() {
    let root = tempfile::tempdir().unwrap();
    // The last is the nearest.
    let study = |number: u32| {
        let north = f64::from(20_000 - number) / 10_000.0;
        let mut study = with(
            number,
            "contactsLocationsModule.locations",
            json!([{"geoPoint": {"lat": north, "lon": 0.0}}]),
        );
        study["protocolSection"]["identificationModule"]["briefTitle"] = json!("asthma");
        study
    };
    let most = GeoDecay::HITS_MAX as u32;
    let studies: Vec<Value> = (1..=most + 1).map(study).collect();
    import_studies(root.path(), &studies);
    let snapshot = snapshot(root.path());
    let first = |radius: f64| {
        let mut query = words_in(&areas::TITLE, "asthma");
        let unit = LengthUnit::Kilometers;
        query.matching.filter_near(Circle { latitude: 0.0, longitude: 0.0, radius, unit });
        let found = search(snapshot.as_ref(), &query);
        (found.total, ids(&found)[0])
    };
    // The farthest lie at 222.368 and 222.379 km.
    assert_eq!(first(222.375), (u64::from(most), most + 1));
    assert_eq!(first(250.0), (u64::from(most) + 1, 1));
}

#[test]
fn the_same_records_come_in_the_same_order_however_they_were_imported() {
    let records = studies(240, 11);
    let (at_once, in_steps) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    import_studies(at_once.path(), &records);
    // Other texts first, so that what was replaced must not count; then the last first.
    let older: Vec<Value> = records[..120]
        .iter()
        .map(|record| {
            let mut record = record.clone();
            record["protocolSection"]["identificationModule"]["briefTitle"] =
                json!("cancer breast asthma pain");
            record
        })
        .collect();
    import_studies(in_steps.path(), &older);
    for step in records.chunks(90).rev() {
        import_studies(in_steps.path(), &step.iter().rev().cloned().collect::<Vec<_>>());
    }
    let (one, other) = (snapshot(at_once.path()), snapshot(in_steps.path()));
    let questions = [
        (&areas::BASIC, "breast cancer"),
        (&areas::BASIC, "heart failure OR chronic pain"),
        (&areas::BASIC, "EXPANSION[Lossy]mRNA vaccine children"),
        (&areas::CONDITION, "asthma NOT COPD"),
        (&areas::BASIC, "\"breast cancer\" OR TILT[EnrollmentCount]insulin"),
        (&areas::TITLE, "phase-2 trial"),
        (&areas::LOCATION, "Zürich OR acute"),
    ];
    for (area, text) in questions {
        for sort in ["", "@relevance:asc", "StartDate,@relevance"] {
            let (page_size, sort) = (PageSize::new(17).unwrap(), Sort::parse(sort).unwrap());
            let query = StudyQuery { sort, page_size, ..words_in(area, text) };
            let found = walk(one.as_ref(), &query);
            assert!(found.len() > 5, "{text}: {}", found.len());
            assert_eq!(walk(other.as_ref(), &query), found, "{text}");
        }
    }
}
