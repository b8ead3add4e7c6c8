//! How does the registry write a study down?
//!
//! In the sections, modules and key order of version 2 of its API. This file says where each fact
//! stands, and adds what only matters on paper: identifiers, contacts, oversight, data sharing.

use crate::calibration::{ARM_WORDS, KEYWORDS, REFERENCES};
use crate::dates::{Day, Mark, Moment};
use crate::design::{Design, Given};
use crate::documents;
use crate::json::Json;
use crate::names;
use crate::prose::{self, NOTICE, Outcome, Outcomes};
use crate::random::Random;
use crate::results;
use crate::sites::Site;
use crate::study::{Person, Study};
use crate::terms::{Kind, Sex, Status};
use crate::vocabulary::Mesh;
use crate::vocabulary::sentences::{ARMS, GENERAL};
use crate::vocabulary::sponsors::Sponsor;

/// Room for most records.
const CAPACITY: usize = 16 * 1024;

/// The study as the registry would give it out.
pub(crate) fn write(study: &Study, random: &mut Random) -> String {
    Json::text(CAPACITY, |json| {
        if study.status == Status::Withheld {
            json.object("protocolSection", |json| withheld(json, study));
        } else {
            let outcomes = prose::outcomes(study, random);
            json.object("protocolSection", |json| protocol(json, study, &outcomes, random));
            if let Some(found) = &study.results {
                json.object("resultsSection", |json| results::write(json, found, study, &outcomes, random));
            }
            documents::write(json, study, random);
        }
        json.object("derivedSection", |json| derived(json, study, random));
        json.flag("hasResults", study.results.is_some());
    })
}

/// A study of an unapproved device: the registry says that it exists, and no more.
fn withheld(json: &mut Json, study: &Study) {
    json.object("identificationModule", |json| {
        json.plain("nctId", nct_id(study.number));
        json.object("orgStudyIdInfo", |json| json.string("id", "[Redacted]"));
        json.object("organization", |json| json.string("fullName", "Synthetic [Redacted]"));
        json.string("briefTitle", "[Synthetic Trial of a Device That Is Not Approved or Cleared]");
    });
    json.object("statusModule", |json| {
        json.string("overallStatus", study.status.code());
        submissions(json, study);
    });
    json.object("sponsorCollaboratorsModule", |json| {
        json.object("leadSponsor", |json| json.string("name", "Synthetic [Redacted]"));
    });
    json.object("oversightModule", |json| json.flag("isUnapprovedDevice", true));
    json.object("descriptionModule", |json| json.string("briefSummary", NOTICE));
}

fn protocol(json: &mut Json, study: &Study, outcomes: &Outcomes, random: &mut Random) {
    json.object("identificationModule", |json| identification(json, study, random));
    json.object("statusModule", |json| status(json, study, random));
    json.object("sponsorCollaboratorsModule", |json| sponsors(json, study));
    oversight(json, study, random);
    json.object("descriptionModule", |json| {
        json.string("briefSummary", &prose::brief_summary(study, random));
        json.maybe("detailedDescription", prose::detailed_description(study, random).as_deref());
    });
    json.object("conditionsModule", |json| conditions(json, study, random));
    json.object("designModule", |json| design(json, study, random));
    arms(json, study, random);
    outcome_lists(json, outcomes);
    json.object("eligibilityModule", |json| eligibility(json, study, random));
    places(json, study, random);
    references(json, study, random);
    data_sharing(json, study, random);
}

