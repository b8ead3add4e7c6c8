//! Which field of a study somebody means: names as the registry has them, in any case, and the nearest to what is none.

use super::ToolError;
use ctgov::pieces::{Kind, Piece};

/// What people and models call a field, and the field, where letters alone would not lead there.
const MEANT: [(&str, &[&str]); 21] = [
    ("year", &["StartDate", "CompletionDate", "StudyFirstPostDate"]),
    ("month", &["StartDate", "CompletionDate", "StudyFirstPostDate"]),
    ("date", &["StartDate", "CompletionDate", "StudyFirstPostDate", "LastUpdatePostDate"]),
    ("recruitmentstatus", &["OverallStatus", "LocationStatus"]),
    ("status", &["OverallStatus", "LocationStatus"]),
    ("sponsor", &["LeadSponsorName", "LeadSponsorClass", "CollaboratorName"]),
    ("sponsortype", &["LeadSponsorClass"]),
    ("conditionlist", &["Condition"]),
    ("disease", &["Condition", "ConditionMeshTerm"]),
    ("mesh", &["ConditionMeshTerm", "InterventionMeshTerm"]),
    ("drug", &["InterventionName", "InterventionOtherName", "InterventionType"]),
    ("intervention", &["InterventionName", "InterventionType", "Intervention"]),
    ("title", &["BriefTitle", "OfficialTitle"]),
    ("country", &["LocationCountry"]),
    ("city", &["LocationCity"]),
    ("facility", &["LocationFacility"]),
    ("enrollment", &["EnrollmentCount", "EnrollmentType"]),
    ("age", &["MinimumAge", "MaximumAge", "StdAge"]),
    ("criteria", &["EligibilityCriteria"]),
    ("purpose", &["DesignPrimaryPurpose"]),
    ("blinding", &["DesignMasking", "DesignWhoMasked"]),
];

/// The field that `text` names: by its piece, another name or its path, in any case and punctuation.
pub(super) fn find(text: &str) -> Option<Piece> {
    let text = text.trim();
    let wanted = letters(text);
    let is_wanted = |piece: &Piece| {
        std::iter::once(piece.name()).chain(piece.also().iter().copied()).any(|name| letters(name) == wanted)
    };
    Piece::find(text).or_else(|| Piece::all().find(is_wanted))
}

/// [`find`] that tells what is near.
///
/// # Errors
///
/// [`ToolError`] names the nearest fields.
pub(super) fn named(parameter: &str, text: &str) -> Result<Piece, ToolError> {
    find(text).ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        ToolError::new(
            format!("`{parameter}`: there is no field `{shown}`"),
            format!(
                "the nearest are {}; clinicaltrials_get_field_definitions finds others",
                nearest_names(text)
            ),
        )
    })
}

/// [`named`] for a field that has values.
///
/// # Errors
///
/// [`ToolError`] names the fields in a group of them.
pub(super) fn with_values(parameter: &str, text: &str) -> Result<Piece, ToolError> {
    let piece = named(parameter, text)?;
    let is_group = |piece: Piece| matches!(piece.kind(), Kind::Struct | Kind::GeoPoint);
    if !is_group(piece) {
        return Ok(piece);
    }
    let inside = Piece::all().filter(|inside| piece.contains(*inside) && !is_group(*inside));
    let inside = inside.take(8).map(Piece::name).collect::<Vec<_>>().join(", ");
    let hint = match inside.as_str() {
        "" => "ask of the fields beside it".to_owned(),
        inside => format!("name fields in it: {inside}"),
    };
    Err(ToolError::new(format!("`{parameter}`: `{}` is a group and has no values", piece.name()), hint))
}

/// What people call a section of a record, and its field, where letters alone would not lead there.
const SECTIONS: [(&str, &str); 12] = [
    ("locations", "ContactsLocationsModule"),
    ("sites", "ContactsLocationsModule"),
    ("contacts", "ContactsLocationsModule"),
    ("arms", "ArmsInterventionsModule"),
    ("interventions", "ArmsInterventionsModule"),
    ("sponsor", "SponsorCollaboratorsModule"),
    ("sponsors", "SponsorCollaboratorsModule"),
    ("baseline", "BaselineCharacteristicsModule"),
    ("ipd", "IPDSharingStatementModule"),
    ("summary", "DescriptionModule"),
    ("documents", "DocumentSection"),
    ("titles", "IdentificationModule"),
];

