//! Who were the participants before the first day?

use super::{GroupId, Results, Tenths, denominators, list_groups, measurements, share_out};
use crate::json::Json;
use crate::names;
use crate::random::Random;
use crate::study::Study;
use crate::terms::Sex;

const RACES: [&str; 7] = [
    "American Indian or Alaska Native",
    "Asian",
    "Native Hawaiian or Other Pacific Islander",
    "Black or African American",
    "White",
    "More than one race",
    "Unknown or Not Reported",
];
const ETHNICITIES: [&str; 3] = ["Hispanic or Latino", "Not Hispanic or Latino", "Unknown or Not Reported"];
const AGES: [&str; 3] = ["<=18 years", "Between 18 and 65 years", ">=65 years"];

pub(super) fn write(json: &mut Json, results: &Results, study: &Study, random: &mut Random) {
    let mut sizes: Vec<_> = results.groups.iter().map(|group| group.started).collect();
    let several = sizes.len() > 1;
    list_groups(json, "BG", &results.groups, several);
    if several {
        sizes.push(sizes.iter().sum());
    }
    denominators(json, "BG", &sizes);
    let groups = &sizes[..results.groups.len()];

    // What is asked for everywhere is decided first: an empty list would be none.
    let continuous = random.chance(78);
    let others = random.weighted(&[(52, 0), (20, 1), (13, 3), (9, 5), (6, 9)]);
    let mut measures = Vec::with_capacity(16);
    measures.extend(continuous.then_some(Measure::Age));
    measures.extend((!continuous || random.chance(12)).then_some(Measure::AgeGroups));
    measures.push(Measure::Sex);
    measures.extend(random.chance(36).then_some(Measure::Ethnicity));
    measures.extend(random.chance(40).then_some(Measure::Race));
    measures.extend(random.chance(57).then_some(Measure::Region));
    measures.extend((0..others).map(Measure::Score));
    json.objects("measures", measures, |json, measure| one(json, measure, groups, study, random));
}

/// What is told of the participants.
#[derive(Clone, Copy)]
enum Measure {
    Age,
    AgeGroups,
    Sex,
    Ethnicity,
    Race,
    Region,
    /// Something else, by its place among these.
    Score(usize),
}

fn one(json: &mut Json, measure: Measure, groups: &[u32], study: &Study, random: &mut Random) {
    let (from, to) = study.people.years();
    match measure {
        Measure::Age => {
            json.string("title", "Age, Continuous");
            // Ages of children are not older than children.
            let spread = (to - from) * 10 / 6;
            mean(json, "years", groups, (from + to) * 5, spread.max(2), random);
        }
        Measure::AgeGroups => {
            let years = |first: i32, last: i32| u32::try_from(to.min(last) - from.max(first)).unwrap_or(0);
            let weights = [years(0, 18), years(19, 64), years(65, 120)];
            // Where the limits leave one group only, everyone is in it.
            let weights = if weights.iter().sum::<u32>() == 0 { [0, 1, 0] } else { weights };
            count(json, "Age, Categorical", &AGES, &weights, groups, random);
        }
        Measure::Sex => {
            let weights = match study.people.sex {
                Sex::All => [50, 50],
                Sex::Female => [1, 0],
                Sex::Male => [0, 1],
            };
            count(json, "Sex: Female, Male", &["Female", "Male"], &weights, groups, random);
        }
        Measure::Ethnicity => count(json, "Ethnicity (NIH/OMB)", &ETHNICITIES, &[14, 78, 8], groups, random),
        Measure::Race => count(json, "Race (NIH/OMB)", &RACES, &[1, 14, 1, 13, 66, 2, 3], groups, random),
        Measure::Region => region(json, groups, study, random),
        Measure::Score(at) => {
            let scores = study.condition().scores;
            match scores.get(at) {
                Some(score) => json.string("title", score),
                None => {
                    let mut title = String::new();
                    study.topic.phrase(&mut title, random);
                    json.string("title", &names::capital(title));
                }
            }
            let middle = random.between(50, 900);
            mean(json, "units on a scale", groups, middle, middle / 4 + 1, random);
        }
    }
}

/// A mean and its standard deviation, in tenths.
fn mean(json: &mut Json, unit: &str, groups: &[u32], middle: i32, spread: i32, random: &mut Random) {
    json.string("paramType", "MEAN");
    json.string("dispersionType", "STANDARD_DEVIATION");
    json.string("unitOfMeasure", unit);
    let mut means: Vec<_> = groups.iter().map(|_| middle + random.between(-spread / 3, spread / 3)).collect();
    if means.len() > 1 {
        let sum: i64 = means.iter().zip(groups).map(|(&mean, &size)| i64::from(mean) * i64::from(size)).sum();
        let all: i64 = groups.iter().copied().map(i64::from).sum();
        means.push(i32::try_from(sum / all.max(1)).unwrap_or(middle));
    }
    json.objects("classes", [()], |json, ()| {
        json.objects("categories", [()], |json, ()| {
            json.objects("measurements", means.iter().enumerate(), |json, (at, &mean)| {
                json.plain("groupId", GroupId("BG", at));
                json.plain("value", Tenths(mean));
                json.plain("spread", Tenths(spread + random.between(0, spread / 4)));
            });
        });
    });
}

/// How many are of each kind: the kinds of a group add up to the group.
fn count(json: &mut Json, title: &str, kinds: &[&str], weights: &[u32], groups: &[u32], random: &mut Random) {
    json.string("title", title);
    json.string("paramType", "COUNT_OF_PARTICIPANTS");
    json.string("unitOfMeasure", "Participants");
    let shares: Vec<_> = groups.iter().map(|&size| share_out(size, weights, random)).collect();
    json.objects("classes", [()], |json, ()| {
        json.objects("categories", kinds.iter().enumerate(), |json, (at, kind)| {
            json.string("title", kind);
            row(json, &shares, at);
        });
    });
}

/// Where the participants were.
fn region(json: &mut Json, groups: &[u32], study: &Study, random: &mut Random) {
    json.string("title", "Region of Enrollment");
    json.string("paramType", "NUMBER");
    json.string("unitOfMeasure", "participants");
    let mut countries: Vec<_> = study.sites.iter().map(|site| site.place.country).collect();
    countries.dedup();
    if countries.is_empty() {
        countries.push(study.sponsor.country);
    }
    let weights = vec![1; countries.len()];
    let shares: Vec<_> = groups.iter().map(|&size| share_out(size, &weights, random)).collect();
    json.objects("classes", countries.iter().enumerate(), |json, (at, country)| {
        json.string("title", country);
        json.objects("categories", [()], |json, ()| row(json, &shares, at));
    });
}

/// The same kind in every group, and in all of them together.
fn row(json: &mut Json, shares: &[Vec<u32>], at: usize) {
    let counts = shares.iter().map(|share| share[at]);
    let total = (shares.len() > 1).then(|| counts.clone().sum::<u32>());
    measurements(json, "BG", counts.chain(total));
}