fn identification(json: &mut Json, study: &Study, random: &mut Random) {
    let field = study.condition().field;
    json.plain("nctId", nct_id(study.number));
    if random.rarely(5) {
        // A number the study had before two registrations were found to be one; as unreal as its own.
        json.strings("nctIdAliases", [format!("NCT{}", 80_000_000 + study.number)]);
    }
    json.object("orgStudyIdInfo", |json| {
        json.plain("id", format_args!("SYN-{field}-{:06}", study.number));
    });
    if random.chance(20) {
        json.objects("secondaryIdInfos", [()], |json, ()| match random.between(0, 2) {
            0 => {
                json.plain("id", format_args!("2099-{:06}-00", study.number));
                json.string("type", "EUDRACT_NUMBER");
            }
            1 => {
                json.plain("id", format_args!("SYN-GRANT-{:06}", study.number));
                json.string("type", "OTHER_GRANT");
                json.string("domain", "Synthetic Research Fund");
            }
            _ => {
                json.plain("id", format_args!("SYN-REG-{:06}", study.number));
                json.string("type", "REGISTRY");
                json.string("domain", "Synthetic Study Register");
            }
        });
    }
    json.object("organization", |json| {
        json.plain("fullName", format_args!("Synthetic {}", study.sponsor.name));
        json.string("class", study.sponsor.class);
    });
    json.string("briefTitle", &prose::brief_title(study, random));
    if random.chance(97) {
        json.string("officialTitle", &prose::official_title(study, random));
    }
    if random.chance(22) {
        json.plain("acronym", format_args!("SYN-{field}-{}", random.between(1, 99)));
    }
}

fn status(json: &mut Json, study: &Study, random: &mut Random) {
    let timeline = &study.timeline;
    json.plain("statusVerifiedDate", timeline.last_submitted.month());
    json.string("overallStatus", study.status.code());
    json.maybe("lastKnownStatus", timeline.last_known.map(Status::code));
    json.maybe("whyStopped", study.why_stopped);
    json.object("expandedAccessInfo", |json| {
        let drug = study.trial().is_some() && study.lead.kind.has_phases();
        json.flag("hasExpandedAccess", drug && random.rarely(15));
    });
    moment(json, "startDateStruct", timeline.start);
    moment(json, "primaryCompletionDateStruct", timeline.primary_completion);
    moment(json, "completionDateStruct", timeline.completion);
    submissions(json, study);
}

fn submissions(json: &mut Json, study: &Study) {
    let timeline = &study.timeline;
    json.plain("studyFirstSubmitDate", timeline.first_submitted);
    json.plain("studyFirstSubmitQcDate", timeline.first_checked);
    moment(json, "studyFirstPostDateStruct", Some(posted(timeline.first_posted)));
    if let Some(report) = timeline.report {
        json.plain("resultsFirstSubmitDate", report.submitted);
        json.plain("resultsFirstSubmitQcDate", report.checked);
        moment(json, "resultsFirstPostDateStruct", Some(posted(report.posted)));
    }
    json.plain("lastUpdateSubmitDate", timeline.last_submitted);
    moment(json, "lastUpdatePostDateStruct", Some(posted(timeline.last_posted)));
}

fn moment(json: &mut Json, name: &str, moment: Option<Moment>) {
    if let Some(moment) = moment {
        json.object(name, |json| {
            json.plain("date", moment);
            json.maybe("type", moment.mark.map(Mark::code));
        });
    }
}

fn posted(day: Day) -> Moment {
    let mark = if day < Day::FINAL_RULE { Mark::Estimated } else { Mark::Actual };
    Moment { day, month_only: false, mark: Some(mark) }
}

fn sponsors(json: &mut Json, study: &Study) {
    let sponsor = &study.sponsor;
    json.object("responsibleParty", |json| {
        // A company answers for its studies itself; elsewhere a person does in two of three.
        let kind = match sponsor.class {
            "INDIV" => "SPONSOR_INVESTIGATOR",
            "OTHER" if !study.number.is_multiple_of(3) => "PRINCIPAL_INVESTIGATOR",
            _ => "SPONSOR",
        };
        json.string("type", kind);
        if kind != "SPONSOR" {
            let Person { first, last } = study.investigator;
            json.plain("investigatorFullName", format_args!("{first} {last}"));
            json.string("investigatorTitle", "Principal Investigator");
            json.plain("investigatorAffiliation", format_args!("Synthetic {}", sponsor.name));
        }
    });
    let organisation = |json: &mut Json, sponsor: &Sponsor| {
        json.plain("name", format_args!("Synthetic {}", sponsor.name));
        json.string("class", sponsor.class);
    };
    json.object("leadSponsor", |json| organisation(json, sponsor));
    if !study.collaborators.is_empty() {
        json.objects("collaborators", &study.collaborators, |json, one| organisation(json, one));
    }
}

