//! How does one study come about?
//!
//! ```text
//! number ─▶ chance ─▶ status ─▶ dates
//!                        └────▶ sponsor ─▶ condition ─▶ treatment ─▶ design ─▶ enrollment, sites ─▶ results
//! ```
//!
//! [`Study::of`] decides in this order, each step knowing those before it, so that the parts agree
//! as a registrar would ask them to. Nothing is written yet: [`crate::prose`] finds the words and
//! [`crate::record`] puts them where the registry has them.

use crate::calibration;
use crate::design::{self, Design, Groups, Observation, Scheme, Trial};
use crate::names;
use crate::people::People;
use crate::random::Random;
use crate::results::Results;
use crate::sites::{self, Site};
use crate::terms::{Phase, Status};
use crate::text::Topic;
use crate::timeline::Timeline;
use crate::vocabulary::conditions::{CONDITIONS, Condition, HEALTHY, Who};
use crate::vocabulary::sponsors::Sponsor;
use crate::vocabulary::treatments::Treatment;
use crate::vocabulary::{FIRST_NAMES, LAST_NAMES, PAUSED_WHY, QUALIFIERS, STOPPED_WHY};

/// Statuses as often as the registry has them, per ten thousand; expanded access is a little more
/// frequent here, so that a sample of two thousand shows every status.
const STATUSES: &[(i32, Status)] = &[
    (5_390, Status::Completed),
    (1_400, Status::Unknown),
    (1_160, Status::Recruiting),
    (580, Status::Terminated),
    (480, Status::NotYetRecruiting),
    (400, Status::ActiveNotRecruiting),
    (280, Status::Withdrawn),
    (120, Status::EnrollingByInvitation),
    (34, Status::Suspended),
    (40, Status::NoLongerAvailable),
    (35, Status::Available),
    (35, Status::ApprovedForMarketing),
    (30, Status::TemporarilyNotAvailable),
    (16, Status::Withheld),
];

/// What is known of a study before it is written down.
#[derive(Debug)]
pub(crate) struct Study {
    pub(crate) number: u32,
    pub(crate) status: Status,
    pub(crate) timeline: Timeline,
    pub(crate) why_stopped: Option<&'static str>,
    pub(crate) sponsor: Sponsor,
    pub(crate) collaborators: Vec<Sponsor>,
    pub(crate) investigator: Person,
    /// The condition under study; in some studies others of the same field.
    pub(crate) conditions: Vec<&'static Condition>,
    /// Conditions that registrants write in words of their own.
    pub(crate) further_conditions: Vec<String>,
    pub(crate) people: People,
    pub(crate) lead: &'static Treatment,
    pub(crate) partner: &'static Treatment,
    pub(crate) design: Design,
    pub(crate) groups: Groups,
    pub(crate) enrollment: Option<u32>,
    pub(crate) sites: Vec<Site>,
    /// Countries whose sites were given up before anyone was enrolled.
    pub(crate) removed_countries: Option<&'static str>,
    /// What the study found, once that has been reported.
    pub(crate) results: Option<Results>,
    /// What its texts keep coming back to.
    pub(crate) topic: Topic,
}

/// A made-up person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
}

impl Person {
    pub(crate) fn any(random: &mut Random) -> Self {
        Self { first: random.pick(FIRST_NAMES), last: random.pick(LAST_NAMES) }
    }
}

