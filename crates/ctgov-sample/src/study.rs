//! How does one study come about?
//!
//! ```text
//! number ─▶ chance ─▶ status ─▶ dates
//!                        └────▶ sponsor ─▶ condition ─▶ treatment ─▶ design ─▶ enrollment, sites
//! ```
//!
//! [`Study::of`] decides in this order, each step knowing those before it, so that the parts agree
//! as a registrar would ask them to. Nothing is written yet: [`crate::prose`] finds the words and
//! [`crate::record`] puts them where the registry has them.

use crate::design::{self, Design, Groups, Observation, Scheme, Trial};
use crate::people::People;
use crate::places::{self, Place};
use crate::random::Random;
use crate::terms::{Phase, Status};
use crate::timeline::Timeline;
use crate::vocabulary::conditions::{CONDITIONS, Condition, HEALTHY, Who};
use crate::vocabulary::sponsors::{SPONSORS, Sponsor};
use crate::vocabulary::treatments::Treatment;
use crate::vocabulary::{FACILITIES, FIRST_NAMES, LAST_NAMES, PAUSED_WHY, STOPPED_WHY};

/// Statuses as often as the registry has them, per thousand; those of which it has fewer than one in
/// a hundred are a little more frequent here, so that a sample of a few hundred shows them all.
const STATUSES: &[(i32, Status)] = &[
    (520, Status::Completed),
    (140, Status::Unknown),
    (110, Status::Recruiting),
    (57, Status::Terminated),
    (48, Status::NotYetRecruiting),
    (40, Status::ActiveNotRecruiting),
    (28, Status::Withdrawn),
    (12, Status::EnrollingByInvitation),
    (8, Status::Suspended),
    (8, Status::NoLongerAvailable),
    (8, Status::Available),
    (8, Status::ApprovedForMarketing),
    (8, Status::TemporarilyNotAvailable),
    (5, Status::Withheld),
];

/// What is known of a study before it is written down.
#[derive(Debug)]
pub(crate) struct Study {
    pub(crate) number: u32,
    pub(crate) status: Status,
    pub(crate) timeline: Timeline,
    pub(crate) why_stopped: Option<&'static str>,
    pub(crate) sponsor: &'static Sponsor,
    pub(crate) collaborators: Vec<&'static Sponsor>,
    pub(crate) investigator: Person,
    /// The condition under study; in some studies a second one.
    pub(crate) conditions: Vec<&'static Condition>,
    pub(crate) people: People,
    pub(crate) lead: &'static Treatment,
    pub(crate) partner: &'static Treatment,
    pub(crate) design: Design,
    pub(crate) groups: Groups,
    pub(crate) enrollment: Option<u32>,
    pub(crate) sites: Vec<Site>,
    /// Countries whose sites were given up before anyone was enrolled.
    pub(crate) removed_countries: Option<&'static str>,
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

/// A place where a study is done.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) facility: &'static str,
    pub(crate) place: &'static Place,
    /// Given while the study recruits.
    pub(crate) status: Option<&'static str>,
    pub(crate) contact: Option<Person>,
}

