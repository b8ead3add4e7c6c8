//! What expressions mean: which of a handful of studies each finds, and the relations that hold for any studies.
//!
//! The rows follow the reference of the language row by row:
//!
//! | row of the reference | test |
//! |---|---|
//! | word run, phrase, `EXPANSION` None, Term, Relaxation, Lossy | `words_stand_together_or_apart_and_in_forms` |
//! | `EXPANSION[Concept]`, quoted Relaxation and Lossy are Concept, names of one drug find the same | `synonyms_find_each_other_where_they_are_looked_for` |
//! | `COVERAGE` and its alias, FullMatch in practice, COVERAGE with Lossy | `coverage_says_how_much_of_a_value_words_cover`, `what_cannot_be_asked_says_so` |
//! | `AREA[x]` over parentheses and `NOT`, inner `AREA`, alternative names, paths, branches, no `AREA` | `areas_hold_for_what_follows_them`, `names_of_an_area_are_one`, `what_is_missing_and_what_is_there` |
//! | operator words in upper case, escapes, commas, adjacency | `commas_join_and_detach_no_operator`, `operators_are_words_when_escaped_quoted_or_in_lower_case` |
//! | enum, enum in a mixed area, boolean | `vocabularies_are_met_by_values_and_labels` |
//! | number, date, partial date, `RANGE`, ages, `:size`, `TILT` | `dates_numbers_and_ages_compare` |
//! | `MISSING`, `ALL` | `what_is_missing_and_what_is_there` |
//! | `SEARCH`, `NOT` and sites, contacts of a site, `DISTANCE` | `sites_are_asked_each_by_itself`, `a_circle_is_as_wide_as_its_unit_says` |
//! | `RANGE` on text or vocabularies, unknown units and values | `what_cannot_be_asked_says_so` |
//! | scoring (`OR`, `NOT`, `TILT`, tiers) | `ctgov-mirror`, `tests/mirror/relevance.rs` |
//! | syntax, errors with their places and texts | `essie_syntax.rs`, `api_params.rs` |
//!
//! The relations, R1 to R30, are those that the registry's own counts keep at any date; R1 to R15, R18, R19, R25, R26, R28
//! and R29 are checked on the handful, and on real records where these lie next to the checkout. R27 is checked with the
//! synonyms, R16 in `api_params.rs`; R17, R20 to R24 and R30 are the API's, in `clinicaltrials-mcp`, `tests/api_v2.rs`.

#![expect(clippy::unwrap_used, reason = "a record or an expression that cannot be read fails the test")]

use ctgov::{
    DEFAULT_AREA,
    api::StudiesRequest,
    areas::{self, Area},
    essie::{
        Circle, EssieError, Expansion, LengthUnit, Target,
        evaluate::{Prepared, explain, matches},
        parse, resolve,
    },
    pieces::Piece,
    synonyms::{Synonym, SynonymKind, Synonyms},
    text::words,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
};

/// The handful. A study goes by its place, from 1.
fn handful() -> Vec<Value> {
    let site = |city: &str, more: Value| {
        let mut site = json!({"city": city});
        site.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        site
    };
    let boston = json!({"lat": 42.35843, "lon": -71.05977});
    let cambridge = json!({"lat": 42.3751, "lon": -71.10561});
    let paris = json!({"lat": 48.85341, "lon": 2.3488});
    let mut studies = vec![
        json!({"protocolSection": {
            "identificationModule": {"briefTitle": "Metformin for Diabetes", "orgStudyIdInfo": {"id": "ABC123"}},
            "statusModule": {
                "overallStatus": "ACTIVE_NOT_RECRUITING",
                "startDateStruct": {"date": "2020-03", "type": "ACTUAL"},
                "resultsFirstSubmitDate": "2022-04-01",
                "resultsFirstPostDateStruct": {"date": "2022-05-01"},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Merck Sharp & Dohme LLC", "class": "INDUSTRY"}},
            "conditionsModule": {"conditions": ["Diabetes Mellitus, Type 2", "Obesity"]},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE1", "PHASE2"], "enrollmentInfo": {"count": 100}},
            "armsInterventionsModule": {"interventions": [
                {"type": "DRUG", "name": "Metformin", "otherNames": ["Glucophage"]}, {"type": "OTHER", "name": "Placebo"},
            ]},
            "eligibilityModule": {"sex": "ALL", "minimumAge": "18 Years", "maximumAge": "65 Years", "stdAges": ["ADULT"]},
            "contactsLocationsModule": {"locations": [
                site("Boston", json!({
                    "facility": "Mayo Clinic", "status": "COMPLETED", "country": "United States", "geoPoint": boston,
                    "contacts": [{"name": "Ana Diaz", "role": "CONTACT"}, {"name": "Ben Low", "role": "CONTACT"}],
                })),
                site("Cambridge", json!({"status": "RECRUITING", "country": "United States", "geoPoint": cambridge})),
            ]},
        }, "hasResults": true}),
        json!({"protocolSection": {
            "identificationModule": {"briefTitle": "Heart attack aftercare", "nctIdAliases": ["NCT00009999"]},
            "statusModule": {"overallStatus": "RECRUITING", "startDateStruct": {"date": "2020-03-31"}},
            "sponsorCollaboratorsModule": {
                "leadSponsor": {"name": "Merck KGaA", "class": "INDUSTRY"},
                "collaborators": [{"name": "Pfizer", "class": "INDUSTRY"}, {"name": "NHLBI", "class": "NIH"}],
            },
            "conditionsModule": {"conditions": ["Myocardial Infarction"]},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE2", "PHASE3"], "enrollmentInfo": {"count": 0}},
            "eligibilityModule": {"sex": "FEMALE", "minimumAge": "1 Year", "stdAges": ["CHILD", "ADULT"]},
            "contactsLocationsModule": {"locations": [
                site("Boston", json!({"status": "RECRUITING", "country": "United States", "geoPoint": boston})),
            ]},
        }, "hasResults": false}),
        json!({"protocolSection": {
            "identificationModule": {"briefTitle": "A heart study of panic attacks"},
            "statusModule": {"overallStatus": "COMPLETED", "startDateStruct": {"date": "2022-12-31"}},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Merck Sharp & Dohme LLC, Rahway", "class": "OTHER"}},
            "conditionsModule": {"conditions": ["Anxiety"], "keywords": ["diabetes"]},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE3"], "enrollmentInfo": {"count": 500}},
            "eligibilityModule": {"sex": "MALE", "minimumAge": "6 Months", "maximumAge": "12 Months", "stdAges": ["OLDER_ADULT"]},
            "contactsLocationsModule": {"locations": [
                site("Paris", json!({"country": "France", "geoPoint": paris, "facility": "Clinique Mayo"})),
            ]},
        }, "hasResults": false}),
        json!({"protocolSection": {
            "identificationModule": {"briefTitle": "Café au lait spots"},
            "statusModule": {"overallStatus": "WITHHELD"},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Pfizer"}},
            "descriptionModule": {"detailedDescription": "PCSK9 is measured."},
        }, "hasResults": false}),
        json!({"protocolSection": {
            "identificationModule": {"briefTitle": "Leukaemia (ALL) in Crohn's disease", "acronym": "CROWN"},
            "statusModule": {"overallStatus": "UNKNOWN", "startDateStruct": {"date": "2022"}},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "University of York", "class": "OTHER"}},
            "conditionsModule": {"conditions": ["Acute Lymphoblastic Leukemia"]},
            "designModule": {"studyType": "OBSERVATIONAL", "phases": ["NA"], "patientRegistry": true, "targetDuration": "2 Weeks"},
            "armsInterventionsModule": {"armGroups": [{"label": "1", "type": "EXPERIMENTAL"}]},
            "eligibilityModule": {"sex": "ALL", "minimumAge": "10 Days", "stdAges": ["CHILD"]},
            "contactsLocationsModule": {"locations": [
                site("New York", json!({"status": "NOT_YET_RECRUITING", "country": "United States"})),
                site("York", json!({"status": "RECRUITING", "country": "United Kingdom"})),
            ]},
        }, "hasResults": false}),
        json!({"protocolSection": {
            "identificationModule": {"briefTitle": "  Brain   tumours: the\u{a0}BCRP protein"},
            "statusModule": {"overallStatus": "COMPLETED", "startDateStruct": {"date": "2022-06-15"}},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "York Hospital", "class": "OTHER"}},
            "conditionsModule": {"conditions": ["Tumor of the brain"]},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE2"], "enrollmentInfo": {"count": 99999999}},
            "eligibilityModule": {"minimumAge": "3 Weeks", "maximumAge": "90 Minutes", "healthyVolunteers": true},
            "contactsLocationsModule": {"locations": []},
        }, "hasResults": false}),
    ];
    for (at, study) in studies.iter_mut().enumerate() {
        study["protocolSection"]["identificationModule"]["nctId"] = format!("NCT0000000{}", at + 1).into();
    }
    studies
}