impl Study {
    /// The study with this number. It depends on the number and the chance, not on other studies.
    pub(crate) fn of(number: u32, random: &mut Random) -> Self {
        let status = random.weighted(STATUSES);
        let mut timeline = Timeline::of(status, random);
        let why_stopped = match status {
            Status::Terminated | Status::Withdrawn => Some(random.pick(STOPPED_WHY)),
            Status::Suspended => Some(random.pick(PAUSED_WHY)),
            _ => None,
        };
        let sponsor = Sponsor::any(random);
        let collaborators = collaborators(&sponsor, random);
        let investigator = Person::any(random);

        let healthy = !status.is_expanded_access() && random.chance(3);
        let condition = if healthy { &HEALTHY } else { random.row(CONDITIONS) };
        let people = People::of(condition.who, random);
        let lead = lead(condition, status, &sponsor, random);
        let partner = design::partner(lead, condition, random);
        let (design, mut groups) = if status.is_expanded_access() {
            let (individual, intermediate) = (random.chance(40), random.chance(30));
            let treatment = !(individual || intermediate) || random.chance(30);
            let design = Design::ExpandedAccess { individual, intermediate, treatment };
            (design, Groups::of_expanded_access(lead))
        } else if !healthy && random.chance(24) {
            let observation = Observation::of(random);
            let groups = Groups::of_observation(&observation, lead, condition, &people, random);
            (Design::Observational(observation), groups)
        } else {
            let trial = Trial::of(lead, partner, condition, random);
            let groups = Groups::of_trial(&trial, lead, partner, condition, random);
            (Design::Interventional(trial), groups)
        };
        let enrollment = enrollment(status, &design, random);
        let sites = sites::sites(status, &sponsor, &design, random);
        let removed_countries = (status == Status::Withdrawn && sites.is_empty()).then_some(sponsor.country);
        let conditions = with_others(condition, random);
        let further_conditions = further_conditions(&conditions, random);
        let topic = topic(&conditions, lead, partner);
        groups.describe(&topic, random);
        if random.chance(reports(status, &sponsor, &design)) {
            timeline.report(random);
        }
        let results = match (enrollment, timeline.report) {
            (Some(count @ 1..), Some(_)) => Some(Results::of(count, &groups, random)),
            _ => {
                timeline.report = None;
                None
            }
        };
        Self {
            number,
            status,
            timeline,
            why_stopped,
            sponsor,
            collaborators,
            investigator,
            conditions,
            further_conditions,
            people,
            lead,
            partner,
            design,
            groups,
            enrollment,
            sites,
            removed_countries,
            results,
            topic,
        }
    }

    /// The condition the study is about.
    pub(crate) fn condition(&self) -> &'static Condition {
        self.conditions[0]
    }

    pub(crate) fn trial(&self) -> Option<&Trial> {
        match &self.design {
            Design::Interventional(trial) => Some(trial),
            _ => None,
        }
    }

    /// What the lead treatment is compared with, if it is with a treatment.
    pub(crate) fn compared_with(&self) -> Option<&'static str> {
        match self.trial()?.scheme {
            Scheme::Active | Scheme::Crossover => Some(self.partner.name),
            Scheme::Placebo => Some("Placebo"),
            Scheme::UsualCare => Some("Usual Care"),
            _ => None,
        }
    }

    /// The study asks whether a disease can be kept away from people who do not have it.
    pub(crate) fn prevents(&self) -> bool {
        self.trial().is_some_and(|trial| trial.purpose == "PREVENTION")
    }

    /// The study admits people without the condition.
    pub(crate) fn admits_healthy(&self) -> bool {
        self.condition().who == Who::Healthy
            || self.prevents()
            || matches!(&self.design, Design::Observational(observation) if observation.model == "CASE_CONTROL")
    }

    pub(crate) fn in_united_states(&self) -> bool {
        self.sites.iter().any(|site| site.place.country == "United States")
    }
}

fn collaborators(sponsor: &Sponsor, random: &mut Random) -> Vec<Sponsor> {
    let count = random.weighted(&[(62, 0), (25, 1), (9, 2), (4, 3)]);
    let mut chosen: Vec<Sponsor> = Vec::new();
    for _ in 0..count {
        let other = Sponsor::any(random);
        if other.name != sponsor.name && chosen.iter().all(|one| one.name != other.name) {
            chosen.push(other);
        }
    }
    chosen
}

