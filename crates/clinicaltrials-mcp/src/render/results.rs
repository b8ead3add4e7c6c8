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
type Change<'a> = &'a dyn Fn(Value) -> Value;

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

    /// Takes out of a record's results section what it publishes of this.
    pub fn take(self, results: &mut Value) -> Option<Value> {
        let module = match self {
            Self::Outcomes => "outcomeMeasuresModule",
            Self::AdverseEvents => "adverseEventsModule",
            Self::ParticipantFlow => "participantFlowModule",
            Self::Baseline => "baselineCharacteristicsModule",
            Self::MoreInfo => "moreInfoModule",
        };
        results.get_mut(module).map(Value::take)
    }

    /// All that is published of it, in rows.
    pub fn in_full(self, published: Value) -> Value {
        let rows_of = |levels: &'static [Level]| move |value: Value| rows(value, levels);
        match self {
            Self::Outcomes => with(published, &[("outcomeMeasures", &|measures| each(measures, &measure))]),
            Self::AdverseEvents => {
                let events = rows_of(EVENTS);
                with(published, &[("seriousEvents", &events), ("otherEvents", &events)])
            }
            Self::ParticipantFlow => {
                let period = |period: Value| {
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
            Self::MoreInfo => published,
        }
    }

    /// What is read first of [`in_full`](Self::in_full), and what was left out for it.
    pub fn in_short(self, published: Value) -> (Value, Vec<(String, usize)>) {
        let left_out = self.left_out_in_short(&published);
        let mut short = self.in_full(published);
        match self {
            Self::Outcomes => {
                let outcomes = short["outcomeMeasures"].as_array_mut().into_iter().flatten();
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
                    }
                }
            }
            Self::AdverseEvents => {
                retain(&mut short, &["frequencyThreshold", "timeFrame", "eventGroups"]);
            }
            Self::ParticipantFlow => {
                for period in short["periods"].as_array_mut().into_iter().flatten() {
                    retain(period, &["title", "milestones"]);
                }
            }
            Self::Baseline => {
                for measure in short["measures"].as_array_mut().into_iter().flatten() {
                    retain(measure, &["title", "paramType", "unitOfMeasure"]);
                }
            }
            Self::MoreInfo => {}
        }
        (short, left_out)
    }

    /// What [`in_short`](Self::in_short) leaves out, and how much of it is published.
    fn left_out_in_short(self, published: &Value) -> Vec<(String, usize)> {
        let listed = |published: &Value, key: &str| published[key].as_array().map_or(0, Vec::len);
        let elements = |key: &str| published[key].as_array().into_iter().flatten();
        let mut left_out = match self {
            Self::Outcomes => {
                let others =
                    elements("outcomeMeasures").filter(|outcome| outcome["type"] != "PRIMARY").count();
                vec![("values of outcomes that are not primary".to_owned(), others)]
            }
            Self::AdverseEvents => {
                ["seriousEvents", "otherEvents"].map(|key| (key.to_owned(), listed(published, key))).into()
            }
            Self::ParticipantFlow => {
                let reasons = elements("periods").map(|period| listed(period, "dropWithdraws")).sum();
                vec![("reasons for withdrawal".to_owned(), reasons)]
            }
            Self::Baseline => {
                vec![("values of baseline measures".to_owned(), listed(published, "measures"))]
            }
            Self::MoreInfo => Vec::new(),
        };
        left_out.retain(|(_, count)| *count > 0);
        left_out
    }
}

/// An outcome, or a measure of the baseline.
fn measure(mut published: Value) -> Value {
    let class_denoms = take_class_denoms(&mut published);
    let (measurements, denoms) = (|classes| rows(classes, MEASUREMENTS), |denoms| rows(denoms, DENOMS));
    let mut measure = with(published, &[("classes", &measurements), ("denoms", &denoms)]);
    let Some(object) = measure.as_object_mut() else { return measure };
    if let Some(classes) = object.shift_remove("classes") {
        object.insert("measurements".to_owned(), classes);
    }
    if !class_denoms.is_empty() {
        object.insert("classDenoms".to_owned(), class_denoms.into());
    }
    // Last, as there are comparisons of what is above.
    if let Some(analyses) = object.shift_remove("analyses") {
        object.insert("analyses".to_owned(), analyses);
    }
    measure
}

/// The denominators that the classes of a measure have of their own, as rows, which then stand there no more.
fn take_class_denoms(measure: &mut Value) -> Vec<Value> {
    let mut classes = Vec::new();
    for class in measure.get_mut("classes").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(class) = class.as_object_mut() else { continue };
        let Some(denoms) = class.shift_remove("denoms") else { continue };
        let mut own: Object = class
            .iter()
            .filter(|(key, _)| *key != "categories")
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        own.insert("denoms".to_owned(), denoms);
        classes.push(own.into());
    }
    let mut class_denoms = Vec::new();
    add_rows(classes, CLASS_DENOMS, &Object::new(), &mut class_denoms);
    // A class without a count gives a row that says nothing but what it is called.
    class_denoms.retain(|row| row.get("groupId").is_some());
    class_denoms
}

/// `object` with the values of some keys in another form.
fn with(object: Value, changes: &[(&str, Change<'_>)]) -> Value {
    let Value::Object(members) = object else { return object };
    let changed = members.into_iter().map(|(key, value)| {
        let change = changes.iter().find(|(changed, _)| *changed == key);
        let value = match change {
            Some((_, change)) => change(value),
            None => value,
        };
        (key, value)
    });
    Value::Object(changed.collect())
}

fn each(elements: Value, change: Change<'_>) -> Value {
    match elements {
        Value::Array(elements) => elements.into_iter().map(change).collect(),
        other => other,
    }
}

fn retain(object: &mut Value, keys: &[&str]) {
    if let Value::Object(members) = object {
        members.retain(|key, _| keys.contains(&key.as_str()));
    }
}

/// Lists within lists as rows.
fn rows(elements: Value, levels: &[Level]) -> Value {
    let Value::Array(elements) = elements else { return elements };
    let mut rows = Vec::new();
    add_rows(elements, levels, &Object::new(), &mut rows);
    rows.into()
}

fn add_rows(elements: Vec<Value>, levels: &[Level], above: &Object, rows: &mut Vec<Value>) {
    let Some(((name, below), levels)) = levels.split_first() else { return };
    for element in elements {
        let mut members = match element {
            Value::Object(members) => members,
            _ => Object::new(),
        };
        let inner = below.and_then(|below| members.shift_remove(below));
        let mut row = above.clone();
        row.extend(members.into_iter().map(|(key, value)| (named(name, key), value)));
        match inner {
            Some(Value::Array(inner)) if !inner.is_empty() => add_rows(inner, levels, &row, rows),
            _ => rows.push(row.into()),
        }
    }
}

/// What a key of an element of `level` is called in a row.
fn named(level: &str, key: String) -> String {
    match &*key {
        _ if level.is_empty() => key,
        "title" | "type" => level.to_owned(),
        _ => {
            let mut rest = key.chars();
            let first = rest.next().into_iter().flat_map(char::to_uppercase);
            level.chars().chain(first).chain(rest).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_any_kind_are_named_by_their_level() {
        let called = |key: &str| named("class", key.to_owned());
        assert_eq!(called("title"), "class");
        assert_eq!(called("unitOfMeasure"), "classUnitOfMeasure");
        assert_eq!((called(""), called("été")), ("class".to_owned(), "classÉté".to_owned()));
        assert_eq!(named("", "title".to_owned()), "title");
    }
}
