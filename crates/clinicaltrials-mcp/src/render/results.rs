//! A study's posted results as rows that can be read: outcomes, adverse events, participant flow, baseline.
//!
//! Nothing is worked out or formatted. Lists within lists become rows, in which every value stands as published under
//! the key it was published under, or under that of the list it was in:
//!
//! ```text
//! classes[{title: "Week 8", categories[{title: "Yes", measurements[{groupId, value, spread}]}]}]
//!     ──▶ measurements[{class: "Week 8", category: "Yes", groupId, value, spread}]
//! ```
//!
//! Groups are named by their ids throughout: titles of groups can be the same.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A part of posted results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "with a description each value becomes a schema of its own")]
pub enum Section {
    Outcomes,
    AdverseEvents,
    ParticipantFlow,
    Baseline,
    MoreInfo,
}

type Object = Map<String, Value>;

/// From a published value to what is told of it.
type Change<'a> = &'a dyn Fn(&Value) -> Value;

/// A level of lists within lists: what its elements are called in rows, and the key of the next level.
type Level = (&'static str, Option<&'static str>);

const MEASUREMENTS: &[Level] =
    &[("class", Some("categories")), ("category", Some("measurements")), ("", None)];
const DENOMS: &[Level] = &[("", Some("counts")), ("", None)];
const CLASS_DENOMS: &[Level] = &[("class", Some("denoms")), ("", Some("counts")), ("", None)];
const MILESTONES: &[Level] = &[("milestone", Some("achievements")), ("", None)];
const DROPOUTS: &[Level] = &[("reason", Some("reasons")), ("", None)];
const EVENTS: &[Level] = &[("", Some("stats")), ("", None)];

impl Section {
    /// Every section, in the order they are told.
    pub const ALL: [Self; 5] =
        [Self::Outcomes, Self::AdverseEvents, Self::ParticipantFlow, Self::Baseline, Self::MoreInfo];

    /// What it is called in an answer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outcomes => "outcomes",
            Self::AdverseEvents => "adverseEvents",
            Self::ParticipantFlow => "participantFlow",
            Self::Baseline => "baseline",
            Self::MoreInfo => "moreInfo",
        }
    }

    /// What a record's results section publishes of it.
    pub fn published(self, results: &Value) -> Option<&Value> {
        let module = match self {
            Self::Outcomes => "outcomeMeasuresModule",
            Self::AdverseEvents => "adverseEventsModule",
            Self::ParticipantFlow => "participantFlowModule",
            Self::Baseline => "baselineCharacteristicsModule",
            Self::MoreInfo => "moreInfoModule",
        };
        results.get(module)
    }

    /// All that is published of it, in rows.
    pub fn in_full(self, published: &Value) -> Value {
        let rows_of = |levels: &'static [Level]| move |value: &Value| rows(value, levels, &[]);
        match self {
            Self::Outcomes => with(published, &[("outcomeMeasures", &|measures| each(measures, &measure))]),
            Self::AdverseEvents => {
                let events = rows_of(EVENTS);
                with(published, &[("seriousEvents", &events), ("otherEvents", &events)])
            }
            Self::ParticipantFlow => {
                let period = |period: &Value| {
                    with(
                        period,
                        &[("milestones", &rows_of(MILESTONES)), ("dropWithdraws", &rows_of(DROPOUTS))],
                    )
                };
                with(published, &[("periods", &|periods| each(periods, &period))])
            }
            Self::Baseline => with(
                published,
                &[("measures", &|measures| each(measures, &measure)), ("denoms", &rows_of(DENOMS))],
            ),
            Self::MoreInfo => published.clone(),
        }
    }

    /// What is read first of [`in_full`](Self::in_full), and what was left out for it.
    pub fn in_short(self, published: &Value) -> (Value, Vec<(String, usize)>) {
        let mut short = self.in_full(published);
        let mut left_out = Vec::new();
        match self {
            Self::Outcomes => {
                let outcomes = short["outcomeMeasures"].as_array_mut().into_iter().flatten();
                let mut others = 0;
                for outcome in outcomes {
                    let is_primary = outcome["type"] == "PRIMARY";
                    let Some(outcome) = outcome.as_object_mut() else { continue };
                    outcome.retain(|key, _| key != "description" && key != "populationDescription");
                    for group in outcome.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten()
                    {
                        retain(group, &["id", "title"]);
                    }
                    if !is_primary {
                        outcome.retain(|key, _| {
                            ["type", "title", "timeFrame", "reportingStatus"].contains(&key.as_str())
                        });
                        others += 1;
                    }
                }
                left_out.push(("values of outcomes that are not primary".to_owned(), others));
            }
            Self::AdverseEvents => {
                for key in ["seriousEvents", "otherEvents"] {
                    let count = published[key].as_array().map_or(0, Vec::len);
                    left_out.push((key.to_owned(), count));
                }
                retain(&mut short, &["frequencyThreshold", "timeFrame", "eventGroups"]);
            }
            Self::ParticipantFlow => {
                for period in short["periods"].as_array_mut().into_iter().flatten() {
                    retain(period, &["title", "milestones"]);
                }
                let count = |period: &Value| period["dropWithdraws"].as_array().map_or(0, Vec::len);
                let reasons = published["periods"].as_array().into_iter().flatten().map(count).sum();
                left_out.push(("reasons for withdrawal".to_owned(), reasons));
            }
            Self::Baseline => {
                for measure in short["measures"].as_array_mut().into_iter().flatten() {
                    retain(measure, &["title", "paramType", "unitOfMeasure"]);
                }
                let count = published["measures"].as_array().map_or(0, Vec::len);
                left_out.push(("values of baseline measures".to_owned(), count));
            }
            Self::MoreInfo => {}
        }
        left_out.retain(|(_, count)| *count > 0);
        (short, left_out)
    }
}

