//! Results agree with the protocol and with themselves, as a reviewer of the registry would ask.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Study, items};

/// The numbers of a list by group, such as `FG000`.
fn by_group<'a>(list: &'a Value, key: &str) -> BTreeMap<&'a str, u64> {
    items(list)
        .iter()
        .map(|item| {
            let number = &item[key];
            let number = number.as_str().map_or(number.as_u64(), |text| text.parse().ok());
            (item["groupId"].as_str().expect("a group"), number.expect("a number"))
        })
        .collect()
}

fn reported() -> impl Iterator<Item = (&'static Study, &'static Value)> {
    Study::all().iter().filter_map(|study| Some((study, study.results()?)))
}

/// The numbers with which the groups started, in order.
fn started(results: &Value) -> Vec<u64> {
    by_group(&results["participantFlowModule"]["periods"][0]["milestones"][0]["achievements"], "numSubjects")
        .into_values()
        .collect()
}

#[test]
fn results_are_there_exactly_when_they_were_handed_in() {
    for study in Study::all() {
        let there = study.results().is_some();
        assert_eq!(study.0["hasResults"], there, "{}", study.id());
        for path in ["resultsFirstSubmitDate", "resultsFirstSubmitQcDate", "resultsFirstPostDateStruct"] {
            let path = format!("/statusModule/{path}");
            assert_eq!(!study.at(&path).is_null(), there, "{} {path}", study.id());
        }
        if there {
            let days = [
                study.date("studyFirstPostDate"),
                study.text("/statusModule/resultsFirstSubmitDate"),
                study.text("/statusModule/resultsFirstSubmitQcDate"),
                study.date("resultsFirstPostDate"),
                study.date("lastUpdatePostDate"),
            ];
            assert!(days.is_sorted(), "{}: {days:?}", study.id());
            let complete = study.date("primaryCompletionDate");
            assert!(complete <= &days[1][..complete.len()], "{}: {complete} {days:?}", study.id());
            assert_eq!(study.date_type("primaryCompletionDate"), "ACTUAL", "{}", study.id());
        }
    }
    let share = reported().count() * 1_000 / Study::all().len();
    assert!((110..=150).contains(&share), "{share} of a thousand have results");
}

#[test]
fn the_flow_adds_up_to_the_enrollment() {
    for (study, results) in reported() {
        let id = study.id();
        let enrolled = study.at("/designModule/enrollmentInfo/count").as_u64().expect("a number");
        assert_eq!(study.text("/designModule/enrollmentInfo/type"), "ACTUAL", "{id}");
        assert_eq!(started(results).iter().sum::<u64>(), enrolled, "{id}");
        let mut before: Option<BTreeMap<&str, u64>> = None;
        for period in items(&results["participantFlowModule"]["periods"]) {
            let milestone = |name: &str| {
                let found = items(&period["milestones"]).iter().find(|milestone| milestone["type"] == name);
                by_group(&found.expect("a milestone")["achievements"], "numSubjects")
            };
            let (began, stayed, left) =
                (milestone("STARTED"), milestone("COMPLETED"), milestone("NOT COMPLETED"));
            assert!(before.is_none_or(|before| before == began), "{id}: nobody joins between periods");
            let mut because: BTreeMap<&str, u64> = began.keys().map(|&group| (group, 0)).collect();
            for reason in items(&period["dropWithdraws"]) {
                for (group, count) in by_group(&reason["reasons"], "numSubjects") {
                    *because.get_mut(group).expect("a known group") += count;
                }
            }
            for (group, began) in &began {
                assert!(*began > 0, "{id} {group}");
                assert_eq!(*began, stayed[group] + left[group], "{id} {group}");
            }
            assert_eq!(because, left, "{id}");
            before = Some(stayed);
        }
    }
}

#[test]
fn the_baseline_is_about_those_who_started() {
    for (study, results) in reported() {
        let id = study.id();
        let baseline = &results["baselineCharacteristicsModule"];
        let mut sizes = started(results);
        if sizes.len() > 1 {
            sizes.push(sizes.iter().sum());
        }
        let denominators = by_group(&baseline["denoms"][0]["counts"], "value");
        assert_eq!(denominators.values().copied().collect::<Vec<_>>(), sizes, "{id}");
        let mut titles: Vec<_> = items(&baseline["measures"]).iter().map(|one| &one["title"]).collect();
        assert!(titles.iter().any(|title| *title == "Sex: Female, Male"), "{id}");
        let count = titles.len();
        titles.sort_by_key(ToString::to_string);
        titles.dedup();
        assert!(titles.len() + 2 >= count, "{id}: {titles:?}");
        for measure in items(&baseline["measures"]) {
            if measure["paramType"] == "MEAN" {
                continue;
            }
            let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
            for category in items(&measure["classes"]).iter().flat_map(|class| items(&class["categories"])) {
                for (group, count) in by_group(&category["measurements"], "value") {
                    *sums.entry(group).or_default() += count;
                }
            }
            assert_eq!(sums, denominators, "{id}: {}", measure["title"]);
        }
    }
}

