//! What are made-up studies made of?
//!
//! Tables: [`conditions`] and the [`treatments`] that are tried for them, the [`sponsors`] who try,
//! and here the small ones. Names of diseases and medicines and their MeSH identifiers are public
//! facts; every sentence, sponsor and person is invented.

pub(crate) mod conditions;
pub(crate) mod findings;
pub(crate) mod sentences;
pub(crate) mod sponsors;
pub(crate) mod treatments;
pub(crate) mod words;

/// A term of the Medical Subject Headings: its identifier and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mesh(pub(crate) &'static str, pub(crate) &'static str);

pub(crate) static FIRST_NAMES: &[&str] = &[
    "Ada", "Amina", "Ben", "Chen", "Chidi", "Clara", "Dana", "Elif", "Emeka", "Farah", "Grace", "Hana",
    "Hugo", "Ines", "Ivan", "Jonas", "Keiko", "Lars", "Leila", "Maria", "Mateo", "Mei", "Nils", "Noor",
    "Olga", "Pablo", "Priya", "Ravi", "Rosa", "Samir", "Sofia", "Tariq", "Tomas", "Yuki", "Zanele",
];

/// Surnames nobody can take for a real investigator's.
pub(crate) static LAST_NAMES: &[&str] = &[
    "Example",
    "Sample",
    "Specimen",
    "Placeholder",
    "Testcase",
    "Fixture",
    "Mockford",
    "Demoski",
    "Fabrica",
    "Imaginario",
];

pub(crate) static FACILITIES: &[&str] = &[
    "General Hospital",
    "University Hospital",
    "Clinical Research Unit",
    "Medical Center",
    "Outpatient Clinic",
    "Research Institute",
    "Community Health Center",
    "Specialist Centre",
    "Cancer Center",
    "Children's Hospital",
    "Heart Institute",
    "Medical University",
    "Regional Hospital",
    "Teaching Hospital",
    "Veterans Clinic",
    "Women's Health Clinic",
    "Clinical Trials Network Site",
    "Private Practice",
    "Eye Clinic",
    "Rehabilitation Hospital",
    "Polyclinic",
    "Department of Internal Medicine",
    "Academic Medical Centre",
    "Memorial Hospital",
];

/// What narrows a condition down.
pub(crate) static QUALIFIERS: &[&str] = &[
    "Recurrent",
    "Refractory",
    "Severe",
    "Chronic",
    "Acute",
    "Advanced",
    "Newly Diagnosed",
    "Moderate to Severe",
    "Early",
    "Relapsed",
    "Symptomatic",
    "Stage III",
    "Familial",
    "Secondary",
    "Uncontrolled",
];

pub(crate) static STOPPED_WHY: &[&str] = &[
    "Enrollment was slower than planned.",
    "Funding ended before the study was complete.",
    "The sponsor changed its priorities; the decision was not about safety.",
    "An interim analysis showed that the study could not reach its goal.",
    "The principal investigator moved to another institution.",
    "The product was no longer supplied.",
    "Safety findings in another study led to a review.",
    "The number of eligible people was lower than expected.",
];

/// Why a study that may go on has paused.
pub(crate) static PAUSED_WHY: &[&str] = &[
    "Paused while an amendment of the protocol is reviewed.",
    "Paused until the product can be supplied again.",
    "Paused for a planned review of safety by the monitoring board.",
    "Paused while funding for the next stage is arranged.",
];

pub(crate) static STEPS: &[&str] = &[
    "Screening takes up to four weeks and includes a medical history, a physical examination and blood tests.",
    "Visits take place at the site every four weeks, with telephone calls in between.",
    "Participants, or those who care for them, keep a diary of symptoms and bring it to every visit.",
    "An independent committee looks at the data when half of the participants have completed the study.",
    "Blood samples are taken at every visit and stored for five years.",
    "Participants who stop early are asked to come to one last visit.",
    "The number of participants gives a power of 80 percent at a two-sided level of 5 percent.",
    "The main analysis includes every participant; missing values are imputed.",
    "Sites are trained before the first participant and visited by a monitor twice a year.",
    "Adverse events are graded at every contact and followed until they end.",
    "Questionnaires are filled in on a tablet computer and take about twenty minutes.",
    "A visit three months after the end asks for late effects.",
    "A substudy at selected sites measures markers of inflammation.",
];

pub(crate) static ASSIGNMENT: &str =
    "Assignments are made by computer in blocks of varying size, stratified by site.";

pub(crate) static INCLUSION: &[&str] = &[
    "Written informed consent by the participant, or by a parent or guardian",
    "No change of other treatment in the four weeks before screening",
    "Able to come to all planned visits",
    "Adequate organ function in the laboratory tests of the screening visit",
    "Use of effective contraception during the study, where that applies",
    "Can be reached by telephone, directly or through a caregiver",
    "Screening completed no more than four weeks before the first day of the study",
];

// As in the registry's own text, `<` and `>` carry a backslash.
pub(crate) static EXCLUSION: &[&str] = &[
    "Participation in another interventional study within the last 30 days",
    "Estimated glomerular filtration rate \\< 15 mL/min/1.73 m²",
    "Liver enzymes \\> 5 times the upper limit of normal",
    "Known allergy to anything used in the study",
    "Major surgery planned during the study for another reason",
    "Another active infection that needs treatment by infusion",
    "Another cancer within the last five years",
    "Expected to move away from the site within a year",
    "Any other disease which, in the investigator's opinion, makes participation unsafe",
];

/// When something is measured on a scale.
pub(crate) static TIMES_OF_SCORES: &[&str] = &[
    "Baseline and week 4",
    "Baseline and week 12",
    "Baseline, week 12 and week 24",
    "Baseline and week 52",
    "6 months",
    "12 months",
];

/// How long something that happens is waited for.
pub(crate) static TIMES_OF_EVENTS: &[&str] = &[
    "Up to 30 days",
    "Up to 90 days",
    "6 months",
    "12 months",
    "Up to 24 months",
    "From the first day of the study to the event, up to 36 months",
];

/// How soon the effects of a first use are looked for.
pub(crate) static TIMES_OF_FIRST_USE: &[&str] =
    &["Day 1 to day 15", "24 hours", "Day 1 to day 29", "Up to 72 hours after the dose", "Up to 8 weeks"];
