//! Search areas: which pieces of a study a query looks at, and how much each counts.
//!
//! The table is ClinicalTrials.gov's own (`/api/v2/studies/search-areas`), for the areas that word search serves.
//! Parts over closed vocabularies (phase, status, design) are left out: words do not search them, filters do.

use crate::pieces::{self, Piece};

/// A named group of weighted pieces, searched together.
#[derive(Debug)]
pub struct Area {
    /// The name the registry uses, `ConditionSearch`.
    pub name: &'static str,
    /// What the website calls it, used in error messages: `Conditions or disease`.
    pub label: &'static str,
    /// The parts, heaviest first as the registry lists them.
    pub parts: &'static [Part],
}

/// Pieces of one weight within an area.
#[derive(Debug)]
pub struct Part {
    /// How much a word found here counts, above 0 and at most 1.
    pub weight: f32,
    /// The pieces searched.
    pub pieces: &'static [Piece],
}

impl Area {
    /// Every piece of the area with its weight.
    pub fn pieces(&self) -> impl Iterator<Item = (Piece, f32)> {
        self.parts.iter().flat_map(|part| part.pieces.iter().map(|piece| (*piece, part.weight)))
    }
}

impl PartialEq for Area {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Area {}

/// Everything people usually look for (`query.term`).
pub static BASIC: Area = Area {
    name: "BasicSearch",
    label: "Other terms",
    parts: &[
        Part { weight: 1.0, pieces: &[pieces::NCT_ID] },
        Part { weight: 1.0, pieces: &[pieces::ACRONYM] },
        Part { weight: 0.89, pieces: &[pieces::BRIEF_TITLE] },
        Part { weight: 0.85, pieces: &[pieces::OFFICIAL_TITLE] },
        Part { weight: 0.81, pieces: &[pieces::CONDITION] },
        Part { weight: 0.8, pieces: &[pieces::INTERVENTION_NAME] },
        Part { weight: 0.75, pieces: &[pieces::INTERVENTION_OTHER_NAME] },
        Part { weight: 0.6, pieces: &[pieces::PRIMARY_OUTCOME_MEASURE, pieces::KEYWORD] },
        Part { weight: 0.6, pieces: &[pieces::BRIEF_SUMMARY] },
        Part { weight: 0.5, pieces: &[pieces::ARM_GROUP_LABEL, pieces::SECONDARY_OUTCOME_MEASURE] },
        Part { weight: 0.45, pieces: &[pieces::INTERVENTION_DESCRIPTION, pieces::ARM_GROUP_DESCRIPTION] },
        Part { weight: 0.4, pieces: &[pieces::PRIMARY_OUTCOME_DESCRIPTION] },
        Part {
            weight: 0.4,
            pieces: &[
                pieces::LEAD_SPONSOR_NAME,
                pieces::ORG_STUDY_ID,
                pieces::SECONDARY_ID,
                pieces::NCT_ID_ALIAS,
            ],
        },
        Part { weight: 0.35, pieces: &[pieces::SECONDARY_OUTCOME_DESCRIPTION] },
        Part {
            weight: 0.35,
            pieces: &[
                pieces::LOCATION_FACILITY,
                pieces::LOCATION_STATE,
                pieces::LOCATION_COUNTRY,
                pieces::LOCATION_CITY,
            ],
        },
        Part { weight: 0.3, pieces: &[pieces::BIO_SPEC_DESCRIPTION] },
        Part {
            weight: 0.3,
            pieces: &[
                pieces::RESPONSIBLE_PARTY_INVESTIGATOR_FULL_NAME,
                pieces::RESPONSIBLE_PARTY_INVESTIGATOR_TITLE,
                pieces::RESPONSIBLE_PARTY_INVESTIGATOR_AFFILIATION,
                pieces::RESPONSIBLE_PARTY_OLD_NAME_TITLE,
                pieces::RESPONSIBLE_PARTY_OLD_ORGANIZATION,
                pieces::OVERALL_OFFICIAL_AFFILIATION,
                pieces::OVERALL_OFFICIAL_ROLE,
                pieces::OVERALL_OFFICIAL_NAME,
                pieces::CENTRAL_CONTACT_NAME,
                pieces::CONDITION_MESH_TERM,
                pieces::INTERVENTION_MESH_TERM,
            ],
        },
        Part { weight: 0.25, pieces: &[pieces::CONDITION_ANCESTOR_TERM, pieces::INTERVENTION_ANCESTOR_TERM] },
        Part { weight: 0.25, pieces: &[pieces::COLLABORATOR_NAME] },
        Part { weight: 0.15, pieces: &[pieces::OTHER_OUTCOME_MEASURE, pieces::OUTCOME_MEASURE_TITLE] },
        Part {
            weight: 0.1,
            pieces: &[pieces::OTHER_OUTCOME_DESCRIPTION, pieces::OUTCOME_MEASURE_DESCRIPTION],
        },
        Part { weight: 0.1, pieces: &[pieces::LOCATION_CONTACT_NAME] },
    ],
};

/// What is studied (`query.cond`).
pub static CONDITION: Area = Area {
    name: "ConditionSearch",
    label: "Conditions or disease",
    parts: &[
        Part { weight: 0.95, pieces: &[pieces::CONDITION] },
        Part { weight: 0.6, pieces: &[pieces::BRIEF_TITLE] },
        Part { weight: 0.55, pieces: &[pieces::OFFICIAL_TITLE] },
        Part { weight: 0.5, pieces: &[pieces::CONDITION_MESH_TERM] },
        Part { weight: 0.4, pieces: &[pieces::CONDITION_ANCESTOR_TERM] },
        Part { weight: 0.3, pieces: &[pieces::KEYWORD] },
        Part { weight: 0.2, pieces: &[pieces::NCT_ID] },
    ],
};

/// What is done or given (`query.intr`).
pub static INTERVENTION: Area = Area {
    name: "InterventionSearch",
    label: "Intervention / treatment",
    parts: &[
        Part { weight: 0.95, pieces: &[pieces::INTERVENTION_NAME] },
        Part { weight: 0.75, pieces: &[pieces::INTERVENTION_OTHER_NAME] },
        Part { weight: 0.65, pieces: &[pieces::BRIEF_TITLE] },
        Part { weight: 0.6, pieces: &[pieces::OFFICIAL_TITLE] },
        Part { weight: 0.5, pieces: &[pieces::ARM_GROUP_LABEL] },
        Part { weight: 0.5, pieces: &[pieces::INTERVENTION_MESH_TERM] },
        Part { weight: 0.5, pieces: &[pieces::KEYWORD] },
        Part { weight: 0.4, pieces: &[pieces::INTERVENTION_ANCESTOR_TERM] },
        Part { weight: 0.4, pieces: &[pieces::INTERVENTION_DESCRIPTION] },
        Part { weight: 0.4, pieces: &[pieces::ARM_GROUP_DESCRIPTION] },
    ],
};

/// Titles and acronym (`query.titles`).
pub static TITLE: Area = Area {
    name: "TitleSearch",
    label: "Title / acronym",
    parts: &[
        Part { weight: 0.99, pieces: &[pieces::ACRONYM] },
        Part { weight: 0.95, pieces: &[pieces::BRIEF_TITLE] },
        Part { weight: 0.8, pieces: &[pieces::OFFICIAL_TITLE] },
    ],
};

/// Who runs or funds it (`query.spons`).
pub static SPONSOR: Area = Area {
    name: "SponsorSearch",
    label: "Sponsor / collaborator",
    parts: &[
        Part { weight: 0.99, pieces: &[pieces::LEAD_SPONSOR_NAME] },
        Part { weight: 0.9, pieces: &[pieces::COLLABORATOR_NAME] },
        Part { weight: 0.6, pieces: &[pieces::ORG_FULL_NAME] },
    ],
};

/// Every area that word search serves.
pub static ALL: [&Area; 5] = [&BASIC, &CONDITION, &INTERVENTION, &TITLE, &SPONSOR];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_fractions_and_pieces_stand_once_in_an_area() {
        for area in ALL {
            let mut names: Vec<_> = area.pieces().map(|(piece, _)| piece.name()).collect();
            assert!(area.pieces().all(|(_, weight)| weight > 0.0 && weight <= 1.0), "{}", area.name);
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}", area.name);
        }
    }
}
