//! How is a study laid out?
//!
//! ```text
//! lead treatment ─▶ phase ─▶ scheme ─▶ arms ◀── what is given in them
//! ```
//!
//! A [`Scheme`] is a way to find out: one group, against placebo, against another treatment. It
//! brings its arms, its interventions, allocation, model and masking, so that these agree.

use crate::calibration::ARM_WORDS;
use crate::people::People;
use crate::random::Random;
use crate::terms::{Kind, Phase};
use crate::text::Topic;
use crate::vocabulary::conditions::{Condition, Who};
use crate::vocabulary::sentences::ARMS;
use crate::vocabulary::treatments::{Treatment, USUAL_CARE};

/// The layout of a study.
#[derive(Debug)]
pub(crate) enum Design {
    Interventional(Trial),
    Observational(Observation),
    /// A treatment offered outside a study: for single patients, groups, or as a program.
    ExpandedAccess {
        individual: bool,
        intermediate: bool,
        treatment: bool,
    },
}

/// A study that assigns participants to what they get.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) phase: Phase,
    pub(crate) purpose: &'static str,
    pub(crate) allocation: &'static str,
    pub(crate) model: &'static str,
    pub(crate) masking: Masking,
    pub(crate) scheme: Scheme,
}

/// A study that only looks.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) model: &'static str,
    pub(crate) time: &'static str,
    /// How long a registry follows its patients; none where the study is no registry.
    pub(crate) registry: Option<&'static str>,
    pub(crate) samples: Option<&'static str>,
    pub(crate) sampling: &'static str,
}

/// Who does not know what is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Masking {
    pub(crate) code: &'static str,
    pub(crate) who: &'static [&'static str],
    pub(crate) words: &'static str,
}

const OPEN: Masking = Masking { code: "NONE", who: &[], words: "Open-Label" };
const ASSESSOR: Masking = Masking { code: "SINGLE", who: &["OUTCOMES_ASSESSOR"], words: "Assessor-Blind" };
const DOUBLE: Masking =
    Masking { code: "DOUBLE", who: &["PARTICIPANT", "INVESTIGATOR"], words: "Double-Blind" };
const TRIPLE: Masking = Masking {
    code: "TRIPLE",
    who: &["PARTICIPANT", "INVESTIGATOR", "OUTCOMES_ASSESSOR"],
    words: "Double-Blind",
};
const QUADRUPLE: Masking = Masking {
    code: "QUADRUPLE",
    who: &["PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR"],
    words: "Double-Blind",
};

/// What a study compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Single,
    Placebo,
    Sham,
    Active,
    UsualCare,
    NoIntervention,
    Doses,
    Crossover,
    Factorial,
}

/// A group of participants.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) label: String,
    /// None in an observational study.
    pub(crate) kind: Option<&'static str>,
    pub(crate) description: String,
    /// What the group gets: places in the list of interventions.
    pub(crate) given: Vec<usize>,
}

/// Something given, as the record names it.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) description: String,
    /// The treatment behind it; none for placebo and sham.
    pub(crate) treatment: Option<&'static Treatment>,
}

/// Arms and what is given in them.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    pub(crate) arms: Vec<Arm>,
    pub(crate) given: Vec<Given>,
}

