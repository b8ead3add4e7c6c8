//! What else happened to the participants?
//!
//! Two lists of findings, serious ones and others, with how many of each group had them. Nobody is counted
//! who was not at risk, and a group's total is neither below its most frequent finding nor above the sum
//! of all.

use super::{Group, GroupId, Results};
use crate::calibration::{OTHER_EVENTS, SERIOUS_EVENTS};
use crate::json::Json;
use crate::random::Random;
use crate::study::Study;
use crate::vocabulary::findings::{FINDINGS, FORMS, finding};
use crate::vocabulary::sentences::ANALYSED;

/// Findings of one list and who had them.
struct Findings {
    /// Places in the table of findings.
    kinds: Vec<usize>,
    /// For each finding, how many of each group had it.
    affected: Vec<Vec<u32>>,
}

pub(super) fn write(json: &mut Json, results: &Results, study: &Study, random: &mut Random) {
    let groups = &results.groups;
    let everyone: u32 = groups.iter().map(|group| group.started).sum();
    // A handful of people does not have hundreds of findings.
    let most = 8 + 3 * everyone as usize;
    let serious = Findings::of(SERIOUS_EVENTS.draw(random).min(most / 2), 4, groups, random);
    let other = Findings::of(OTHER_EVENTS.draw(random).min(most), 40, groups, random);

    json.string("frequencyThreshold", random.pick(&["0", "5", "5", "3"]));
    if random.chance(85) {
        json.string("timeFrame", "From the first dose to 30 days after the last");
    }
    if random.chance(45) {
        json.string("description", &study.topic.text(ANALYSED, 22, random));
    }
    let deaths = random.chance(72);
    json.objects("eventGroups", groups.iter().enumerate(), |json, (at, group)| {
        json.plain("id", GroupId("EG", at));
        json.string("title", &group.title);
        json.string("description", &group.description);
        if deaths {
            let most = i32::try_from(group.started / 20).unwrap_or(0);
            json.number("deathsNumAffected", random.between(0, most).unsigned_abs());
            json.number("deathsNumAtRisk", group.started);
        }
        json.number("seriousNumAffected", serious.in_group(at, group.started, random));
        json.number("seriousNumAtRisk", group.started);
        json.number("otherNumAffected", other.in_group(at, group.started, random));
        json.number("otherNumAtRisk", group.started);
    });
    let vocabulary = random.pick(&["MedDRA 26.0", "MedDRA 23.1", "MedDRA 19.0", "MedDRA", "CTCAE (5.0)"]);
    let assessment = random.weighted(&[(70, "SYSTEMATIC_ASSESSMENT"), (30, "NON_SYSTEMATIC_ASSESSMENT")]);
    let counts = random.chance(75);
    for (name, list) in [("seriousEvents", &serious), ("otherEvents", &other)] {
        if list.kinds.is_empty() {
            continue;
        }
        json.objects(name, list.kinds.iter().zip(&list.affected), |json, (&kind, affected)| {
            let (term, form, organ) = finding(kind);
            json.plain("term", format_args!("{term}{form}"));
            json.string("organSystem", organ);
            json.string("sourceVocabulary", vocabulary);
            json.string("assessmentType", assessment);
            json.objects(
                "stats",
                affected.iter().zip(groups).enumerate(),
                |json, (at, (&affected, group))| {
                    json.plain("groupId", GroupId("EG", at));
                    if counts {
                        let again = if affected == 0 { 0 } else { random.between(0, 3).unsigned_abs() };
                        json.number("numEvents", affected + again);
                    }
                    json.number("numAffected", affected);
                    json.number("numAtRisk", group.started);
                },
            );
        });
    }
}

impl Findings {
    /// So many different findings, frequent ones more often, of which the most frequent one had up to so
    /// many of a hundred people.
    fn of(count: usize, percent_max: i32, groups: &[Group], random: &mut Random) -> Self {
        let table = FINDINGS.len() * FORMS.len();
        let count = count.min(table);
        let mut taken = vec![false; if count > 0 { table } else { 0 }];
        let mut list = Self { kinds: Vec::with_capacity(count), affected: Vec::with_capacity(count) };
        for _ in 0..count {
            let mut kind = random.favourite(table);
            while taken[kind] {
                kind = (kind + 1) % table;
            }
            taken[kind] = true;
            let often = random.between(0, percent_max) * random.between(0, 100);
            let mut affected: Vec<_> = groups
                .iter()
                .map(|group| {
                    let often = u64::from(random.between(often / 2, often).unsigned_abs());
                    u32::try_from(u64::from(group.started) * often / 10_000).unwrap_or(0)
                })
                .collect();
            if affected.iter().all(|&count| count == 0) {
                // Nothing is listed that nobody had; every group has somebody.
                affected[random.below(groups.len())] = 1;
            }
            list.kinds.push(kind);
            list.affected.push(affected);
        }
        list
    }

    /// How many of a group had any of the findings.
    fn in_group(&self, group: usize, at_risk: u32, random: &mut Random) -> u32 {
        let counts = self.affected.iter().map(|affected| affected[group]);
        let (least, sum) = (counts.clone().max().unwrap_or(0), counts.sum::<u32>());
        let (least, most) = (i32::try_from(least).unwrap_or(0), i32::try_from(sum.min(at_risk)).unwrap_or(0));
        random.between(least, most).unsigned_abs()
    }
}
