//! `aggFilters`: the website's check boxes, `status:rec not,phase:3`.

use super::{ApiError, parameters::items};
use crate::{
    essie::{Context, Expr, Span, Target, Term},
    pieces::Piece,
};

/// A group of check boxes.
struct AggFilter {
    id: &'static str,
    options: &'static [(&'static str, &'static [Value])],
}

/// A value that some piece must have.
type Value = (Piece, &'static str);

const STATUS: Piece = Piece::named("OverallStatus");
const PHASE: Piece = Piece::named("Phase");
const STUDY_TYPE: Piece = Piece::named("StudyType");
const AGE: Piece = Piece::named("StdAge");
const SEX: Piece = Piece::named("Sex");
const LEAD: Piece = Piece::named("LeadSponsorClass");
const COLLABORATOR: Piece = Piece::named("CollaboratorClass");
const RESULTS: Piece = Piece::named("HasResults");

/// The groups. A study is taken when it has one of an option's values.
///
/// A sex stands for studies that take it, those of both sexes included; a funder may lead or collaborate; `other` is
/// every class of sponsor that has no check box of its own.
static FILTERS: [AggFilter; 10] = [
    AggFilter {
        id: "status",
        options: &[
            ("rec", &[(STATUS, "RECRUITING")]),
            ("not", &[(STATUS, "NOT_YET_RECRUITING")]),
            ("act", &[(STATUS, "ACTIVE_NOT_RECRUITING")]),
            ("com", &[(STATUS, "COMPLETED")]),
            ("ter", &[(STATUS, "TERMINATED")]),
            ("enr", &[(STATUS, "ENROLLING_BY_INVITATION")]),
            ("sus", &[(STATUS, "SUSPENDED")]),
            ("wit", &[(STATUS, "WITHDRAWN")]),
            ("unk", &[(STATUS, "UNKNOWN")]),
            ("ava", &[(STATUS, "AVAILABLE")]),
            ("nla", &[(STATUS, "NO_LONGER_AVAILABLE")]),
            ("tna", &[(STATUS, "TEMPORARILY_NOT_AVAILABLE")]),
            ("afm", &[(STATUS, "APPROVED_FOR_MARKETING")]),
        ],
    },
    AggFilter {
        id: "phase",
        options: &[
            ("0", &[(PHASE, "EARLY_PHASE1")]),
            ("1", &[(PHASE, "PHASE1")]),
            ("2", &[(PHASE, "PHASE2")]),
            ("3", &[(PHASE, "PHASE3")]),
            ("4", &[(PHASE, "PHASE4")]),
            ("NA", &[(PHASE, "NA")]),
        ],
    },
    AggFilter {
        id: "studyType",
        options: &[
            ("int", &[(STUDY_TYPE, "INTERVENTIONAL")]),
            ("obs", &[(STUDY_TYPE, "OBSERVATIONAL")]),
            ("obs_patreg", &[(Piece::named("PatientRegistry"), "true")]),
            ("exp", &[(STUDY_TYPE, "EXPANDED_ACCESS")]),
            ("exp_indiv", &[(Piece::named("ExpAccTypeIndividual"), "true")]),
            ("exp_inter", &[(Piece::named("ExpAccTypeIntermediate"), "true")]),
            ("exp_treat", &[(Piece::named("ExpAccTypeTreatment"), "true")]),
        ],
    },
    AggFilter {
        id: "ages",
        options: &[
            ("child", &[(AGE, "CHILD")]),
            ("adult", &[(AGE, "ADULT")]),
            ("older", &[(AGE, "OLDER_ADULT")]),
        ],
    },
    AggFilter {
        id: "sex",
        options: &[("f", &[(SEX, "FEMALE"), (SEX, "ALL")]), ("m", &[(SEX, "MALE"), (SEX, "ALL")])],
    },
    AggFilter { id: "healthy", options: &[("y", &[(Piece::named("HealthyVolunteers"), "true")])] },
    AggFilter {
        id: "results",
        options: &[("with", &[(RESULTS, "true")]), ("without", &[(RESULTS, "false")])],
    },
    AggFilter {
        id: "docs",
        options: &[
            ("prot", &[(Piece::named("LargeDocHasProtocol"), "true")]),
            ("sap", &[(Piece::named("LargeDocHasSAP"), "true")]),
            ("icf", &[(Piece::named("LargeDocHasICF"), "true")]),
        ],
    },
    AggFilter {
        id: "funderType",
        options: &[
            ("nih", &[(LEAD, "NIH"), (COLLABORATOR, "NIH")]),
            ("fed", &[(LEAD, "FED"), (COLLABORATOR, "FED")]),
            ("industry", &[(LEAD, "INDUSTRY"), (COLLABORATOR, "INDUSTRY")]),
            (
                "other",
                &[
                    (LEAD, "OTHER_GOV"),
                    (LEAD, "INDIV"),
                    (LEAD, "NETWORK"),
                    (LEAD, "AMBIG"),
                    (LEAD, "OTHER"),
                    (LEAD, "UNKNOWN"),
                    (COLLABORATOR, "OTHER_GOV"),
                    (COLLABORATOR, "INDIV"),
                    (COLLABORATOR, "NETWORK"),
                    (COLLABORATOR, "AMBIG"),
                    (COLLABORATOR, "OTHER"),
                    (COLLABORATOR, "UNKNOWN"),
                ],
            ),
        ],
    },
    AggFilter { id: "violation", options: &[("y", &[(Piece::named("FDAAA801Violation"), "true")])] },
];

/// Reads `id:key key,id:key`: one filter a group, in the order of the table, whatever order they were given in.
///
/// Any key of a group will do. A key that is none matches nothing; a group given twice counts as it was given last.
pub(super) fn filters(parameter: &str, text: &str) -> Result<Vec<Expr>, ApiError> {
    let mut checked: [Option<&str>; FILTERS.len()] = [None; FILTERS.len()];
    for (_, pair) in items(text) {
        let (id, keys) = pair.split_once(':').ok_or_else(|| ApiError::incorrect_format(parameter))?;
        if keys.trim().is_empty() {
            return Err(ApiError::incorrect_format(parameter));
        }
        let known = FILTERS.iter().position(|filter| filter.id == id);
        checked[known.ok_or_else(|| ApiError::invalid_value(parameter, id))?] = Some(keys);
    }
    let groups = FILTERS.iter().zip(checked);
    Ok(groups.filter_map(|(filter, keys)| Some(filter.any_of(keys?))).collect())
}

impl AggFilter {
    /// What asks for any of these options: every value once, in the order of the table.
    fn any_of(&self, keys: &str) -> Expr {
        let is_checked = |key: &str| keys.split_ascii_whitespace().any(|checked| checked == key);
        let mut values: Vec<Value> = Vec::new();
        for (_, option) in self.options.iter().filter(|(key, _)| is_checked(key)) {
            values.extend(option.iter().filter(|value| !values.contains(value)).copied().collect::<Vec<_>>());
        }
        Expr::any(values.into_iter().map(asks_for).collect())
    }
}

fn asks_for((piece, value): Value) -> Expr {
    let term = Term { text: value.to_owned(), quoted: true, span: Span::default() };
    Expr::In(Context::Area(Target::Piece(piece)), Expr::Term(term).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_asked_for_is_one_of_its_piece() {
        for (piece, value) in FILTERS.iter().flat_map(|filter| filter.options).flat_map(|(_, values)| *values)
        {
            match piece.enumeration() {
                Some(known) => {
                    assert!(known.values.iter().any(|known| known.value == *value), "{piece:?} {value}");
                }
                None => assert!(value.parse::<bool>().is_ok(), "{piece:?} {value}"),
            }
        }
    }

    #[test]
    fn every_class_of_sponsor_is_under_some_funder() {
        let funders = FILTERS.iter().find(|filter| filter.id == "funderType").unwrap();
        for piece in [LEAD, COLLABORATOR] {
            for value in piece.enumeration().unwrap().values {
                let options =
                    funders.options.iter().filter(|(_, values)| values.contains(&(piece, value.value)));
                assert_eq!(options.count(), 1, "{piece:?} {}", value.value);
            }
        }
    }
}
