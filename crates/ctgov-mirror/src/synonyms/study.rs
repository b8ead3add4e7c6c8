//! What one study says about words that mean the same.

use super::{
    abbreviation,
    phrases::Medicine,
    statement::{Statement, StatementKind},
};
use ctgov::{pieces::Piece, text::for_each_word};
use serde_json::Value;
use std::collections::HashSet;

/// Most statements of one study, and how many of them may be names of interventions.
const STATEMENTS_MAX: usize = 96;
const NAMES_MAX: usize = 64;

/// Longest text that is searched for abbreviations, in bytes.
const TEXT_BYTES_MAX: usize = 20_000;

/// Where abbreviations are introduced, and where their users are counted.
pub(crate) const TEXTS: [Piece; 5] = [
    Piece::named("BriefTitle"),
    Piece::named("OfficialTitle"),
    Piece::named("Condition"),
    Piece::named("Keyword"),
    Piece::named("BriefSummary"),
];

/// The interventions that are named like medicines.
const MEDICINE_TYPES: [&str; 5] =
    ["DRUG", "BIOLOGICAL", "GENETIC", "DIETARY_SUPPLEMENT", "COMBINATION_PRODUCT"];

/// What `study` says: each pair of phrases once, in the order of the record.
pub fn statements_of(study: &Value) -> Vec<Statement> {
    let mut statements = Statements::default();
    conditions(study, &mut statements);
    interventions(study, &mut statements);
    abbreviations(study, &mut statements);
    statements.all
}

#[derive(Default)]
struct Statements {
    all: Vec<Statement>,
    /// What was said already, as words.
    said: HashSet<(StatementKind, String, String)>,
}

impl Statements {
    fn say(&mut self, kind: StatementKind, phrase: &str, other: &str) {
        let full = self.all.len() >= if kind == StatementKind::Name { NAMES_MAX } else { STATEMENTS_MAX };
        let Some(statement) = Statement::new(kind, phrase, other).filter(|_| !full) else { return };
        let (mut a, mut b) = (joined_words(&statement.phrase), joined_words(&statement.other));
        let says_nothing = a == b && !matches!(kind, StatementKind::Condition | StatementKind::Intervention);
        if kind == StatementKind::Name && b < a {
            std::mem::swap(&mut a, &mut b);
        }
        if !says_nothing && self.said.insert((kind, a, b)) {
            self.all.push(statement);
        }
    }
}

/// The words of a text, with spaces between.
pub(super) fn joined_words(text: &str) -> String {
    let mut words = String::new();
    join_words(text, &mut words);
    words
}

/// Replaces `joined` by the words of `text`, with spaces between.
pub(super) fn join_words(text: &str, joined: &mut String) {
    joined.clear();
    for_each_word(text, |word| {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    });
}

/// The only value of a piece.
fn only(study: &Value, piece: Piece) -> Option<&str> {
    let mut values = Vec::new();
    piece.for_each_value(study, |value| values.extend(value.as_str()));
    <[&str; 1]>::try_from(values).ok().map(|[only]| only)
}

fn conditions(study: &Value, statements: &mut Statements) {
    const CONDITION: Piece = Piece::named("Condition");
    const TERM: Piece = Piece::named("ConditionMeshTerm");
    let (Some(condition), Some(term)) = (only(study, CONDITION), only(study, TERM)) else { return };
    // `Heart Failure (HF)` is heart failure; that it is HF, too, is another statement.
    let mut long_form = None;
    abbreviation::for_each(condition, |long, _| long_form = Some(long.to_owned()));
    let starts_with = |long: &String| condition.starts_with(long.as_str()) && condition.ends_with([')', ']']);
    let condition = long_form.filter(starts_with).unwrap_or_else(|| condition.to_owned());
    statements.say(StatementKind::Condition, &condition, term);
}

fn interventions(study: &Value, statements: &mut Statements) {
    const TERM: Piece = Piece::named("InterventionMeshTerm");
    let all = study.pointer("/protocolSection/armsInterventionsModule/interventions");
    let all = all.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_medicine = |intervention: &&Value| {
        intervention["type"].as_str().is_some_and(|kind| MEDICINE_TYPES.contains(&kind))
    };
    for intervention in all.iter().filter(is_medicine) {
        let Some(medicine) = intervention["name"].as_str().and_then(Medicine::of) else { continue };
        if all.len() == 1
            && let Some(term) = only(study, TERM)
        {
            statements.say(StatementKind::Intervention, &medicine.name, term);
        }
        let others = intervention["otherNames"].as_array().map_or(&[][..], Vec::as_slice);
        let others = others.iter().filter_map(|other| Medicine::of(other.as_str()?));
        let name = medicine.name.clone();
        for Medicine { name: other, salt } in std::iter::once(medicine).chain(others) {
            statements.say(StatementKind::Name, &name, &other);
            if let Some(salt) = salt {
                statements.say(StatementKind::Name, &other, &salt);
            }
        }
    }
}

fn abbreviations(study: &Value, statements: &mut Statements) {
    for piece in TEXTS {
        piece.for_each_value(study, |value| {
            let text = value.as_str().unwrap_or_default();
            let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
            abbreviation::for_each(text, |long, short| {
                statements.say(StatementKind::Abbreviation, long, short);
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(study: &Value) -> Vec<String> {
        let all = statements_of(study).into_iter();
        all.map(|statement| statement.to_term().replace('\t', "|")).collect()
    }

    #[test]
    fn a_study_says_what_its_condition_its_medicines_and_its_abbreviations_are() {
        let study = json!({
            "protocolSection": {
                "identificationModule": {"briefTitle": "Non-Small Cell Lung Cancer (NSCLC)"},
                "descriptionModule": {"briefSummary": "In non-small-cell lung cancer (NSCLC) overall survival (OS)"},
                "conditionsModule": {"conditions": ["Heart Failure (HF)"]},
                "armsInterventionsModule": {"interventions": [
                    {"type": "DRUG", "name": "Imatinib Mesylate 100 mg", "otherNames": ["Gleevec®", "placebo", "gleevec"]},
                    {"type": "BEHAVIORAL", "name": "Walking", "otherNames": ["Strolling"]},
                ]},
            },
            "derivedSection": {
                "conditionBrowseModule": {"meshes": [{"id": "D006333", "term": "Heart Failure"}]},
                "interventionBrowseModule": {"meshes": [{"id": "D000068877", "term": "Imatinib Mesylate"}]},
            },
        });
        assert_eq!(
            said(&study),
            [
                "c|Heart Failure|Heart Failure",
                "n|Imatinib|Imatinib Mesylate",
                "n|Imatinib|Gleevec",
                "a|Non-Small Cell Lung Cancer|NSCLC",
                "a|Heart Failure|HF",
                "a|overall survival|OS",
            ]
        );
    }

    #[test]
    fn a_study_does_not_say_more_than_can_be_kept() {
        let others: Vec<String> = (0..500).map(|number| format!("name{number}")).collect();
        let summary: String =
            ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| format!("{a}aaa {b}bbb ({a}{b}). "))).collect();
        let study = json!({"protocolSection": {
            "descriptionModule": {"briefSummary": summary},
            "armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": "aspirin", "otherNames": others}]},
        }});
        let said = said(&study);
        assert_eq!(said.len(), STATEMENTS_MAX);
        assert!(said[NAMES_MAX].starts_with("a|"), "{}", said[NAMES_MAX]);
        for odd in
            [json!(null), json!({"protocolSection": {"armsInterventionsModule": {"interventions": [3, {}]}}})]
        {
            assert_eq!(statements_of(&odd), []);
        }
    }
}
