//! Comparisons, checked against the records' own JSON.

use crate::support::toolbox::{Toolbox, id};
use serde_json::{Value, json};

#[tokio::test]
async fn what_differs_and_what_is_alike_is_what_the_records_have() {
    for toolbox in [Some(Toolbox::sample()), Toolbox::real()].into_iter().flatten() {
        for pair in toolbox.records().chunks(2).take(40) {
            let [one, other] = pair else { continue };
            let answer = toolbox.value("compare_studies", json!({"nctIds": [id(one), id(other)]})).await;
            let told = |field: &str| {
                let differences = answer["differences"].as_array().unwrap().iter();
                let differing = differences
                    .filter(|fact| fact["field"] == field)
                    .map(|fact| [id(one), id(other)].map(|id| fact["values"].get(id).cloned()));
                let common =
                    answer["inCommon"].as_array().unwrap().iter().filter(|fact| fact["field"] == field);
                let common = common.map(|fact| [Some(fact["value"].clone()), Some(fact["value"].clone())]);
                differing.chain(common).collect::<Vec<_>>()
            };
            for (field, place) in [
                ("OverallStatus", "/protocolSection/statusModule/overallStatus"),
                ("EnrollmentCount", "/protocolSection/designModule/enrollmentInfo/count"),
                ("EligibilityCriteria", "/protocolSection/eligibilityModule/eligibilityCriteria"),
                ("MaximumAge", "/protocolSection/eligibilityModule/maximumAge"),
                ("LeadSponsorName", "/protocolSection/sponsorCollaboratorsModule/leadSponsor/name"),
            ] {
                let expected = [one, other].map(|record| record.pointer(place).cloned());
                match told(field).as_slice() {
                    [] => assert_eq!(expected, [None, None], "{field}"),
                    [found] => assert_eq!(*found, expected, "{field}"),
                    several => panic!("{field} is told {} times", several.len()),
                }
            }
            let sites = [one, other].map(|record| {
                let sites = record.pointer("/protocolSection/contactsLocationsModule/locations");
                sites.and_then(Value::as_array).map(|sites| json!(sites.len()))
            });
            let found = told("NumLocations").first().cloned().unwrap_or_default();
            assert_eq!(found, sites, "{answer}");
        }
    }
}

#[tokio::test]
async fn aspects_limits_and_missing_studies_are_told() {
    let toolbox = Toolbox::sample();
    let named = json!({"nctIds": ["nct90000001", "NCT90000002", "NCT00000001"], "compareFields": ["Design", "status"]});
    let answer = toolbox.value("compare_studies", named).await;
    let facts = ["differences", "inCommon"].map(|key| answer[key].as_array().unwrap().clone()).concat();
    assert!(facts.iter().all(|fact| fact["aspect"] == "design" || fact["aspect"] == "status"), "{facts:?}");
    assert_eq!(answer["errors"], json!([{"nctId": "NCT00000001", "error": "is not in this data"}]));
    for (arguments, problem, hint) in [
        (json!({"nctIds": "NCT90000001"}), "`nctIds`: 1 were given", "give 2 to 10"),
        (
            json!({"nctIds": ["NCT90000001", "NCT90000001"]}),
            "only NCT90000001 can be compared",
            "two different",
        ),
        (
            json!({"nctIds": ["NCT90000001", "NCT00000001"]}),
            "NCT00000001 is not in this data",
            "two different",
        ),
        (json!({"nctIds": ["NCT90000001", "x"]}), "`nctIds`: `x` is no study number", "NCT04280705"),
        (
            json!({"nctIds": ["NCT90000001", "NCT90000002"], "compareFields": "cost"}),
            "`cost` is not one of",
            "eligibility",
        ),
    ] {
        let (told, instead) = toolbox.refusal("compare_studies", arguments.clone()).await;
        assert!(told.contains(problem) && instead.contains(hint), "{arguments}: {told} | {instead}");
    }
}
