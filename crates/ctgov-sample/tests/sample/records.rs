//! What the sample promises: the same bytes every time, a label on every study, and records in
//! which a registrar would find no contradiction.

use std::collections::{BTreeMap, BTreeSet};

use ctgov_sample::{DEFAULT_COUNT, MAX_COUNT, REFERENCE_DATE, Sample, nct_id};
use serde_json::Value;

use crate::support::{Study, words};

/// A date and the reference date, to the same precision.
fn is_past(date: &str) -> bool {
    date <= &REFERENCE_DATE[..date.len()]
}

#[test]
fn a_study_depends_on_seed_and_number_only() {
    let sample = Sample::new(50);
    let studies: Vec<_> = sample.iter().collect();
    assert_eq!(studies, sample.iter().collect::<Vec<_>>());
    assert_eq!(sample.iter().len(), 50);
    for (before, study) in studies.iter().enumerate() {
        let number = u32::try_from(before).expect("small") + 1;
        assert_eq!(&Sample::new(0).study(number), study);
        assert_ne!(&sample.with_seed(7).study(number), study);
    }
    assert_eq!(sample.with_seed(7).seed(), 7);
    // The last of a registry's number is made at once, without those before it.
    assert!(sample.study(600_000).contains("NCT90600000"));
    assert!(sample.study(MAX_COUNT).contains("NCT99999999"));
}

#[test]
#[should_panic(expected = "numbered from 1")]
fn there_is_no_study_zero() {
    let _ = Sample::default().study(0);
}

/// Fails when a study's text changes. Where the change is meant, put the new number here and say in
/// the change log that samples differ from before.
#[test]
fn the_studies_are_those_of_the_last_release() {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a
    for study in Sample::default().iter() {
        for byte in study.bytes().chain([b'\n']) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    assert_eq!(hash, 0xf80b_7d31_8409_0e91, "checksum of the default sample: {hash:#018x}");
}

#[test]
fn parsing_and_writing_gives_the_same_bytes() {
    for text in Sample::default().iter() {
        let value: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value.to_string(), text);
    }
}

#[test]
fn every_study_says_that_it_is_made_up() {
    for study in Study::all() {
        let id = study.id();
        let title = study.text("/identificationModule/briefTitle");
        assert!(title.contains("Synthetic"), "{id}: {title}");
        let title = study.text("/identificationModule/officialTitle");
        assert!(title.is_empty() || title.contains("Synthetic"), "{id}: {title}");
        for path in
            ["/sponsorCollaboratorsModule/leadSponsor/name", "/identificationModule/organization/fullName"]
        {
            assert!(study.text(path).starts_with("Synthetic "), "{id}: {path}");
        }
        for collaborator in study.list("/sponsorCollaboratorsModule/collaborators") {
            assert!(collaborator["name"].as_str().is_some_and(|name| name.starts_with("Synthetic ")), "{id}");
        }
        let summary = study.text("/descriptionModule/briefSummary");
        assert!(
            summary.contains("This record is made up") && summary.contains("no such study exists"),
            "{id}"
        );
    }
}

