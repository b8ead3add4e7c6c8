//! What holds for the answers of every tool: they conform to their schemas, say the same as text and as value, and tell
//! which data they are from; and all definitions together are small.

use crate::support::toolbox::{STUDIES, Toolbox, id, leaves, plain};
use serde_json::{Value, json};

/// Calls that between them have every part of every tool's answers.
fn calls(toolbox: &Toolbox) -> Vec<(&'static str, Value)> {
    let with_results = toolbox.records().iter().filter(|record| record["hasResults"] == true).map(id).take(5);
    let with_results: Vec<&str> = with_results.collect();
    vec![
        ("analyze_trends", json!({"analysisType": "countByYear", "crossWith": "countByPhase"})),
        (
            "analyze_trends",
            json!({"analysisType": ["countByCountry", "countByCondition"], "query": "diabetes", "limit": 3}),
        ),
        ("compare_studies", json!({"nctIds": ["NCT90000001", "NCT90000002", "NCT90000003", "NCT00000001"]})),
        ("compare_studies", json!({"nctIds": ["NCT90000001", "NCT90000002"], "compareFields": "design"})),
        (
            "find_eligible",
            json!({"age": 40, "sex": "Female", "conditions": ["diabetes", "asthma"], "recruitingOnly": false,
                   "location": {"country": "USA", "city": "Boston"}, "maxResults": 5}),
        ),
        (
            "find_eligible",
            json!({"age": "0.5", "healthyVolunteer": true, "location": {"country": "Atlantis"}}),
        ),
        ("create_cohort", json!({"conditionQuery": "heart attack", "name": "hearts"})),
        ("create_cohort", json!({"phaseFilter": "Phase 2"})),
        ("delete_cohort", json!({"cohortId": "0123456789abcdef"})),
        ("list_cohorts", json!({})),
        ("find_eligible", json!({"conditions": "pneumonia", "recruitingOnly": false, "maxResults": 50})),
        ("get_field_definitions", json!({})),
        (
            "get_field_definitions",
            json!({"mode": "drill", "path": "DesignModule", "includeIndexedOnly": true}),
        ),
        ("get_field_definitions", json!({"query": "recruitment status", "limit": 3})),
        ("get_field_definitions", json!({"query": "zzzz"})),
        (
            "get_field_values",
            json!({"fields": ["Phase", "LeadSponsorName", "StartDate", "EnrollmentCount", "MinimumAge", "HealthyVolunteers"]}),
        ),
        ("get_field_values", json!({"fields": "OverallStatus", "conditionQuery": "diabetes", "limit": 1})),
        ("get_study_count", json!({})),
        ("get_study_count", json!({"conditionQuery": "heart attack"})),
        (
            "get_study_count",
            json!({"groupBy": ["Phase", "StartDate:quarter", "LocationCountry"], "limit": 5}),
        ),
        ("get_study_record", json!({"nctId": "NCT90000003"})),
        (
            "get_study_record",
            json!({"nctId": ["NCT90000003", "NCT90000004", "NCT00000001"], "summary": true}),
        ),
        (
            "get_study_record",
            json!({"nctId": "NCT90000003", "sections": ["eligibility", "locations"], "locationLimit": 1}),
        ),
        ("get_study_results", json!({"nctIds": with_results})),
        ("get_study_results", json!({"nctIds": with_results, "summary": true})),
        ("get_study_results", json!({"nctIds": ["NCT90000001", "NCT00000001"], "sections": "moreInfo"})),
        ("search_studies", json!({"pageSize": 100})),
        ("search_studies", json!({"query": "nosuchword"})),
        ("search_studies", json!({"countTotal": false, "pageSize": 1})),
        ("search_studies", json!({"geoFilter": "distance(42.36,-71.06,300mi)", "pageSize": 5})),
        ("search_studies", json!({"fields": ["BriefTitle", "locations"], "pageSize": 3})),
    ]
}

#[tokio::test]
async fn every_answer_conforms_and_says_the_same_as_text_and_value() {
    let toolbox = Toolbox::sample();
    let tools = toolbox.definitions().await;
    let mut uncalled: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    for (name, arguments) in calls(&toolbox) {
        let full_name = format!("clinicaltrials_{name}");
        uncalled.retain(|name| *name != full_name);
        let schema = &tools.iter().find(|tool| tool["name"] == *full_name).unwrap()["outputSchema"];
        let (text, value) = toolbox.answer(name, arguments.clone()).await;
        let validator = jsonschema::validator_for(schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name} {arguments}: {value}");
        let known = schema["properties"].as_object().unwrap();
        for member in value.as_object().unwrap().keys() {
            assert!(known.contains_key(member), "{name} does not announce {member}");
        }
        assert_eq!(value["data"]["syntheticStudies"], STUDIES, "{name}");
        assert!(text.contains("SYNTHETIC"), "{name}: {text}");
        says_the_same(&text, &value);
    }
    assert!(uncalled.is_empty(), "{uncalled:?} are not called here");
}

/// Every fact of `value` stands in `text`, and every number of `text` in `value`.
fn says_the_same(text: &str, value: &Value) {
    let said = plain(text);
    let mut facts = Vec::new();
    // A record's text is its JSON, which tests of records compare as a whole.
    let mut without_records = value.clone();
    for study in without_records["studies"].as_array_mut().into_iter().flatten() {
        if let Some(study) = study.as_object_mut() {
            study.remove("study");
        }
    }
    leaves(&without_records, &mut facts);
    for fact in &facts {
        assert!(said.contains(&plain(fact)), "{fact:?} is not said in {text}");
    }
    // The first line counts what is there.
    let (_, body) = text.split_once('\n').unwrap();
    let value = value.to_string();
    for number in body.split(|character: char| !character.is_ascii_digit()).filter(|part| part.len() > 1) {
        assert!(value.contains(number), "{number} is said in {text}, and nowhere in {value}");
    }
}

#[tokio::test]
async fn definitions_are_few_bytes_always_the_same_and_say_clinical_trial() {
    let toolbox = Toolbox::sample();
    let list = async || toolbox.caller().request(1, "tools/list", json!({})).await;
    let (first, second) = (list().await, list().await);
    assert_eq!(first.body, second.body);
    assert!(first.body.len() < 30_000, "{} bytes", first.body.len());
    let tools = toolbox.definitions().await;
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted(), "{names:?}");
    for tool in &tools {
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
        let changes = ["clinicaltrials_create_cohort", "clinicaltrials_delete_cohort"];
        let is_reading = !changes.contains(&tool["name"].as_str().unwrap());
        assert_eq!(tool["annotations"]["readOnlyHint"], is_reading, "{tool}");
        let description = tool["description"].as_str().unwrap();
        assert!(description.contains("clinical trial"), "tool search needs the words: {description}");
        // What the search describes needs no other description where that is said.
        let search = &tools.iter().find(|tool| tool["name"] == "clinicaltrials_search_studies").unwrap()["inputSchema"];
        let as_in_search = description.contains("Criteria as in clinicaltrials_search_studies");
        for (name, parameter) in tool["inputSchema"]["properties"].as_object().unwrap() {
            let is_described = |parameter: &Value| parameter["description"].is_string();
            let elsewhere = as_in_search && is_described(&search["properties"][name]);
            assert!(is_described(parameter) || elsewhere, "{name} of {} is not described", tool["name"]);
        }
        jsonschema::validator_for(&tool["inputSchema"]).unwrap();
    }
}
