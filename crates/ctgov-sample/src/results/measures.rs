//! What became of the outcomes that the protocol names?
//!
//! Each is reported with its groups, with how many were looked at, and with numbers that suit it: means of
//! scales, counts of participants, times to events. Some are compared between groups.

use super::{Group, GroupId, Results, Tenths, denominators, list_groups, measurements};
use crate::calibration::{ANALYSED_WORDS, MEASURED_WORDS, TIME_POINTS};
use crate::dates::Day;
use crate::json::Json;
use crate::prose::{Measured, Outcome, Outcomes};
use crate::random::Random;
use crate::study::Study;
use crate::vocabulary::sentences::{ANALYSED, MEASURES};

/// What a value of a group is, what stands beside it, and how that is called.
#[derive(Clone, Copy)]
struct Numbers {
    parameter: &'static str,
    dispersion: Option<&'static str>,
    unit: &'static str,
}

const UNITS: [&str; 8] = [
    "units on a scale",
    "score on a scale",
    "mg/dL",
    "ng/mL",
    "mm Hg",
    "percent change",
    "points",
    "ng*h/mL",
];

pub(super) fn write(
    json: &mut Json,
    results: &Results,
    study: &Study,
    outcomes: &Outcomes,
    random: &mut Random,
) {
    let lists = [
        ("PRIMARY", &outcomes.primary),
        ("SECONDARY", &outcomes.secondary),
        ("OTHER_PRE_SPECIFIED", &outcomes.other),
    ];
    let all = lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |outcome| (kind, outcome)));
    json.objects("outcomeMeasures", all, |json, (kind, outcome)| {
        json.string("type", kind);
        json.string("title", &outcome.measure);
        let words = MEASURED_WORDS.draw(random);
        let mut description = outcome.description.clone().unwrap_or_default();
        let told = description.split(' ').count();
        if words > told + 8 || description.is_empty() {
            if !description.is_empty() {
                description.push(' ');
            }
            study.topic.write(&mut description, MEASURES, words.saturating_sub(told), random);
        }
        json.string("description", &description);
        if kind != "PRIMARY" && random.chance(4) {
            json.string("reportingStatus", "NOT_POSTED");
            json.plain("anticipatedPostingDate", Day::TODAY.plus(random.between(90, 900)).month());
            json.string("timeFrame", outcome.time_frame);
            return;
        }
        posted(json, outcome, &results.groups, study, random);
    });
}

fn posted(json: &mut Json, outcome: &Outcome, groups: &[Group], study: &Study, random: &mut Random) {
    if random.chance(80) {
        let words = ANALYSED_WORDS.draw(random);
        json.string("populationDescription", &study.topic.text(ANALYSED, words, random));
    }
    let numbers = numbers(outcome.kind, random);
    json.string("reportingStatus", "POSTED");
    json.string("paramType", numbers.parameter);
    json.maybe("dispersionType", numbers.dispersion);
    json.string("unitOfMeasure", numbers.unit);
    json.string("timeFrame", outcome.time_frame);
    list_groups(json, "OG", groups, false);
    let looked_at = |group: &Group| {
        let stayed = i32::try_from(group.completed()).unwrap_or(i32::MAX);
        let begun = i32::try_from(group.started).unwrap_or(i32::MAX);
        random.between(stayed, begun).max(1).unsigned_abs()
    };
    let analysed: Vec<_> = groups.iter().map(looked_at).collect();
    denominators(json, "OG", &analysed);

    let points = TIME_POINTS.draw(random);
    json.objects("classes", 0..points, |json, point| {
        if points > 1 {
            json.plain("title", format_args!("Week {}", 4 * point));
        }
        json.objects("categories", [()], |json, ()| values(json, numbers, &analysed, random));
    });
    if groups.len() > 1 && random.chance(30) {
        let others = 1..groups.len().min(1 + random.weighted(&[(70, 1), (20, 2), (10, 4)]));
        json.objects("analyses", others, |json, other| analysis(json, outcome.kind, other, random));
    }
}

