//! In which words does a study speak of itself?
//!
//! Titles, summaries and criteria are made from the study's facts. Each title carries the word
//! "Synthetic" and each summary says that the study is made up.

use crate::design::{Design, Observation, Scheme, Trial};
use crate::random::Random;
use crate::study::Study;
use crate::vocabulary::conditions::Who;
use crate::vocabulary::{
    ASSIGNMENT, EXCLUSION, INCLUSION, STEPS, TIMES_OF_EVENTS, TIMES_OF_FIRST_USE, TIMES_OF_SCORES,
};

/// The sentence with which every brief summary begins.
pub(crate) const NOTICE: &str = "This record is made up for demonstration and testing: \
    no such study exists, and nothing in it is medical information.";

/// What a study measures, and when.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) measure: String,
    pub(crate) description: Option<String>,
    pub(crate) time_frame: &'static str,
}

/// `Adults With Type 2 Diabetes`, or `at Risk of` it.
fn participants(study: &Study) -> String {
    let people = study.people.words();
    match (study.people.who, study.prevents()) {
        (Who::Healthy, _) => people.to_owned(),
        (_, true) => format!("{people} at Risk of {}", study.condition().name),
        (_, false) => format!("{people} With {}", study.condition().name),
    }
}

/// The same in running text: `adults with Type 2 Diabetes`.
fn participants_in_text(study: &Study) -> String {
    let people = study.people.words().to_lowercase();
    match (study.people.who, study.prevents()) {
        (Who::Healthy, _) => people,
        (_, true) => format!("{people} at risk of {}", study.condition().name),
        (_, false) => format!("{people} with {}", study.condition().name),
    }
}

/// The short title.
pub(crate) fn brief_title(study: &Study, random: &mut Random) -> String {
    let (lead, condition, participants) = (study.lead.name, study.condition().name, participants(study));
    match &study.design {
        Design::ExpandedAccess { .. } => format!("Synthetic Expanded Access to {lead} for {participants}"),
        Design::Observational(observation) => observed(study, observation, &participants, random),
        Design::Interventional(trial) => match (random.between(0, 5), study.compared_with()) {
            (0 | 1, Some(other)) => format!("{lead} Versus {other} in {participants}: A Synthetic Trial"),
            (2, _) if study.people.who != Who::Healthy => {
                format!("Synthetic Trial of {lead} to {} {condition}", aim(trial))
            }
            (3, _) => format!("Effects and Safety of {lead} in {participants} (Synthetic)"),
            (4, _) => format!("A Synthetic {} of {lead} in {participants}", stage(trial)),
            _ => format!("Synthetic Study of {lead} in {participants}"),
        },
    }
}

fn observed(study: &Study, observation: &Observation, participants: &str, random: &mut Random) -> String {
    let score = random.pick(study.condition().scores);
    match (observation.registry, random.between(0, 3)) {
        (Some(_), _) => format!("Synthetic Registry of {participants}"),
        (_, 0) => format!("{score} in {participants}: A Synthetic Observational Study"),
        (_, 1) => format!("Synthetic {} of {participants}", observation_words(observation).1),
        (_, 2) => format!("Course and Outcomes in {participants} (Synthetic)"),
        _ => format!("Synthetic Survey of Care for {participants}"),
    }
}

const fn aim(trial: &Trial) -> &'static str {
    match trial.purpose.as_bytes() {
        b"PREVENTION" => "Prevent",
        b"DIAGNOSTIC" | b"SCREENING" => "Detect",
        b"BASIC_SCIENCE" => "Understand",
        b"TREATMENT" => "Treat",
        _ => "Improve Life With",
    }
}

fn stage(trial: &Trial) -> String {
    trial.phase.words().map_or_else(|| "Trial".to_owned(), |phase| format!("{phase} Trial"))
}

