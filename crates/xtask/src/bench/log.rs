//! A log of requests to `/api/v2`, as many clients send them: the benchmark's questions, mixed.
//!
//! Kinds of questions come as often as `requestsPerHundred` says, each kind's questions one after the other; what is
//! left of the hundred asks for one whole study. Phrases that more than a twentieth of the studies have are left out: what
//! people quote is particular. Lists of hits show a few fields, as a list on a screen does, unless the
//! question wants the records.

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// What a list of hits shows.
const FIELDS: &str = "NCTId,BriefTitle,OverallStatus,Condition,InterventionName,LeadSponsorName";
const HUNDRED: usize = 100;

/// The paths of a log of these questions about so many studies, and of requests for the studies `ids`, until each was
/// asked once.
pub(crate) fn paths(questions: &[Value], studies: u32, ids: &[String]) -> anyhow::Result<Vec<String>> {
    let mut kinds: Vec<(&str, Kind)> = Vec::new();
    for question in questions {
        let is_phrase = !question["of"]["phrase"].is_null();
        if is_phrase && question["studies"].as_u64().context("studies")? > u64::from(studies / 20) {
            continue;
        }
        let turns = question["requestsPerHundred"].as_u64().context("requestsPerHundred")? as usize;
        if turns == 0 {
            continue;
        }
        let (name, path) =
            (question["kind"].as_str().context("kind")?, path(question).context("parameters")?);
        match kinds.iter_mut().find(|(known, _)| *known == name) {
            Some((_, kind)) => kind.paths.push(path),
            None => kinds.push((name, Kind { turns, paths: vec![path] })),
        }
    }
    let taken: usize = kinds.iter().map(|(_, kind)| kind.turns).sum();
    ensure!(taken < HUNDRED && !ids.is_empty(), "a log asks for studies, too");
    let paths = ids.iter().map(|id| format!("/api/v2/studies/{id}")).collect();
    kinds.push(("study", Kind { turns: HUNDRED - taken, paths }));
    let hundreds = kinds.iter().map(|(_, kind)| kind.paths.len().div_ceil(kind.turns)).max().unwrap_or(0);
    let mut log = Vec::with_capacity(hundreds * HUNDRED);
    for hundred in 0..hundreds {
        let turns = kinds.iter().flat_map(|(_, kind)| kind.turn(hundred));
        let turns: Vec<&str> = turns.collect();
        // One kind after the other would be no mixture; 37 and 100 have no divisor in common.
        log.extend((0..HUNDRED).map(|at| turns[at * 37 % HUNDRED].to_owned()));
    }
    Ok(log)
}

/// One kind of requests.
struct Kind {
    /// How many of a hundred.
    turns: usize,
    paths: Vec<String>,
}

impl Kind {
    /// Its requests among the n-th hundred.
    fn turn(&self, hundred: usize) -> impl Iterator<Item = &str> {
        let start = hundred * self.turns;
        (start..start + self.turns).map(|at| self.paths[at % self.paths.len()].as_str())
    }
}

/// The address of a question that asks for a page.
fn path(question: &Value) -> Option<String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for pair in question["parameters"].as_array()? {
        query.append_pair(pair[0].as_str()?, pair[1].as_str()?);
    }
    if question["withRecords"] == false {
        query.append_pair("fields", FIELDS);
    }
    Some(format!("/api/v2/studies?{}", query.finish()))
}