#[test]
fn outcomes_are_those_of_the_protocol_and_their_numbers_fit() {
    for (study, results) in reported() {
        let id = study.id();
        let planned: Vec<_> = ["primaryOutcomes", "secondaryOutcomes", "otherOutcomes"]
            .into_iter()
            .flat_map(|list| study.list(&format!("/outcomesModule/{list}")))
            .map(|outcome| (&outcome["measure"], &outcome["timeFrame"]))
            .collect();
        let outcomes = items(&results["outcomeMeasuresModule"]["outcomeMeasures"]);
        let measured: Vec<_> = outcomes.iter().map(|one| (&one["title"], &one["timeFrame"])).collect();
        assert_eq!(measured, planned, "{id}");
        let sizes = started(results);
        for outcome in outcomes {
            if outcome["reportingStatus"] != "POSTED" {
                assert!(outcome["groups"].is_null() && outcome["type"] != "PRIMARY", "{id}");
                continue;
            }
            let denominators = by_group(&outcome["denoms"][0]["counts"], "value");
            assert!(denominators.values().zip(&sizes).all(|(looked_at, all)| looked_at <= all), "{id}");
            let groups: Vec<_> = items(&outcome["groups"]).iter().map(|group| group["id"].as_str()).collect();
            assert_eq!(groups, denominators.keys().map(|&id| Some(id)).collect::<Vec<_>>(), "{id}");
            for class in items(&outcome["classes"]) {
                for value in items(&class["categories"][0]["measurements"]) {
                    let number = |key: &str| value[key].as_str().and_then(|text| text.parse::<f64>().ok());
                    let (this, group) = (number("value").expect("a number"), value["groupId"].as_str());
                    if outcome["paramType"] == "COUNT_OF_PARTICIPANTS" {
                        assert!(this <= denominators[group.expect("a group")] as f64, "{id}: {value}");
                    }
                    assert!(number("lowerLimit").is_none_or(|low| low <= this), "{id}: {value}");
                    assert!(number("upperLimit").is_none_or(|high| this <= high), "{id}: {value}");
                    assert!(
                        outcome["unitOfMeasure"] != "percentage of participants" || this <= 100.0,
                        "{id}"
                    );
                }
            }
            for analysis in items(&outcome["analyses"]) {
                let compared = items(&analysis["groupIds"]);
                assert!(compared.iter().all(|group| groups.contains(&group.as_str())), "{id}: {compared:?}");
            }
        }
    }
}

#[test]
fn nobody_is_affected_who_was_not_at_risk() {
    for (study, results) in reported() {
        let (id, events) = (study.id(), &results["adverseEventsModule"]);
        let sizes = started(results);
        for (list, kind) in [("seriousEvents", "serious"), ("otherEvents", "other")] {
            let mut most = vec![0; sizes.len()];
            let mut sum = vec![0; sizes.len()];
            for event in items(&events[list]) {
                for (at, stats) in items(&event["stats"]).iter().enumerate() {
                    let number = |key: &str| stats[key].as_u64();
                    let affected = number("numAffected").expect("a number");
                    assert_eq!(number("numAtRisk"), Some(sizes[at]), "{id}");
                    assert!(affected <= sizes[at], "{id}: {event}");
                    assert!(number("numEvents").is_none_or(|events| affected <= events), "{id}: {event}");
                    most[at] = most[at].max(affected);
                    sum[at] += affected;
                }
            }
            for (at, group) in items(&events["eventGroups"]).iter().enumerate() {
                let affected = group[format!("{kind}NumAffected")].as_u64().expect("a number");
                assert_eq!(group[format!("{kind}NumAtRisk")].as_u64(), Some(sizes[at]), "{id}");
                assert!((most[at]..=sum[at].min(sizes[at])).contains(&affected), "{id}: {group}");
                assert!(group["deathsNumAffected"].as_u64().unwrap_or(0) <= sizes[at], "{id}: {group}");
            }
            let mut terms: Vec<_> = items(&events[list]).iter().map(|event| event["term"].as_str()).collect();
            let count = terms.len();
            terms.sort_unstable();
            terms.dedup();
            assert_eq!(terms.len(), count, "{id}: a finding stands twice");
        }
    }
}