fn oversight(json: &mut Json, study: &Study, random: &mut Random) {
    if study.status.is_expanded_access() {
        return;
    }
    let committee = random.chance(85).then(|| random.chance(38));
    let regulated = study.timeline.last_submitted >= Day::FINAL_RULE;
    if committee.is_none() && !regulated {
        return;
    }
    json.object("oversightModule", |json| {
        if let Some(committee) = committee {
            json.flag("oversightHasDmc", committee);
        }
        if regulated {
            let here = study.in_united_states() && study.trial().is_some();
            let kind = study.lead.kind;
            json.flag("isFdaRegulatedDrug", here && kind.has_phases());
            json.flag(
                "isFdaRegulatedDevice",
                here && matches!(kind, Kind::Device | Kind::CombinationProduct),
            );
        }
    });
}

fn conditions(json: &mut Json, study: &Study, random: &mut Random) {
    let condition = study.condition();
    // Registrants do not agree on names: some write the usual one, some another.
    let first = if random.chance(25) { random.pick(condition.other_names) } else { condition.name };
    json.strings(
        "conditions",
        std::iter::once(first)
            .chain(study.conditions[1..].iter().map(|other| other.name))
            .chain(study.further_conditions.iter().map(String::as_str)),
    );
    let count = KEYWORDS.draw(random);
    let mut keywords: Vec<String> = Vec::with_capacity(count);
    let known = condition.keywords.iter().copied().chain([study.lead.name]);
    keywords.extend(known.take(count).map(str::to_owned));
    for _ in keywords.len()..count {
        let mut word = String::new();
        study.topic.phrase(&mut word, random);
        if !keywords.contains(&word) {
            keywords.push(word);
        }
    }
    if !keywords.is_empty() {
        json.strings("keywords", keywords);
    }
}

fn design(json: &mut Json, study: &Study, random: &mut Random) {
    match &study.design {
        Design::ExpandedAccess { individual, intermediate, treatment } => {
            json.string("studyType", "EXPANDED_ACCESS");
            json.object("expandedAccessTypes", |json| {
                for (name, offered) in
                    [("individual", *individual), ("intermediate", *intermediate), ("treatment", *treatment)]
                {
                    if offered {
                        json.flag(name, true);
                    }
                }
            });
        }
        Design::Observational(observation) => {
            json.string("studyType", "OBSERVATIONAL");
            json.flag("patientRegistry", observation.registry.is_some());
            json.maybe("targetDuration", observation.registry);
            json.object("designInfo", |json| {
                json.string("observationalModel", observation.model);
                json.string("timePerspective", observation.time);
            });
            if let Some(retention) = observation.samples {
                json.object("bioSpec", |json| {
                    json.string("retention", retention);
                    if retention != "NONE_RETAINED" {
                        json.string("description", "Serum and whole blood");
                    }
                });
            }
        }
        Design::Interventional(trial) => {
            json.string("studyType", "INTERVENTIONAL");
            json.strings("phases", trial.phase.codes());
            json.object("designInfo", |json| {
                json.string("allocation", trial.allocation);
                json.string("interventionModel", trial.model);
                // Asked for since 2017.
                let asked = study.timeline.first_submitted >= Day::FINAL_RULE;
                if asked && random.chance(45) {
                    let text = study.topic.text(ARMS, ARM_WORDS.draw(random), random);
                    json.string("interventionModelDescription", &text);
                }
                json.string("primaryPurpose", trial.purpose);
                json.object("maskingInfo", |json| {
                    json.string("masking", trial.masking.code);
                    if asked && !trial.masking.who.is_empty() && random.chance(60) {
                        let text = study.topic.text(ARMS, ARM_WORDS.draw(random), random);
                        json.string("maskingDescription", &text);
                    }
                    if !trial.masking.who.is_empty() {
                        json.strings("whoMasked", trial.masking.who);
                    }
                });
            });
        }
    }
    if let Some(count) = study.enrollment {
        json.object("enrollmentInfo", |json| {
            json.number("count", count);
            let mark = if study.status.has_enrolled() { Mark::Actual } else { Mark::Estimated };
            json.string("type", mark.code());
        });
    }
}

