//! Posted results, checked against the records' own JSON: nothing is lost, nothing is worked out.

use crate::support::toolbox::{Toolbox, id, leaves, plain};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How often each fact stands in `value`.
fn facts(value: &Value) -> BTreeMap<String, usize> {
    let mut found = Vec::new();
    leaves(value, &mut found);
    let mut facts = BTreeMap::new();
    found.into_iter().for_each(|fact| *facts.entry(fact).or_default() += 1);
    facts
}

#[tokio::test]
async fn every_published_value_is_in_the_answer_as_text_and_as_value() {
    for toolbox in [Some(Toolbox::sample()), Toolbox::real()].into_iter().flatten() {
        let mut studies = 0;
        for record in toolbox.records().iter().filter(|record| record.get("resultsSection").is_some()) {
            let (text, answer) = toolbox.answer("get_study_results", json!({"nctIds": id(record)})).await;
            let told = facts(&answer["results"][0]);
            let published = facts(&record["resultsSection"]);
            let said = plain(&text);
            for (fact, times) in &published {
                let in_answer = told.get(fact).copied().unwrap_or_default();
                assert!(
                    in_answer >= *times,
                    "{}: {fact:?} is there {times} times, told {in_answer}",
                    id(record)
                );
                assert!(said.contains(&plain(fact)), "{}: {fact:?} is not said", id(record));
            }
            let own = ["nctId", "title"].map(|key| answer["results"][0][key].as_str().unwrap().to_owned());
            for fact in told.keys() {
                let is_known = published.contains_key(fact)
                    || own.contains(fact)
                    || ["yes", "moreInfo", "adverseEvents"].contains(&fact.as_str());
                let is_section = ["outcomes", "baseline", "participantFlow"].contains(&fact.as_str());
                assert!(is_known || is_section, "{}: {fact:?} is not published", id(record));
            }
            studies += 1;
        }
        assert!(studies > 20, "{studies}");
    }
}

#[tokio::test]
async fn a_measurement_stands_with_its_class_category_and_group() {
    let Some(toolbox) = Toolbox::real() else { return };
    let mut rows = 0;
    for record in toolbox.records().iter().filter(|record| record.get("resultsSection").is_some()).take(40) {
        let answer =
            toolbox.value("get_study_results", json!({"nctIds": id(record), "sections": ["outcomes"]})).await;
        let published =
            record["resultsSection"]["outcomeMeasuresModule"]["outcomeMeasures"].as_array().cloned();
        for (at, outcome) in published.unwrap_or_default().iter().enumerate() {
            let mut expected = Vec::new();
            for class in outcome["classes"].as_array().into_iter().flatten() {
                for category in class["categories"].as_array().into_iter().flatten() {
                    for measurement in category["measurements"].as_array().into_iter().flatten() {
                        let mut row = json!({});
                        for (name, titled) in [("class", class), ("category", category)] {
                            if let Some(title) = titled.get("title") {
                                row[name] = title.clone();
                            }
                        }
                        row.as_object_mut().unwrap().extend(measurement.as_object().unwrap().clone());
                        expected.push(row);
                    }
                }
            }
            rows += expected.len();
            let told = &answer["results"][0]["outcomes"]["outcomeMeasures"][at];
            assert_eq!(
                told["measurements"].as_array().cloned().unwrap_or_default(),
                expected,
                "{}",
                id(record)
            );
            assert_eq!(told.get("analyses"), outcome.get("analyses"), "{}", id(record));
            assert_eq!(told.get("groups"), outcome.get("groups"), "{}", id(record));
        }
    }
    assert!(rows > 1_000, "{rows}");
}

#[tokio::test]
async fn some_studies_can_fail_and_a_summary_says_what_it_leaves_out() {
    let toolbox = Toolbox::sample();
    let has = |record: &&Value| record.get("resultsSection").is_some();
    let with = id(toolbox.records().iter().find(has).unwrap());
    let without = id(toolbox.records().iter().find(|record| !has(record)).unwrap());
    let named = json!({"nctIds": [with, without, "NCT00000001"], "summary": "true"});
    let answer = toolbox.value("get_study_results", named).await;
    assert_eq!(answer["results"][0]["nctId"], with);
    assert_eq!(answer["studiesWithoutResults"], json!([without]));
    assert_eq!(answer["fetchErrors"], json!([{"nctId": "NCT00000001", "error": "is not in this data"}]));
    let left_out = answer["results"][0]["leftOut"].as_array().unwrap();
    assert!(
        left_out.iter().all(|left| left["howToGet"].as_str().unwrap().contains("leave summary out")),
        "{answer}"
    );
    let (problem, _) = toolbox.refusal("get_study_results", json!({"nctIds": "NCT00000001"})).await;
    assert!(problem.contains("NCT00000001 is not in this data"), "{problem}");
    let (problem, hint) =
        toolbox.refusal("get_study_results", json!({"nctIds": with, "sections": "harms"})).await;
    assert!(problem.contains("`harms` is not one of") && hint.contains("adverseEvents"), "{problem} {hint}");
}
