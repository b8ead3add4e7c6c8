//! What did a study find?
//!
//! [`Results`] holds the numbers that the parts of a results section must agree on: the groups, how many
//! participants each began with, and how many left and why. They add up to the enrollment. Each part has
//! a file, which makes up the rest and writes it down.
//!
//! ```text
//! enrollment, arms ─▶ Results ─┬▶ flow      who began, stayed and left
//!                              ├▶ baseline  who they were
//!                              ├▶ measures  the outcomes of the protocol, with their numbers
//!                              ├▶ events    what else happened to them
//!                              └▶ remarks   limits, agreements, whom to ask
//! ```

mod baseline;
mod events;
mod flow;
mod measures;
mod remarks;

use std::fmt;

use crate::calibration::DROPPED_PERCENT;
use crate::design::{Arm, Groups};
use crate::json::Json;
use crate::prose::Outcomes;
use crate::random::Random;
use crate::study::Study;

/// The longest description of a group, in bytes; the registry allows 1,500 characters.
const DESCRIPTION_BYTES_MAX: usize = 1_400;

/// Why participants left, the usual reasons first.
const REASONS: [&str; 10] = [
    "Withdrawal by Subject",
    "Lost to Follow-up",
    "Adverse Event",
    "Protocol Violation",
    "Physician Decision",
    "Lack of Efficacy",
    "Death",
    "Non-compliance",
    "Pregnancy",
    "Other",
];

/// The participants of a study that has reported.
#[derive(Debug)]
pub(crate) struct Results {
    groups: Vec<Group>,
    /// How many of [`REASONS`] occurred at all.
    reasons: usize,
}

/// A group of participants from the first day to the last.
#[derive(Debug)]
struct Group {
    title: String,
    description: String,
    started: u32,
    /// Who left, by reason.
    left: Vec<u32>,
}

impl Group {
    fn not_completed(&self) -> u32 {
        self.left.iter().sum()
    }

    fn completed(&self) -> u32 {
        self.started - self.not_completed()
    }
}

impl Results {
    /// The groups of a study with this many participants, who must be one at least.
    pub(crate) fn of(enrolled: u32, groups: &Groups, random: &mut Random) -> Self {
        let arms = groups.arms.len();
        // Where there are hardly more people than arms, they are reported together.
        let apart = arms > 1 && enrolled as usize >= 3 * arms;
        let sizes = share_out(enrolled, &vec![1; if apart { arms } else { 1 }], random);
        let percent = u32::try_from(DROPPED_PERCENT.draw(random)).unwrap_or_default();
        let reasons = usize::try_from(random.between(1, 8)).unwrap_or(1);
        let weights: Vec<_> = (1..).map(|rank| 60 / rank).take(reasons).collect();
        let brief = random.chance(40);
        let groups = sizes.into_iter().enumerate().map(|(at, started)| {
            let spread = u32::try_from(random.between(60, 140)).unwrap_or(100);
            let dropped = (started * percent / 100 * spread / 100).min(started);
            let left = share_out(dropped, &weights, random);
            match groups.arms.get(at).filter(|_| apart || arms == 1) {
                Some(arm) => Group {
                    title: arm.label.clone(),
                    description: if brief { arm.description.clone() } else { in_full(arm, groups) },
                    started,
                    left,
                },
                None => Group {
                    title: "All Participants".to_owned(),
                    description: "Everyone who was enrolled, whichever group they were in.".to_owned(),
                    started,
                    left,
                },
            }
        });
        Self { groups: groups.collect(), reasons }
    }
}

/// An arm and what was given in it.
fn in_full(arm: &Arm, groups: &Groups) -> String {
    let mut text = arm.description.clone();
    for &at in &arm.given {
        let given = &groups.given[at];
        text.push_str("\n\n");
        text.push_str(&given.name);
        text.push_str(": ");
        text.push_str(&given.description);
    }
    text.truncate(text.floor_char_boundary(DESCRIPTION_BYTES_MAX));
    text
}