fn arms(json: &mut Json, study: &Study, random: &mut Random) {
    let groups = &study.groups;
    if groups.arms.is_empty() && groups.given.is_empty() {
        return;
    }
    json.object("armsInterventionsModule", |json| {
        if !groups.arms.is_empty() {
            json.objects("armGroups", &groups.arms, |json, arm| {
                json.string("label", &arm.label);
                json.maybe("type", arm.kind);
                json.string("description", &arm.description);
                if !arm.given.is_empty() {
                    let name = |&at: &usize| {
                        let Given { kind, name, .. } = &groups.given[at];
                        format!("{}: {name}", kind.words())
                    };
                    json.strings("interventionNames", arm.given.iter().map(name));
                }
            });
        }
        if !groups.given.is_empty() {
            json.objects("interventions", groups.given.iter().enumerate(), |json, (at, given)| {
                json.string("type", given.kind.code());
                json.string("name", &given.name);
                json.string("description", &given.description);
                if !groups.arms.is_empty() {
                    let arms = groups.arms.iter().filter(|arm| arm.given.contains(&at));
                    json.strings("armGroupLabels", arms.map(|arm| &arm.label));
                }
                let others = other_names(given, random);
                if !others.is_empty() {
                    json.strings("otherNames", others);
                }
            });
        }
    });
}

/// The names under which a treatment also goes, as far as this registrant gives them.
fn other_names(given: &Given, random: &mut Random) -> Vec<String> {
    let Some(treatment) = given.treatment else { return Vec::new() };
    let mut names: Vec<_> =
        treatment.other_names.iter().filter(|_| random.chance(60)).map(|&name| name.to_owned()).collect();
    if treatment.kind.has_phases() {
        if random.chance(32) {
            names.push(names::brand(treatment.name));
        }
        if random.chance(26) {
            names.push(names::code(treatment.name));
        }
    } else if random.chance(22) {
        names.extend(names::initials(treatment.name));
    }
    names
}

fn outcome_lists(json: &mut Json, outcomes: &Outcomes) {
    if outcomes.primary.is_empty() {
        return;
    }
    json.object("outcomesModule", |json| {
        let lists = [
            ("primaryOutcomes", &outcomes.primary),
            ("secondaryOutcomes", &outcomes.secondary),
            ("otherOutcomes", &outcomes.other),
        ];
        for (name, list) in lists {
            if !list.is_empty() {
                json.objects(name, list, |json, outcome: &Outcome| {
                    json.string("measure", &outcome.measure);
                    json.maybe("description", outcome.description.as_deref());
                    json.string("timeFrame", outcome.time_frame);
                });
            }
        }
    });
}

fn eligibility(json: &mut Json, study: &Study, random: &mut Random) {
    let people = &study.people;
    json.string("eligibilityCriteria", &prose::eligibility(study, random));
    json.flag("healthyVolunteers", study.admits_healthy());
    json.string("sex", people.sex.code());
    if people.limited_by_choice {
        json.flag("genderBased", true);
        let sex = if people.sex == Sex::Female { "women" } else { "men" };
        json.plain("genderDescription", format_args!("The study is about {sex} only."));
    }
    if let Some(age) = people.minimum {
        json.plain("minimumAge", age);
    }
    if let Some(age) = people.maximum {
        json.plain("maximumAge", age);
    }
    json.strings("stdAges", people.standard_ages());
    if let Design::Observational(observation) = &study.design {
        json.string("studyPopulation", &prose::study_population(study, random));
        json.string("samplingMethod", observation.sampling);
    }
}