#[test]
fn contacts_reach_nobody() {
    let mut seen = 0;
    for study in Study::all() {
        let of_sites = study.list("/contactsLocationsModule/locations").iter().flat_map(|site| {
            let facility = site["facility"].as_str().expect("a name");
            assert!(facility.starts_with("Synthetic "), "{facility}");
            site["contacts"].as_array().map_or(&[][..], Vec::as_slice)
        });
        for contact in study.list("/contactsLocationsModule/centralContacts").iter().chain(of_sites) {
            let phone = contact["phone"].as_str().expect("a number");
            assert!(phone.starts_with("202-555-01") && phone.len() == 12, "{phone}");
            assert!(contact["email"].as_str().is_some_and(|email| email.ends_with("@example.org")));
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen} contacts");
}

#[test]
fn identifiers_count_up_from_the_first() {
    let studies = Study::all();
    assert_eq!(studies.len(), DEFAULT_COUNT as usize);
    for (number, study) in (1..).zip(studies) {
        assert_eq!(study.id(), format!("NCT{}", 90_000_000 + number));
        assert_eq!(study.id(), nct_id(number));
        assert_eq!(study.0["derivedSection"]["miscInfoModule"]["versionHolder"], REFERENCE_DATE);
    }
}

/// Values that all have to occur, and beside which no others may.
#[test]
fn statuses_phases_and_the_like_all_occur_and_no_others() {
    let cases = [
        (
            "/statusModule/overallStatus",
            "ACTIVE_NOT_RECRUITING COMPLETED ENROLLING_BY_INVITATION NOT_YET_RECRUITING RECRUITING SUSPENDED \
             TERMINATED WITHDRAWN AVAILABLE NO_LONGER_AVAILABLE TEMPORARILY_NOT_AVAILABLE APPROVED_FOR_MARKETING \
             WITHHELD UNKNOWN",
        ),
        ("/designModule/studyType", "EXPANDED_ACCESS INTERVENTIONAL OBSERVATIONAL"),
        ("/designModule/phases", "NA EARLY_PHASE1 PHASE1 PHASE1,PHASE2 PHASE2 PHASE2,PHASE3 PHASE3 PHASE4"),
        ("/eligibilityModule/sex", "FEMALE MALE ALL"),
        (
            "/eligibilityModule/stdAges",
            "CHILD ADULT OLDER_ADULT CHILD,ADULT ADULT,OLDER_ADULT CHILD,ADULT,OLDER_ADULT",
        ),
        (
            "/sponsorCollaboratorsModule/leadSponsor/class",
            "NIH FED OTHER_GOV INDIV INDUSTRY NETWORK AMBIG OTHER UNKNOWN",
        ),
        (
            "/sponsorCollaboratorsModule/responsibleParty/type",
            "SPONSOR PRINCIPAL_INVESTIGATOR SPONSOR_INVESTIGATOR",
        ),
        ("/designModule/enrollmentInfo/type", "ACTUAL ESTIMATED"),
        ("/designModule/designInfo/allocation", "RANDOMIZED NON_RANDOMIZED NA"),
        (
            "/designModule/designInfo/interventionModel",
            "SINGLE_GROUP PARALLEL CROSSOVER FACTORIAL SEQUENTIAL",
        ),
        (
            "/designModule/designInfo/primaryPurpose",
            "TREATMENT PREVENTION DIAGNOSTIC ECT SUPPORTIVE_CARE SCREENING HEALTH_SERVICES_RESEARCH BASIC_SCIENCE \
             DEVICE_FEASIBILITY OTHER",
        ),
        ("/designModule/designInfo/maskingInfo/masking", "NONE SINGLE DOUBLE TRIPLE QUADRUPLE"),
        (
            "/designModule/designInfo/observationalModel",
            "COHORT CASE_CONTROL CASE_ONLY CASE_CROSSOVER ECOLOGIC_OR_COMMUNITY FAMILY_BASED DEFINED_POPULATION \
             NATURAL_HISTORY OTHER",
        ),
        ("/designModule/designInfo/timePerspective", "RETROSPECTIVE PROSPECTIVE CROSS_SECTIONAL OTHER"),
        ("/designModule/bioSpec/retention", "NONE_RETAINED SAMPLES_WITH_DNA SAMPLES_WITHOUT_DNA"),
        ("/eligibilityModule/samplingMethod", "PROBABILITY_SAMPLE NON_PROBABILITY_SAMPLE"),
        ("/ipdSharingStatementModule/ipdSharing", "YES NO UNDECIDED"),
        ("/statusModule/studyFirstPostDateStruct/type", "ACTUAL ESTIMATED"),
    ];
    let studies = Study::all();
    for (path, allowed) in cases {
        let found: BTreeSet<_> = studies
            .iter()
            .map(|study| match study.at(path) {
                Value::Array(_) => study.words(path).join(","),
                _ => study.text(path).to_owned(),
            })
            .filter(|value| !value.is_empty())
            .collect();
        let allowed: BTreeSet<_> = allowed.split_whitespace().map(ToOwned::to_owned).collect();
        assert_eq!(found, allowed, "{path}");
    }
}

/// Values in lists: none beside these may occur.
#[test]
fn coded_values_in_lists_are_known_ones() {
    let roles = ["CONTACT", "STUDY_DIRECTOR", "PRINCIPAL_INVESTIGATOR"];
    let sites = ["RECRUITING", "NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING", "COMPLETED", "WITHDRAWN"];
    let interventions = [
        "BEHAVIORAL",
        "BIOLOGICAL",
        "COMBINATION_PRODUCT",
        "DEVICE",
        "DIAGNOSTIC_TEST",
        "DIETARY_SUPPLEMENT",
        "DRUG",
        "GENETIC",
        "PROCEDURE",
        "RADIATION",
        "OTHER",
    ];
    let arms = [
        "EXPERIMENTAL",
        "ACTIVE_COMPARATOR",
        "PLACEBO_COMPARATOR",
        "SHAM_COMPARATOR",
        "NO_INTERVENTION",
        "OTHER",
    ];
    let ids = ["EUDRACT_NUMBER", "OTHER_GRANT", "REGISTRY"];
    let cases: [(&str, &str, &[&str]); 7] = [
        ("/armsInterventionsModule/interventions", "type", &interventions),
        ("/armsInterventionsModule/armGroups", "type", &arms),
        ("/contactsLocationsModule/locations", "status", &sites),
        ("/contactsLocationsModule/centralContacts", "role", &roles),
        ("/contactsLocationsModule/overallOfficials", "role", &roles),
        ("/identificationModule/secondaryIdInfos", "type", &ids),
        ("/referencesModule/references", "type", &["BACKGROUND", "DERIVED", "RESULT"]),
    ];
    let studies = Study::all();
    for (path, key, allowed) in cases {
        let found: BTreeSet<_> = studies
            .iter()
            .flat_map(|study| study.list(path))
            .filter_map(|item| item.get(key).map(|value| value.as_str().expect("text")))
            .collect();
        let unknown: Vec<_> = found.iter().filter(|value| !allowed.contains(value)).collect();
        assert!(!found.is_empty() && unknown.is_empty(), "{path} {key}: {unknown:?}");
        if path.ends_with("interventions") || path.ends_with("armGroups") {
            assert_eq!(found.len(), allowed.len(), "{path} {key}: {found:?}");
        }
    }
    for study in studies {
        for kind in study.words("/ipdSharingStatementModule/infoTypes") {
            assert!(["STUDY_PROTOCOL", "SAP", "ICF", "CSR", "ANALYTIC_CODE"].contains(&kind), "{kind}");
        }
    }
}

#[test]
fn dates_agree_with_the_status() {
    for study in Study::all() {
        let (id, status) = (study.id(), study.status());
        let [start, primary, end] =
            ["startDate", "primaryCompletionDate", "completionDate"].map(|name| study.date(name));
        let [_, primary_type, end_type] =
            ["startDate", "primaryCompletionDate", "completionDate"].map(|name| study.date_type(name));
        let course = format!("{id} {status}: {start} {primary} {primary_type} {end} {end_type}");
        let stated: Vec<_> = [start, primary, end].into_iter().filter(|date| !date.is_empty()).collect();
        assert!(stated.is_sorted(), "{course}");

        match status {
            "COMPLETED" => assert!(!end.is_empty() && is_past(end) && end_type == "ACTUAL", "{course}"),
            "TERMINATED" => assert!(is_past(end) && end_type != "ESTIMATED", "{course}"),
            "NOT_YET_RECRUITING" => {
                assert!(!start.is_empty() && !is_past(start), "{course}");
                assert_eq!(study.date_type("startDate"), "ESTIMATED", "{course}");
            }
            "RECRUITING" | "ENROLLING_BY_INVITATION" | "SUSPENDED" | "ACTIVE_NOT_RECRUITING" => {
                assert!(is_past(start) && study.date_type("startDate") != "ESTIMATED", "{course}");
                assert!(!is_past(end) && end_type == "ESTIMATED", "{course}");
            }
            "UNKNOWN" => {
                assert!(is_past(end) && end_type != "ACTUAL", "{course}");
                let verified = study.text("/statusModule/statusVerifiedDate");
                assert!(verified < "2024-07", "{id} verified {verified}");
            }
            "WITHDRAWN" => assert!(primary_type != "ACTUAL" && end_type != "ACTUAL", "{course}"),
            _ => assert!(stated.is_empty(), "{course}"),
        }
        // An actual date is never in the future, nor newer than the record that reports it.
        let last = study.text("/statusModule/lastUpdateSubmitDate");
        for name in ["startDate", "primaryCompletionDate", "completionDate"] {
            let date = study.date(name);
            if study.date_type(name) == "ACTUAL" {
                assert!(is_past(date) && date <= &last[..date.len()], "{course}, reported {last}");
            }
        }
        let last_known = study.text("/statusModule/lastKnownStatus");
        assert_eq!(status == "UNKNOWN", !last_known.is_empty(), "{id}");
        if last_known == "NOT_YET_RECRUITING" {
            assert!(start.is_empty() || &last[..start.len()] <= start, "{course}, reported {last}");
        }
    }
}

#[test]
fn submissions_come_in_order_and_before_the_reference_date() {
    for study in Study::all() {
        let days = [
            study.text("/statusModule/studyFirstSubmitDate"),
            study.text("/statusModule/studyFirstSubmitQcDate"),
            study.date("studyFirstPostDate"),
            study.text("/statusModule/lastUpdateSubmitDate"),
            study.date("lastUpdatePostDate"),
            REFERENCE_DATE,
        ];
        assert!(days.is_sorted() && days.iter().all(|day| day.len() == 10), "{}: {days:?}", study.id());
        if study.status() != "WITHHELD" {
            assert_eq!(study.text("/statusModule/statusVerifiedDate"), &days[3][..7], "{}", study.id());
        }
    }
}

#[test]
fn the_study_type_decides_which_parts_there_are() {
    for study in Study::all() {
        let (id, status) = (study.id(), study.status());
        let of_access = matches!(
            status,
            "AVAILABLE" | "NO_LONGER_AVAILABLE" | "TEMPORARILY_NOT_AVAILABLE" | "APPROVED_FOR_MARKETING"
        );
        assert_eq!(study.is_expanded_access(), of_access, "{id}");
        assert_eq!(study.study_type().is_empty(), status == "WITHHELD", "{id}");
        let interventional = study.study_type() == "INTERVENTIONAL";
        let observational = study.study_type() == "OBSERVATIONAL";
        assert_eq!(!study.list("/designModule/phases").is_empty(), interventional, "{id}");
        assert_eq!(
            study.at("/designModule/designInfo/observationalModel").is_string(),
            observational,
            "{id}"
        );
        assert_eq!(study.at("/eligibilityModule/studyPopulation").is_string(), observational, "{id}");
        assert_eq!(study.at("/designModule/expandedAccessTypes").is_object(), of_access, "{id}");
        assert_eq!(
            !study.list("/outcomesModule/primaryOutcomes").is_empty(),
            interventional || observational
        );
        for outcome in ["primaryOutcomes", "secondaryOutcomes", "otherOutcomes"] {
            for outcome in study.list(&format!("/outcomesModule/{outcome}")) {
                assert!(outcome["measure"].is_string() && outcome["timeFrame"].is_string(), "{id}");
            }
        }
    }
}

#[test]
fn phases_belong_to_products() {
    for study in Study::all().iter().filter(|study| study.study_type() == "INTERVENTIONAL") {
        let kind = study.at("/armsInterventionsModule/interventions/0/type");
        let product = ["DRUG", "BIOLOGICAL", "COMBINATION_PRODUCT", "GENETIC"].iter().any(|one| kind == one);
        let phases = study.words("/designModule/phases");
        assert_eq!(product, phases != ["NA"], "{}: {kind} {phases:?}", study.id());
    }
}

#[test]
fn arms_and_interventions_refer_to_each_other() {
    for study in Study::all() {
        let id = study.id();
        let arms = study.list("/armsInterventionsModule/armGroups");
        let interventions = study.list("/armsInterventionsModule/interventions");
        let labels: BTreeSet<_> = arms.iter().map(|arm| arm["label"].as_str().expect("a label")).collect();
        assert_eq!(labels.len(), arms.len(), "{id}: labels repeat");

        let mut from_arms = BTreeSet::new();
        for arm in arms {
            let names = words(&arm["interventionNames"]);
            assert_eq!(names.is_empty() && arm["type"].is_string(), arm["type"] == "NO_INTERVENTION", "{id}");
            from_arms.extend(names.into_iter().map(|name| (arm["label"].as_str(), name.to_owned())));
        }
        let mut from_interventions = BTreeSet::new();
        for intervention in interventions {
            let kind = intervention["type"].as_str().expect("a type").split('_').map(|word| {
                let (first, rest) = word.split_at(1);
                first.to_owned() + &rest.to_lowercase()
            });
            let kind = kind.collect::<Vec<_>>().join(" ");
            let name = format!("{kind}: {}", intervention["name"].as_str().expect("a name"));
            for label in words(&intervention["armGroupLabels"]) {
                from_interventions.insert((Some(label), name.clone()));
            }
        }
        assert_eq!(from_arms, from_interventions, "{id}");
        match study.study_type() {
            "INTERVENTIONAL" => assert!(!arms.is_empty() && !interventions.is_empty(), "{id}"),
            "EXPANDED_ACCESS" => assert!(arms.is_empty() && interventions.len() == 1, "{id}"),
            _ => {}
        }
    }
}

#[test]
fn masking_model_and_allocation_agree_with_the_arms() {
    for study in Study::all().iter().filter(|study| study.study_type() == "INTERVENTIONAL") {
        let id = study.id();
        let masking = study.text("/designModule/designInfo/maskingInfo/masking");
        let masked =
            ["NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"].iter().position(|one| *one == masking);
        let who = study.words("/designModule/designInfo/maskingInfo/whoMasked");
        assert_eq!(masked, Some(who.len()), "{id}: {masking} {who:?}");

        let arms = study.list("/armsInterventionsModule/armGroups");
        let single = study.text("/designModule/designInfo/interventionModel") == "SINGLE_GROUP";
        assert_eq!(single, arms.len() == 1, "{id}");
        assert_eq!(single, study.text("/designModule/designInfo/allocation") == "NA", "{id}");
        let imitated =
            arms.iter().any(|arm| arm["type"] == "PLACEBO_COMPARATOR" || arm["type"] == "SHAM_COMPARATOR");
        assert!(!imitated || who.contains(&"PARTICIPANT"), "{id}: {masking}");
        let title = study.text("/identificationModule/officialTitle");
        assert!(!title.contains("Double-Blind") || who.len() >= 2, "{id}: {title}");
        assert!(!title.contains("Randomized") || !single, "{id}: {title}");
    }
}

#[test]
fn enrollment_and_the_reason_for_stopping_agree_with_the_status() {
    let mut missing = 0;
    for study in Study::all() {
        let (id, status) = (study.id(), study.status());
        let count = study.at("/designModule/enrollmentInfo/count").as_u64();
        let counted = matches!(status, "COMPLETED" | "TERMINATED" | "WITHDRAWN" | "ACTIVE_NOT_RECRUITING");
        match count {
            None => missing += 1,
            Some(count) => {
                let kind = study.text("/designModule/enrollmentInfo/type");
                assert_eq!(kind == "ACTUAL", counted, "{id} {status}");
                assert_eq!(count == 0, status == "WITHDRAWN", "{id} {status}: {count}");
            }
        }
        assert!(count.is_none() || !study.is_expanded_access(), "{id}");
        let stopped = matches!(status, "TERMINATED" | "WITHDRAWN" | "SUSPENDED");
        assert_eq!(study.at("/statusModule/whyStopped").is_string(), stopped, "{id} {status}");
    }
    assert!((20..200).contains(&missing), "{missing} studies without a number");
}

#[test]
fn sites_are_real_places_and_have_a_status_only_while_the_study_recruits() {
    let (mut places, mut nowhere) = (BTreeMap::new(), 0);
    for study in Study::all() {
        let (id, recruits) = (study.id(), study.status() == "RECRUITING");
        let sites = study.list("/contactsLocationsModule/locations");
        assert!(!recruits || sites.iter().any(|site| site["status"] == "RECRUITING"), "{id}");
        for site in sites {
            assert_eq!(site["status"].is_string(), recruits, "{id}");
            assert_eq!(site["contacts"].is_array(), site["status"] == "RECRUITING", "{id}");
            assert!(site["zip"].is_null() || site["zip"].as_str().is_some_and(|zip| zip.len() > 2), "{id}");
            if site["geoPoint"].is_null() {
                nowhere += 1;
                continue;
            }
            let (lat, lon) = (&site["geoPoint"]["lat"], &site["geoPoint"]["lon"]);
            assert!(lat.as_f64().is_some_and(|lat| lat.abs() < 66.0), "{id}: {lat}");
            assert!(lon.as_f64().is_some_and(|lon| lon.abs() < 180.0), "{id}: {lon}");
            let city = (site["city"].to_string(), site["state"].to_string(), site["country"].to_string());
            let point = places.entry(city).or_insert_with(|| site["geoPoint"].clone());
            assert_eq!(*point, site["geoPoint"], "{id}");
        }
    }
    let countries: BTreeSet<_> = places.keys().map(|(.., country)| country).collect();
    assert!(places.len() >= 150 && countries.len() >= 50, "{} cities, {countries:?}", places.len());
    assert!((20..1_000).contains(&nowhere), "{nowhere} sites without coordinates");
}

#[test]
fn eligibility_is_plausible() {
    for study in Study::all().iter().filter(|study| study.status() != "WITHHELD") {
        let id = study.id();
        let criteria = study.text("/eligibilityModule/eligibilityCriteria");
        assert!(criteria.starts_with("Inclusion Criteria:\n\n* "), "{id}: {criteria}");
        assert!(criteria.contains("\n\nExclusion Criteria:\n\n* "), "{id}: {criteria}");
        assert!(study.at("/eligibilityModule/healthyVolunteers").is_boolean(), "{id}");

        let years = |path, none| {
            let text = study.text(path);
            let (number, unit) = text.split_once(' ').unwrap_or((none, "Years"));
            let number: u32 = number.parse().expect("a number");
            if unit == "Years" { number } else { 0 }
        };
        let (from, to) =
            (years("/eligibilityModule/minimumAge", "0"), years("/eligibilityModule/maximumAge", "999"));
        assert!(from <= to, "{id}: {from} to {to}");
        let ages: Vec<_> = [("CHILD", 0, 17), ("ADULT", 18, 64), ("OLDER_ADULT", 65, 999)]
            .into_iter()
            .filter(|&(_, first, last)| from <= last && first <= to)
            .map(|(name, ..)| name)
            .collect();
        assert_eq!(study.words("/eligibilityModule/stdAges"), ages, "{id}: {from} to {to}");

        let sex = study.text("/eligibilityModule/sex");
        let terms = study.0["derivedSection"]["conditionBrowseModule"]["meshes"].to_string();
        for (term, expected) in
            [("Ovarian Neoplasms", "FEMALE"), ("Pre-Eclampsia", "FEMALE"), ("Prostatic Neoplasms", "MALE")]
        {
            assert!(!terms.contains(term) || sex == expected, "{id}: {term} {sex}");
        }
    }
}

#[test]
fn mesh_terms_are_neither_repeated_nor_above_themselves() {
    let (mut with, mut without) = (0, 0);
    for study in Study::all() {
        for module in ["conditionBrowseModule", "interventionBrowseModule"] {
            let module = &study.0["derivedSection"][module];
            let terms = ["meshes", "ancestors"].map(|list| {
                module[list]
                    .as_array()
                    .map_or(&[][..], Vec::as_slice)
                    .iter()
                    .map(|term| term["id"].to_string())
            });
            let terms: Vec<_> = terms.into_iter().flatten().collect();
            let different: BTreeSet<_> = terms.iter().collect();
            assert_eq!(different.len(), terms.len(), "{}: {terms:?}", study.id());
            if module.is_null() { without += 1 } else { with += 1 }
        }
    }
    assert!(with > 2_000 && without > 500, "{with} with terms, {without} without");
}

/// As in the registry's own records.
#[test]
fn keys_come_in_the_order_of_the_registry() {
    let orders = [
        "protocolSection resultsSection documentSection derivedSection hasResults",
        "identificationModule statusModule sponsorCollaboratorsModule oversightModule descriptionModule \
         conditionsModule designModule armsInterventionsModule outcomesModule eligibilityModule \
         contactsLocationsModule referencesModule ipdSharingStatementModule",
        "miscInfoModule conditionBrowseModule interventionBrowseModule",
        "versionHolder removedCountries",
        "nctId nctIdAliases orgStudyIdInfo secondaryIdInfos organization briefTitle officialTitle acronym",
        "statusVerifiedDate overallStatus lastKnownStatus whyStopped expandedAccessInfo startDateStruct \
         primaryCompletionDateStruct completionDateStruct studyFirstSubmitDate studyFirstSubmitQcDate \
         studyFirstPostDateStruct resultsFirstSubmitDate resultsFirstSubmitQcDate resultsFirstPostDateStruct \
         lastUpdateSubmitDate lastUpdatePostDateStruct",
        "date type",
        "hasExpandedAccess",
        "responsibleParty leadSponsor collaborators",
        "type investigatorFullName investigatorTitle investigatorAffiliation",
        "oversightHasDmc isFdaRegulatedDrug isFdaRegulatedDevice isUnapprovedDevice",
        "briefSummary detailedDescription",
        "conditions keywords",
        "studyType expandedAccessTypes patientRegistry phases targetDuration designInfo bioSpec enrollmentInfo",
        "individual intermediate treatment",
        "allocation interventionModel interventionModelDescription observationalModel primaryPurpose maskingInfo \
         timePerspective",
        "masking maskingDescription whoMasked",
        "retention description",
        "count type",
        "armGroups interventions",
        "label type description interventionNames",
        "type name description armGroupLabels otherNames",
        "primaryOutcomes secondaryOutcomes otherOutcomes",
        "measure description timeFrame",
        "eligibilityCriteria healthyVolunteers sex genderBased genderDescription minimumAge maximumAge stdAges \
         studyPopulation samplingMethod",
        "centralContacts overallOfficials locations",
        "name role phone email",
        "name affiliation role",
        "facility status city state zip country contacts geoPoint",
        "lat lon",
        "references seeAlsoLinks",
        "pmid type citation",
        "label url",
        "ipdSharing description infoTypes timeFrame accessCriteria",
        "meshes ancestors",
        "id term",
        "id type domain",
        "fullName class",
        "name class",
        "participantFlowModule baselineCharacteristicsModule outcomeMeasuresModule adverseEventsModule moreInfoModule",
        "preAssignmentDetails recruitmentDetails groups periods",
        "id title description",
        "title milestones dropWithdraws",
        "type achievements",
        "type reasons",
        "groupId numSubjects",
        "groups denoms measures",
        "units counts",
        "groupId value",
        "title paramType dispersionType unitOfMeasure classes",
        "title categories",
        "title measurements",
        "groupId value spread lowerLimit upperLimit",
        "outcomeMeasures",
        "type title description populationDescription reportingStatus anticipatedPostingDate paramType \
         dispersionType unitOfMeasure timeFrame groups denoms classes analyses",
        "groupIds nonInferiorityType pValue statisticalMethod paramType paramValue ciPctValue ciNumSides \
         ciLowerLimit ciUpperLimit",
        "frequencyThreshold timeFrame description eventGroups seriousEvents otherEvents",
        "id title description deathsNumAffected deathsNumAtRisk seriousNumAffected seriousNumAtRisk \
         otherNumAffected otherNumAtRisk",
        "term organSystem sourceVocabulary assessmentType stats",
        "groupId numEvents numAffected numAtRisk",
        "limitationsAndCaveats certainAgreement pointOfContact",
        "piSponsorEmployee restrictionType restrictiveAgreement otherDetails",
        "title organization email phone",
        "largeDocumentModule",
        "largeDocs",
        "typeAbbrev hasProtocol hasSap hasIcf label date uploadDate filename size",
    ];
    let orders: Vec<Vec<_>> = orders.iter().map(|order| order.split_whitespace().collect()).collect();
    let mut left: Vec<_> = Study::all().iter().map(|study| &study.0).collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => {
                let keys: Vec<_> = members.keys().map(String::as_str).collect();
                let follows = |order: &Vec<&str>| {
                    let places = keys.iter().map(|key| order.iter().position(|one| one == key));
                    let places: Option<Vec<_>> = places.collect();
                    places.is_some_and(|places| places.is_sorted())
                };
                assert!(!keys.is_empty() && orders.iter().any(follows), "{keys:?}");
                left.extend(members.values());
            }
            Value::Array(items) => {
                assert!(!items.is_empty(), "an empty list");
                left.extend(items);
            }
            Value::String(text) => assert!(!text.is_empty(), "an empty text"),
            _ => {}
        }
    }
}

#[test]
fn there_is_enough_to_search_for() {
    let studies = Study::all();
    let distinct = |path: &str, key: Option<&str>| {
        let all = studies.iter().flat_map(|study| match (study.at(path), key) {
            (Value::Array(items), Some(key)) => items.iter().map(|item| item[key].to_string()).collect(),
            (Value::Array(items), None) => items.iter().map(ToString::to_string).collect(),
            (one, _) => vec![one.to_string()],
        });
        all.collect::<BTreeSet<_>>().len()
    };
    let cases = [
        // path, key in the list's objects, at least
        ("/conditionsModule/conditions", None, 150),
        ("/conditionsModule/keywords", None, 150),
        ("/armsInterventionsModule/interventions", Some("name"), 130),
        ("/sponsorCollaboratorsModule/leadSponsor/name", None, 45),
        ("/identificationModule/briefTitle", None, 1_400),
        ("/statusModule/startDateStruct/date", None, 800),
        ("/designModule/enrollmentInfo/count", None, 400),
        ("/outcomesModule/primaryOutcomes", Some("measure"), 200),
    ];
    for (path, key, at_least) in cases {
        let found = distinct(path, key);
        assert!(found >= at_least, "{path}: {found} different values");
    }
}