/// Writes the results section.
pub(crate) fn write(
    json: &mut Json,
    results: &Results,
    study: &Study,
    outcomes: &Outcomes,
    random: &mut Random,
) {
    json.object("participantFlowModule", |json| flow::write(json, results, study, random));
    json.object("baselineCharacteristicsModule", |json| baseline::write(json, results, study, random));
    json.object("outcomeMeasuresModule", |json| measures::write(json, results, study, outcomes, random));
    json.object("adverseEventsModule", |json| events::write(json, results, study, random));
    json.object("moreInfoModule", |json| remarks::write(json, study, random));
}

/// Shares a number out by weights, with some chance: the shares add up to it.
fn share_out(total: u32, weights: &[u32], random: &mut Random) -> Vec<u32> {
    let (mut left, mut weight_left) = (total, weights.iter().sum::<u32>());
    let mut shares = Vec::with_capacity(weights.len());
    for (at, &weight) in weights.iter().enumerate() {
        let last = at + 1 == weights.len();
        let fair = u64::from(left) * u64::from(weight) / u64::from(weight_left.max(1));
        let spread = u64::from(random.between(85, 115).unsigned_abs());
        // Rounded by chance, so that rare kinds of few people are not always nobody.
        let chance = u64::from(random.between(0, 99).unsigned_abs());
        let share =
            if last { left } else { u32::try_from((fair * spread + chance) / 100).unwrap_or(left).min(left) };
        shares.push(share);
        left -= share;
        weight_left -= weight;
    }
    shares
}

/// `OG001`: how a part of the results refers to a group.
struct GroupId(&'static str, usize);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:03}", self.0, self.1)
    }
}

/// A number in tenths: `-3.5`.
struct Tenths(i32);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{}", self.0.abs() / 10, self.0.abs() % 10)
    }
}

/// The groups as a part of the results lists them.
fn list_groups(json: &mut Json, prefix: &'static str, groups: &[Group], total: bool) {
    let total = total.then_some(("Total", "Total of all reporting groups"));
    let texts = groups.iter().map(|group| (group.title.as_str(), group.description.as_str())).chain(total);
    json.objects("groups", texts.enumerate(), |json, (at, (title, description))| {
        json.plain("id", GroupId(prefix, at));
        json.string("title", title);
        json.string("description", description);
    });
}

/// How many participants the numbers that follow are about, by group.
fn denominators(json: &mut Json, prefix: &'static str, counts: &[u32]) {
    json.objects("denoms", [()], |json, ()| {
        json.string("units", "Participants");
        json.objects("counts", counts.iter().enumerate(), |json, (at, count)| {
            json.plain("groupId", GroupId(prefix, at));
            json.plain("value", count);
        });
    });
}

/// A line of whole numbers, one for each group.
fn measurements(json: &mut Json, prefix: &'static str, values: impl IntoIterator<Item = u32>) {
    json.objects("measurements", values.into_iter().enumerate(), |json, (at, value)| {
        json.plain("groupId", GroupId(prefix, at));
        json.plain("value", value);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        let mut random = Random::of_study(0, 1);
        for total in [0, 1, 2, 7, 100, 2_000_000] {
            for weights in [&[1][..], &[1, 1], &[60, 30, 20, 15], &[0, 1, 0]] {
                let shares = share_out(total, weights, &mut random);
                assert_eq!((shares.iter().sum::<u32>(), shares.len()), (total, weights.len()), "{shares:?}");
            }
        }
        let halves = share_out(1_000, &[1, 1], &mut random);
        assert!(halves.iter().all(|half| (420..=580).contains(half)), "{halves:?}");
    }

    #[test]
    fn tenths_are_written_with_their_sign() {
        let written = [-35, -5, 0, 7, 120].map(|number| Tenths(number).to_string());
        assert_eq!(written, ["-3.5", "-0.5", "0.0", "0.7", "12.0"]);
    }
}