impl Trial {
    /// A layout that suits the treatment that is studied.
    pub(crate) fn of(
        lead: &'static Treatment,
        partner: &'static Treatment,
        condition: &Condition,
        random: &mut Random,
    ) -> Self {
        let phase = if lead.kind.has_phases() {
            random.weighted(&[
                (5, Phase::EarlyOne),
                (21, Phase::One),
                (8, Phase::OneAndTwo),
                (26, Phase::Two),
                (5, Phase::TwoAndThree),
                (19, Phase::Three),
                (16, Phase::Four),
            ])
        } else {
            Phase::NotApplicable
        };
        let phase = if condition.who == Who::Healthy && phase != Phase::NotApplicable {
            if phase == Phase::EarlyOne { phase } else { Phase::One }
        } else {
            phase
        };
        let scheme = match Scheme::of(phase, lead.kind, random) {
            // Combining takes two treatments.
            Scheme::Factorial if partner.name == USUAL_CARE.name => Scheme::UsualCare,
            scheme => scheme,
        };
        let purpose = match lead.purpose {
            "TREATMENT" | "PREVENTION" if condition.who == Who::Healthy => "BASIC_SCIENCE",
            "PREVENTION" if !condition.preventable => "TREATMENT",
            "TREATMENT" if condition.preventable && random.chance(may_prevent(lead.kind)) => "PREVENTION",
            "TREATMENT" | "HEALTH_SERVICES_RESEARCH" if lead.kind == Kind::Other && random.chance(15) => {
                "OTHER"
            }
            purpose => purpose,
        };
        let masking = match scheme {
            Scheme::Single => OPEN,
            Scheme::Placebo | Scheme::Sham => random.weighted(&[(30, DOUBLE), (25, TRIPLE), (45, QUADRUPLE)]),
            Scheme::Active | Scheme::Crossover if lead.kind.can_be_imitated() => {
                random.weighted(&[(50, OPEN), (25, ASSESSOR), (15, DOUBLE), (10, QUADRUPLE)])
            }
            _ => random.weighted(&[(65, OPEN), (35, ASSESSOR)]),
        };
        let model = match scheme {
            Scheme::Single => "SINGLE_GROUP",
            Scheme::Crossover => "CROSSOVER",
            Scheme::Factorial => "FACTORIAL",
            Scheme::Doses if phase.is_early() => "SEQUENTIAL",
            _ => "PARALLEL",
        };
        let masked = masking.code != "NONE";
        let allocation = match scheme {
            Scheme::Single => "NA",
            Scheme::Doses if phase.is_early() && !masked => "NON_RANDOMIZED",
            Scheme::UsualCare | Scheme::NoIntervention if !masked && random.chance(25) => "NON_RANDOMIZED",
            _ => "RANDOMIZED",
        };
        Self { phase, purpose, allocation, model, masking, scheme }
    }
}

/// In how many of a hundred trials a treatment is tried on people who may yet get the disease.
const fn may_prevent(kind: Kind) -> i32 {
    match kind {
        Kind::DietarySupplement => 50,
        Kind::Behavioral => 25,
        Kind::Drug | Kind::Biological => 6,
        _ => 0,
    }
}

impl Scheme {
    fn of(phase: Phase, kind: Kind, random: &mut Random) -> Self {
        use Scheme::{Active, Crossover, Doses, Factorial, NoIntervention, Placebo, Sham, Single, UsualCare};
        let choices: &[(i32, Self)] = match (phase, kind) {
            (Phase::EarlyOne | Phase::One, _) => &[(45, Single), (35, Doses), (12, Placebo), (8, Crossover)],
            (Phase::OneAndTwo | Phase::Two, _) => {
                &[(35, Single), (30, Placebo), (18, Doses), (12, Active), (5, Factorial)]
            }
            (Phase::TwoAndThree | Phase::Three, _) => {
                &[(47, Placebo), (40, Active), (6, Single), (7, Factorial)]
            }
            (Phase::Four, _) => {
                &[(45, Active), (25, Single), (12, Placebo), (8, NoIntervention), (10, Crossover)]
            }
            (_, Kind::Device) => &[(35, Sham), (25, UsualCare), (25, Single), (15, Crossover)],
            (_, Kind::Behavioral) => {
                &[(45, UsualCare), (15, Active), (20, NoIntervention), (15, Single), (5, Factorial)]
            }
            (_, Kind::Procedure) => &[(35, UsualCare), (20, Sham), (20, Active), (25, Single)],
            (_, Kind::DietarySupplement) => &[(60, Placebo), (20, NoIntervention), (20, Single)],
            (_, Kind::DiagnosticTest) => &[(65, Single), (35, UsualCare)],
            _ => &[(50, UsualCare), (40, Single), (10, Crossover)],
        };
        random.weighted(choices)
    }
}

impl Observation {
    pub(crate) fn of(random: &mut Random) -> Self {
        let model = random.weighted(&[
            (60, "COHORT"),
            (15, "CASE_CONTROL"),
            (10, "CASE_ONLY"),
            (2, "CASE_CROSSOVER"),
            (3, "ECOLOGIC_OR_COMMUNITY"),
            (2, "FAMILY_BASED"),
            (2, "DEFINED_POPULATION"),
            (2, "NATURAL_HISTORY"),
            (4, "OTHER"),
        ]);
        let time = random.weighted(&[
            (62, "PROSPECTIVE"),
            (22, "RETROSPECTIVE"),
            (13, "CROSS_SECTIONAL"),
            (3, "OTHER"),
        ]);
        let registry = (model == "COHORT" && time == "PROSPECTIVE" && random.chance(20))
            .then(|| random.pick(&["6 Months", "2 Years", "5 Years", "10 Years"]));
        let samples = random.chance(22).then(|| {
            random.weighted(&[(20, "NONE_RETAINED"), (50, "SAMPLES_WITH_DNA"), (30, "SAMPLES_WITHOUT_DNA")])
        });
        let sampling = random.weighted(&[(78, "NON_PROBABILITY_SAMPLE"), (22, "PROBABILITY_SAMPLE")]);
        Self { model, time, registry, samples, sampling }
    }
}