/// Where the studies are that `text` finds.
fn find_with(
    text: &str,
    target: Target,
    synonyms: &Synonyms,
    studies: &[Prepared<'_>],
) -> Result<BTreeSet<usize>, EssieError> {
    let condition = resolve(&parse(text)?, target, synonyms)?;
    let meets = |(at, study): (usize, &Prepared<'_>)| matches(&condition, study).then_some(at);
    Ok(studies.iter().enumerate().filter_map(meets).collect())
}

fn find(text: &str, studies: &[Prepared<'_>]) -> BTreeSet<usize> {
    find_in(DEFAULT_AREA, text, studies)
}

fn find_in(area: &'static Area, text: &str, studies: &[Prepared<'_>]) -> BTreeSet<usize> {
    find_with(text, Target::Area(area), Synonyms::none(), studies)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Checks that each expression finds just these studies of the handful.
fn check(rows: &[(&str, &str)]) {
    let studies = handful();
    let studies: Vec<_> = studies.iter().map(Prepared::new).collect();
    let mut wrong = String::new();
    for (text, expected) in rows {
        let found: Vec<_> = find(text, &studies).iter().map(|at| (at + 1).to_string()).collect();
        if found.join(" ") != *expected {
            wrong += &format!("\n{text}: found {found:?}, not {expected:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn words_stand_together_or_apart_and_in_forms() {
    check(&[
        // A run of words is one term; its words may stand apart, and in different pieces of an area.
        ("AREA[BriefTitle]heart attack", "2 3"),
        ("AREA[BriefTitle]attacks HEART", "2 3"),
        ("heart infarction", "2"),
        ("AREA[BriefTitle]heart infarction", ""),
        ("heart metformin", ""),
        // A phrase is found whole.
        (r#"AREA[BriefTitle]"heart attack""#, "2"),
        (r#"AREA[BriefTitle]"attack heart""#, ""),
        (r#"AREA[BriefTitle]EXPANSION[Lossy]"heart attack""#, "2"),
        (r#"AREA[BriefTitle]EXPANSION[Relaxation]"heart attack""#, "2"),
        // Nothing but the characters themselves.
        ("AREA[BriefTitle]EXPANSION[None]tumours", "6"),
        ("AREA[BriefTitle]EXPANSION[None]Tumours", ""),
        ("AREA[BriefTitle]EXPANSION[None]tumour", ""),
        ("AREA[BriefTitle]EXPANSION[None]Café", "4"),
        ("AREA[BriefTitle]EXPANSION[None]Cafe", ""),
        (r#"AREA[BriefTitle]EXPANSION[None]"Brain tumours: the BCRP""#, "6"),
        (r#"AREA[BriefTitle]EXPANSION[None]"tumours the""#, ""),
        (r#"AREA[BriefTitle]EXPANSION[None]"(ALL)""#, "5"),
        ("AREA[BriefTitle]EXPANSION[None]Crohn", "5"),
        // The forms of a word, whatever case, accents and hyphens.
        ("AREA[BriefTitle]EXPANSION[Term]tumor", "6"),
        ("AREA[BriefTitle]EXPANSION[Term]cafe", "4"),
        ("AREA[BriefTitle]EXPANSION[Term]leukemia", "5"),
        ("AREA[BriefTitle]EXPANSION[Term]crohns", "5"),
        ("AREA[BriefTitle]EXPANSION[Term]crohn disease", "5"),
        ("AREA[BriefTitle]EXPANSION[Term]Heart-Attacks", "2"),
        ("AREA[BriefTitle]EXPANSION[Concept]heart attack", "2"),
        ("AREA[BriefTitle]EXPANSION[Relaxation]heart attack", "2 3"),
        // Some of the words.
        ("AREA[BriefTitle]EXPANSION[Lossy]heart metformin", "1 2 3"),
        ("AREA[BriefTitle]EXPANSION[Lossy]nothing at hand", ""),
        ("EXPAND[Term]tumor", "6"),
        // An operator covers all of what follows it.
        ("EXPANSION[None] NOT (Heart OR Metformin)", "3 4 5 6"),
        ("EXPANSION[None](AREA[BriefTitle]heart OR AREA[Condition]Anxiety)", "3"),
        ("EXPANSION[None]EXPANSION[Term]HEART", "2 3"),
    ]);
}

#[test]
fn commas_join_and_detach_no_operator() {
    check(&[
        ("heart, panic", "3"),
        ("heart,panic", "3"),
        ("heart AND panic", "3"),
        (", heart ,, panic ,", "3"),
        ("heart, NOT panic", "2"),
        ("AREA[BriefTitle]heart, attacks", "2 3"),
        ("AREA[Phase]PHASE1, PHASE2", "1"),
        ("(heart OR metformin), (panic OR diabetes)", "1 3"),
        ("\"heart attack\", aftercare", "2"),
        // Nothing, everything, and the word.
        ("ALL,", ""),
        ("NOT,", "1 2 3 4 5 6"),
        (r"\ALL,", "5"),
        ("leukemia,ALL", "5"),
        (r"leukemia,\ALL", "5"),
        (r"heart,\ALL", ""),
        ("heart,ALL", "2 3"),
    ]);
}

#[test]
fn operators_are_words_when_escaped_quoted_or_in_lower_case() {
    check(&[
        ("ALL", "1 2 3 4 5 6"),
        (r"\ALL", "5"),
        ("all", "5"),
        ("All", "5"),
        (r#""ALL""#, "5"),
        (r"\MISSING", ""),
        ("heart OR metformin", "1 2 3"),
        ("heart or metformin", ""),
        ("heart not panic", ""),
        (r"heart \OR metformin", ""),
        // A backslash that takes no meaning away means nothing.
        (r"AREA[LeadSponsorName]\Merck \Sharp", "1 3"),
        (r#"AREA[Condition]COVER[FullMatch]"Diabetes \Mellitus\, Type 2""#, "1"),
        (r#"AREA[LeadSponsorName]COVER[FullMatch]"\Merck Sharp \& Dohme LLC""#, "1"),
        (r"AREA[BriefTitle]\(ALL\)", "5"),
        // Nothing but brackets is special within words.
        ("AREA[BriefTitle]Crohn's", "5"),
        ("Merck Sharp & Dohme", "1 3"),
        ("AREA[BriefTitle]tumours: the", "6"),
    ]);
}

#[test]
fn names_of_an_area_are_one() {
    let path = "protocolSection.designModule.phases";
    for name in ["Phase", "PHASE", path] {
        let (values, size) = (format!("AREA[{name}]PHASE3"), format!("AREA[{name}:size] 2"));
        let missing = format!("AREA[{name}]MISSING");
        check(&[(values.as_str(), "2 3"), (size.as_str(), "1 2"), (missing.as_str(), "4")]);
    }
    for name in ["Location", "protocolSection.contactsLocationsModule.locations"] {
        let (size, missing) = (format!("AREA[{name}:size]RANGE[2,MAX]"), format!("AREA[{name}]MISSING"));
        check(&[(size.as_str(), "1 5"), (missing.as_str(), "4 6")]);
    }
}

#[test]
fn coverage_says_how_much_of_a_value_words_cover() {
    check(&[
        (r#"AREA[LeadSponsorName]"Merck""#, "1 2 3"),
        (r#"AREA[LeadSponsorName]"Merck Sharp & Dohme LLC""#, "1 3"),
        (r#"AREA[LeadSponsorName]COVERAGE[FullMatch]"Merck Sharp & Dohme LLC""#, "1"),
        (r#"AREA[LeadSponsorName]COVER[FullMatch]"Merck Sharp & Dohme LLC""#, "1"),
        (r#"COVERAGE[FullMatch]AREA[LeadSponsorName]"merck sharp dohme llc""#, "1"),
        ("AREA[LeadSponsorName]COVERAGE[FullMatch]Merck", ""),
        ("AREA[LeadSponsorName]COVERAGE[StartsWith]Merck Sharp", "1 3"),
        ("AREA[LeadSponsorName]COVERAGE[EndsWith]LLC", "1"),
        ("AREA[LeadSponsorName]COVERAGE[Contains]LLC", "1 3"),
        // The words must not stand apart then.
        ("AREA[LeadSponsorName]COVERAGE[StartsWith]Merck LLC", ""),
        ("AREA[LeadSponsorName]COVERAGE[Contains]LLC Merck", "1 3"),
        // One value of many is enough.
        ("AREA[Condition]COVERAGE[FullMatch]obesity", "1"),
        ("COVERAGE[FullMatch]obesity", "1"),
        ("AREA[LocationCity]COVERAGE[FullMatch]York", "5"),
        (
            "SEARCH[Location](AREA[LocationCity]COVERAGE[FullMatch]York AND AREA[LocationStatus]NOT_YET_RECRUITING)",
            "",
        ),
        // With EXPANSION[None], of the value's characters without white space around them.
        (r#"AREA[BriefTitle]EXPANSION[None]COVERAGE[FullMatch]"Brain tumours: the BCRP protein""#, "6"),
        ("AREA[BriefTitle]EXPANSION[None]COVERAGE[StartsWith]Brain", "6"),
        ("AREA[BriefTitle]EXPANSION[None]COVERAGE[StartsWith]brain", ""),
        ("AREA[BriefTitle]EXPANSION[None]COVERAGE[EndsWith]protein", "6"),
        ("AREA[BriefTitle]EXPANSION[None]COVERAGE[EndsWith]spot", ""),
        ("AREA[LeadSponsorName]EXPANSION[None]COVERAGE[FullMatch]Merck KGaA", "2"),
        // With Relaxation it reaches as far as Concept.
        ("AREA[LeadSponsorName]EXPANSION[Relaxation]COVERAGE[FullMatch]Merck KGaA", "2"),
        ("AREA[LeadSponsorName]EXPANSION[Relaxation]COVERAGE[FullMatch]KGaA Merck", ""),
        // Without an area, every one of the default.
        (r#"COVERAGE[FullMatch]"Pfizer""#, "2 4"),
        (r#"AREA[LeadSponsorName]COVERAGE[FullMatch]"Pfizer""#, "4"),
    ]);
}

#[test]
fn areas_hold_for_what_follows_them() {
    check(&[
        ("AREA[Phase](PHASE1 AND NOT PHASE2)", ""),
        ("AREA[Phase](PHASE2 AND NOT PHASE1)", "2 6"),
        ("AREA[Phase](PHASE2 OR PHASE3) AND brain", "6"),
        ("AREA[BriefTitle]NOT heart", "1 4 5 6"),
        ("NOT AREA[BriefTitle]heart", "1 4 5 6"),
        // The inner one counts.
        ("AREA[BriefTitle](heart AND AREA[Condition]anxiety)", "3"),
        ("AREA[Condition]AREA[BriefTitle]heart", "2 3"),
        // Other names, paths, areas.
        ("AREA[protocolSection.identificationModule.briefTitle]heart", "2 3"),
        ("AREA[BRIEF-TITLE]heart", "2 3"),
        ("AREA[Gender]female", "2"),
        ("AREA[ConditionSearch]diabetes", "1 3"),
        ("AREA[Condition]diabetes", "1"),
        ("AREA[SponsorSearch]pfizer", "2 4"),
        ("AREA[IdSearch]ABC123", "1"),
        ("AREA[NCTIdSearch]nct00009999", "2"),
        // No area is BasicSearch, which has neither detailed description nor sex nor overall status.
        ("PCSK9", ""),
        ("AREA[DetailedDescription]PCSK9", "4"),
        ("withheld", ""),
        ("female", ""),
        ("glucophage", "1"),
        // Side by side is AND.
        ("heart NOT panic", "2"),
        ("(heart) (panic)", "3"),
        ("heart AND NOT (panic OR aftercare)", ""),
        ("NOT NOT heart", "2 3"),
    ]);
}

#[test]
fn vocabularies_are_met_by_values_and_labels() {
    check(&[
        ("AREA[OverallStatus]recruiting", "2"),
        ("AREA[OverallStatus]ACTIVE_NOT_RECRUITING", "1"),
        ("AREA[OverallStatus]\"Active, not recruiting\"", "1"),
        ("AREA[OverallStatus]Unknown status", "5"),
        ("AREA[StudyType]Interventional", "1 2 3 6"),
        ("AREA[Phase]phase 3", "2 3"),
        ("AREA[Phase]NA", "5"),
        ("AREA[Sex]ALL", "1 2 3 4 5 6"),
        ("AREA[Sex]\"ALL\"", "1 5"),
        (r"AREA[Sex]\ALL", "1 5"),
        ("AREA[LocationStatus]Recruiting", "1 2 5"),
        ("AREA[FunderTypeSearch]NIH", "2"),
        ("AREA[FunderTypeSearch]other", "3 5 6"),
        ("AREA[StartDateType]actual", "1"),
        ("AREA[StartDateType]Anticipated", ""),
        // Within an area of texts, only a term that is a value as a whole.
        ("Phase 3", "2 3"),
        ("OLDER_ADULT", "3"),
        ("not yet recruiting", "5"),
        ("diabetes phase 3", ""),
        ("AREA[InterventionSearch]drug", "1"),
        ("AREA[InterventionSearch]experimental", "5"),
        // Booleans.
        ("AREA[HasResults]true", "1"),
        ("AREA[HasResults]False", "2 3 4 5 6"),
        ("AREA[HealthyVolunteers]true", "6"),
        ("AREA[HealthyVolunteers]false", ""),
    ]);
}

#[test]
fn dates_numbers_and_ages_compare() {
    check(&[
        ("AREA[EnrollmentCount]100", "1"),
        ("AREA[EnrollmentCount]100.0", "1"),
        ("AREA[EnrollmentCount]100.5", ""),
        ("AREA[EnrollmentCount]RANGE[100,500]", "1 3"),
        ("AREA[EnrollmentCount]RANGE[ 100.5 , MAX ]", "3 6"),
        ("AREA[EnrollmentCount]RANGE[0,0]", "2"),
        ("AREA[EnrollmentCount]RANGE[MIN,99]", "2"),
        ("AREA[EnrollmentCount]RANGE[500,100]", ""),
        // Without a value there is no match, however wide the range.
        ("AREA[EnrollmentCount]RANGE[MIN,MAX]", "1 2 3 6"),
        ("NOT AREA[EnrollmentCount]RANGE[MIN,MAX]", "4 5"),
        // A date stands for its whole period; a partial one in a record for its first day.
        ("AREA[StartDate]2022", "3 5 6"),
        ("AREA[StartDate]2022-01", "5"),
        ("AREA[StartDate]2022-01-01", "5"),
        ("AREA[StartDate]12/31/2022", "3"),
        ("AREA[StartDate]06/2022", "6"),
        ("AREA[StartDate]2020-03-01", "1"),
        ("AREA[StartDate]RANGE[2020-03-02,2020-12-31]", "2"),
        ("AREA[StartDate]RANGE[2020-03,2020-03]", "1 2"),
        ("AREA[StartDate]RANGE[2020,2021]", "1 2"),
        ("AREA[StartDate]RANGE[MIN,2022]", "1 2 3 5 6"),
        ("AREA[StartDate]RANGE[06/15/2022, MAX]", "3 6"),
        ("AREA[ResultsFirstPostDate]RANGE[MIN,MAX]", "1"),
        // Ages are durations.
        ("AREA[MinimumAge]1 year", "2"),
        ("AREA[MinimumAge]12 months", "2"),
        ("AREA[MinimumAge]18y", "1"),
        ("AREA[MinimumAge]10d", "5"),
        ("AREA[MinimumAge]RANGE[6 Months, MAX]", "1 2 3"),
        ("AREA[MinimumAge]RANGE[3 Weeks, MAX]", "1 2 3 6"),
        ("AREA[MinimumAge]RANGE[0 Years, MAX]", "1 2 3 5 6"),
        ("AREA[MinimumAge]RANGE[MIN, 504 hours]", "5 6"),
        ("AREA[MaximumAge]RANGE[MIN, 1 Year]", "3 6"),
        ("AREA[MaximumAge](RANGE[60 Years, MAX] OR MISSING)", "1 2 4 5"),
        ("AREA[TargetDuration]14 days", "5"),
        ("AREA[MaximumAge]90 Minutes", "6"),
        ("AREA[MaximumAge]RANGE[1 Hour, 2 Hours]", "6"),
        // A year has twelve months.
        ("AREA[MinimumAge]RANGE[1 Years, MAX] AND AREA[MaximumAge]RANGE[MIN, 12 Months]", ""),
        ("AREA[MinimumAge]RANGE[6 Months, MAX] AND AREA[MaximumAge]RANGE[1 Years, 1 Years]", "3"),
        // How long lists are.
        ("AREA[Phase:size]2", "1 2"),
        ("AREA[Phase:size] 2", "1 2"),
        ("AREA[Intervention:size]RANGE[2,MAX]", "1"),
        ("AREA[Location:size]2", "1 5"),
        ("AREA[Location:size]0", "6"),
        ("AREA[NumLocations]2", "1 5"),
        ("AREA[NumLocationContacts]2", "1"),
        ("AREA[LocationContact:size]2", "1"),
        ("AREA[NumCollaboratorsPlusLead]3", "2"),
        ("AREA[NumUniqueLocationCountries]2", "5"),
        ("AREA[ResultsFirstPostYear]2022", "1"),
        // Matches stay the same.
        ("TILT[StartDate]heart", "2 3"),
        ("TILT[EnrollmentCount](heart OR brain)", "2 3 6"),
    ]);
}

#[test]
fn what_is_missing_and_what_is_there() {
    check(&[
        ("ALL", "1 2 3 4 5 6"),
        ("NOT ALL", ""),
        ("AREA[Phase]ALL", "1 2 3 4 5 6"),
        ("AREA[Phase]MISSING", "4"),
        ("NOT AREA[Phase]MISSING", "1 2 3 5 6"),
        ("AREA[DesignModule]MISSING", "4"),
        ("AREA[Location]MISSING", "4 6"),
        ("AREA[LocationCity]MISSING", "4 6"),
        ("AREA[LocationStatus]MISSING", "3 4 6"),
        ("AREA[LocationGeoPoint]MISSING", "4 5 6"),
        ("AREA[InterventionSearch]MISSING", ""),
        ("AREA[FunderTypeSearch]MISSING", "4"),
        ("AREA[NumPhases]MISSING", "4"),
        ("AREA[Phase:size]MISSING", "4"),
        ("AREA[Location:size]MISSING", "4"),
        ("AREA[ResultsSection]MISSING", "1 2 3 4 5 6"),
        ("MISSING", ""),
        ("AREA[Phase](ALL AND NOT MISSING)", "1 2 3 5 6"),
    ]);
}

#[test]
fn sites_are_asked_each_by_itself() {
    check(&[
        ("AREA[LocationCity]Boston AND AREA[LocationStatus]RECRUITING", "1 2"),
        ("SEARCH[Location](AREA[LocationCity]Boston AND AREA[LocationStatus]RECRUITING)", "2"),
        ("AREA[LocationCity]NOT Boston", "3 4 5 6"),
        ("NOT SEARCH[Location](AREA[LocationCity]Boston)", "3 4 5 6"),
        ("SEARCH[Location](NOT AREA[LocationCity]Boston)", "1 3 5"),
        ("SEARCH[Location](AREA[LocationStatus]MISSING)", "3"),
        ("SEARCH[Location]ALL", "1 2 3 5"),
        // The words of a term stand in one site; those of an area that is mixed, anywhere in the study.
        ("AREA[LocationSearch]Boston Mayo", "1"),
        ("AREA[LocationSearch]Cambridge Mayo", ""),
        ("Cambridge Mayo", "1"),
        ("AREA[LocationSearch](Cambridge AND Mayo)", "1"),
        ("SEARCH[Location](AREA[LocationSearch](Cambridge AND Mayo))", ""),
        ("AREA[LocationFacility](Mayo Clinic)", "1"),
        ("AREA[LocationFacility]Mayo", "1 3"),
        ("AREA[LocationCity]\"York\" AND AREA[LocationCountry]\"United Kingdom\"", "5"),
        ("SEARCH[Location](AREA[LocationCity]\"New York\" AND AREA[LocationCountry]\"United Kingdom\")", ""),
        // A contact is part of its site.
        ("SEARCH[Location](AREA[LocationContactName]Diaz AND AREA[LocationCity]Boston)", "1"),
        ("SEARCH[Location](AREA[LocationContactName]Diaz AND AREA[LocationCity]Cambridge)", ""),
        ("SEARCH[Location](AREA[LocationContact:size]2 AND AREA[LocationStatus]COMPLETED)", "1"),
        ("SEARCH[Location](AREA[LocationContact]MISSING AND AREA[LocationCity]Boston)", "2"),
        // Of a site, nothing is known of the study, unless it is asked.
        ("SEARCH[Location](AREA[BriefTitle]heart)", ""),
        ("SEARCH[Location](AREA[BriefTitle]MISSING)", "1 2 3 5"),
        ("SEARCH[Location](SEARCH[Study](AREA[BriefTitle]heart) AND AREA[LocationStatus]RECRUITING)", "2"),
        ("SEARCH[Study]heart", "2 3"),
        ("SEARCH[Location]heart", ""),
        ("SEARCH[Location]Boston", "1 2"),
        ("SEARCH[Location](Not yet recruiting)", "5"),
        // Circles, their rims included.
        ("AREA[LocationGeoPoint]DISTANCE[42.3601,-71.0589,50mi]", "1 2"),
        ("AREA[LocationGeoPoint]DISTANCE[48.85341,2.3488,0km]", "3"),
        (
            "SEARCH[Location](AREA[LocationGeoPoint]DISTANCE[42.3601,-71.0589,50mi] AND AREA[LocationStatus]RECRUITING)",
            "1 2",
        ),
        (
            "SEARCH[Location](AREA[LocationGeoPoint]DISTANCE[42.35843,-71.05977,1km] AND AREA[LocationStatus]RECRUITING)",
            "2",
        ),
        ("NOT AREA[LocationGeoPoint]DISTANCE[42.3601,-71.0589,50mi]", "3 4 5 6"),
    ]);
}

#[test]
fn a_circle_is_as_wide_as_its_unit_says() {
    let circle = |radius, unit| Circle { latitude: 42.3601, longitude: -71.0589, radius, unit };
    let paris = circle(0.0, LengthUnit::Miles).distance_meters(48.85341, 2.3488);
    assert!((5_520_000.0..5_550_000.0).contains(&paris), "{paris}");
    assert!(circle(paris / 1_000.0 + 0.001, LengthUnit::Kilometers).contains(48.85341, 2.3488));
    assert!(!circle(paris / 1_000.0, LengthUnit::Kilometers).contains(48.85341, 2.5));
    assert!(circle(paris / 1_609.0, LengthUnit::Miles).contains(48.85341, 2.3488));
}

#[test]
fn what_cannot_be_asked_says_so() {
    let rows = [
        (
            "AREA[OverallStatus]NOT_A_STATUS",
            "Allowed values for enum field `protocolSection.statusModule.overallStatus` are `ACTIVE_NOT_RECRUITING`, `COMPLETED`",
        ),
        (
            "SEARCH[Location](AREA[Phase]PHASE9)",
            "Allowed values for enum field `protocolSection.designModule.phases`",
        ),
        ("AREA[NotARealField]x", "Unknown area name: `NotARealField`"),
        ("AREA[MinimumAge]RANGE[3 fortnights, MAX]", "cannot read `3 fortnights` as a value of `MinimumAge`"),
        ("AREA[StartDate]soon", "cannot read `soon` as a value of `StartDate`"),
        ("AREA[StartDate]2021-02-29", "cannot read `2021-02-29` as a value of `StartDate`"),
        ("AREA[MinimumAge]18", "cannot read `18` as a value of `MinimumAge`"),
        ("AREA[HasResults]yes", "cannot read `yes` as a value of `HasResults`"),
        ("AREA[BriefTitle]RANGE[a,b]", "RANGE does not work on `BriefTitle`"),
        ("AREA[Phase]RANGE[PHASE1,PHASE3]", "RANGE does not work on `Phase`"),
        ("RANGE[1,2]", "RANGE does not work on `BasicSearch`"),
        ("AREA[LocationGeoPoint]Boston", "A term does not work on `LocationGeoPoint`"),
        ("AREA[DesignModule]x", "A term does not work on `DesignModule`"),
        ("DISTANCE[1,2,3km]", "DISTANCE does not work on `BasicSearch`"),
        ("EXPANSION[Lossy]COVERAGE[FullMatch]x", "EXPANSION[Lossy] cannot be combined with COVERAGE"),
        ("COVERAGE[FullMatc]x", "Invalid coverage: FullMatc"),
        ("NOT", "inner bool query clause cannot be null"),
    ];
    for (text, expected) in rows {
        let error = find_with(text, Target::Area(DEFAULT_AREA), Synonyms::none(), &[]).expect_err(text);
        assert!(error.to_string().starts_with(expected), "{text}: {error}");
    }
}

fn synonyms(pairs: &[(&str, &str)]) -> Synonyms {
    let mut synonyms = Synonyms::default();
    for (a, b) in pairs {
        for (phrase, label) in [(a, b), (b, a)] {
            let kind = SynonymKind::Added;
            let synonym = Synonym { words: words(label), label: (*label).to_owned(), kind, support: 1 };
            synonyms.add(&words(phrase), synonym);
        }
    }
    synonyms
}

#[test]
fn synonyms_find_each_other_where_they_are_looked_for() {
    let table = synonyms(&[("heart attack", "myocardial infarction"), ("Paris", "Boston")]);
    let studies = handful();
    let studies: Vec<_> = studies.iter().map(Prepared::new).collect();
    let rows: [(&str, &[usize]); 11] = [
        ("AREA[Condition]heart attack", &[2]),
        ("AREA[Condition]EXPANSION[Relaxation]\"heart attack\"", &[2]),
        ("AREA[Condition]EXPANSION[Lossy]\"heart attack\"", &[2]),
        ("AREA[Condition]\"heart attacks\"", &[2]),
        ("AREA[Condition]EXPANSION[Concept]heart attack", &[2]),
        ("AREA[Condition]EXPANSION[Term]heart attack", &[]),
        ("AREA[BriefTitle]EXPANSION[Concept]myocardial infarction", &[2]),
        ("AREA[Condition]COVERAGE[FullMatch]heart attack", &[2]),
        ("AREA[BriefTitle]COVERAGE[FullMatch]myocardial infarction", &[]),
        ("AREA[BriefTitle]COVERAGE[StartsWith]myocardial infarction", &[2]),
        // Places have no synonyms.
        ("AREA[LocationCity]Paris", &[3]),
    ];
    for (text, expected) in rows {
        let found = find_with(text, Target::Area(DEFAULT_AREA), &table, &studies).unwrap();
        assert_eq!(found.iter().map(|at| at + 1).collect::<Vec<_>>(), expected, "{text}");
    }
    // R27: all names of a drug find the same studies, which no form of a single one does.
    let names = ["Glucophage", "metformin", "Fortamet"];
    let pairs: Vec<_> = names.iter().flat_map(|a| names.map(|b| (*a, b))).filter(|(a, b)| a != b).collect();
    let table = synonyms(&pairs);
    for name in names {
        for text in [name.to_owned(), format!("\"{name}\""), format!("EXPANSION[Concept]{name}")] {
            let found = find_with(&text, Target::Area(&areas::INTERVENTION), &table, &studies).unwrap();
            assert_eq!(found, BTreeSet::from([0]), "{text}");
        }
        let alone = format!("AREA[InterventionOtherName]EXPANSION[Term]{name}");
        let found = find_with(&alone, Target::Area(&areas::INTERVENTION), &table, &studies).unwrap();
        assert_eq!(found.contains(&0), name == "Glucophage", "{alone}");
    }
}

#[test]
fn an_answer_can_say_why() {
    let studies = handful();
    let why = |text: &str, number: usize| {
        let condition = resolve(
            &parse(text).unwrap(),
            Target::Area(DEFAULT_AREA),
            &synonyms(&[("heart attack", "myocardial infarction")]),
        );
        let found = explain(&condition.unwrap(), &Prepared::new(&studies[number - 1]));
        let line = |found: &ctgov::essie::evaluate::Match| {
            let site = found.site.map(|site| format!(" of site {site}")).unwrap_or_default();
            let how = found.expansion.map(|how| format!(" ({how:?})")).unwrap_or_default();
            format!("{:?}{site}: {}{how}", found.piece, found.value)
        };
        found.iter().map(line).collect::<Vec<_>>()
    };
    let rows: [(&str, usize, &[&str]); 10] = [
        (
            "metformin AND AREA[Phase]PHASE2",
            1,
            &["BriefTitle: Metformin for Diabetes (Term)", "Phase: PHASE2"],
        ),
        ("AREA[Condition]heart attack", 2, &["Condition: Myocardial Infarction (Concept)"]),
        ("AREA[BriefTitle]attack heart", 3, &["BriefTitle: A heart study of panic attacks (Relaxation)"]),
        (
            "SEARCH[Location](AREA[LocationStatus]RECRUITING AND AREA[LocationCity]EXPANSION[None]Cambridge)",
            1,
            &["LocationStatus of site 1: RECRUITING", "LocationCity of site 1: Cambridge (None)"],
        ),
        ("AREA[EnrollmentCount]RANGE[1,MAX] NOT heart", 1, &["EnrollmentCount: 100"]),
        ("AREA[Phase:size]2 OR AREA[Phase]NA", 1, &["Phase: 2"]),
        ("AREA[StartDate]2020 AND AREA[HasResults]true", 1, &["StartDate: 2020-03", "HasResults: true"]),
        (
            "AREA[LocationGeoPoint]DISTANCE[42.3,-71,50mi]",
            2,
            &[r#"LocationGeoPoint of site 0: {"lat":42.35843,"lon":-71.05977}"#],
        ),
        ("ALL AND NOT AREA[Phase]MISSING", 1, &[]),
        ("heart", 1, &[]),
    ];
    for (text, number, expected) in rows {
        assert_eq!(why(text, number), expected, "{text}");
    }
}

#[test]
fn why_shows_the_words_in_a_long_text() {
    let text = format!("{} unmistakable {}", "before ".repeat(300), "after ".repeat(300));
    let study = json!({"protocolSection": {"descriptionModule": {"briefSummary": text}}});
    let condition =
        resolve(&parse("unmistakable").unwrap(), Target::Area(DEFAULT_AREA), Synonyms::none()).unwrap();
    let found = explain(&condition, &Prepared::new(&study));
    let value = &found[0].value;
    assert!(value.starts_with('…') && value.ends_with('…') && value.contains("unmistakable"), "{value}");
    assert_eq!((value.chars().count(), found[0].expansion), (200, Some(Expansion::Term)));
}

/// What holds of any studies: the relations of the reference that sets alone decide.
fn check_relations(studies: &[Prepared<'_>]) {
    let find = |text: &str| find(text, studies);
    let in_conditions = |text: &str| find_in(&areas::CONDITION, text, studies);
    let everything: BTreeSet<usize> = (0..studies.len()).collect();
    let same = |name: &str, a: &BTreeSet<usize>, b: &BTreeSet<usize>| {
        let apart: Vec<_> = a.symmetric_difference(b).take(5).map(|at| &studies[*at]).collect();
        assert!(apart.is_empty(), "{name}: {} and {} studies, {apart:?} only in one", a.len(), b.len());
    };
    let within = |name: &str, less: &BTreeSet<usize>, more: &BTreeSet<usize>| {
        let beyond: Vec<_> = less.difference(more).take(5).map(|at| &studies[*at]).collect();
        assert!(beyond.is_empty(), "{name}: {beyond:?} only in the lesser");
    };
    // Every study is in one of `parts`, and in no two.
    let parted = |name: &str, parts: &[&str], whole: &BTreeSet<usize>| {
        let sets: Vec<_> = parts.iter().map(|part| find(part)).collect();
        same(name, &sets.iter().flatten().copied().collect(), whole);
        assert_eq!(sets.iter().map(BTreeSet::len).sum::<usize>(), whole.len(), "{name}");
    };
    same("R1", &find("ALL"), &everything);
    parted("R2", &["AREA[HasResults]true", "AREA[HasResults]false"], &everything);
    let sexes = ["AREA[Sex]\"ALL\"", "AREA[Sex]FEMALE", "AREA[Sex]MALE", "AREA[Sex]MISSING"];
    parted("R3", &sexes, &everything);
    same("R3, unquoted", &find("AREA[Sex]ALL"), &everything);
    let pointers = [
        ("EnrollmentCount", "/protocolSection/designModule/enrollmentInfo/count"),
        ("LeadSponsorClass", "/protocolSection/sponsorCollaboratorsModule/leadSponsor/class"),
        ("InterventionType", "/protocolSection/armsInterventionsModule/interventions/0/type"),
        ("StdAge", "/protocolSection/eligibilityModule/stdAges/0"),
    ];
    for (piece, pointer) in pointers {
        let lacks = |at: &usize| studies[*at].study().pointer(pointer).is_none();
        let missing = everything.iter().copied().filter(lacks).collect();
        same(&format!("R4 {piece}"), &find(&format!("AREA[{piece}]MISSING")), &missing);
    }
    for piece in Piece::all().filter(|piece| piece.kind().order().is_some()) {
        let name = piece.name();
        let present = find(&format!("NOT AREA[{name}]MISSING"));
        same(&format!("R5 {name}"), &present, &find(&format!("AREA[{name}]RANGE[MIN,MAX]")));
    }
    let phases = [
        "AREA[Phase](PHASE1 AND NOT PHASE2)",
        "AREA[Phase](PHASE1 AND PHASE2)",
        "AREA[Phase](PHASE2 AND NOT (PHASE1 OR PHASE3))",
        "AREA[Phase](PHASE2 AND PHASE3)",
        "AREA[Phase](PHASE3 AND NOT PHASE2)",
        "AREA[Phase]PHASE4",
        "AREA[Phase]EARLY_PHASE1",
        "AREA[Phase]NA",
        "AREA[Phase]MISSING",
    ];
    parted("R6", &phases, &everything);
    let (two, three) = (find("AREA[Phase]PHASE2"), find("AREA[Phase]PHASE3"));
    same("R7", &find("AREA[Phase](PHASE2 OR PHASE3)"), &(&two | &three));
    let both = "AREA[Phase]((PHASE1 AND PHASE2) OR (PHASE2 AND PHASE3))";
    same("R8", &find("AREA[Phase:size]2"), &find(both));
    same("R8, the counter", &find("AREA[NumPhases]2"), &find(both));
    for year in [2020, 2022] {
        let ranges = |ends: &[(&str, &str)]| -> Vec<String> {
            ends.iter().map(|(from, to)| format!("AREA[StartDate]RANGE[{year}-{from},{year}-{to}]")).collect()
        };
        let months = ranges(&[("01-01", "01-31"), ("02", "02"), ("03-01", "03-31")]);
        let months: Vec<_> = months.iter().map(String::as_str).collect();
        parted("R9", &months, &find(&ranges(&[("01-01", "03-31")])[0]));
        let quarters = ranges(&[("01", "03"), ("04", "06"), ("07", "09"), ("10", "12")]);
        let quarters: Vec<_> = quarters.iter().map(String::as_str).collect();
        parted("R9, a year", &quarters, &find(&format!("AREA[StartDate]{year}")));
    }
    same("R11", &in_conditions("ALL"), &everything);
    for text in ["all", "\"ALL\""] {
        same("R11, the word", &in_conditions(text), &in_conditions(r"\ALL"));
    }
    let diabetic = find("diabetes");
    same("R12", &find("diabetes, hypertension"), &find("diabetes AND hypertension"));
    within("R13", &find("diabetes or metformin"), &find("diabetes OR metformin"));
    same("R13, a union", &find("diabetes OR metformin"), &(&diabetic | &find("metformin")));
    same("NOT", &find("diabetes NOT metformin"), &(&diabetic - &find("metformin")));
    for term in ["diabetes", "heart attack", "\"breast cancer\"", "non-small cell lung cancer", "Crohn's"] {
        same("R10", &in_conditions(term), &find(&format!("AREA[ConditionSearch]{term}")));
        let phrase = format!("\"{}\"", term.trim_matches('"'));
        within("R26", &find(&phrase), &find(term));
        let covered = |coverage: &str| in_conditions(&format!("COVERAGE[{coverage}]{term}"));
        same("R14", &in_conditions(&format!("COVER[FullMatch]{term}")), &covered("FullMatch"));
        within("R15", &covered("FullMatch"), &in_conditions(&phrase));
        within("R15, apart", &in_conditions(&phrase), &in_conditions(term));
        for coverage in ["StartsWith", "EndsWith"] {
            within(coverage, &covered("FullMatch"), &covered(coverage));
            within(coverage, &covered(coverage), &covered("Contains"));
        }
        for coverage in ["Contains", "FullMatch"] {
            let expanded =
                |expansion: &str| in_conditions(&format!("COVERAGE[{coverage}]EXPANSION[{expansion}]{term}"));
            for pair in ["None", "Term", "Concept", "Relaxation"].windows(2) {
                within(&format!("{term}: {pair:?}"), &expanded(pair[0]), &expanded(pair[1]));
            }
        }
        within(term, &in_conditions(term), &in_conditions(&format!("EXPANSION[Lossy]{term}")));
    }
    let ages = &find("AREA[StdAge]CHILD") | &find("AREA[StdAge]OLDER_ADULT");
    same("R18", &find("AREA[StdAge](CHILD OR OLDER_ADULT)"), &ages);
    let pairs = [
        ("AREA[LocationCity]Boston", "AREA[LocationStatus]RECRUITING"),
        ("AREA[LocationCountry]\"United States\"", "NOT AREA[LocationStatus]MISSING"),
        (
            "AREA[LocationGeoPoint]DISTANCE[42.36,-71.06,50mi]",
            "AREA[LocationStatus](RECRUITING OR COMPLETED)",
        ),
        ("AREA[LocationSearch]hospital", "AREA[LocationCountry](France OR Germany)"),
    ];
    for (a, b) in pairs {
        let together = find(&format!("SEARCH[Location]({a} AND {b})"));
        within("R19", &together, &find(&format!("{a} AND {b}")));
        let either = find(&format!("SEARCH[Location]({a} OR {b})"));
        same(
            "R19, either",
            &either,
            &(&find(&format!("SEARCH[Location]{a}")) | &find(&format!("SEARCH[Location]{b}"))),
        );
        let none = find(&format!("NOT SEARCH[Location]({a})"));
        same("R19, none", &none, &(&everything - &find(&format!("SEARCH[Location]({a})"))));
        // Every study with sites has one that is in or one that is not.
        let (is, is_not) =
            (find(&format!("SEARCH[Location]({a})")), find(&format!("SEARCH[Location](NOT ({a}))")));
        same("R19, either way", &(&is | &is_not), &find("SEARCH[Location]ALL"));
        let up = find(&format!("SEARCH[Location]SEARCH[Study]({a})"));
        same("R19, up again", &up, &(&find(a) & &find("SEARCH[Location]ALL")));
    }
    for name in ["Pfizer", "Merck", "University"] {
        let lead = Target::Piece(Piece::named("LeadSponsorName"));
        let lead = find_with(name, lead, Synonyms::none(), studies).unwrap();
        within("R25", &lead, &find(&format!("AREA[SponsorSearch]{name}")));
    }
    let drugs = |text: &str| find_in(&areas::INTERVENTION, text, studies);
    same("R28", &drugs("(metformin) AND (placebo)"), &(&drugs("metformin") & &drugs("placebo")));
    let sponsored = |name: &str| find(&format!("AREA[LeadSponsorName]{name}"));
    same("R29", &sponsored(r#""\Merck Sharp \& Dohme LLC""#), &sponsored(r#""Merck Sharp & Dohme LLC""#));
    same("TILT", &find("TILT[StartDate]diabetes"), &diabetic);
}

#[test]
fn relations_hold_of_the_handful() {
    let studies = handful();
    check_relations(&studies.iter().map(Prepared::new).collect::<Vec<_>>());
}

/// A file of the real data next to the checkout, if it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {name} of the real data is not next to the checkout");
        return None;
    }
    Some(path)
}

#[test]
fn relations_hold_of_real_studies() {
    let Some(studies) = real_studies() else { return };
    check_relations(&studies.iter().map(Prepared::new).collect::<Vec<_>>());
}

/// What stands at a pointer into the protocol section; of a list, each.
fn protocol<'a>(study: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let found = study.pointer(&format!("/protocolSection/{pointer}"));
    match found {
        Some(Value::Array(elements)) => elements.iter().collect(),
        found => found.into_iter().collect(),
    }
}

#[test]
fn real_records_are_read_as_one_would_read_them_with_the_eye() {
    type Reading = fn(&Value) -> bool;
    fn start(study: &Value) -> Option<&str> {
        protocol(study, "statusModule/startDateStruct/date").first()?.as_str()
    }
    fn sites(study: &Value) -> Vec<&Value> {
        protocol(study, "contactsLocationsModule/locations")
    }
    fn is_american(site: &Value) -> bool {
        site["country"] == "United States"
    }
    fn minutes(study: &Value, age: &str) -> Option<u64> {
        let age = protocol(study, &format!("eligibilityModule/{age}")).first()?.as_str()?.to_owned();
        let (number, unit) = age.split_once(' ').unwrap();
        let unit = match unit.trim_end_matches('s') {
            "Year" => 525_600,
            "Month" => 43_800,
            "Week" => 10_080,
            "Day" => 1_440,
            "Hour" => 60,
            _ => 1,
        };
        Some(number.parse::<u64>().unwrap() * unit)
    }
    const AMERICAN: &str = "AREA[LocationCountry]COVERAGE[FullMatch]\"United States\"";
    let rows: [(String, Reading); 12] = [
        ("AREA[Phase]PHASE2".into(), |study| {
            protocol(study, "designModule/phases").iter().any(|phase| **phase == "PHASE2")
        }),
        ("AREA[Phase]MISSING".into(), |study| protocol(study, "designModule/phases").is_empty()),
        ("AREA[StartDate]2022".into(), |study| start(study).is_some_and(|date| date.starts_with("2022"))),
        // A date without a day is its first: as text, it comes before all of them and after the month before.
        ("AREA[StartDate]RANGE[2020-03-15,2021-06]".into(), |study| {
            start(study).is_some_and(|date| ("2020-03-15"..="2021-06-30").contains(&date))
        }),
        ("AREA[EnrollmentCount]RANGE[100,500]".into(), |study| {
            let count = protocol(study, "designModule/enrollmentInfo/count");
            count.iter().any(|count| (100..=500).contains(&count.as_u64().unwrap()))
        }),
        ("AREA[MinimumAge]RANGE[6 Months,18 Years]".into(), |study| {
            minutes(study, "minimumAge").is_some_and(|age| (6 * 43_800..=18 * 525_600).contains(&age))
        }),
        ("AREA[MaximumAge](RANGE[64y,MAX] OR MISSING)".into(), |study| {
            minutes(study, "maximumAge").is_none_or(|age| age >= 64 * 525_600)
        }),
        (format!("{AMERICAN} AND AREA[LocationStatus]RECRUITING"), |study| {
            let is_open = |site: &&Value| site["status"] == "RECRUITING";
            sites(study).iter().any(|site| is_american(site)) && sites(study).iter().any(is_open)
        }),
        (format!("SEARCH[Location]({AMERICAN} AND AREA[LocationStatus]RECRUITING)"), |study| {
            sites(study).iter().any(|site| is_american(site) && site["status"] == "RECRUITING")
        }),
        (format!("SEARCH[Location](NOT {AMERICAN})"), |study| {
            sites(study).iter().any(|site| !is_american(site))
        }),
        (format!("NOT SEARCH[Location]({AMERICAN})"), |study| {
            !sites(study).iter().any(|site| is_american(site))
        }),
        ("AREA[Location:size]RANGE[10,MAX]".into(), |study| sites(study).len() >= 10),
    ];
    let Some(records) = real_studies() else { return };
    let known: Vec<_> = records.iter().map(Prepared::new).collect();
    for (text, reading) in rows {
        let read: BTreeSet<usize> = (0..records.len()).filter(|at| reading(&records[*at])).collect();
        assert!(!read.is_empty() && read.len() < records.len(), "{text}");
        assert_eq!(find(&text, &known), read, "{text}");
    }
}

/// The records of a captured page, and whether it has every one that matched.
fn captured_page(file: &str) -> Option<(Vec<Value>, bool)> {
    let page: Value =
        serde_json::from_reader(File::open(shared(&format!("captures/{file}"))?).unwrap()).unwrap();
    let studies = page["studies"].as_array().unwrap().clone();
    let complete = page["totalCount"] == studies.len();
    Some((studies, complete))
}

fn real_studies() -> Option<Vec<Value>> {
    let lines = flate2::read::MultiGzDecoder::new(File::open(shared("studies.ndjson.gz")?).unwrap());
    Some(BufReader::new(lines).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

fn nct_id(study: &Value) -> &str {
    Piece::named("NCTId").text(study).unwrap()
}

/// The requests whose answers were captured, as their parameters say them. What a page of a mutation was asked by is not
/// on record (`search_nsclc_egfr_l858r`), but for what every study on it has.
const CAPTURED: [(&str, &[(&str, &str)]); 13] = [
    (
        "pages/search_melanoma_recruiting_limit3_20260811.json",
        &[("query.cond", "melanoma"), ("filter.overallStatus", "RECRUITING")],
    ),
    ("pages/search_keytruda_limit3_20260811.json", &[("query.intr", "\"Keytruda\"")]),
    ("pages/search_phelan_limit5_20260811.json", &[("query.cond", "Phelan-McDermid Syndrome")]),
    ("pages/search_phelan_next_20260811.json", &[("query.cond", "Phelan-McDermid Syndrome")]),
    ("pages/search_phelan_limit50_20260811.json", &[("query.cond", "Phelan-McDermid Syndrome")]),
    ("pages/search_nsclc_egfr_l858r_20260811.json", &[("query.cond", "non-small cell lung cancer")]),
    ("pages/search_age_count_20260811.json", &[]),
    (
        "fullmatch/fullmatch_coverage_full_name.json",
        &[("filter.advanced", "AREA[LeadSponsorName]COVERAGE[FullMatch]\"Merck Sharp & Dohme LLC\"")],
    ),
    (
        "fullmatch/fullmatch_cover_alias_full_name.json",
        &[("filter.advanced", "AREA[LeadSponsorName]COVER[FullMatch]\"Merck Sharp & Dohme LLC\"")],
    ),
    (
        "fullmatch/fullmatch_no_operator_full_name.json",
        &[("filter.advanced", "AREA[LeadSponsorName]\"Merck Sharp & Dohme LLC\"")],
    ),
    (
        "fullmatch/fullmatch_no_operator_substring.json",
        &[("filter.advanced", "AREA[LeadSponsorName]\"Merck\"")],
    ),
    (
        "fullmatch/fullmatch_missing_area_prefix.json",
        &[("filter.advanced", "COVERAGE[FullMatch]\"Merck Sharp & Dohme LLC\"")],
    ),
    (
        "fullmatch/fullmatch_coverage_bare_token.json",
        &[("filter.advanced", "AREA[LeadSponsorName]COVERAGE[FullMatch]Merck")],
    ),
];

/// Where the studies are that a request finds, as far as searches and filters go.
fn answer(parameters: &[(&str, &str)], synonyms: &Synonyms, studies: &[Prepared<'_>]) -> BTreeSet<usize> {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let asked = StudiesRequest::read(&pairs).unwrap().query.matching.conditions(synonyms).unwrap();
    let meets = |study: &Prepared<'_>| {
        asked.searches.iter().chain([&asked.filter]).all(|condition| matches(condition, study))
    };
    (0..studies.len()).filter(|at| meets(&studies[*at])).collect()
}

#[test]
fn recorded_pages_list_what_is_found_among_the_records_at_hand() {
    let drug = synonyms(&[("Keytruda", "pembrolizumab")]);
    let Some(at_hand) = real_studies() else { return };
    let known: Vec<_> = at_hand.iter().map(Prepared::new).collect();
    let mut complete_pages = 0;
    for (file, parameters) in CAPTURED {
        let Some((listed, complete)) = captured_page(file) else { return };
        // Pages hold parts of records. Those of the searches have what was looked at; the others the number alone.
        if file.starts_with("pages") {
            let parts: Vec<_> = listed.iter().map(Prepared::new).collect();
            assert_eq!(answer(parameters, &drug, &parts).len(), parts.len(), "{file}: its own records");
        }
        let listed: BTreeSet<&str> = listed.iter().map(nct_id).collect();
        let found: BTreeSet<&str> =
            answer(parameters, &drug, &known).iter().map(|at| nct_id(&at_hand[*at])).collect();
        // Whatever the page lists of the records at hand is found; and nothing else, where it lists everything.
        let listed_here = at_hand.iter().map(nct_id).filter(|id| listed.contains(id));
        assert!(listed_here.clone().all(|id| found.contains(id)), "{file}");
        if complete && !file.contains("nsclc") {
            complete_pages += 1;
            assert_eq!(found, listed_here.collect(), "{file}");
        }
    }
    assert_eq!(complete_pages, 2);
}

#[test]
fn recorded_counts_of_full_matches_lie_in_one_another_as_their_answers_do() {
    let Some(at_hand) = real_studies() else { return };
    let known: Vec<_> = at_hand.iter().map(Prepared::new).collect();
    let [full, alias, phrase, word, anywhere, token] = [7, 8, 9, 10, 11, 12].map(|row| {
        let (_, parameters) = CAPTURED[row];
        answer(parameters, Synonyms::none(), &known)
    });
    let sponsor = Piece::named("LeadSponsorName");
    let named = |at: &usize| sponsor.text(&at_hand[*at]) == Some("Merck Sharp & Dohme LLC");
    assert_eq!(full, (0..known.len()).filter(named).collect());
    assert_eq!(alias, full);
    assert!(!full.is_empty() && full.is_subset(&phrase) && phrase.is_subset(&word));
    assert!(full.is_subset(&anywhere) && token.is_empty());
}