impl Study {
    /// The study with this number. It depends on the number and the chance, not on other studies.
    pub(crate) fn of(number: u32, random: &mut Random) -> Self {
        let status = random.weighted(STATUSES);
        let timeline = Timeline::of(status, random);
        let why_stopped = match status {
            Status::Terminated | Status::Withdrawn => Some(random.pick(STOPPED_WHY)),
            Status::Suspended => Some(random.pick(PAUSED_WHY)),
            _ => None,
        };
        let sponsor = any_sponsor(random);
        let collaborators = collaborators(sponsor, random);
        let investigator = Person::any(random);

        let healthy = !status.is_expanded_access() && random.chance(3);
        let condition = if healthy { &HEALTHY } else { random.row(CONDITIONS) };
        let people = People::of(condition.who, random);
        let lead = lead(condition, status, sponsor, random);
        let partner = design::partner(lead, condition, random);
        let (design, groups) = if status.is_expanded_access() {
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
            let groups = Groups::of_trial(&trial, lead, partner, random);
            (Design::Interventional(trial), groups)
        };
        let enrollment = enrollment(status, &design, random);
        let sites = sites(status, sponsor, &design, random);
        let removed_countries = (status == Status::Withdrawn && sites.is_empty()).then_some(sponsor.country);
        Self {
            number,
            status,
            timeline,
            why_stopped,
            sponsor,
            collaborators,
            investigator,
            conditions: with_second(condition, random),
            people,
            lead,
            partner,
            design,
            groups,
            enrollment,
            sites,
            removed_countries,
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

fn any_sponsor(random: &mut Random) -> &'static Sponsor {
    let class = random.weighted(SPONSORS);
    random.row(class)
}

fn collaborators(sponsor: &Sponsor, random: &mut Random) -> Vec<&'static Sponsor> {
    let count = random.weighted(&[(62, 0), (25, 1), (9, 2), (4, 3)]);
    let mut chosen: Vec<&Sponsor> = Vec::new();
    for _ in 0..count {
        let other = any_sponsor(random);
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

/// The condition, and now and then a second one of the same field that the same people may have.
fn with_second(condition: &'static Condition, random: &mut Random) -> Vec<&'static Condition> {
    let mut conditions = vec![condition];
    if random.chance(12) {
        let related: Vec<_> = CONDITIONS
            .iter()
            .filter(|other| other.field == condition.field && other.who == condition.who)
            .filter(|other| other.name != condition.name)
            .collect();
        if !related.is_empty() {
            conditions.push(random.pick(&related));
        }
    }
    conditions
}

fn enrollment(status: Status, design: &Design, random: &mut Random) -> Option<u32> {
    let (low, high) = match design {
        Design::ExpandedAccess { .. } => return None,
        Design::Observational(_) => (40, 20_000),
        Design::Interventional(trial) => match trial.phase {
            Phase::EarlyOne | Phase::One => (10, 90),
            Phase::OneAndTwo => (20, 150),
            Phase::Two => (30, 320),
            Phase::TwoAndThree => (120, 900),
            Phase::Three => (150, 4_000),
            Phase::Four => (40, 1_800),
            Phase::NotApplicable => (16, 1_200),
        },
    };
    // Small studies are more frequent than large ones: a product of two chances leans to the left.
    let share = i64::from(random.between(0, 1_000)) * i64::from(random.between(0, 1_000));
    let planned = low + ((high - low) * share / 1_000_000);
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

fn sites(status: Status, sponsor: &Sponsor, design: &Design, random: &mut Random) -> Vec<Site> {
    let without = match status {
        Status::Withdrawn => 60,
        Status::NotYetRecruiting => 40,
        Status::Unknown => 12,
        Status::Completed | Status::Terminated => 5,
        status if status.is_expanded_access() => 65,
        _ => 0,
    };
    if random.chance(without) {
        return Vec::new();
    }
    let large = matches!(design, Design::Interventional(trial)
        if matches!(trial.phase, Phase::TwoAndThree | Phase::Three))
        || sponsor.class == "INDUSTRY";
    let count = if large {
        random.weighted(&[(20, 1), (20, 3), (25, 6), (20, 10), (15, 18)])
    } else {
        random.weighted(&[(66, 1), (18, 2), (10, 3), (6, 6)])
    };
    let at_home = if count > 3 { 45 } else { 85 };
    let mut sites: Vec<Site> = Vec::with_capacity(count);
    for _ in 0..count {
        let home = sites.is_empty() || random.chance(at_home);
        let place = random.row(if home { places::cities_of(sponsor.country) } else { places::PLACES });
        let facility = random.pick(FACILITIES);
        if sites.iter().any(|site| site.facility == facility && site.place.city == place.city) {
            continue;
        }
        let recruits = (status == Status::Recruiting).then(|| {
            // The first site recruits: a study without one would not be recruiting.
            if sites.is_empty() {
                return "RECRUITING";
            }
            random.weighted(&[
                (74, "RECRUITING"),
                (9, "NOT_YET_RECRUITING"),
                (8, "ACTIVE_NOT_RECRUITING"),
                (6, "COMPLETED"),
                (3, "WITHDRAWN"),
            ])
        });
        let contact = (recruits == Some("RECRUITING")).then(|| Person::any(random));
        sites.push(Site { facility, place, status: recruits, contact });
    }
    sites.sort_by_key(|site| (site.place.country, site.place.state, site.place.city, site.facility));
    sites
}