/// The long title, with phase, assignment and masking.
pub(crate) fn official_title(study: &Study) -> String {
    let (lead, participants) = (study.lead.name, participants(study));
    match &study.design {
        Design::ExpandedAccess { .. } => {
            format!(
                "A Synthetic Expanded Access Program of {lead} for {participants} Who Have No Other Choice"
            )
        }
        Design::Observational(observation) => {
            let (time, model) = observation_words(observation);
            format!("A Synthetic {time}{model} of {participants}")
        }
        Design::Interventional(trial) => {
            let mut parts = Vec::with_capacity(4);
            parts.extend(trial.phase.words());
            parts.extend((trial.allocation == "RANDOMIZED").then_some("Randomized"));
            parts.push(trial.masking.words);
            parts.extend(match trial.scheme {
                Scheme::Placebo => Some("Placebo-Controlled"),
                Scheme::Sham => Some("Sham-Controlled"),
                Scheme::Crossover => Some("Crossover"),
                Scheme::Factorial => Some("Factorial"),
                Scheme::Doses => Some("Dose-Finding"),
                _ => None,
            });
            let against = match (trial.scheme, study.compared_with()) {
                (Scheme::Active | Scheme::UsualCare, Some(other)) => format!(" Compared With {other}"),
                _ => String::new(),
            };
            format!("A Synthetic {} Study of {lead}{against} in {participants}", parts.join(", "))
        }
    }
}

fn observation_words(observation: &Observation) -> (&'static str, &'static str) {
    let time = match observation.time {
        "PROSPECTIVE" => "Prospective ",
        "RETROSPECTIVE" => "Retrospective ",
        "CROSS_SECTIONAL" => "Cross-Sectional ",
        _ => "",
    };
    let model = match observation.model {
        "COHORT" => "Cohort Study",
        "CASE_CONTROL" => "Case-Control Study",
        "CASE_ONLY" => "Case Series",
        "CASE_CROSSOVER" => "Case-Crossover Study",
        "ECOLOGIC_OR_COMMUNITY" => "Community Study",
        "FAMILY_BASED" => "Family Study",
        "NATURAL_HISTORY" => "Natural History Study",
        _ => "Observational Study",
    };
    (time, model)
}

/// The summary for everybody.
pub(crate) fn brief_summary(study: &Study) -> String {
    let (lead, condition) = (study.lead.name, study.condition().name);
    let people = study.people.words().to_lowercase();
    let participants = participants_in_text(study);
    let question = match &study.design {
        Design::ExpandedAccess { .. } => format!(
            "The sponsor offers {lead} to {participants} who cannot take part in a study and for whom other \
             treatment has failed. A physician applies for each patient."
        ),
        Design::Observational(_) => format!(
            "The study follows {participants} in routine care. The main question is what happens to {} over time, \
             and which characteristics of {people} at the beginning go with a better course.",
            study.condition().scores[0]
        ),
        Design::Interventional(trial) => {
            let against =
                study.compared_with().map_or_else(String::new, |other| format!(", compared with {other},"));
            match trial.purpose {
                "PREVENTION" => {
                    format!("The study asks whether {lead}{against} keeps {people} from getting {condition}.")
                }
                "DIAGNOSTIC" | "SCREENING" => {
                    format!("The study asks how well {lead}{against} finds {condition} in {people}.")
                }
                "BASIC_SCIENCE" => format!(
                    "The study measures what {lead} does in the body of {people} and how long it stays there."
                ),
                _ => format!(
                    "The study asks whether {lead}{against} helps {participants} and which side effects occur. \
                     Participants get {lead} as follows: {}.",
                    study.lead.how
                ),
            }
        }
    };
    format!("{NOTICE}\n\n{question}")
}

/// The description for readers who know the field; some studies have none.
pub(crate) fn detailed_description(study: &Study, random: &mut Random) -> Option<String> {
    if !random.chance(if study.status.is_expanded_access() { 10 } else { 80 }) {
        return None;
    }
    let condition = study.condition();
    let mut text = match study.trial() {
        Some(trial) => format!(
            "In this made-up study, {} are followed in {}. It measures {} and more, under {} conditions.",
            participants_in_text(study),
            match study.groups.arms.len() {
                1 => "one group".to_owned(),
                several => format!("{several} groups"),
            },
            condition.scores[0],
            trial.masking.words.to_lowercase(),
        ),
        None => format!(
            "In this made-up study, {} are observed. Data on {} are taken from the sites' records.",
            participants_in_text(study),
            condition.scores[0]
        ),
    };
    let count = random.between(3, 8);
    for step in random.several(STEPS, usize::try_from(count).unwrap_or_default()) {
        text.push_str("\n\n");
        text.push_str(step);
    }
    if study.trial().is_some_and(|trial| trial.allocation == "RANDOMIZED") {
        text.push_str("\n\n");
        text.push_str(ASSIGNMENT);
    }
    Some(text)
}

