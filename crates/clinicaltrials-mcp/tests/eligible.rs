//! Studies for a person, checked against the records' own JSON: open limits are open, and nothing is claimed.

use crate::support::toolbox::{Toolbox, id};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ELIGIBILITY: &str = "/protocolSection/eligibilityModule";

/// An age in a record, in years.
fn years(record: &Value, key: &str) -> Option<f64> {
    let text = record.pointer(ELIGIBILITY)?.get(key)?.as_str()?;
    let (number, unit) = text.split_once(' ').unwrap();
    let number: f64 = number.parse().unwrap();
    Some(match unit.trim_end_matches('s') {
        "Year" => number,
        "Month" => number / 12.0,
        "Week" => number * 7.0 / 365.0,
        "Day" => number / 365.0,
        "Hour" => number / 365.0 / 24.0,
        "Minute" => number / 365.0 / 24.0 / 60.0,
        unit => panic!("{unit}"),
    })
}

fn sites(record: &Value) -> Vec<Value> {
    record
        .pointer("/protocolSection/contactsLocationsModule/locations")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// Every study of every page.
async fn walk(toolbox: &Toolbox, mut arguments: Value) -> Vec<Value> {
    let mut studies = Vec::new();
    loop {
        let mut page = toolbox.value("find_eligible", arguments.clone()).await;
        studies.append(page["studies"].as_array_mut().unwrap());
        match page.get("nextPageToken") {
            Some(token) => arguments["pageToken"] = token.clone(),
            None => return studies,
        }
    }
}

async fn with_condition(toolbox: &Toolbox, condition: &str) -> BTreeSet<String> {
    let found = toolbox.value("search_studies", json!({"conditionQuery": condition, "pageSize": 200})).await;
    assert!(found.get("nextPageToken").is_none());
    found["studies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|study| study["nctId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_study_that_the_records_do_not_rule_out_is_found_on_some_page() {
    for (toolbox, condition) in [(Some(Toolbox::sample()), "pneumonia"), (Toolbox::real(), "cancer")] {
        let Some(toolbox) = toolbox else { continue };
        let of_condition = with_condition(&toolbox, condition).await;
        for (age, sex, recruiting) in [(90, "FEMALE", false), (8, "MALE", false), (40, "ALL", true)] {
            let arguments = json!({"age": age, "sex": sex, "conditions": [condition], "recruitingOnly": recruiting, "maxResults": 7});
            let expected: BTreeSet<String> = toolbox
                .records()
                .iter()
                .filter(|record| {
                    let said = record.pointer(&format!("{ELIGIBILITY}/sex")).and_then(Value::as_str);
                    let age = f64::from(age);
                    of_condition.contains(id(record))
                        && (!recruiting
                            || record["protocolSection"]["statusModule"]["overallStatus"] == "RECRUITING")
                        && years(record, "minimumAge").is_none_or(|least| least <= age)
                        && years(record, "maximumAge").is_none_or(|most| most >= age)
                        && (sex == "ALL" || said.is_none_or(|said| said == sex || said == "ALL"))
                })
                .map(|record| id(record).to_owned())
                .collect();
            let found = walk(&toolbox, arguments.clone()).await;
            let ids: BTreeSet<String> =
                found.iter().map(|study| study["nctId"].as_str().unwrap().to_owned()).collect();
            assert_eq!(ids, expected, "{arguments}");
            assert_eq!(found.len(), expected.len(), "{arguments}");
            let first = toolbox.value("find_eligible", arguments.clone()).await;
            let funnel = first["funnel"].as_array().unwrap();
            assert_eq!(funnel[0]["studies"], toolbox.records().len());
            assert_eq!(funnel[1], json!({"step": "condition", "studies": of_condition.len()}));
            assert_eq!(funnel.last().unwrap()["studies"], expected.len());
            assert!(
                funnel.is_sorted_by_key(|step| std::cmp::Reverse(step["studies"].as_u64().unwrap())),
                "{funnel:?}"
            );
            let mut same = first["search"].clone();
            same["pageSize"] = 1.into();
            let searched = toolbox.value("search_studies", same).await;
            assert_eq!(searched["totalCount"], expected.len());
        }
    }
}

#[tokio::test]
async fn a_study_without_a_greatest_age_admits_the_old() {
    let Some(toolbox) = Toolbox::real() else { return };
    let open = walk(
        &toolbox,
        json!({"age": 100, "conditions": ["cancer"], "recruitingOnly": false, "maxResults": 50}),
    )
    .await;
    let without = open.iter().filter(|study| {
        study["matches"].as_array().unwrap().iter().any(|reason| {
            reason["criterion"] == "age" && reason["inRecord"].as_str().unwrap().ends_with("no maximum")
        })
    });
    assert!(without.count() > 20);
}

#[tokio::test]
async fn the_nearest_recruiting_sites_come_with_distance_and_contact() {
    let Some(toolbox) = Toolbox::real() else { return };
    let arguments = json!({
        "conditions": ["cancer"], "location": {"country": "US", "city": "Boston", "radiusMi": 30}, "maxResults": 50,
    });
    let page = toolbox.value("find_eligible", arguments).await;
    let studies = page["studies"].as_array().unwrap();
    assert!(studies.len() > 2, "{page}");
    let mut with_contacts = 0;
    for study in studies {
        let record = toolbox.records().iter().find(|record| id(record) == study["nctId"]).unwrap();
        let all = sites(record);
        let module = &record["protocolSection"]["contactsLocationsModule"];
        assert_eq!(study.get("centralContacts"), module.get("centralContacts"));
        with_contacts += usize::from(module.get("centralContacts").is_some());
        let shown = study["sites"]["sites"].as_array().unwrap();
        assert!(!shown.is_empty() && shown.len() <= 3, "{study}");
        assert_eq!(study["sites"]["sitesInAll"], all.len());
        let distances: Vec<f64> = shown.iter().map(|site| site["distanceMi"].as_f64().unwrap()).collect();
        assert!(distances.iter().all(|miles| *miles <= 30.0), "{study}");
        for site in shown {
            let is_in_record = all.iter().any(|known| {
                let keys = ["facility", "city", "status", "zip", "contacts"];
                keys.into_iter().all(|key| known.get(key) == site.get(key))
            });
            assert!(
                is_in_record && (site.get("status").is_none() || site["status"] == "RECRUITING"),
                "{site}"
            );
        }
    }
    assert!(with_contacts > 0);
}

#[tokio::test]
async fn criteria_are_shown_as_published_and_eligibility_is_never_claimed() {
    let toolbox = Toolbox::sample();
    let (text, page) = toolbox
        .answer("find_eligible", json!({"age": 50, "conditions": "asthma", "recruitingOnly": "false"}))
        .await;
    assert!(page["disclaimer"].as_str().unwrap().contains("That is not eligibility"));
    assert!(text.contains("let its team decide"), "{text}");
    let studies = page["studies"].as_array().unwrap();
    assert!(!studies.is_empty());
    for study in studies {
        let record = toolbox.records().iter().find(|record| id(record) == study["nctId"]).unwrap();
        let published =
            record.pointer(&format!("{ELIGIBILITY}/eligibilityCriteria")).and_then(Value::as_str).unwrap();
        let shown = study["eligibilityCriteria"].as_str().unwrap();
        assert!(published.starts_with(shown) && (published == shown) != study.get("criteriaCut").is_some());
        let reasons = study["matches"].as_array().unwrap();
        assert!(reasons.iter().any(|reason| reason["criterion"] == "condition"), "{study}");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_refused_or_noticed_with_what_is_near() {
    let toolbox = Toolbox::sample();
    for (arguments, problem, hint) in [
        (json!({"age": 40}), "`conditions` is missing", "healthyVolunteer"),
        (json!({"age": 121, "conditions": "asthma"}), "`age` 121 is out of range", "0 to 120"),
        (json!({"conditions": "asthma", "sex": "other"}), "`sex`: `other` is not one of", "FEMALE"),
        (
            json!({"conditions": ["NCT90000001"], "age": 4}),
            "study numbers are no conditions",
            "get_study_record",
        ),
        (json!({"conditions": ["asthma AND ("]}), "`conditions` cannot be searched", "phrase in quotes"),
        (json!({"conditions": "asthma", "location": {"lat": 1}}), "only one is given", "give both"),
        (
            json!({"conditions": "asthma", "location": {"radiusMi": 10}}),
            "the distance from nothing",
            "a city",
        ),
        (
            json!({"conditions": "asthma", "location": {"postalCode": "1"}}),
            "`location.postalCode` is not served",
            "give the city",
        ),
        (json!({"conditions": "asthma", "maxResults": 51}), "`maxResults` 51 is out of range", "1 to 50"),
        (json!({"conditions": "asthma", "pageToken": "x"}), "`pageToken` cannot be used", "not a page token"),
    ] {
        let (told, instead) = toolbox.refusal("find_eligible", arguments.clone()).await;
        assert!(told.contains(problem) && instead.contains(hint), "{arguments}: {told} | {instead}");
    }
    let misspelt = json!({"conditions": "asthma", "location": {"country": "Untied States"}});
    let page = toolbox.value("find_eligible", misspelt).await;
    assert_eq!(page["totalCount"], 0);
    assert!(page["notices"][0].as_str().unwrap().contains("the nearest are United States"), "{page}");
}

/// The registry writes states in full; people, and models, do not.
#[tokio::test]
async fn a_state_is_found_by_its_abbreviation() {
    let Some(toolbox) = Toolbox::real() else { return };
    for (short, long) in [("CA", "California"), ("ma", "Massachusetts"), ("PA", "Pennsylvania")] {
        let count = async |state: &str| {
            let location = json!({"country": "USA", "state": state});
            let arguments = json!({"conditions": "cancer", "recruitingOnly": false, "location": location});
            toolbox.value("find_eligible", arguments).await["totalCount"].as_u64().unwrap()
        };
        let in_full = count(long).await;
        assert!(in_full > 5 && count(short).await >= in_full, "{short}");
    }
    let near = async |location: Value| {
        let arguments = json!({"conditions": "cancer", "recruitingOnly": false, "location": location});
        toolbox.value("find_eligible", arguments).await["totalCount"].clone()
    };
    let both = near(json!({"city": "Boston", "state": "MA"})).await;
    assert!(both.as_u64().unwrap() > 5 && near(json!({"city": "Boston, MA"})).await == both, "{both}");
}

/// Records old and new write some countries in two ways: nobody is dropped for that.
#[tokio::test]
async fn a_country_is_found_by_all_its_names() {
    let Some(toolbox) = Toolbox::real() else { return };
    for (asked, names) in [
        (["South Korea", "korea, republic of"], ["South Korea", "Korea, Republic of"]),
        (["Russian Federation", "Russia"], ["Russia", "Russian Federation"]),
        (["Türkiye", "turkey"], ["Turkey", "Turkey (Türkiye)"]),
    ] {
        let with = |name: &str| -> BTreeSet<String> {
            let there = |record: &&Value| {
                sites(record).iter().any(|site| site["country"] == name)
                    && record.pointer(&format!("{ELIGIBILITY}/healthyVolunteers")) != Some(&json!(false))
            };
            toolbox.records().iter().filter(there).map(|record| id(record).to_owned()).collect()
        };
        let [one, other] = names.map(with);
        assert!(!one.is_subset(&other) && !other.is_subset(&one), "{names:?} need both to be there");
        for country in asked {
            let arguments = json!({"location": {"country": country}, "recruitingOnly": false, "healthyVolunteer": true, "maxResults": 50});
            let found = walk(&toolbox, arguments).await;
            let ids: BTreeSet<String> =
                found.iter().map(|study| study["nctId"].as_str().unwrap().to_owned()).collect();
            assert_eq!(ids, &one | &other, "{country}");
            assert!(found.iter().all(|study| study["sites"]["sitesInPlace"] != 0), "{country}");
        }
    }
}
