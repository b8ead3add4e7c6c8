//! In which words does a study speak of itself?
//!
//! Titles, summaries and criteria are made from the study's facts, and go on with free text until they
//! are as long as the registry's. Each title carries the word "Synthetic" and each summary says that the
//! study is made up.

use crate::calibration::{
    CRITERIA_WORDS, DESCRIPTION_WORDS, OTHER_OUTCOMES, OUTCOME_WORDS, POPULATION_WORDS, PRIMARY_OUTCOMES,
    SECONDARY_OUTCOMES, SUMMARY_WORDS,
};
use crate::design::{Design, Observation, Scheme, Trial};
use crate::names;
use crate::random::Random;
use crate::study::Study;
use crate::vocabulary::conditions::Who;
use crate::vocabulary::sentences::{self, Sentence};
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
    pub(crate) kind: Measured,
}

/// What kind of number an outcome is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    /// A value on a scale, or its change.
    Score,
    /// Participants to whom something happened.
    Participants,
    /// Days until something happened.
    Time,
}

/// The outcomes of a study in the registry's three lists.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) primary: Vec<Outcome>,
    pub(crate) secondary: Vec<Outcome>,
    pub(crate) other: Vec<Outcome>,
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
pub(crate) fn official_title(study: &Study, random: &mut Random) -> String {
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
            let mut title =
                format!("A Synthetic {} Study of {lead}{against} in {participants}", parts.join(", "));
            for link in &[" and the Effect on ", " and on "][..random.weighted(&[(50, 0), (25, 1), (25, 2)])]
            {
                title.push_str(link);
                study.topic.phrase(&mut title, random);
            }
            title
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
pub(crate) fn brief_summary(study: &Study, random: &mut Random) -> String {
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
    let mut text = format!("{NOTICE}\n\n{}", with_short_names(&question, study, random));
    let words = SUMMARY_WORDS.draw(random);
    go_on(&mut text, "\n\n", sentences::GENERAL, words, study, random);
    text
}

/// Gives short names where long ones are first used, as most authors do: `Heart Failure (HF)`.
fn with_short_names(text: &str, study: &Study, random: &mut Random) -> String {
    let (condition, lead) = (study.condition().name, study.lead.name);
    let mut text = text.to_owned();
    if let Some(short) = names::initials(condition).filter(|_| random.chance(60)) {
        text = text.replacen(condition, &format!("{condition} ({short})"), 1);
    }
    if study.lead.kind.has_phases() && random.chance(20) {
        let other = if random.chance(50) { names::brand(lead) } else { names::code(lead) };
        text = text.replacen(lead, &format!("{lead} ({other})"), 1);
    }
    text
}

/// Adds free text until there are about as many words.
fn go_on(
    text: &mut String,
    between: &str,
    stock: &[Sentence],
    words: usize,
    study: &Study,
    random: &mut Random,
) {
    let told = text.split(' ').count();
    if words > told + 8 {
        text.push_str(between);
        study.topic.write(text, stock, words - told, random);
    }
}

/// The description for readers who know the field; some studies have none.
pub(crate) fn detailed_description(study: &Study, random: &mut Random) -> Option<String> {
    if !random.chance(if study.status.is_expanded_access() { 10 } else { 67 }) {
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
    let words = DESCRIPTION_WORDS.draw(random);
    text = with_short_names(&text, study, random);
    let count = (words / 40).min(8);
    for step in random.several(STEPS, count) {
        text.push_str("\n\n");
        text.push_str(step);
    }
    // Paragraphs of some hundred words.
    for left in (0..words).step_by(110) {
        let told = text.split(' ').count();
        let words = words.min(told + (words - left).min(110));
        go_on(&mut text, "\n\n", sentences::GENERAL, words, study, random);
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
        for condition in study.conditions.iter().take(2) {
            text.push_str("\n* Diagnosis of ");
            text.push_str(condition.name);
            text.push_str(" confirmed by a specialist");
        }
    }
    let words = CRITERIA_WORDS.draw(random);
    bullets(&mut text, INCLUSION, words / 50, random);
    criteria(&mut text, sentences::INCLUDED, words / 2, study, random);
    text.push_str("\n\nExclusion Criteria:\n\n* ");
    text.push_str(if study.people.may_not_be_pregnant() {
        "Pregnant or breastfeeding"
    } else {
        "Unable to give consent"
    });
    bullets(&mut text, EXCLUSION, words / 40, random);
    criteria(&mut text, sentences::EXCLUDED, words, study, random);
    text
}

/// Adds criteria of the stock until there are about as many words.
fn criteria(text: &mut String, stock: &[Sentence], words: usize, study: &Study, random: &mut Random) {
    let end = words * 6;
    while text.len() + 60 < end {
        text.push_str("\n* ");
        study.topic.sentence(text, random.pick(stock), random);
    }
}

fn bullets(text: &mut String, table: &[&str], count: usize, random: &mut Random) {
    for item in random.several(table, count.min(7)) {
        text.push_str("\n* ");
        text.push_str(item);
    }
}

/// Whom an observational study finds its participants among.
pub(crate) fn study_population(study: &Study, random: &mut Random) -> String {
    let (people, condition) = (study.people.words(), study.condition().name);
    let mut text = format!("{people} with {condition} who are cared for at the participating sites.");
    let words = POPULATION_WORDS.draw(random);
    go_on(&mut text, " ", sentences::POPULATION, words, study, random);
    text
}

/// What the study finds out.
pub(crate) fn outcomes(study: &Study, random: &mut Random) -> Outcomes {
    let mut outcomes = Outcomes::default();
    if study.status.is_expanded_access() {
        return outcomes;
    }
    let first_use = study.trial().is_some_and(|trial| trial.phase.is_early());
    if first_use && study.people.who != Who::Healthy {
        outcomes.primary.push(Outcome {
            measure: "Number of Participants With Dose-Limiting Toxicity".to_owned(),
            description: Some(
                "Side effects of grade 3 or higher that are related to the intervention.".to_owned(),
            ),
            time_frame: random.pick(TIMES_OF_FIRST_USE),
            kind: Measured::Participants,
        });
    } else {
        outcomes.primary.push(outcome(study, random));
    }
    // Those who report results had more to report.
    let more = match study.results {
        Some(_) if random.rarely(6) => 16,
        Some(_) => random.weighted(&[(22, 1), (28, 2), (25, 3), (25, 5)]),
        None => 1,
    };
    for _ in 1..PRIMARY_OUTCOMES.draw(random) {
        add(&mut outcomes.primary, &[], outcome(study, random));
    }
    for _ in 0..SECONDARY_OUTCOMES.draw(random) * more {
        add(&mut outcomes.secondary, &[&outcomes.primary], outcome(study, random));
    }
    for _ in 0..OTHER_OUTCOMES.draw(random) {
        add(&mut outcomes.other, &[&outcomes.primary, &outcomes.secondary], outcome(study, random));
    }
    outcomes
}

/// Adds an outcome that is not there yet.
fn add(outcomes: &mut Vec<Outcome>, others: &[&Vec<Outcome>], new: Outcome) {
    let mut all = others.iter().copied().flatten().chain(outcomes.iter());
    if all.all(|old| old.measure != new.measure) {
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
    let (kind, mut measure, mut description) = match random.between(0, 9) {
        7 if !short && !once => {
            let event = random.pick(condition.events);
            (
                Measured::Time,
                format!("Time to First Report of {event}"),
                format!("Days from the first day of the study to {event}, or to the last contact."),
            )
        }
        5..8 if !once => {
            let event = random.pick(condition.events);
            (
                Measured::Participants,
                format!("Number of Participants With {event}"),
                format!("Each case of {event} is confirmed by an independent committee."),
            )
        }
        8 if !once => (
            Measured::Participants,
            "Number of Participants With Adverse Events".to_owned(),
            "Any untoward event, whether or not related to the study, graded from 1 to 5.".to_owned(),
        ),
        9 => (
            Measured::Score,
            "Quality of Life Score".to_owned(),
            "A questionnaire with a range from 0 to 100; higher values mean a better quality of life."
                .to_owned(),
        ),
        _ => {
            let score = random.pick(condition.scores);
            let change = if short || once { "" } else { "Change From Baseline in " };
            (
                Measured::Score,
                format!("{change}{score}"),
                format!("{score} is measured twice at each visit, and the mean is used."),
            )
        }
    };
    if random.chance(45) {
        measure.push_str(random.pick(&[
            " as Assessed by ",
            " in Participants With ",
            " Measured by ",
            " After ",
        ]));
        study.topic.phrase(&mut measure, random);
    }
    let words = OUTCOME_WORDS.draw(random);
    if words < 12 {
        description.clear();
        study.topic.write(&mut description, sentences::MEASURES, words, random);
    }
    go_on(&mut description, " ", sentences::MEASURES, words, study, random);
    let time_frame = if kind == Measured::Score { score_time } else { event_time };
    Outcome { measure, description: random.chance(84).then_some(description), time_frame, kind }
}
