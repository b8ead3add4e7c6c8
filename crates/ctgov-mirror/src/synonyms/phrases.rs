//! Phrases: which are worth learning from, what a medicine is called without its dose, and when one says more than
//! another.

use ctgov::text::{for_each_word, words};
use std::{collections::HashSet, sync::LazyLock};

/// Longest phrase that is learnt from.
pub(super) const CHARS_MAX: usize = 100;
pub(super) const WORDS_MAX: usize = 8;

/// Phrases whose words take more than this are not learnt from: compatibility forms can be long.
const WORDS_BYTES_MAX: usize = 4 * CHARS_MAX;

/// What is said of everything, and so names nothing.
static STOP_PHRASES: Set = Set::new(|| {
    set("
active|active drug|adjuvant|agent|antibiotic|antibody|biological|biologic|biomarker|capsule|
chemo|chemotherapy|combination|combination therapy|combined|concomitant|conventional|device|diet|disease|
drug|education|exercise|healthy|healthy volunteer|healthy participant|healthy subject|immunotherapy|
infusion|injection|interview|investigational|investigational drug|investigational product|local anesthetic|
medication|medicine|monoclonal antibody|monotherapy|multiple|n a|na|nil|no|none|not applicable|observation|open label|
other|patient|pill|plasma|procedure|questionnaire|radiation|radiotherapy|saline|sample|solution|steroid|study|
supplement|surgery|survey|tablet|targeted therapy|test|test drug|therapy|trial|unspecified|usual|vaccination|
vaccine|vehicle|water")
});

/// A name with one of these is that of an arm, not of what is given in it.
static ARM_WORDS: Set = Set::new(|| {
    set("
arm|blind|blinded|care|cohort|comparator|control|controlled|dose|double|dummy|experimental|group|imp|intervention|
masked|match|matched|matching|no|none|observation|participant|patient|phase|placebo|protocol|reference|regimen|sham|
simulated|soc|standard|study|subject|tau|test|treatment|usual|waitlist")
});

/// With one of these a name is a list.
static LIST_WORDS: Set = Set::new(|| {
    set("and|or|plus|with|versus|vs|followed|then|combination|alone|without|either|other|such|e|und|et")
});

/// How and in what form a medicine is given.
static ROUTE_AND_FORM_WORDS: Set = Set::new(|| {
    set("
administered|administration|aerosol|auto-injector|autoinjector|bid|biw|bolus|cap|caplet|capsule|cream|daily|
depot|drop|enteral|er|extended-release|film-coated|for|formulation|gel|im|immediate-release|infusion|inhalation|
inhaled|inhaler|injectable|injection|intramuscular|intranasal|intrathecal|intravenous|intravenously|intravitreal|
ir|iv|lotion|lozenge|lyophilized|modified-release|monthly|mr|nebulized|ointment|once|ophthalmic|oral|orally|patch|
pen|pill|po|powder|pre-filled|prefilled|prn|product|q2w|q3w|q4w|qd|qid|qod|qw|rectal|s.c|sachet|sc|softgel|solution|
spray|sq|sr|subcutaneous|subcutaneously|sublingual|suppository|suspension|sustained-release|syringe|syrup|tab|tablet|
tid|topical|transdermal|twice|usp|vaginal|vial|weekly|xl|xr|i.v|i.m|p.o")
});

static UNITS: Set = Set::new(|| {
    set("
%|cfu|cgy|day|dose|g|gy|h|hour|hr|iu|kg|l|mbq|mcg|mci|meq|mg|microgram|milligram|min|ml|mmol|month|ng|ppm|puff|time|u|
ug|unit|week|µg|μg")
});

static SALTS: Set = Set::new(|| {
    set("
anhydrous|besylate|besilate|dihydrate|hcl|hemihydrate|hydrobromide|hydrochloride|maleate|mesilate|mesylate|
monohydrate|s-malate|tosylate")
});

/// Words that make of a condition a narrower one.
static QUALIFIERS: Set = Set::new(|| {
    set("
active|acute|adult|advanced|adolescent|aged|allergic|asymptomatic|bilateral|castration|cervical|child|chronic|complicated|
congenital|early|elderly|episodic|essential|extensive|familial|female|hereditary|high|in|intermittent|invasive|late|
limited|locally|low|lumbar|male|metastatic|mild|moderate|moderately|newly|older|partial|persistent|post|postoperative|
pregnancy|pregnant|primary|progressive|recurrent|refractory|relapsed|relapsing|relapse|resectable|resistant|
secondary|sensitive|severe|stable|stage|symptomatic|thoracic|transient|treated|uncontrolled|unresectable|unstable|untreated|
young")
});

/// Words that say no more about a condition or a medicine.
static NEUTRAL: Set = Set::new(|| {
    set("
a|acid|benign|by|condition|disease|disorder|due|for|human|in|infection|mellitus|multiforme|of|on|s|syndrome|the|to|with|sodium|potassium|
calcium|phosphate|sulfate|acetate|citrate|tartrate|succinate|fumarate|chloride|hydrochloride|hcl|mesylate|maleate|
besylate|tosylate|monohydrate|dihydrate|drug|medicine")
});

/// Words for the same, each line one class.
const CLASSES: [&[&str]; 6] = [
    &["cancer", "carcinoma", "malignancy", "neoplasm", "neoplasia", "tumor", "malignant"],
    &["child", "childhood", "children", "infant", "pediatric"],
    &["allergy", "allergic", "hypersensitivity"],
    &["cardiac", "heart"],
    &["kidney", "renal"],
    &["hepatic", "liver"],
];

/// Abbreviations that are ordinary words once case is gone.
static ORDINARY_WORDS: Set = Set::new(|| {
    set("
a|act|add|aid|aids|aim|air|all|also|am|an|and|any|arc|are|area|arm|art|as|ask|at|bad|bar|base|be|bed|best|bid|bit|
bone|but|by|call|can|cap|car|card|care|case|cat|chart|chat|chin|clear|cord|core|cost|cure|cut|day|dash|data|did|die|
do|doc|dose|drop|dry|ear|early|eat|end|era|eye|face|fact|fall|far|fast|fat|few|fit|fix|flow|foot|for|form|free|from|
full|gap|gel|get|go|grip|had|has|hat|have|he|heal|help|her|here|him|hip|his|home|hope|hot|how|ice|if|in|inch|into|
is|it|its|jaw|join|key|kid|know|lab|lap|last|late|law|lead|leap|learn|led|left|leg|less|let|life|lift|light|like|
link|lip|list|live|log|long|look|lose|loss|lot|low|made|main|make|man|many|map|mask|mass|match|may|me|mean|men|met|
mild|mind|mix|mobile|mode|more|most|move|much|my|near|need|net|new|no|nor|norm|not|now|of|off|old|on|once|one|only|
or|other|our|out|over|own|pace|pad|pain|pair|part|past|path|pay|peak|peer|per|pet|pill|pin|plan|play|post|power|pro|
promise|push|race|range|rate|rem|rest|rise|risk|safe|same|see|self|sense|set|seven|shape|share|she|short|sign|
sit|site|six|skin|sleep|slow|smart|so|some|spot|star|start|stat|step|stop|such|sun|sure|swap|tap|task|team|ten|test|
than|that|the|them|then|they|this|time|tip|to|too|top|trap|trial|try|two|unit|up|us|use|very|vs|walk|war|was|way|we|
well|were|what|when|who|will|wish|with|you|young|your")
});

/// A name that ends with one of these is that of many medicines.
static CLASS_WORDS: Set = Set::new(|| {
    set("
activator|agent|agonist|analog|analogue|antagonist|antibody|antibiotic|blocker|chemotherapy|
corticosteroid|immunotherapy|inhibitor|insulin|modulator|probiotic|steroid|supplement|suppressant|therapy")
});

type Set = LazyLock<HashSet<&'static str>>;

/// The entries of a list with bars between.
fn set(list: &'static str) -> HashSet<&'static str> {
    list.split('|').map(str::trim).collect()
}

/// Whether a text is short enough to be a phrase and is more than a number or a letter.
pub(super) fn is_phrase(text: &str) -> bool {
    if text.len() > 4 * CHARS_MAX || text.chars().count() > CHARS_MAX {
        return false;
    }
    let (mut count, mut bytes, mut has_letter) = (0, 0, false);
    for_each_word(text, |word| {
        count += 1;
        bytes += word.len();
        has_letter |= word.chars().any(char::is_alphabetic);
    });
    has_letter && count <= WORDS_MAX && (2..=WORDS_BYTES_MAX).contains(&bytes)
}

/// Whether a phrase, as words with spaces between, names nothing in particular.
pub(super) fn is_stopped(phrase: &str) -> bool {
    STOP_PHRASES.contains(phrase)
        || phrase.split(' ').any(|word| matches!(word, "placebo" | "sham"))
        || ["standard of care", "usual care", "as usual", "supportive care"]
            .iter()
            .any(|stop| phrase.contains(stop))
}

/// Whether a medicine's name is that of its class: there are others of which it is said.
pub(super) fn is_class(name: &str) -> bool {
    name.rsplit(' ').next().is_some_and(|last| CLASS_WORDS.contains(last))
}

/// Whether a label is what a company calls a medicine before it has a name: `MK-3475`.
pub(super) fn is_code(label: &str) -> bool {
    let count = |is: fn(&char) -> bool| label.chars().filter(is).count();
    !label.contains(' ') && count(char::is_ascii_digit) >= 3 && count(char::is_ascii_alphabetic) >= 1
}

/// Whether a single word is an ordinary one that an abbreviation must not stand for.
pub(super) fn is_ordinary(word: &str) -> bool {
    ORDINARY_WORDS.contains(word)
}

/// What a medicine is called.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Medicine {
    /// Without dose, route, form and salt.
    pub name: String,
    /// With its salt, if it was written with one.
    pub salt: Option<String>,
}

impl Medicine {
    /// The medicine that an intervention's name is about, unless it names an arm, a list or nothing.
    pub(super) fn of(label: &str) -> Option<Self> {
        let mut label = without_brackets(label).replace(['®', '™', '©', '"', '“', '”'], " ");
        // `Experimental: pembrolizumab`
        if let Some((_, what)) = label.rsplit_once(": ") {
            label = what.to_owned();
        }
        let mut kept: Vec<&str> = Vec::new();
        let mut after_number = false;
        let mut tokens = label.split_whitespace().peekable();
        while let Some(token) = tokens.next() {
            let bare = token.trim_matches([',', '.', ';', ':', '-', '–', '*']);
            let lower = bare.to_lowercase();
            let amount = amount(&lower);
            let is_number = amount == Some("");
            let mut next_is_unit = || tokens.peek().is_some_and(|next| is_unit(&next.to_lowercase()));
            let dropped = (is_number && next_is_unit())
                || amount.is_some_and(is_unit)
                || (is_unit(&lower) && (after_number || lower.contains('/')))
                || ROUTE_AND_FORM_WORDS.contains(singular(&lower))
                || bare.is_empty();
            after_number = is_number && dropped;
            if !dropped {
                // A comma within is a list's, one before something dropped is not.
                kept.push(if tokens.peek().is_none() { bare } else { token });
            } else if let Some(last) = kept.last_mut() {
                *last = last.trim_end_matches([',', '-', '–']);
            }
        }
        if let Some(last) = kept.last_mut() {
            *last = last.trim_end_matches([',', '.', ';', '-', '–']);
        }
        let name = kept.join(" ");
        if name.contains([',', '/', '+', ';', '&', '|', '>', '<', '=']) {
            return None;
        }
        let all = words(&name);
        if all.iter().any(|word| ARM_WORDS.contains(word.as_str()) || LIST_WORDS.contains(word.as_str()))
            || is_stopped(&all.join(" "))
        {
            return None;
        }
        let salts =
            kept.iter().rev().take_while(|token| SALTS.contains(token.to_lowercase().as_str())).count();
        let base = kept[..kept.len() - salts].join(" ");
        let (name, salt) = if salts > 0 && base.len() >= 5 { (base, Some(name)) } else { (name, None) };
        is_phrase(&name).then_some(Self { name, salt })
    }
}

fn singular(word: &str) -> &str {
    if word.len() > 3 { word.strip_suffix('s').unwrap_or(word) } else { word }
}

/// What follows the number that `token` begins with.
fn amount(token: &str) -> Option<&str> {
    let rest = token.trim_start_matches(|character: char| {
        character.is_ascii_digit() || matches!(character, '.' | ',' | '-' | '–' | '~' | '×' | '±')
    });
    token.starts_with(|first: char| first.is_ascii_digit()).then_some(rest)
}

/// `mg`, `mg/kg`, `mg/m2`
fn is_unit(token: &str) -> bool {
    let token = token.trim_matches([',', '.', ';']);
    let mut parts = token.split('/');
    parts.next().is_some_and(|first| UNITS.contains(singular(first)) || UNITS.contains(first))
        && parts.all(|part| {
            let part = amount(part).unwrap_or(part);
            part.is_empty()
                || UNITS.contains(singular(part))
                || UNITS.contains(part)
                || matches!(part, "m2" | "m²" | "d")
        })
}

fn without_brackets(text: &str) -> String {
    let (mut depth, mut kept) = (0_u32, String::new());
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

/// The words that tell a phrase from another one: words for the same are one, those that add nothing are gone, and
/// their order does not matter.
pub(super) fn gist(phrase: &str) -> Vec<&str> {
    let mut gist: Vec<&str> = phrase.split(' ').filter(|word| !NEUTRAL.contains(word)).map(class).collect();
    if gist.is_empty() {
        gist = phrase.split(' ').collect();
    }
    gist.sort_unstable();
    gist.dedup();
    gist
}

fn class(word: &str) -> &str {
    CLASSES.iter().find(|class| class.contains(&word)).map_or(word, |class| class[0])
}

/// Whether the phrase `narrow` says all that `broad` says, and more.
pub(super) fn is_narrower(narrow: &str, broad: &str) -> bool {
    let (narrow, broad) = (gist(narrow), gist(broad));
    narrow.len() > broad.len() && broad.iter().all(|word| narrow.contains(word))
}

/// Whether `condition` has a word that narrows it down and `other` has not.
pub(super) fn is_qualified(condition: &str, other: &str) -> bool {
    let theirs = gist(other);
    let end_stage = condition.contains("end stage");
    gist(condition)
        .into_iter()
        .any(|word| QUALIFIERS.contains(word) && !theirs.contains(&word) && !(end_stage && word == "stage"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_medicine_is_called_without_dose_route_form_and_salt() {
        let cases = [
            ("Pembrolizumab 200 mg", "Pembrolizumab"),
            ("pembrolizumab 2mg/kg IV", "pembrolizumab"),
            ("Metformin Hcl 1000Mg Tab", "Metformin"),
            ("Ezetimibe Tablets", "Ezetimibe"),
            ("K-877 0.4 mg/day (once daily)", "K-877"),
            ("HY209 0.5%", "HY209"),
            ("Keytruda®", "Keytruda"),
            ("Experimental: Xolair® for injection", "Xolair"),
            ("Paclitaxel, 175 mg/m2", "Paclitaxel"),
            ("imatinib mesylate", "imatinib"),
            ("Vitamin D3 1,000 IU daily", "Vitamin D3"),
            ("Interleukin 2", "Interleukin 2"),
            ("5-FU", "5-FU"),
            ("177Lu-PSMA-617", "177Lu-PSMA-617"),
            ("sodium chloride", "sodium chloride"),
            ("Insulin Glargine 300 U/mL", "Insulin Glargine"),
            ("Dupilumab Prefilled Syringe", "Dupilumab"),
        ];
        for (label, expected) in cases {
            assert_eq!(
                Medicine::of(label).map(|medicine| medicine.name).as_deref(),
                Some(expected),
                "{label}"
            );
        }
        assert_eq!(Medicine::of("imatinib mesylate").unwrap().salt.as_deref(), Some("imatinib mesylate"));
    }

    #[test]
    fn arms_lists_and_nothing_are_no_medicines() {
        for label in [
            "Placebo",
            "Matching placebo tablets",
            "Arm A",
            "Standard of Care",
            "Standard treatment",
            "Control group",
            "carboplatin and paclitaxel",
            "carboplatin + paclitaxel",
            "Cisplatin/Carboplatin",
            "Tecentriq; MPDL3280A; RO5541267",
            "Xolair, IGE025",
            "chemotherapy",
            "Vaccine",
            "Normal saline placebo",
            "10 mg",
            "tablets",
            "\"na\"",
            "N/A",
            "",
            "(oral)",
            "Study treatment",
        ] {
            assert_eq!(Medicine::of(label), None, "{label}");
        }
    }

    #[test]
    fn codes_and_classes_are_told_from_names() {
        for (label, code, class) in [
            ("MK-3475", true, false),
            ("AZD2936", true, false),
            ("177Lu-PSMA-617", true, false),
            ("BNT162b2 vaccine", false, false),
            ("H1N1", false, false),
            ("2024", false, false),
            ("factor xa inhibitor", false, true),
            ("insulin glargine", false, false),
        ] {
            assert_eq!((is_code(label), is_class(label)), (code, class), "{label}");
        }
    }

    #[test]
    fn narrower_phrases_are_told() {
        let narrower = [
            ("metastatic breast cancer", "breast neoplasm"),
            ("severe asthma", "asthma"),
            ("liposomal doxorubicin", "doxorubicin"),
        ];
        for (narrow, broad) in narrower {
            assert!(is_narrower(narrow, broad) && !is_narrower(broad, narrow), "{narrow}, {broad}");
        }
        let same = [
            ("breast cancer", "breast neoplasm"),
            ("carcinoma non small cell lung", "non small cell lung cancer"),
            ("type 2 diabetes mellitus", "diabetes type 2"),
            ("hiv", "hiv infection"),
            ("imatinib mesylate", "imatinib"),
        ];
        for (a, b) in same {
            assert!(!is_narrower(a, b) && !is_narrower(b, a), "{a}, {b}");
        }
        assert!(is_qualified("chronic hepatitis c", "hepatitis c"));
        assert!(!is_qualified("chronic hepatitis c", "hepatitis c chronic"));
        assert!(!is_qualified("end stage renal disease", "kidney failure"));
    }
}
