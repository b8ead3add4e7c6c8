//! Tools that count: values of fields and what studies are broken down by, checked against the records' own JSON.

use crate::support::toolbox::Toolbox;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many records have which values at `place`, an empty one where there is none.
fn counted(records: &[Value], place: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for record in records {
        let mut values = match record.pointer(place) {
            Some(Value::Array(values)) => {
                values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
            }
            Some(Value::String(value)) => vec![value.clone()],
            _ => Vec::new(),
        };
        values.sort_unstable();
        values.dedup();
        if values.is_empty() {
            values.push("(none)".to_owned());
        }
        values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
    }
    counts
}

const STATUS: &str = "/protocolSection/statusModule/overallStatus";
const PHASES: &str = "/protocolSection/designModule/phases";
const START: &str = "/protocolSection/statusModule/startDateStruct/date";

#[tokio::test]
async fn values_of_fields_are_counted_as_the_records_have_them() {
    for toolbox in [Some(Toolbox::sample()), Toolbox::real()].into_iter().flatten() {
        let answer = toolbox.value("get_field_values", json!({"fields": ["overall status", "Phase"]})).await;
        assert_eq!(answer["studiesCounted"], toolbox.records().len());
        for (stats, place) in answer["fieldStats"].as_array().unwrap().iter().zip([STATUS, PHASES]) {
            let mut expected = counted(toolbox.records(), place);
            assert_eq!(stats["missingStudiesCount"], expected.remove("(none)").unwrap_or_default());
            assert_eq!(stats["uniqueValuesCount"], expected.len(), "{place}");
            let top = stats["topValues"].as_array().unwrap().iter();
            let top = top.map(|top| {
                (top["value"].as_str().unwrap().to_owned(), top["studiesCount"].as_u64().unwrap())
            });
            assert_eq!(top.collect::<BTreeMap<_, _>>(), expected, "{place}");
        }
        let recruiting =
            toolbox.value("get_field_values", json!({"fields": "Phase", "statusFilter": "Recruiting"})).await;
        let kept: Vec<Value> = toolbox
            .records()
            .iter()
            .filter(|record| record.pointer(STATUS).unwrap() == "RECRUITING")
            .cloned()
            .collect();
        assert_eq!(recruiting["studiesCounted"], kept.len());
        assert_eq!(recruiting["fieldStats"][0]["missingStudiesCount"], counted(&kept, PHASES)["(none)"]);
        assert_eq!(recruiting["fieldStats"][0]["multiValued"], true);
    }
}

#[tokio::test]
async fn a_count_is_broken_down_as_the_records_are() {
    for toolbox in [Some(Toolbox::sample()), Toolbox::real()].into_iter().flatten() {
        let records = toolbox.records();
        let answer =
            toolbox.value("get_study_count", json!({"groupBy": "StartDate:year", "limit": 500})).await;
        let mut expected = BTreeMap::<String, u64>::new();
        for (date, count) in counted(records, START) {
            let year = if date == "(none)" { date } else { date[..4].to_owned() };
            *expected.entry(year).or_default() += count;
        }
        let rows = answer["breakdown"]["rows"].as_array().unwrap();
        let found = rows.iter().map(|row| {
            (row["StartDate:year"].as_str().unwrap().to_owned(), row["studies"].as_u64().unwrap())
        });
        let found: Vec<_> = found.collect();
        assert!(found.is_sorted_by_key(|(year, _)| (year != "(none)", year.clone())), "{found:?}");
        assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
        assert_eq!(answer["totalCount"], records.len());

        let crossed = toolbox
            .value("get_study_count", json!({"groupBy": ["OverallStatus", "Phase"], "limit": 1000}))
            .await;
        let rows = crossed["breakdown"]["rows"].as_array().unwrap();
        assert_eq!(crossed["breakdown"]["rowsInAll"], rows.len());
        for row in rows {
            let expected = records.iter().filter(|record| {
                let phases = record.pointer(PHASES).and_then(Value::as_array).cloned().unwrap_or_default();
                let has_phase =
                    if row["Phase"] == "(none)" { phases.is_empty() } else { phases.contains(&row["Phase"]) };
                record.pointer(STATUS) == Some(&row["OverallStatus"]) && has_phase
            });
            assert_eq!(row["studies"], expected.count(), "{row}");
        }
        let few = toolbox.value("get_study_count", json!({"groupBy": "OverallStatus", "limit": 1})).await;
        assert_eq!(few["breakdown"]["rows"].as_array().unwrap().len(), 1);
        assert!(few["breakdown"]["notes"][0].as_str().unwrap().contains("left out"), "{few}");
    }
}