/// Who may take part and who may not.
pub(crate) fn eligibility(study: &Study, random: &mut Random) -> String {
    let condition = study.condition().name;
    let mut text = format!("Inclusion Criteria:\n\n* {} {}", study.people.words(), study.people.age_words());
    if study.people.who == Who::Healthy {
        text.push_str("\n* In good health by medical history, examination and laboratory tests");
    } else if study.prevents() {
        text.push_str("\n* At risk of ");
        text.push_str(condition);
        text.push_str(" in the opinion of the investigator");
    } else {
        for condition in &study.conditions {
            text.push_str("\n* Diagnosis of ");
            text.push_str(condition.name);
            text.push_str(" confirmed by a specialist");
        }
    }
    bullets(&mut text, INCLUSION, random.between(2, 5), random);
    text.push_str("\n\nExclusion Criteria:\n");
    if study.people.may_not_be_pregnant() {
        text.push_str("\n* Pregnant or breastfeeding");
    }
    bullets(&mut text, EXCLUSION, random.between(3, 7), random);
    text
}

fn bullets(text: &mut String, table: &[&str], count: i32, random: &mut Random) {
    for item in random.several(table, usize::try_from(count).unwrap_or_default()) {
        text.push_str("\n* ");
        text.push_str(item);
    }
}

/// Whom an observational study finds its participants among.
pub(crate) fn study_population(study: &Study) -> String {
    let (people, condition) = (study.people.words(), study.condition().name);
    format!("{people} with {condition} who are cared for at the participating sites.")
}

/// What the study finds out first.
pub(crate) fn primary_outcomes(study: &Study, random: &mut Random) -> Vec<Outcome> {
    let first_use = study.trial().is_some_and(|trial| trial.phase.is_early());
    let mut outcomes = Vec::with_capacity(2);
    if first_use && study.people.who != Who::Healthy {
        outcomes.push(Outcome {
            measure: "Number of Participants With Dose-Limiting Toxicity".to_owned(),
            description: Some(
                "Side effects of grade 3 or higher that are related to the intervention.".to_owned(),
            ),
            time_frame: random.pick(TIMES_OF_FIRST_USE),
        });
    } else {
        outcomes.push(outcome(study, random));
    }
    if random.chance(20) {
        add(&mut outcomes, &[], outcome(study, random));
    }
    outcomes
}

/// What it finds out besides.
pub(crate) fn further_outcomes(
    study: &Study,
    primary: &[Outcome],
    most: i32,
    random: &mut Random,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for _ in 0..random.between(1, most) {
        add(&mut outcomes, primary, outcome(study, random));
    }
    outcomes
}

/// Adds an outcome that is not there yet.
fn add(outcomes: &mut Vec<Outcome>, others: &[Outcome], new: Outcome) {
    if outcomes.iter().chain(others).all(|old| old.measure != new.measure) {
        outcomes.push(new);
    }
}

fn outcome(study: &Study, random: &mut Random) -> Outcome {
    let condition = study.condition();
    let short = study.trial().is_some_and(|trial| trial.phase.is_early());
    let once =
        matches!(&study.design, Design::Observational(observation) if observation.time == "CROSS_SECTIONAL");
    let score_time = match (short, once) {
        (true, _) => random.pick(TIMES_OF_FIRST_USE),
        (_, true) => "Day 1",
        _ => random.pick(TIMES_OF_SCORES),
    };
    let event_time = if short { random.pick(TIMES_OF_FIRST_USE) } else { random.pick(TIMES_OF_EVENTS) };
    let described = random.chance(75);
    let (measure, description, time_frame) = match random.between(0, 9) {
        7 if !short && !once => {
            let event = random.pick(condition.events);
            (
                format!("Time to First Report of {event}"),
                format!("Days from the first day of the study to {event}, or to the last contact."),
                event_time,
            )
        }
        5..8 if !once => {
            let event = random.pick(condition.events);
            (
                format!("Number of Participants With {event}"),
                format!("Each case of {event} is confirmed by an independent committee."),
                event_time,
            )
        }
        8 if !once => (
            "Number of Participants With Adverse Events".to_owned(),
            "Any untoward event, whether or not related to the study, graded from 1 to 5.".to_owned(),
            event_time,
        ),
        9 => (
            "Quality of Life Score".to_owned(),
            "A questionnaire with a range from 0 to 100; higher values mean a better quality of life."
                .to_owned(),
            score_time,
        ),
        _ => {
            let score = random.pick(condition.scores);
            let measure =
                if short || once { score.to_owned() } else { format!("Change From Baseline in {score}") };
            (measure, format!("{score} is measured twice at each visit, and the mean is used."), score_time)
        }
    };
    Outcome { measure, description: described.then_some(description), time_frame }
}
