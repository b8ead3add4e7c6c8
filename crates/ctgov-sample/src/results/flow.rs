//! Who began the study, who stayed and who left?

use super::{Group, GroupId, REASONS, Results, list_groups};
use crate::calibration::RECRUITMENT_WORDS;
use crate::design::Scheme;
use crate::json::Json;
use crate::random::Random;
use crate::study::Study;
use crate::vocabulary::sentences::RECRUITED;

pub(super) fn write(json: &mut Json, results: &Results, study: &Study, random: &mut Random) {
    for (name, percent) in [("preAssignmentDetails", 45), ("recruitmentDetails", 55)] {
        if random.chance(percent) {
            let words = RECRUITMENT_WORDS.draw(random);
            json.string(name, &study.topic.text(RECRUITED, words, random));
        }
    }
    list_groups(json, "FG", &results.groups, false);
    // Participants of a crossover get one thing after the other.
    let crossover = study.trial().is_some_and(|trial| trial.scheme == Scheme::Crossover);
    let periods: &[&str] =
        if crossover { &["First Intervention", "Second Intervention"] } else { &["Overall Study"] };
    json.objects("periods", periods.iter().enumerate(), |json, (at, title)| {
        json.string("title", title);
        period(json, results, at == 0, random);
    });
}

/// Everyone who leaves does so in the first period.
fn period(json: &mut Json, results: &Results, first: bool, random: &mut Random) {
    let groups = &results.groups;
    let begun = |group: &Group| if first { group.started } else { group.completed() };
    let gone = |group: &Group| if first { group.not_completed() } else { 0 };
    let treated = first && random.chance(18);
    json.objects("milestones", 0..if treated { 4 } else { 3 }, |json, line| {
        let line = if treated { line } else { [0, 2, 3][line] };
        json.string("type", ["STARTED", "Received at Least One Dose", "COMPLETED", "NOT COMPLETED"][line]);
        json.objects("achievements", groups.iter().enumerate(), |json, (at, group)| {
            json.plain("groupId", GroupId("FG", at));
            let count = match line {
                0 => begun(group),
                // Those who left before it left for the first reason.
                1 => group.started - group.left[0] / 2,
                2 => group.completed(),
                _ => gone(group),
            };
            json.plain("numSubjects", count);
        });
    });
    let occurred: Vec<_> =
        (0..results.reasons).filter(|&at| first && groups.iter().any(|group| group.left[at] > 0)).collect();
    if !occurred.is_empty() {
        json.objects("dropWithdraws", occurred, |json, reason| {
            json.string("type", REASONS[reason]);
            json.objects("reasons", groups.iter().enumerate(), |json, (at, group)| {
                json.plain("groupId", GroupId("FG", at));
                json.plain("numSubjects", group.left[reason]);
            });
        });
    }
}