/// An outcome, or a measure of the baseline.
fn measure(published: &Value) -> Value {
    let measurements = |classes: &Value| rows(classes, MEASUREMENTS, &["denoms"]);
    let mut measure =
        with(published, &[("classes", &measurements), ("denoms", &|denoms| rows(denoms, DENOMS, &[]))]);
    let class_denoms = rows(&published["classes"], CLASS_DENOMS, &["categories"]);
    let Some(object) = measure.as_object_mut() else { return measure };
    if let Some(classes) = object.remove("classes") {
        object.insert("measurements".to_owned(), classes);
    }
    // A class without any gives a row that says nothing but what it is called.
    let has_count = |row: &Value| row.get("groupId").is_some();
    let class_denoms: Vec<Value> =
        class_denoms.as_array().into_iter().flatten().filter(|row| has_count(row)).cloned().collect();
    if !class_denoms.is_empty() {
        object.insert("classDenoms".to_owned(), class_denoms.into());
    }
    // Last, as there are comparisons of what is above.
    if let Some(analyses) = object.remove("analyses") {
        object.insert("analyses".to_owned(), analyses);
    }
    measure
}

/// `object` with the values of some keys in another form.
fn with(object: &Value, changes: &[(&str, Change<'_>)]) -> Value {
    let Value::Object(members) = object else { return object.clone() };
    let changed = members.iter().map(|(key, value)| {
        let change = changes.iter().find(|(changed, _)| changed == key);
        (key.clone(), change.map_or_else(|| value.clone(), |(_, change)| change(value)))
    });
    Value::Object(changed.collect())
}

fn each(elements: &Value, change: Change<'_>) -> Value {
    elements.as_array().map_or_else(|| elements.clone(), |elements| elements.iter().map(change).collect())
}

fn retain(object: &mut Value, keys: &[&str]) {
    if let Value::Object(members) = object {
        members.retain(|key, _| keys.contains(&key.as_str()));
    }
}

/// Lists within lists as rows. Keys in `elsewhere` are told elsewhere.
fn rows(elements: &Value, levels: &[Level], elsewhere: &[&str]) -> Value {
    if !elements.is_array() {
        return elements.clone();
    }
    let mut rows = Vec::new();
    add_rows(elements, levels, elsewhere, &Object::new(), &mut rows);
    rows.into()
}

fn add_rows(elements: &Value, levels: &[Level], elsewhere: &[&str], above: &Object, rows: &mut Vec<Value>) {
    let Some(((name, below), levels)) = levels.split_first() else { return };
    for element in elements.as_array().into_iter().flatten() {
        let mut row = above.clone();
        for (key, value) in element.as_object().into_iter().flatten() {
            if *below != Some(key.as_str()) && !elsewhere.contains(&key.as_str()) {
                row.insert(named(name, key), value.clone());
            }
        }
        match below.and_then(|below| element.get(below)) {
            Some(Value::Array(inner)) if !inner.is_empty() => {
                add_rows(&element[below.unwrap_or_default()], levels, elsewhere, &row, rows);
            }
            _ => rows.push(row.into()),
        }
    }
}

/// What a key of an element of `level` is called in a row.
fn named(level: &str, key: &str) -> String {
    match key {
        _ if level.is_empty() => key.to_owned(),
        "title" | "type" => level.to_owned(),
        _ => {
            let (first, rest) = key.split_at(1);
            format!("{level}{}{rest}", first.to_uppercase())
        }
    }
}