#[tokio::test]
async fn wrong_names_of_fields_are_answered_with_the_nearest() {
    let toolbox = Toolbox::sample();
    let cases = [
        (
            "get_field_values",
            json!({"fields": "Recruitment Status"}),
            "there is no field `Recruitment Status`",
            "OverallStatus",
        ),
        (
            "get_field_values",
            json!({"fields": "ConditionList"}),
            "there is no field `ConditionList`",
            "Condition,",
        ),
        ("get_field_values", json!({"fields": "DesignModule"}), "is a group and has no values", "Phase"),
        ("get_field_values", json!({}), "`fields` is missing", "field names"),
        (
            "get_field_values",
            json!({"fields": "Phase", "limit": 251}),
            "`limit` 251 is out of range",
            "1 to 250",
        ),
        (
            "get_study_count",
            json!({"groupBy": ["Phase", "Sex", "StdAge", "StartDate"]}),
            "`groupBy`: 4 were given",
            "1 to 3",
        ),
        ("get_study_count", json!({"groupBy": ["phase", "Phase"]}), "`Phase` is named twice", "once"),
        ("get_study_count", json!({"groupBy": "Phase:year"}), "no such period", "only dates"),
        ("get_study_count", json!({"groupBy": "StartDate:week"}), "no such period", ":quarter"),
        (
            "get_study_count",
            json!({"advancedFilter": "AREA[Fase]PHASE3"}),
            "Unknown area name: `Fase`",
            "Phase",
        ),
        ("get_field_definitions", json!({"mode": "drill"}), "`path` is missing", "DesignModule"),
        (
            "get_field_definitions",
            json!({"mode": "drill", "path": "Enrolment"}),
            "there is no field",
            "Enrollment",
        ),
        ("get_field_definitions", json!({"mode": "find"}), "`mode`: `find` is not one of", "search"),
        (
            "search_studies",
            json!({"fields": ["Recruitment"]}),
            "there is no field `Recruitment`",
            "FlowRecruitmentDetails",
        ),
        (
            "get_study_record",
            json!({"nctId": "NCT90000001", "sections": "eligibilty"}),
            "there is no field",
            "EligibilityModule",
        ),
    ];
    for (tool, arguments, problem, hint) in cases {
        let (told, instead) = toolbox.refusal(tool, arguments.clone()).await;
        assert!(told.contains(problem) && instead.contains(hint), "{arguments}: {told} | {instead}");
    }
}

#[tokio::test]
async fn definitions_lead_from_words_to_fields_and_their_values() {
    let toolbox = Toolbox::sample();
    let overview = toolbox.value("get_field_definitions", json!({})).await;
    let has = |answer: &Value, piece: &str| {
        answer["fields"].as_array().unwrap().iter().any(|field| field["piece"] == piece)
    };
    assert!(has(&overview, "DesignModule") && has(&overview, "ResultsSection"), "{overview}");
    let drilled = toolbox.value("get_field_definitions", json!({"path": "design module"})).await;
    assert_eq!(drilled["resolvedPath"], "protocolSection.designModule");
    assert!(has(&drilled, "Phase") && !has(&drilled, "OverallStatus"), "{drilled}");
    let found = toolbox.value("get_field_definitions", json!({"query": "Recruitment status"})).await;
    assert_eq!(found["fields"][0]["piece"], "OverallStatus");
    assert!(
        found["fields"][0]["values"].as_array().unwrap().contains(&json!("RECRUITING (Recruiting)")),
        "{found}"
    );
    let leaf = toolbox.value("get_field_definitions", json!({"path": "Sex"})).await;
    assert_eq!((leaf["shown"].as_u64(), &leaf["fields"][0]["piece"]), (Some(1), &json!("Sex")));
    let indexed = json!({"query": "NumPhases", "includeIndexedOnly": true});
    assert_eq!(toolbox.value("get_field_definitions", indexed).await["fields"][0]["piece"], "NumPhases");
}

