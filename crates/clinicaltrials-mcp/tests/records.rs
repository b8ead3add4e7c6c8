//! Records by sections, with limits and as digests, checked against the records' own JSON.

use crate::support::toolbox::{Toolbox, id};
use serde_json::{Value, json};

const SITES: &str = "/protocolSection/contactsLocationsModule/locations";

#[tokio::test]
async fn sections_are_as_published_and_what_is_left_out_is_named() {
    let toolbox = Toolbox::sample();
    let record = &toolbox.records()[0];
    let arguments = json!({"nctId": id(record), "sections": r#"["Eligibility", "design"]"#});
    let (text, answer) = toolbox.answer("get_study_record", arguments).await;
    let study = &answer["studies"][0]["study"];
    let modules: Vec<_> = study["protocolSection"].as_object().unwrap().keys().collect();
    assert_eq!(modules, ["designModule", "eligibilityModule"]);
    for (module, part) in study["protocolSection"].as_object().unwrap() {
        assert_eq!(*part, record["protocolSection"][module]);
        assert!(text.contains(&part.to_string()), "{module}");
    }
    assert!(answer["studies"][0].get("notInRecord").is_none());
    let none = toolbox.records().iter().find(|record| record.get("resultsSection").is_none()).unwrap();
    let none = json!({"nctId": id(none), "sections": ["results", "design"]});
    let none = toolbox.value("get_study_record", none).await;
    assert_eq!(none["studies"][0]["notInRecord"], json!(["ResultsSection"]));
    let left_out = answer["studies"][0]["leftOut"][0]["what"].as_str().unwrap();
    for module in record["protocolSection"].as_object().unwrap().keys() {
        assert_eq!(left_out.contains(module.as_str()), !modules.contains(&module), "{module}");
    }
}

#[tokio::test]
async fn lists_are_limited_and_near_sites_come_nearest_first() {
    let Some(toolbox) = Toolbox::real() else { return };
    let many = |record: &&Value| {
        record.pointer(SITES).and_then(Value::as_array).is_some_and(|sites| sites.len() > 50)
    };
    let record = toolbox.records().iter().find(many).unwrap();
    let all = record.pointer(SITES).unwrap().as_array().unwrap();
    let answer = toolbox.value("get_study_record", json!({"nctId": id(record), "locationLimit": 5})).await;
    let study = &answer["studies"][0];
    assert_eq!(study["study"].pointer(SITES).unwrap().as_array().unwrap(), &all[..5]);
    assert_eq!(
        study["leftOut"],
        json!([{
            "what": "locations", "shown": 5, "inRecord": all.len(), "howToGet": "raise locationLimit or leave it out",
        }])
    );
    let mut rest = study["study"].clone();
    let mut expected = record.clone();
    for value in [&mut rest, &mut expected] {
        *value.pointer_mut(SITES).unwrap() = Value::Null;
    }
    assert_eq!(rest, expected, "only the sites are fewer");

    let point = &all.iter().find(|site| site.get("geoPoint").is_some()).unwrap()["geoPoint"];
    let near = json!({"nctId": id(record), "nearLocation": {"lat": point["lat"], "lon": point["lon"], "radiusMi": 100}});
    let answer = toolbox.value("get_study_record", near).await;
    let sites = answer["studies"][0]["study"].pointer(SITES).unwrap().as_array().unwrap();
    assert_eq!(sites[0]["geoPoint"], *point);
    assert!(sites.iter().all(|site| all.contains(site)) && sites.len() < all.len());
}

#[tokio::test]
async fn several_records_come_at_once_and_those_that_do_not_are_named() {
    let toolbox = Toolbox::sample();
    let named = json!({"nctIds": ["NCT90000002", "NCT00000001", "NCT90000001", "NCT90000002"]});
    let (text, answer) = toolbox.answer("get_study_record", named).await;
    let studies = answer["studies"].as_array().unwrap();
    let ids: Vec<_> = studies.iter().map(|study| study["nctId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["NCT90000002", "NCT90000001"]);
    for (study, number) in studies.iter().zip([2, 1]) {
        assert!(text.contains(&ctgov_sample::Sample::new(2).study(number)));
        assert_eq!(study["study"], toolbox.records()[number as usize - 1]);
    }
    assert_eq!(answer["errors"], json!([{"nctId": "NCT00000001", "error": "is not in this data"}]));
    for (arguments, problem, hint) in [
        (
            json!({"nctId": "NCT90000001", "sections": "design", "summary": true}),
            "exclude each other",
            "digest",
        ),
        (
            json!({"nctId": "NCT90000001", "locationLimit": 5, "summary": true}),
            "no lists",
            "leave the limits out",
        ),
        (
            json!({"nctId": "NCT90000001", "sections": ["NumPhases"]}),
            "no field of a record",
            "sorted by only",
        ),
        (json!({"nctId": "NCT90000001", "nctIds": "NCT90000002"}), "`nctId` is given twice", "once"),
        (
            json!({"nctId": "NCT90000001", "locationLimit": 501}),
            "`locationLimit` 501 is out of range",
            "1 to 500",
        ),
        (
            json!({"nctId": "NCT90000001", "nearLocation": {"lat": 1}}),
            "`nearLocation.lon` is missing",
            "give",
        ),
        (
            json!({"nctId": ["NCT00000001", "NCT00000002"]}),
            "NCT00000001, NCT00000002 are not in this data",
            "search",
        ),
    ] {
        let (told, instead) = toolbox.refusal("get_study_record", arguments.clone()).await;
        assert!(told.contains(problem) && instead.contains(hint), "{arguments}: {told} | {instead}");
    }
}

#[tokio::test]
async fn a_digest_says_what_the_record_says() {
    let Some(toolbox) = Toolbox::real() else { return };
    for record in toolbox.records().iter().step_by(40) {
        let answer =
            toolbox.value("get_study_record", json!({"nctId": id(record), "summaryOnly": true})).await;
        let digest = &answer["studies"][0]["digest"];
        for (key, place) in [
            ("officialTitle", "/protocolSection/identificationModule/officialTitle"),
            ("briefSummary", "/protocolSection/descriptionModule/briefSummary"),
            ("minimumAge", "/protocolSection/eligibilityModule/minimumAge"),
            ("healthyVolunteers", "/protocolSection/eligibilityModule/healthyVolunteers"),
            ("primaryOutcomes", "/protocolSection/outcomesModule/primaryOutcomes"),
            ("arms", "/protocolSection/armsInterventionsModule/armGroups"),
            ("enrollmentCount", "/protocolSection/designModule/enrollmentInfo/count"),
        ] {
            assert_eq!(digest.get(key), record.pointer(place), "{} {key}", id(record));
        }
        let sites = record.pointer(SITES).and_then(Value::as_array).map_or(0, Vec::len);
        assert_eq!(digest["sites"], sites);
    }
}

#[tokio::test]
async fn a_search_near_a_place_says_how_far_the_nearest_sites_are() {
    let Some(toolbox) = Toolbox::real() else { return };
    let (latitude, longitude, miles) = (42.36, -71.06, 50.0);
    let geo = format!("distance({latitude}, {longitude}, {miles}mi)");
    let page = toolbox.value("search_studies", json!({"geoFilter": geo, "pageSize": 200})).await;
    // The chord through the earth: another formula than the one that is checked.
    let point = |latitude: f64, longitude: f64| {
        let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    };
    let centre = point(latitude, longitude);
    let distance = |site: &Value| {
        let at = &site["geoPoint"];
        let there = point(at["lat"].as_f64()?, at["lon"].as_f64()?);
        let chord: f64 = centre.iter().zip(there).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        Some(2.0 * (chord / 2.0).asin() * 6_371.008_8 / 1.609_344)
    };
    let mut expected = 0;
    for record in toolbox.records() {
        let sites = record.pointer(SITES).and_then(Value::as_array).cloned().unwrap_or_default();
        let mut near: Vec<f64> = sites.iter().filter_map(distance).filter(|far| *far <= miles).collect();
        near.sort_by(f64::total_cmp);
        let hit = page["studies"].as_array().unwrap().iter().find(|study| study["nctId"] == id(record));
        assert_eq!(hit.is_some(), !near.is_empty(), "{}", id(record));
        let Some(hit) = hit else { continue };
        expected += 1;
        assert_eq!(hit["near"]["sitesInAll"], sites.len());
        assert_eq!(hit["near"]["sitesInPlace"], near.len());
        let told = hit["near"]["sites"].as_array().unwrap();
        assert_eq!(told.len(), near.len().min(3));
        for (site, far) in told.iter().zip(near) {
            assert!((site["distanceMi"].as_f64().unwrap() - far).abs() < 0.1, "{site} is {far} miles away");
        }
    }
    assert_eq!(page["totalCount"], expected);
    assert!(expected > 10, "{expected}");
}

#[tokio::test]
async fn chosen_fields_of_a_search_are_those_of_the_records() {
    let toolbox = Toolbox::sample();
    let arguments = json!({"fields": ["BriefTitle", "eligibility", "InterventionName"], "pageSize": 100});
    let page = toolbox.value("search_studies", arguments).await;
    for study in page["studies"].as_array().unwrap() {
        let record = toolbox.records().iter().find(|record| id(record) == study["nctId"]).unwrap();
        let told = &study["record"]["protocolSection"];
        let published = &record["protocolSection"];
        assert_eq!(told["eligibilityModule"], published["eligibilityModule"]);
        let title = json!({"briefTitle": published["identificationModule"]["briefTitle"]});
        assert_eq!(told["identificationModule"], title);
        let names = |interventions: &Value| -> Vec<Value> {
            interventions.as_array().into_iter().flatten().map(|each| each["name"].clone()).collect()
        };
        assert_eq!(
            names(&told["armsInterventionsModule"]["interventions"]),
            names(&published["armsInterventionsModule"]["interventions"])
        );
        assert!(study.get("overallStatus").is_none() && told.get("statusModule").is_none());
    }
}