/// The treatment the lead one is compared or combined with: another for the same condition.
pub(crate) fn partner(
    lead: &'static Treatment,
    condition: &Condition,
    random: &mut Random,
) -> &'static Treatment {
    let all = if lead.kind.has_phases() { condition.products } else { condition.others };
    let rest: Vec<_> = all.iter().copied().filter(|other| other.name != lead.name).collect();
    if rest.is_empty() { &USUAL_CARE } else { random.pick(&rest) }
}

impl Groups {
    /// The arms of a trial.
    pub(crate) fn of_trial(
        trial: &Trial,
        lead: &'static Treatment,
        partner: &'static Treatment,
        condition: &Condition,
        random: &mut Random,
    ) -> Self {
        let weeks = random.pick(&[4, 8, 12, 16, 24, 26, 48, 52]);
        let mut groups = Self::default();
        let main = groups.give(lead, weeks);
        match trial.scheme {
            Scheme::Single => groups.arm(lead.name, "EXPERIMENTAL", &[main]),
            Scheme::Placebo => {
                groups.arm(lead.name, "EXPERIMENTAL", &[main]);
                let kind =
                    if lead.kind == Kind::DietarySupplement { Kind::DietarySupplement } else { Kind::Drug };
                let placebo =
                    groups.imitate(kind, "Placebo", format!("Looks like {}, without its effect.", lead.name));
                groups.arm("Placebo", "PLACEBO_COMPARATOR", &[placebo]);
            }
            Scheme::Sham => {
                groups.arm(lead.name, "EXPERIMENTAL", &[main]);
                let name = format!("Sham {}", lead.name);
                let sham = groups.imitate(
                    lead.kind,
                    &name,
                    format!("Feels like {}, without its effect.", lead.name),
                );
                groups.arm(&name, "SHAM_COMPARATOR", &[sham]);
            }
            Scheme::Active => {
                groups.arm(lead.name, "EXPERIMENTAL", &[main]);
                let other = groups.give(partner, weeks);
                groups.arm(partner.name, "ACTIVE_COMPARATOR", &[other]);
            }
            Scheme::UsualCare => {
                groups.arm(lead.name, "EXPERIMENTAL", &[main]);
                let care = groups.give(&USUAL_CARE, weeks);
                groups.arm(
                    "Usual Care",
                    if random.chance(70) { "ACTIVE_COMPARATOR" } else { "OTHER" },
                    &[care],
                );
            }
            Scheme::NoIntervention => {
                groups.arm(lead.name, "EXPERIMENTAL", &[main]);
                groups.arm("Control Group", "NO_INTERVENTION", &[]);
            }
            Scheme::Doses => {
                let count = random.weighted(&[(30, 2), (30, 3), (15, 4), (12, 5), (8, 6), (5, 10)]);
                for dose in 1..=count {
                    groups.arm(&format!("{} Dose {dose}", lead.name), "EXPERIMENTAL", &[main]);
                }
            }
            Scheme::Crossover => {
                let other = groups.give(partner, weeks);
                groups.arm(&format!("{} First", lead.name), "EXPERIMENTAL", &[main, other]);
                groups.arm(&format!("{} First", partner.name), "ACTIVE_COMPARATOR", &[other, main]);
            }
            Scheme::Factorial => {
                let other = groups.give(partner, weeks);
                groups.arm(&format!("{} Plus {}", lead.name, partner.name), "EXPERIMENTAL", &[main, other]);
                groups.arm(lead.name, "EXPERIMENTAL", &[main]);
                groups.arm(partner.name, "ACTIVE_COMPARATOR", &[other]);
                groups.arm("Control Group", "NO_INTERVENTION", &[]);
            }
        }
        if matches!(trial.scheme, Scheme::Placebo | Scheme::Active | Scheme::UsualCare) {
            for form in &["Low Dose", "High Dose"][..random.weighted(&[(64, 0), (22, 1), (14, 2)])] {
                groups.arm(&format!("{} {form}", lead.name), "EXPERIMENTAL", &[main]);
            }
        }
        groups.give_besides(condition, weeks, random);
        groups
    }

