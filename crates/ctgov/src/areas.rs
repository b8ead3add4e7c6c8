//! Search areas: which pieces of a study a query looks at, and how much each counts.
//!
//! The table is ClinicalTrials.gov's own (`/api/v2/studies/search-areas`).

mod table;

use crate::pieces::Piece;
pub use table::*;

/// A named group of weighted pieces, searched together.
#[derive(Debug)]
pub struct Area {
    /// The name the registry uses, `ConditionSearch`.
    pub name: &'static str,
    /// What its parameter is called after `query.`, if it has one: `cond`.
    pub param: Option<&'static str>,
    /// What the website calls it, used in error messages: `Conditions or disease`.
    pub label: Option<&'static str>,
    /// The parts, heaviest first as the registry lists them.
    pub parts: &'static [Part],
}

/// Pieces of one weight within an area.
#[derive(Debug)]
pub struct Part {
    /// How much a word found here counts, above 0 and at most 1.
    pub weight: f32,
    /// Whether words also find their synonyms here.
    pub synonyms: bool,
    /// The pieces searched.
    pub pieces: &'static [Piece],
}

const fn part(weight: f32, synonyms: bool, pieces: &'static [Piece]) -> Part {
    Part { weight, synonyms, pieces }
}

impl Area {
    /// The area of this name. Case matters.
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|area| area.name == name)
    }

    /// Every piece of the area with its weight and whether synonyms count in it.
    pub fn pieces(&self) -> impl Iterator<Item = (Piece, &Part)> {
        self.parts.iter().flat_map(|part| part.pieces.iter().map(move |piece| (*piece, part)))
    }

    /// Whether all its pieces are parts of a site, so that it is asked of each site by itself.
    pub fn is_of_sites(&self) -> bool {
        self.pieces().all(|(piece, _)| piece.path_in_site().is_some())
    }
}

impl PartialEq for Area {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Area {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_found_by_name_and_only_one_is_of_sites() {
        assert_eq!(ALL.len(), 19);
        for area in ALL {
            assert_eq!(Area::find(area.name), Some(area));
            assert!(area.parts.iter().all(|part| part.weight > 0.0 && part.weight <= 1.0), "{}", area.name);
        }
        assert_eq!(Area::find("conditionsearch"), None);
        let of_sites: Vec<_> = ALL.into_iter().filter(|area| area.is_of_sites()).collect();
        assert_eq!(of_sites, [&LOCATION]);
    }
}