fn places(json: &mut Json, study: &Study, random: &mut Random) {
    let number = study.number;
    let contacts = study.status.names_contacts() && random.chance(90);
    let officials = random.weighted(&[(35, 0), (55, 1), (8, 2), (2, 3)]);
    if !contacts && officials == 0 && study.sites.is_empty() {
        return;
    }
    json.object("contactsLocationsModule", |json| {
        if contacts {
            let second = random.chance(45).then(|| Person::any(random));
            let people = std::iter::once(study.investigator).chain(second);
            json.objects("centralContacts", people, |json, person| contact(json, person, number, "study"));
        }
        if officials > 0 {
            let others = (1..officials).map(|_| Person::any(random)).collect::<Vec<_>>();
            let people = std::iter::once(study.investigator).chain(others);
            json.objects("overallOfficials", people, |json, Person { first, last }| {
                json.plain("name", format_args!("{first} {last}, MD"));
                json.plain("affiliation", format_args!("Synthetic {}", study.sponsor.name));
                let industry = study.sponsor.class == "INDUSTRY";
                json.string("role", if industry { "STUDY_DIRECTOR" } else { "PRINCIPAL_INVESTIGATOR" });
            });
        }
        if !study.sites.is_empty() {
            json.objects("locations", &study.sites, |json, site| location(json, site, number));
        }
    });
}

fn location(json: &mut Json, site: &Site, number: u32) {
    let place = site.place;
    json.plain("facility", site.facility.in_city(place));
    json.maybe("status", site.status);
    json.string("city", place.city);
    json.maybe("state", place.state);
    json.maybe("zip", site.zip.as_deref());
    json.string("country", place.country);
    if !site.contacts.is_empty() {
        json.objects("contacts", &site.contacts, |json, &person| contact(json, person, number, "site"));
    }
    if site.located {
        json.object("geoPoint", |json| {
            json.decimal("lat", place.lat);
            json.decimal("lon", place.lon);
        });
    }
}

/// A person who can be reached by nobody: the numbers from 555-0100 to 555-0199 and the addresses
/// at example.org are set aside for this.
fn contact(json: &mut Json, Person { first, last }: Person, number: u32, desk: &str) {
    json.plain("name", format_args!("{first} {last}"));
    json.string("role", "CONTACT");
    json.plain("phone", format_args!("202-555-01{:02}", number % 100));
    json.plain("email", format_args!("{desk}.{number}@example.org"));
}

fn references(json: &mut Json, study: &Study, random: &mut Random) {
    let (cited, links) = (REFERENCES.draw(random), random.weighted(&[(90, 0), (8, 1), (2, 3)]));
    if cited == 0 && links == 0 {
        return;
    }
    json.object("referencesModule", |json| {
        if cited > 0 {
            let (year, ..) = study.timeline.first_submitted.calendar();
            json.objects("references", 0..cited, |json, _| {
                // Numbers that no article has yet.
                if random.chance(95) {
                    json.plain("pmid", 90_000_000 + random.between(0, 9_999_999));
                }
                let kinds = [(60, "BACKGROUND"), (15, "DERIVED"), (25, "RESULT")];
                json.string(
                    "type",
                    random.weighted(if study.results.is_some() { &kinds } else { &kinds[..2] }),
                );
                json.string("citation", &citation(study, year - random.between(1, 12), random));
            });
        }
        if links > 0 {
            json.objects("seeAlsoLinks", 0..links, |json, link| {
                json.string("label", "Page of the synthetic study");
                json.plain("url", format_args!("https://example.org/studies/{}/{link}", study.number));
            });
        }
    });
}