fn numbers(kind: Measured, random: &mut Random) -> Numbers {
    match kind {
        Measured::Score => {
            let (parameter, dispersion) = random.weighted(&[
                (50, ("MEAN", "Standard Deviation")),
                (6, ("MEAN", "Standard Error")),
                (17, ("LEAST_SQUARES_MEAN", "Standard Error")),
                (9, ("MEDIAN", "Full Range")),
                (8, ("MEDIAN", "Inter-Quartile Range")),
                (10, ("GEOMETRIC_MEAN", "Geometric Coefficient of Variation")),
            ]);
            Numbers { parameter, dispersion: Some(dispersion), unit: random.pick(&UNITS) }
        }
        Measured::Time => {
            let unit = random.pick(&["days", "weeks", "months"]);
            Numbers { parameter: "MEDIAN", dispersion: Some("95% Confidence Interval"), unit }
        }
        Measured::Participants if random.chance(60) => {
            Numbers { parameter: "COUNT_OF_PARTICIPANTS", dispersion: None, unit: "Participants" }
        }
        Measured::Participants => {
            Numbers { parameter: "NUMBER", dispersion: None, unit: "percentage of participants" }
        }
    }
}

/// One line of numbers.
fn values(json: &mut Json, numbers: Numbers, analysed: &[u32], random: &mut Random) {
    if numbers.parameter == "COUNT_OF_PARTICIPANTS" {
        let percent = random.between(0, 70).unsigned_abs();
        let counts = analysed.iter().map(|&all| {
            let spread = u64::from(random.between(70, 140).unsigned_abs());
            u32::try_from(u64::from(all) * u64::from(percent) * spread / 10_000).unwrap_or(all).min(all)
        });
        return measurements(json, "OG", counts);
    }
    let middle = random.between(20, 900);
    json.objects("measurements", 0..analysed.len(), |json, at| {
        json.plain("groupId", GroupId("OG", at));
        let value = (middle + random.between(-middle / 5, middle / 5)).clamp(1, 1_000);
        json.plain("value", Tenths(value));
        match numbers.dispersion {
            None => {}
            Some("95% Confidence Interval" | "Full Range" | "Inter-Quartile Range") => {
                json.plain("lowerLimit", Tenths(value - random.between(0, value / 2)));
                json.plain("upperLimit", Tenths(value + random.between(0, value)));
            }
            Some(_) => json.plain("spread", Tenths(random.between(1, value / 2))),
        }
    });
}

/// A comparison of the first group with another.
fn analysis(json: &mut Json, kind: Measured, other: usize, random: &mut Random) {
    json.strings("groupIds", [GroupId("OG", 0), GroupId("OG", other)].map(|id| id.to_string()));
    json.string(
        "nonInferiorityType",
        random.weighted(&[(80, "SUPERIORITY"), (8, "NON_INFERIORITY"), (12, "OTHER")]),
    );
    let (p_value, method, parameter) = match kind {
        Measured::Score => ("0.0", "ANCOVA", "Mean Difference (Final Values)"),
        Measured::Participants => ("0.0", "Fisher Exact", "Risk Difference (RD)"),
        Measured::Time => ("0.0", "Log Rank", "Hazard Ratio (HR)"),
    };
    if random.chance(20) {
        json.string("pValue", "<0.001");
    } else {
        json.plain("pValue", format_args!("{p_value}{:02}", random.between(1, 99)));
    }
    json.string("statisticalMethod", method);
    if random.chance(70) {
        let value = random.between(2, 200);
        json.string("paramType", parameter);
        json.plain("paramValue", Tenths(value));
        json.string("ciPctValue", "95");
        json.string("ciNumSides", "TWO_SIDED");
        json.plain("ciLowerLimit", Tenths(value - random.between(1, 1 + value / 2)));
        json.plain("ciUpperLimit", Tenths(value + random.between(1, 1 + value)));
    }
}