    /// What everyone gets in some trials, whichever arm they are in.
    fn give_besides(&mut self, condition: &Condition, weeks: i32, random: &mut Random) {
        let all: Vec<_> = condition.products.iter().chain(condition.others).copied().collect();
        for _ in 0..random.weighted(&[(64, 0), (22, 1), (9, 2), (5, 4)]) {
            let besides = random.pick(&all);
            if self.given.iter().any(|given| given.name == besides.name) {
                continue;
            }
            let at = self.give(besides, weeks);
            for arm in self.arms.iter_mut().filter(|arm| !arm.given.is_empty()) {
                arm.given.push(at);
            }
        }
    }

    /// The groups of an observational study; some look at a treatment that is given anyway.
    pub(crate) fn of_observation(
        observation: &Observation,
        lead: &'static Treatment,
        condition: &Condition,
        people: &People,
        random: &mut Random,
    ) -> Self {
        let mut groups = Self::default();
        let given: &[usize] = if random.chance(45) {
            groups.given.push(Given {
                kind: lead.kind,
                name: lead.name.to_owned(),
                description: "Given as part of routine care; the study does not assign it.".to_owned(),
                treatment: Some(lead),
            });
            &[0]
        } else {
            &[]
        };
        groups.group(format!("{} With {}", people.words(), condition.name), given);
        if observation.model == "CASE_CONTROL" {
            groups.group(format!("Comparison Group Without {}", condition.name), &[]);
        } else if !given.is_empty() && random.chance(50) {
            groups.group(format!("Not Treated With {}", lead.name), &[]);
        }
        groups
    }

    /// Expanded access has interventions and no groups.
    pub(crate) fn of_expanded_access(lead: &'static Treatment) -> Self {
        let mut groups = Self::default();
        groups.give(lead, 52);
        groups
    }

    /// Says more about some arms and interventions than their names do.
    pub(crate) fn describe(&mut self, topic: &Topic, random: &mut Random) {
        let arms = self.arms.iter_mut().map(|arm| &mut arm.description);
        let given = self.given.iter_mut().map(|given| &mut given.description);
        for description in arms.chain(given) {
            let told = description.split(' ').count();
            let words = ARM_WORDS.draw(random);
            if words > told + 7 {
                description.push(' ');
                topic.write(description, ARMS, words - told, random);
            }
        }
    }

    fn give(&mut self, treatment: &'static Treatment, weeks: i32) -> usize {
        let mut description = treatment.how.to_owned();
        if let Some(first) = description.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        description.push_str(&match treatment.kind {
            Kind::Procedure | Kind::DiagnosticTest | Kind::Genetic | Kind::Radiation => {
                format!("; followed up for {weeks} weeks.")
            }
            _ => format!("; study period of {weeks} weeks."),
        });
        let name = treatment.name.to_owned();
        self.given.push(Given { kind: treatment.kind, name, description, treatment: Some(treatment) });
        self.given.len() - 1
    }

    fn imitate(&mut self, kind: Kind, name: &str, description: String) -> usize {
        self.given.push(Given { kind, name: name.to_owned(), description, treatment: None });
        self.given.len() - 1
    }

    fn arm(&mut self, label: &str, kind: &'static str, given: &[usize]) {
        let names: Vec<_> = given.iter().map(|&at| self.given[at].name.as_str()).collect();
        let description = match names.as_slice() {
            [] => "Participants receive nothing beyond what they already receive.".to_owned(),
            [one] => format!("Participants assigned to this group receive {one} as the protocol describes."),
            [first, second] if label.ends_with("First") => {
                format!("Participants receive {first}, and after a break of four weeks {second}.")
            }
            both => format!("Participants assigned to this group receive {}.", both.join(" together with ")),
        };
        self.arms.push(Arm { label: label.to_owned(), kind: Some(kind), description, given: given.to_vec() });
    }

    fn group(&mut self, label: String, given: &[usize]) {
        let description = "Participants are followed as they are; nothing is assigned.".to_owned();
        self.arms.push(Arm { label, kind: None, description, given: given.to_vec() });
    }
}