/// The part of a record that `text` names: a field, or a section by its first word, `eligibility`.
///
/// # Errors
///
/// [`ToolError`] names the nearest.
pub(crate) fn section(parameter: &str, text: &str) -> Result<Piece, ToolError> {
    let wanted = letters(text);
    let by_word =
        || SECTIONS.iter().find(|(word, _)| *word == wanted).and_then(|(_, name)| Piece::find(name));
    let module = || ["Module", "Section"].iter().find_map(|ending| find(&format!("{wanted}{ending}")));
    let part = Piece::find(text).or_else(by_word).or_else(module).or_else(|| find(text));
    part.map_or_else(|| named(parameter, text), Ok)
}

/// The names of the fields nearest to `text`, in words: three at least, however far away they are.
pub(super) fn nearest_names(text: &str) -> String {
    let mut names: Vec<&str> = nearest(text, false).take(5).map(Piece::name).collect();
    if names.len() < 3 {
        let likeness = |name: &str| strsim::jaro_winkler(&letters(name), &letters(text));
        let mut others: Vec<&str> =
            Piece::all().map(Piece::name).filter(|name| !names.contains(name)).collect();
        others.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
        names.extend(others.into_iter().take(3 - names.len()));
    }
    names.join(", ")
}

/// Every field that has something of `text`, the nearest first.
pub(crate) fn nearest(text: &str, index_only: bool) -> impl Iterator<Item = Piece> {
    let (wanted, parts) = (letters(text), words(text));
    let meant = MEANT.iter().find(|(called, _)| *called == wanted).map_or(&[][..], |(_, names)| names);
    let score = |piece: Piece| {
        if let Some(place) = meant.iter().position(|name| *name == piece.name()) {
            return 4.0 - place as f64 / 10.0;
        }
        let name = letters(piece.name());
        if name == wanted || piece.also().iter().any(|also| letters(also) == wanted) {
            return 5.0;
        }
        let own = words(&format!("{} {} {}", piece.name(), piece.key(), piece.title().unwrap_or_default()));
        let has = |part: &&String| {
            own.iter().any(|word| {
                word.starts_with(part.as_str()) || (word.len() > 3 && part.starts_with(word.as_str()))
            })
        };
        let share = parts.iter().filter(has).count() as f64 / parts.len().max(1) as f64;
        let whole = if name.contains(&wanted) && wanted.len() > 2 { 1.0 } else { 0.0 };
        // A group of fields has no values, what it holds is what is mostly meant.
        let leaf = if matches!(piece.kind(), Kind::Struct) { 0.0 } else { 0.05 };
        share + whole + leaf + strsim::jaro_winkler(&name, &wanted)
    };
    let mut scored: Vec<(f64, Piece)> = Piece::all()
        .filter(|piece| index_only || !piece.is_index_only())
        .map(|piece| (score(piece), piece))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, piece)| piece)
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words that a name in camel case, or a text, consists of, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for character in name.chars() {
        if (!character.is_alphanumeric() || (character.is_uppercase() && after_small)) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        after_small = character.is_lowercase();
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_none_lead_to_the_fields_that_were_meant() {
        for (text, expected) in [
            ("Recruitment Status", "OverallStatus"),
            ("Sponsor", "LeadSponsorName"),
            ("ConditionList", "Condition"),
            ("OveralStatus", "OverallStatus"),
            ("enrolment count", "EnrollmentCount"),
            ("startdate", "StartDate"),
            ("start date", "StartDate"),
            ("eligibility criteria", "EligibilityCriteria"),
            ("location city", "LocationCity"),
            ("primary outcome measures", "PrimaryOutcomeMeasure"),
        ] {
            assert_eq!(nearest(text, false).next().map(Piece::name), Some(expected), "{text}");
        }
        assert_eq!(find("overall status").map(Piece::name), Some("OverallStatus"));
        assert_eq!(find("protocolSection.designModule.phases").map(Piece::name), Some("Phase"));
        assert_eq!(find("Recruitment status"), None);
        for (text, expected) in [
            ("sponsor", "SponsorCollaboratorsModule"),
            ("LeadSponsorName", "LeadSponsorName"),
            ("overall status", "OverallStatus"),
            ("Eligibility", "EligibilityModule"),
            ("sites", "ContactsLocationsModule"),
            ("results", "ResultsSection"),
            ("locations", "ContactsLocationsModule"),
        ] {
            assert_eq!(section("fields", text).map(Piece::name), Ok(expected));
        }
    }
}