fn citation(study: &Study, year: i32, random: &mut Random) -> String {
    let mut text = String::with_capacity(320);
    for _ in 0..random.between(2, 9) {
        let Person { first, last } = Person::any(random);
        text.push_str(last);
        text.push(' ');
        text.extend(first.chars().take(1));
        text.push_str(", ");
    }
    text.push_str("et al. ");
    text.push_str(study.condition().name);
    let parts = [" and ", " in ", ": role of ", " after ", " for "];
    for at in 0..random.between(3, 6) {
        text.push_str(if at == 2 { parts[2] } else { random.pick(&parts) });
        study.topic.phrase(&mut text, random);
    }
    let (volume, page) = (random.between(1, 120), random.between(1, 2_400));
    text.push_str(&format!(
        ", an article that does not exist. Synthetic J Med. {year};{volume}:{page}-{}.",
        page + 9
    ));
    text
}

fn data_sharing(json: &mut Json, study: &Study, random: &mut Random) {
    if study.timeline.last_submitted < Day::new(2015, 12, 1) || !random.chance(75) {
        return;
    }
    let sharing = random.weighted(&[(60, "NO"), (22, "YES"), (18, "UNDECIDED")]);
    json.object("ipdSharingStatementModule", |json| {
        json.string("ipdSharing", sharing);
        if sharing == "YES" {
            let mut plan = "Data without names are shared on request. ".to_owned();
            study.topic.write(&mut plan, GENERAL, 30, random);
            json.string("description", &plan);
            let kinds = ["STUDY_PROTOCOL", "SAP", "ICF", "CSR", "ANALYTIC_CODE"];
            let count = usize::try_from(random.between(1, 4)).unwrap_or(1);
            json.strings("infoTypes", random.several(&kinds, count));
            json.string("timeFrame", "From six months after publication, for five years");
            json.string("accessCriteria", "A research plan that a committee has approved");
        }
    });
}

fn derived(json: &mut Json, study: &Study, random: &mut Random) {
    json.object("miscInfoModule", |json| {
        json.plain("versionHolder", Day::TODAY);
        if let Some(country) = study.removed_countries {
            json.strings("removedCountries", [country]);
        }
    });
    if study.status == Status::Withheld {
        return;
    }
    // Where a name is ambiguous, the registry finds a broader term besides the narrow one.
    let broader = study.condition().ancestors.first().copied().filter(|_| random.chance(30));
    let conditions = study.conditions.iter().map(|condition| (condition.mesh, condition.ancestors));
    browse(json, "conditionBrowseModule", conditions.chain([(broader, &[][..])]));
    let treatments = study.groups.given.iter().filter_map(|given| given.treatment);
    browse(
        json,
        "interventionBrowseModule",
        treatments.map(|treatment| (treatment.mesh, treatment.ancestors)),
    );
}

/// Terms and, without repetition, the broader terms above them.
fn browse(json: &mut Json, name: &str, terms: impl Iterator<Item = (Option<Mesh>, &'static [Mesh])>) {
    let (mut meshes, mut ancestors) = (Vec::new(), Vec::new());
    for (mesh, above) in terms {
        meshes.extend(mesh.filter(|mesh| !meshes.contains(mesh)));
        for term in above {
            if !ancestors.contains(term) {
                ancestors.push(*term);
            }
        }
    }
    ancestors.retain(|term| !meshes.contains(term));
    if meshes.is_empty() {
        return;
    }
    let term = |json: &mut Json, Mesh(id, term): Mesh| {
        json.string("id", id);
        json.string("term", term);
    };
    json.object(name, |json| {
        json.objects("meshes", meshes, term);
        if !ancestors.is_empty() {
            json.objects("ancestors", ancestors, term);
        }
    });
}

/// The identifier of a sample's study: real ones will not reach NCT9 for a long time.
pub(crate) fn nct_id(number: u32) -> String {
    format!("NCT{}", 90_000_000 + number)
}
