//! How does the registry write a study down?
//!
//! In the sections, modules and key order of version 2 of its API. This file says where each fact
//! stands, and adds what only matters on paper: identifiers, contacts, oversight, data sharing.

use crate::dates::{Day, Mark, Moment};
use crate::design::{Design, Given};
use crate::json::Json;
use crate::prose::{self, NOTICE, Outcome};
use crate::random::Random;
use crate::study::{Person, Site, Study};
use crate::terms::{Kind, Sex, Status};
use crate::vocabulary::Mesh;
use crate::vocabulary::sponsors::Sponsor;

/// Room for most records.
const CAPACITY: usize = 8 * 1024;

/// The study as the registry would give it out.
pub(crate) fn write(study: &Study, random: &mut Random) -> String {
    Json::text(CAPACITY, |json| {
        json.object("protocolSection", |json| {
            if study.status == Status::Withheld {
                withheld(json, study);
            } else {
                protocol(json, study, random);
            }
        });
        json.object("derivedSection", |json| derived(json, study));
        json.flag("hasResults", false);
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

fn protocol(json: &mut Json, study: &Study, random: &mut Random) {
    json.object("identificationModule", |json| identification(json, study, random));
    json.object("statusModule", |json| status(json, study));
    json.object("sponsorCollaboratorsModule", |json| sponsors(json, study));
    oversight(json, study, random);
    json.object("descriptionModule", |json| {
        json.string("briefSummary", &prose::brief_summary(study));
        json.maybe("detailedDescription", prose::detailed_description(study, random).as_deref());
    });
    json.object("conditionsModule", |json| conditions(json, study, random));
    json.object("designModule", |json| design(json, study));
    arms(json, study);
    outcomes(json, study, random);
    json.object("eligibilityModule", |json| eligibility(json, study, random));
    places(json, study, random);
    references(json, study, random);
    data_sharing(json, study, random);
}

fn identification(json: &mut Json, study: &Study, random: &mut Random) {
    let field = study.condition().field;
    json.plain("nctId", nct_id(study.number));
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
        json.string("officialTitle", &prose::official_title(study));
    }
    if random.chance(22) {
        json.plain("acronym", format_args!("SYN-{field}-{}", random.between(1, 99)));
    }
}

fn status(json: &mut Json, study: &Study) {
    let timeline = &study.timeline;
    json.plain("statusVerifiedDate", timeline.last_submitted.month());
    json.string("overallStatus", study.status.code());
    json.maybe("lastKnownStatus", timeline.last_known.map(Status::code));
    json.maybe("whyStopped", study.why_stopped);
    json.object("expandedAccessInfo", |json| json.flag("hasExpandedAccess", false));
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
    let sponsor = study.sponsor;
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
        std::iter::once(first).chain(study.conditions[1..].iter().map(|other| other.name)),
    );
    if random.chance(70) {
        let lead = (!study.groups.given.is_empty()).then_some(study.lead.name);
        json.strings("keywords", condition.keywords.iter().copied().chain(lead));
    }
}

fn design(json: &mut Json, study: &Study) {
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
                json.string("primaryPurpose", trial.purpose);
                json.object("maskingInfo", |json| {
                    json.string("masking", trial.masking.code);
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

fn arms(json: &mut Json, study: &Study) {
    let groups = &study.groups;
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
                let others = given.treatment.map_or(&[][..], |treatment| treatment.other_names);
                if !others.is_empty() {
                    json.strings("otherNames", others);
                }
            });
        }
    });
}

fn outcomes(json: &mut Json, study: &Study, random: &mut Random) {
    if study.status.is_expanded_access() {
        return;
    }
    json.object("outcomesModule", |json| {
        let one = |json: &mut Json, outcome: &Outcome| {
            json.string("measure", &outcome.measure);
            json.maybe("description", outcome.description.as_deref());
            json.string("timeFrame", outcome.time_frame);
        };
        let primary = prose::primary_outcomes(study, random);
        json.objects("primaryOutcomes", &primary, one);
        if random.chance(85) {
            let secondary = prose::further_outcomes(study, &primary, 7, random);
            if !secondary.is_empty() {
                json.objects("secondaryOutcomes", &secondary, one);
            }
        }
        if random.chance(8) {
            json.objects("otherOutcomes", [()], |json, ()| {
                json.string("measure", "Cost of Care per Participant");
                json.string("timeFrame", "12 months");
            });
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
        json.string("studyPopulation", &prose::study_population(study));
        json.string("samplingMethod", observation.sampling);
    }
}

fn places(json: &mut Json, study: &Study, random: &mut Random) {
    let number = study.number;
    let contacts = study.status.names_contacts() && random.chance(90);
    let official = random.chance(60);
    if !contacts && !official && study.sites.is_empty() {
        return;
    }
    json.object("contactsLocationsModule", |json| {
        if contacts {
            json.objects("centralContacts", [()], |json, ()| {
                contact(json, study.investigator, number, "study");
            });
        }
        if official {
            json.objects("overallOfficials", [()], |json, ()| {
                let Person { first, last } = study.investigator;
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
    json.plain("facility", format_args!("Synthetic {}, {}", site.facility, place.city));
    json.maybe("status", site.status);
    json.string("city", place.city);
    json.maybe("state", place.state);
    json.string("country", place.country);
    if let Some(person) = site.contact {
        json.objects("contacts", [()], |json, ()| contact(json, person, number, "site"));
    }
    json.object("geoPoint", |json| {
        json.decimal("lat", place.lat);
        json.decimal("lon", place.lon);
    });
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
    let (cites, links) = (random.chance(14), random.chance(6));
    if !cites && !links {
        return;
    }
    json.object("referencesModule", |json| {
        if cites {
            let (year, ..) = study.timeline.first_submitted.calendar();
            json.objects("references", [()], |json, ()| {
                json.string("type", "BACKGROUND");
                json.plain(
                    "citation",
                    format_args!(
                        "Example A, Sample B. {}: a review that does not exist. Synthetic Journal of Medicine. {}.",
                        study.condition().name,
                        year - 1
                    ),
                );
            });
        }
        if links {
            json.objects("seeAlsoLinks", [()], |json, ()| {
                json.string("label", "Page of the synthetic study");
                json.plain("url", format_args!("https://example.org/studies/{}", study.number));
            });
        }
    });
}

fn data_sharing(json: &mut Json, study: &Study, random: &mut Random) {
    if study.timeline.last_submitted < Day::new(2015, 12, 1) || !random.chance(70) {
        return;
    }
    let sharing = random.weighted(&[(60, "NO"), (22, "YES"), (18, "UNDECIDED")]);
    json.object("ipdSharingStatementModule", |json| {
        json.string("ipdSharing", sharing);
        if sharing == "YES" {
            json.string("description", "Data without names are shared on request.");
            let kinds = ["STUDY_PROTOCOL", "SAP", "ICF", "CSR", "ANALYTIC_CODE"];
            let count = usize::try_from(random.between(1, 4)).unwrap_or(1);
            json.strings("infoTypes", random.several(&kinds, count));
            json.string("timeFrame", "From six months after publication, for five years");
            json.string("accessCriteria", "A research plan that a committee has approved");
        }
    });
}

fn derived(json: &mut Json, study: &Study) {
    json.object("miscInfoModule", |json| {
        json.plain("versionHolder", Day::TODAY);
        if let Some(country) = study.removed_countries {
            json.strings("removedCountries", [country]);
        }
    });
    if study.status == Status::Withheld {
        return;
    }
    let conditions = study.conditions.iter().map(|condition| (condition.mesh, condition.ancestors));
    browse(json, "conditionBrowseModule", conditions);
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