#[tokio::test]
async fn trends_count_every_match_and_cross_any_two() {
    const COUNTRIES: &str = "/protocolSection/contactsLocationsModule/locations";
    for toolbox in [Some(Toolbox::sample()), Toolbox::real()].into_iter().flatten() {
        let records = toolbox.records();
        let analyses = json!(["countByStatus", "countByPhase", "countByYear", "countByCountry"]);
        let answer = toolbox.value("analyze_trends", json!({"analysisType": analyses, "limit": 1000})).await;
        for analysis in answer["analysis"].as_array().unwrap() {
            assert_eq!(analysis["totalStudies"], records.len());
            let by = analysis["by"][0].as_str().unwrap();
            let rows = analysis["rows"].as_array().unwrap().iter();
            let found: BTreeMap<String, u64> = rows
                .map(|row| (row[by].as_str().unwrap().to_owned(), row["studies"].as_u64().unwrap()))
                .collect();
            let expected = match by {
                "OverallStatus" => counted(records, STATUS),
                "Phase" => counted(records, PHASES),
                "StartDate:year" => {
                    let mut years = BTreeMap::<String, u64>::new();
                    for (date, count) in counted(records, START) {
                        *years
                            .entry(date.get(..4).filter(|_| date != "(none)").unwrap_or("(none)").to_owned())
                            .or_default() += count;
                    }
                    years
                }
                _ => {
                    let with_countries = records.iter().map(|record| {
                        let sites = record.pointer(COUNTRIES).and_then(Value::as_array).cloned().unwrap_or_default();
                        json!({"countries": sites.iter().filter_map(|site| site.get("country")).collect::<Vec<_>>()})
                    });
                    counted(&with_countries.collect::<Vec<_>>(), "/countries")
                }
            };
            assert_eq!(found, expected, "{by}");
        }
        let crossed =
            json!({"analysisType": "countByStudyType", "crossWith": "countBySponsorType", "limit": 1000});
        let crossed = toolbox.value("analyze_trends", crossed).await;
        for row in crossed["analysis"][0]["rows"].as_array().unwrap() {
            let expected = records.iter().filter(|record| {
                record["protocolSection"]["designModule"]["studyType"] == row["StudyType"]
                    && record["protocolSection"]["sponsorCollaboratorsModule"]["leadSponsor"]["class"]
                        == row["LeadSponsorClass"]
            });
            if row["StudyType"] != "(none)" && row["LeadSponsorClass"] != "(none)" {
                assert_eq!(row["studies"], expected.count(), "{row}");
            }
        }
    }
}

#[tokio::test]
async fn trends_are_refused_by_name_where_they_cannot_be_counted() {
    let toolbox = Toolbox::sample();
    for (arguments, problem, hint) in [
        (json!({}), "`analysisType` is missing", "analyses"),
        (json!({"analysisType": "countByColour"}), "`countByColour` is not one of", "countByPhase"),
        (json!({"analysisType": "countByYear", "dateField": "Phase"}), "`Phase` is no date", "StartDate"),
        (
            json!({"analysisType": "countByYear", "filter": "AREA[Phase"}),
            "`advancedFilter` cannot be searched",
            "quotes",
        ),
    ] {
        let (told, instead) = toolbox.refusal("analyze_trends", arguments.clone()).await;
        assert!(told.contains(problem) && instead.contains(hint), "{arguments}: {told} | {instead}");
    }
    let by_results =
        json!({"analysisType": "count by year", "dateField": "ResultsFirstPostDate", "limit": 1000});
    let answer = toolbox.value("analyze_trends", by_results).await;
    assert_eq!(answer["analysis"][0]["by"], json!(["ResultsFirstPostDate:year"]));
}