/// The treatment under study: companies mostly study products, and expanded access is about nothing
/// else.
fn lead(condition: &Condition, status: Status, sponsor: &Sponsor, random: &mut Random) -> &'static Treatment {
    let percent = match (status.is_expanded_access(), sponsor.class) {
        (true, _) => 100,
        (_, "INDUSTRY") => 85,
        _ => 42,
    };
    let table = if random.chance(percent) { condition.products } else { condition.others };
    random.pick(table)
}

/// The condition, and in some studies others of the same field that the same people may have.
fn with_others(condition: &'static Condition, random: &mut Random) -> Vec<&'static Condition> {
    let mut conditions = vec![condition];
    let count = calibration::CONDITIONS.draw(random);
    if count > 1 {
        let related: Vec<_> = CONDITIONS
            .iter()
            .filter(|other| other.field == condition.field && other.who == condition.who)
            .filter(|other| other.name != condition.name)
            .collect();
        conditions.extend(random.several(&related, count - 1));
    }
    conditions
}

/// A narrower form of a condition, or a rare one that no table has.
fn further_conditions(known: &[&Condition], random: &mut Random) -> Vec<String> {
    let count = random.weighted(&[(84, 0), (11, 1), (4, 2), (1, 5)]);
    let mut further = Vec::with_capacity(count);
    for _ in 0..count {
        let name = if random.chance(70) {
            format!("{} {}", random.pick(QUALIFIERS), random.row(known).name)
        } else {
            format!("{} Syndrome", names::proper("syndrome", random.rank(14)))
        };
        if !further.contains(&name) {
            further.push(name);
        }
    }
    further
}

/// The names of what is studied, long and short.
fn topic(conditions: &[&Condition], lead: &Treatment, partner: &Treatment) -> Topic {
    let mut terms = vec![lead.name.to_owned(), partner.name.to_owned()];
    for condition in &conditions[..conditions.len().min(2)] {
        terms.push(condition.name.to_owned());
        terms.extend(names::initials(condition.name));
        terms.extend(condition.scores.iter().chain(condition.events).map(|&name| name.to_owned()));
        terms.extend(condition.keywords.iter().map(|&name| name.to_owned()));
    }
    Topic(terms)
}

/// In how many of a hundred studies that can report results they do: the law asks it of trials of
/// products that are complete.
fn reports(status: Status, sponsor: &Sponsor, design: &Design) -> i32 {
    let product = matches!(design, Design::Interventional(trial) if trial.phase != Phase::NotApplicable);
    match (status, design, sponsor.class) {
        (Status::Completed | Status::Terminated, Design::Interventional(_), "INDUSTRY" | "NIH" | "FED") => 46,
        (Status::Completed | Status::Terminated, Design::Interventional(_), _) if product => 33,
        (Status::Completed | Status::Terminated, Design::Interventional(_), _) => 16,
        (Status::Completed | Status::Terminated, ..) => 5,
        (Status::ActiveNotRecruiting, Design::Interventional(_), _) => 16,
        _ => 0,
    }
}

fn enrollment(status: Status, design: &Design, random: &mut Random) -> Option<u32> {
    // By how much such studies are smaller or larger than others, in percent.
    let scale = match design {
        Design::ExpandedAccess { .. } => return None,
        Design::Observational(_) => 200,
        Design::Interventional(trial) => match trial.phase {
            Phase::EarlyOne | Phase::One => 40,
            Phase::OneAndTwo => 55,
            Phase::Two => 80,
            Phase::TwoAndThree => 160,
            Phase::Three => 320,
            Phase::Four => 110,
            Phase::NotApplicable => 90,
        },
    };
    let planned = (calibration::ENROLLMENT.draw(random) as i64 * scale / 100).max(2);
    let percent = i64::from(random.between(8, 60));
    let count = match status {
        Status::Withdrawn => 0,
        _ if random.chance(1) => return None,
        Status::Terminated => (planned * percent / 100).max(1),
        // A plan is a round number, a count is not.
        status if status.has_enrolled() => planned,
        _ => (planned + 9) / 10 * 10,
    };
    u32::try_from(count).ok()
}
