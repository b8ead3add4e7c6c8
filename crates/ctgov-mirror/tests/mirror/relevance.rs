//! Relevance: what a study is about comes before what it mentions.

use crate::support::{ids, import_studies, plain_study, search, snapshot, walk, words_in};
use ctgov::{PageSize, Sort, StudyQuery, areas};
use serde_json::{Value, json};

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
