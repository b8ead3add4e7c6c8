//! From what studies say to which phrases mean the same.
//!
//! Three passes over the statements. The first counts how many studies state each pair, by hashes; the second keeps
//! the few pairs that enough studies state; the third counts how often their phrases are in any statement. What was
//! kept is judged:
//!
//! | kind | a pair is taken when |
//! |---|---|
//! | condition, intervention and MeSH term | the phrase mostly has this MeSH term, and the term is had by the phrase not quite rarely; neither says more than the other |
//! | intervention and other name | the name is mostly this intervention's, and not that of a class; neither says more than the other; a code needs no second sponsor |
//! | long form and abbreviation | the abbreviation mostly stands for this, is no ordinary word, and is mostly written where it is explained; the long form often has it |
//!
//! All phrases that are names of one MeSH term or of one intervention are synonyms of each other; nothing else is
//! concluded from two pairs. A short word whose meaning is not settled this way is no synonym of anything.
//!
//! All counts are of studies as they are now, and whatever has no order of its own is sorted: equal records make an
//! equal table, whatever their history.

use super::{
    Rules,
    additions::Additions,
    phrases::{gist, is_class, is_code, is_narrower, is_ordinary, is_qualified, is_stopped},
    statement::{StatementKind, of_term},
    study::join_words,
};
use ctgov::synonyms::{Synonym, SynonymKind, Synonyms};
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_64;

/// What studies say, and who they are.
pub(crate) trait Evidence {
    /// Calls `each` with the term of every statement and how many studies make it; with some more than once, which
    /// are to be added up.
    fn for_each_statement(&self, each: &mut dyn FnMut(&str, u32)) -> tantivy::Result<()>;

    /// Whether studies of `min` lead sponsors make one of the statements with these terms.
    fn has_sponsors(&self, terms: &[String], min: usize) -> tantivy::Result<bool>;

    /// How many studies have a word in the texts where abbreviations are introduced.
    fn users(&self, word: &str) -> tantivy::Result<u32>;
}

/// Of the studies with a condition, how many have the MeSH term; and of those with the term, the condition.
const MESH_SHARE_MIN: f64 = 0.7;
const CONDITION_SHARE_MIN: f64 = 0.04;

/// Of the statements about another name, how many are about the intervention; and of those about the intervention,
/// about the name.
const NAME_SHARE_MIN: f64 = 0.6;
const OTHER_NAME_SHARE_MIN: f64 = 0.005;

/// Of the statements about an abbreviation, how many explain it as the same; of two letters, which stand for much.
const LONG_FORM_SHARE_MIN: f64 = 0.8;
const LONG_FORM_OF_TWO_SHARE_MIN: f64 = 0.9;
/// Of the statements about a long form, how many have the abbreviation.
const ABBREVIATION_SHARE_MIN: f64 = 0.25;
/// Of the studies that write an abbreviation, how many explain it.
const EXPLAINED_SHARE_MIN: f64 = 0.1;

/// How much more often a pair is met than it would be if its phrases had nothing to do with each other.
const LIFT_MIN: f64 = 2.0;

/// Letters of a single word that says nothing without knowing it as an abbreviation.
const SHORT_CHARS: usize = 3;

/// Most names of one term or intervention, and how many of them are synonyms of each other.
const NAMES_MAX: usize = 24;
const NAMES_OF_EACH_OTHER_MAX: usize = 8;

/// A place in a pair.
#[derive(Clone, Copy)]
enum Side {
    Phrase = 0,
    Other = 1,
}

/// What is learnt from `evidence`, with what was added and without what was ruled out.
pub(crate) fn learn(
    evidence: &dyn Evidence,
    rules: &Rules,
    additions: &Additions,
) -> tantivy::Result<Synonyms> {
    let candidates = Candidates::of(evidence, rules)?;
    let counts = Counts::of(evidence, &candidates)?;
    let judge = Judge { evidence, rules, counts: &counts, candidates: &candidates };
    let (abbreviations, mut pairs) = judge.abbreviations()?;
    for kind in [StatementKind::Condition, StatementKind::Intervention, StatementKind::Name] {
        pairs.extend(judge.names(kind, &abbreviations)?);
    }
    let mut synonyms = Synonyms::default();
    for Pair { kind, a, b, support } in pairs {
        if additions.forbids(&a, &b) {
            continue;
        }
        for (phrase, other) in [(&a, &b), (&b, &a)] {
            let label = candidates.label(other).to_owned();
            synonyms.add(&split(phrase), Synonym { words: split(other), label, kind, support });
        }
    }
    additions.add_to(&mut synonyms);
    Ok(synonyms)
}

/// Two phrases that mean the same.
struct Pair {
    kind: SynonymKind,
    a: String,
    b: String,
    support: u32,
}

fn split(phrase: &str) -> Vec<String> {
    phrase.split(' ').map(str::to_owned).collect()
}

/// The words of the two phrases of a statement. Between an intervention and its names there is no order.
#[derive(Default)]
struct WordsOfTwo {
    phrase: String,
    other: String,
    key: String,
}

impl WordsOfTwo {
    /// Takes the words of two phrases, and returns whether they changed places.
    fn set(&mut self, kind: StatementKind, phrase: &str, other: &str) -> bool {
        join_words(phrase, &mut self.phrase);
        join_words(other, &mut self.other);
        let swapped = kind == StatementKind::Name && self.other < self.phrase;
        if swapped {
            std::mem::swap(&mut self.phrase, &mut self.other);
        }
        swapped
    }

    fn pair(&mut self, kind: StatementKind) -> u64 {
        self.key.clear();
        self.key.push(char::from(b'a' + kind as u8));
        self.key.extend([&self.phrase, "\t", &self.other]);
        xxh3_64(self.key.as_bytes())
    }
}

fn phrase_key(kind: StatementKind, side: Side, phrase: &str) -> u64 {
    // Names are names on both sides.
    let side = if kind == StatementKind::Name { Side::Phrase } else { side };
    xxhash_rust::xxh3::xxh3_64_with_seed(phrase.as_bytes(), kind as u64 * 2 + side as u64 + 1)
}

/// How many studies state each pair, by the hash of its words: there are a million, of which few matter.
fn count_pairs(evidence: &dyn Evidence) -> tantivy::Result<HashMap<u64, u32>> {
    let mut pairs: HashMap<u64, u32> = HashMap::new();
    let mut words = WordsOfTwo::default();
    evidence.for_each_statement(&mut |term, studies| {
        let Some((kind, phrase, other)) = of_term(term) else { return };
        words.set(kind, phrase, other);
        *pairs.entry(words.pair(kind)).or_default() += studies;
    })?;
    Ok(pairs)
}

/// How many statements of each kind there are, and have a phrase that is a candidate's.
struct Counts {
    phrases: HashMap<u64, u32>,
    kinds: [u32; StatementKind::ALL.len()],
}

impl Counts {
    fn of(evidence: &dyn Evidence, candidates: &Candidates) -> tantivy::Result<Self> {
        let asked = candidates.pairs.keys().flat_map(|(kind, phrase, other)| {
            // Either may be an abbreviation of something else.
            let as_abbreviation = |phrase| phrase_key(StatementKind::Abbreviation, Side::Other, phrase);
            let own = [phrase_key(*kind, Side::Phrase, phrase), phrase_key(*kind, Side::Other, other)];
            own.into_iter().chain([as_abbreviation(phrase), as_abbreviation(other)])
        });
        let mut phrases: HashMap<u64, u32> = asked.map(|key| (key, 0)).collect();
        let mut kinds = [0; StatementKind::ALL.len()];
        let mut words = WordsOfTwo::default();
        evidence.for_each_statement(&mut |term, studies| {
            let Some((kind, phrase, other)) = of_term(term) else { return };
            words.set(kind, phrase, other);
            kinds[kind as usize] += studies;
            for (side, phrase) in [(Side::Phrase, &words.phrase), (Side::Other, &words.other)] {
                if let Some(count) = phrases.get_mut(&phrase_key(kind, side, phrase)) {
                    *count += studies;
                }
            }
        })?;
        Ok(Self { phrases, kinds })
    }

    /// How many statements of a kind have a phrase, which is a candidate's.
    fn total(&self, kind: StatementKind, side: Side, phrase: &str) -> u32 {
        self.phrases.get(&phrase_key(kind, side, phrase)).copied().unwrap_or_default()
    }
}

/// The pairs that enough studies state, and how people write their phrases.
#[derive(Default)]
struct Candidates {
    /// By kind and by the words of both.
    pairs: BTreeMap<(StatementKind, String, String), Candidate>,
    labels: HashMap<String, HashMap<String, u32>>,
}

#[derive(Default)]
struct Candidate {
    studies: u32,
    /// In how many of them the words that come second in order are the intervention's name.
    swapped: u32,
    /// The statements.
    terms: Vec<String>,
}

impl Candidate {
    /// Of two names, whether `this` mostly is the other name of `that`.
    fn is_mostly_other(&self, this: &str, that: &str) -> bool {
        let named_first = if this < that { self.studies - self.swapped } else { self.swapped };
        2 * named_first < self.studies
    }
}

impl Candidates {
    fn of(evidence: &dyn Evidence, rules: &Rules) -> tantivy::Result<Self> {
        let pairs = count_pairs(evidence)?;
        let mut candidates = Self::default();
        let mut words = WordsOfTwo::default();
        evidence.for_each_statement(&mut |term, studies| {
            let Some((kind, phrase, other)) = of_term(term) else { return };
            let swapped = words.set(kind, phrase, other);
            let all = pairs.get(&words.pair(kind)).copied().unwrap_or_default();
            if studies == 0
                || all < rules.studies_min
                || is_stopped(&words.phrase)
                || is_stopped(&words.other)
            {
                return;
            }
            for label in [phrase, other] {
                let labels = candidates.labels.entry(super::study::joined_words(label)).or_default();
                *labels.entry(label.to_owned()).or_default() += studies;
            }
            let (a, b) = (words.phrase.clone(), words.other.clone());
            let candidate = candidates.pairs.entry((kind, a, b)).or_default();
            candidate.studies += studies;
            candidate.swapped += if swapped { studies } else { 0 };
            if !candidate.terms.iter().any(|known| known == term) {
                candidate.terms.push(term.to_owned());
            }
        })?;
        Ok(candidates)
    }

    /// What most studies write for a phrase.
    fn label<'a>(&'a self, phrase: &'a str) -> &'a str {
        let labels = self.labels.get(phrase).into_iter().flatten();
        // Of two that are as frequent, the one that is first in order.
        let best = labels.max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        best.map_or(phrase, |(label, _)| label)
    }

    fn of_kind(&self, kind: StatementKind) -> impl Iterator<Item = (&str, &str, &Candidate)> {
        let pairs = self.pairs.range((kind, String::new(), String::new())..);
        pairs
            .take_while(move |((found, ..), _)| *found == kind)
            .map(|((_, phrase, other), candidate)| (phrase.as_str(), other.as_str(), candidate))
    }
}

/// Abbreviations that stand for one thing, and what they stand for.
type Abbreviations<'a> = HashMap<&'a str, Vec<&'a str>>;

struct Judge<'a> {
    evidence: &'a dyn Evidence,
    rules: &'a Rules,
    counts: &'a Counts,
    candidates: &'a Candidates,
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}

impl<'a> Judge<'a> {
    fn has_sponsors(&self, candidate: &Candidate) -> tantivy::Result<bool> {
        self.evidence.has_sponsors(&candidate.terms, self.rules.sponsors_min)
    }

    /// Whether one of two names is a code, which only the company that makes the medicine writes.
    fn is_coded(&self, kind: StatementKind, a: &str, b: &str) -> bool {
        kind == StatementKind::Name && [a, b].iter().any(|name| is_code(self.candidates.label(name)))
    }

    /// Whether two phrases meet more often than by chance.
    fn is_lifted(&self, kind: StatementKind, studies: u32, phrase: u32, other: u32) -> bool {
        let all = f64::from(self.counts.kinds[kind as usize]);
        f64::from(studies) * all >= LIFT_MIN * f64::from(phrase) * f64::from(other)
    }

    fn abbreviations(&self) -> tantivy::Result<(Abbreviations<'a>, Vec<Pair>)> {
        const KIND: StatementKind = StatementKind::Abbreviation;
        let mut long_forms: BTreeMap<&str, Vec<(&str, &Candidate)>> = BTreeMap::new();
        for (long, short, candidate) in self.candidates.of_kind(KIND) {
            long_forms.entry(short).or_default().push((long, candidate));
        }
        let (mut abbreviations, mut pairs) = (Abbreviations::new(), Vec::new());
        for (short, long_forms) in long_forms {
            let explained = self.counts.total(KIND, Side::Other, short);
            let meaning = self.meaning(short, &long_forms, explained);
            if meaning.is_empty() || !self.is_explained(short, explained)? {
                continue;
            }
            for (long, candidate) in meaning {
                let total = self.counts.total(KIND, Side::Phrase, long);
                if share(candidate.studies, total) >= ABBREVIATION_SHARE_MIN
                    && self.is_lifted(KIND, candidate.studies, total, explained)
                    && self.has_sponsors(candidate)?
                {
                    abbreviations.entry(short).or_default().push(long);
                    pairs.push(Pair {
                        kind: SynonymKind::Abbreviation,
                        a: long.to_owned(),
                        b: short.to_owned(),
                        support: candidate.studies,
                    });
                }
            }
        }
        Ok((abbreviations, pairs))
    }

    /// The long forms for what an abbreviation mostly stands for; none if that is not one thing.
    fn meaning<'b>(
        &self,
        short: &str,
        long_forms: &[(&'b str, &'b Candidate)],
        explained: u32,
    ) -> Vec<(&'b str, &'b Candidate)> {
        let mut meanings: BTreeMap<Vec<&str>, u32> = BTreeMap::new();
        for (long, candidate) in long_forms {
            *meanings.entry(gist(long)).or_default() += candidate.studies;
        }
        let two = short.chars().count() <= 2;
        let min = if two { LONG_FORM_OF_TWO_SHARE_MIN } else { LONG_FORM_SHARE_MIN };
        let main = meanings.into_iter().find(|(_, studies)| share(*studies, explained) >= min);
        let Some((main, _)) = main else { return Vec::new() };
        long_forms.iter().filter(|(long, _)| gist(long) == main).copied().collect()
    }

    /// Whether a word is an abbreviation where it is written, as far as the studies say.
    fn is_explained(&self, short: &str, explained: u32) -> tantivy::Result<bool> {
        if short.contains(' ') {
            return Ok(true);
        }
        Ok(!is_ordinary(short) && share(explained, self.evidence.users(short)?) >= EXPLAINED_SHARE_MIN)
    }

    /// The pairs of conditions and MeSH terms or of interventions and other names, and of names of the same.
    fn names(&self, kind: StatementKind, abbreviations: &Abbreviations<'_>) -> tantivy::Result<Vec<Pair>> {
        let mut names: BTreeMap<&str, Vec<(&str, &Candidate)>> = BTreeMap::new();
        for (phrase, other, candidate) in self.candidates.of_kind(kind) {
            if kind == StatementKind::Name {
                names.entry(phrase).or_default().push((other, candidate));
            }
            names.entry(other).or_default().push((phrase, candidate));
        }
        let synonym_kind =
            if kind == StatementKind::Name { SynonymKind::OtherName } else { SynonymKind::Mesh };
        let mut pairs = Vec::new();
        for (of, mut names) in names {
            names.retain(|(name, candidate)| self.is_name(kind, name, of, candidate, abbreviations));
            names.sort_by(|a, b| b.1.studies.cmp(&a.1.studies).then_with(|| a.0.cmp(b.0)));
            let mut taken: Vec<(&str, u32)> = Vec::new();
            for (name, candidate) in names {
                // What says more than a more frequent name of the same is a kind of it.
                if taken.len() < NAMES_MAX
                    && !taken.iter().any(|(known, _)| is_narrower(name, known))
                    && (self.is_coded(kind, of, name) || self.has_sponsors(candidate)?)
                {
                    taken.push((name, candidate.studies));
                }
            }
            for (at, (name, support)) in taken.iter().enumerate() {
                pairs.push(pair(synonym_kind, of, name, *support));
                for (other, other_support) in &taken[..at.min(NAMES_OF_EACH_OTHER_MAX)] {
                    if at < NAMES_OF_EACH_OTHER_MAX && !is_narrower(other, name) {
                        pairs.push(pair(synonym_kind, other, name, *support.min(other_support)));
                    }
                }
            }
        }
        Ok(pairs)
    }

    /// Whether `name` is another name of `of`, as far as counts and words tell.
    fn is_name(
        &self,
        kind: StatementKind,
        name: &str,
        of: &str,
        candidate: &Candidate,
        abbreviations: &Abbreviations<'_>,
    ) -> bool {
        let totals = [self.counts.total(kind, Side::Phrase, name), self.counts.total(kind, Side::Other, of)];
        let [share_of_name, share_of_other] = totals.map(|total| share(candidate.studies, total));
        let (name_min, other_min) = match kind {
            // What mostly is the other name, of many interventions, is their class.
            StatementKind::Name if candidate.is_mostly_other(of, name) => (NAME_SHARE_MIN, NAME_SHARE_MIN),
            StatementKind::Name => (NAME_SHARE_MIN, OTHER_NAME_SHARE_MIN),
            _ => (MESH_SHARE_MIN, CONDITION_SHARE_MIN),
        };
        name != of
            && share_of_name >= name_min
            && share_of_other >= other_min
            && self.is_lifted(kind, candidate.studies, totals[0], totals[1])
            && !is_narrower(name, of)
            // A MeSH term may say more than those who mean it do: `Anemia, Sickle Cell`.
            && (kind == StatementKind::Condition || !is_narrower(of, name))
            && !(kind == StatementKind::Condition && self.is_other_degree(name, of))
            && !(kind == StatementKind::Name && is_class(name) != is_class(of))
            && [(name, of), (of, name)].iter().all(|(a, b)| self.is_settled(a, b, abbreviations))
    }

    /// Whether one of the two is acute, advanced or for children and the other is not.
    fn is_other_degree(&self, condition: &str, term: &str) -> bool {
        is_qualified(condition, term) || condition.contains(' ') && is_qualified(term, condition)
    }

    /// Whether a phrase is long enough to speak for itself, or an abbreviation that means the same as `other`.
    fn is_settled(&self, phrase: &str, other: &str, abbreviations: &Abbreviations<'_>) -> bool {
        if phrase.contains(' ') || gist(phrase) == gist(other) {
            return true;
        }
        if let Some(long_forms) = abbreviations.get(phrase) {
            let meant = gist(other);
            let are_names = |long: &&str| {
                [StatementKind::Condition, StatementKind::Intervention].iter().any(|kind| {
                    let key = (*kind, (*long).to_owned(), other.to_owned());
                    self.candidates.pairs.contains_key(&key)
                })
            };
            return long_forms.iter().any(|long| gist(long) == meant || are_names(long));
        }
        let explained = self.counts.total(StatementKind::Abbreviation, Side::Other, phrase);
        let is_word = phrase.chars().count() > SHORT_CHARS || phrase.contains(|c: char| c.is_ascii_digit());
        is_word && explained < self.rules.studies_min && !is_ordinary(phrase)
    }
}

fn pair(kind: SynonymKind, a: &str, b: &str, support: u32) -> Pair {
    Pair { kind, a: a.to_owned(), b: b.to_owned(), support }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synonyms::statement::{Statement, StatementKind::*};
    use std::{collections::HashSet, path::Path};

    /// Statements and who makes them: each a study's, of some sponsor.
    #[derive(Default)]
    struct Said {
        statements: Vec<(String, u64)>,
        users: HashMap<&'static str, u32>,
    }

    impl Said {
        /// Lets `studies` studies, of as many sponsors, say something.
        fn say(&mut self, studies: u64, kind: StatementKind, phrase: &str, other: &str) -> &mut Self {
            let statement = Statement::new(kind, phrase, other).unwrap();
            self.statements.extend((0..studies).map(|sponsor| (statement.to_term(), sponsor)));
            self
        }

        /// Something of every kind that has to do with nothing else.
        fn others(&mut self) -> &mut Self {
            for kind in StatementKind::ALL {
                for number in 0..20 {
                    self.say(5, kind, &format!("phrase number{number}"), &format!("another{number} phrase"));
                }
            }
            self
        }

        fn learn(&self, additions: &str) -> Synonyms {
            let additions = Additions::parse(additions.as_bytes(), Path::new("x")).unwrap();
            learn(self, &Rules::default(), &additions).unwrap()
        }

        /// What is learnt of a phrase.
        fn of(&self, phrase: &str) -> Vec<String> {
            let table = self.learn("");
            table.of(&split(phrase)).iter().map(|synonym| synonym.label.clone()).collect()
        }
    }

    impl Evidence for Said {
        fn for_each_statement(&self, each: &mut dyn FnMut(&str, u32)) -> tantivy::Result<()> {
            self.statements.iter().for_each(|(statement, _)| each(statement, 1));
            Ok(())
        }

        fn has_sponsors(&self, terms: &[String], min: usize) -> tantivy::Result<bool> {
            let said = self.statements.iter().filter(|(statement, _)| terms.contains(statement));
            Ok(said.map(|(_, sponsor)| sponsor).collect::<HashSet<_>>().len() >= min)
        }

        fn users(&self, word: &str) -> tantivy::Result<u32> {
            Ok(self.users.get(word).copied().unwrap_or(1))
        }
    }

    #[test]
    fn what_enough_studies_of_enough_sponsors_say_is_learnt_both_ways() {
        let mut said = Said::default();
        said.others()
            .say(3, Condition, "Heart attacks", "Myocardial Infarction")
            .say(2, Condition, "Cardiac Infarct", "Myocardial Infarctions")
            .say(9, Name, "Keytruda", "pembrolizumab")
            .say(4, Name, "Pembrolizumab", "MK-3475")
            .say(30, Abbreviation, "Chronic Obstructive Pulmonary Disease", "COPD");
        said.statements.extend((0..9).map(|_| ("n\trilvegostomig\tAZD2936".to_owned(), 7)));
        said.statements.extend((0..9).map(|_| ("n\tsunitinib\tSutent".to_owned(), 7)));
        assert_eq!(said.of("heart attack"), ["Myocardial Infarction"]);
        assert_eq!(said.of("myocardial infarction"), ["Heart attacks"]);
        assert_eq!(said.of("cardiac infarct"), [] as [&str; 0], "two studies are not enough");
        assert_eq!(said.of("sunitinib"), [] as [&str; 0], "nine of one sponsor are not enough");
        assert_eq!(said.of("rilvegostomig"), ["AZD2936"], "a code is one sponsor's");
        assert_eq!(said.of("keytruda"), ["pembrolizumab", "MK-3475"], "through the name that both have");
        assert_eq!(said.of("mk 3475"), ["Keytruda", "pembrolizumab"]);
        assert_eq!(said.of("copd"), ["Chronic Obstructive Pulmonary Disease"]);
        let table = said.learn("");
        let synonym = &table.of(&split("mk 3475"))[1];
        assert_eq!((synonym.kind, synonym.support), (SynonymKind::OtherName, 4));
    }

    #[test]
    fn traps_are_not_walked_into() {
        let mut said = Said::default();
        said.others();
        // Ambiguous, and so never a step to or from anything.
        said.say(50, Abbreviation, "Multiple Sclerosis", "MS").say(
            20,
            Abbreviation,
            "Metabolic Syndrome",
            "MS",
        );
        said.say(9, Condition, "MS", "Multiple Sclerosis");
        for (long, studies) in
            [("Parkinson's Disease", 30), ("Progressive Disease", 30), ("Pharmacodynamics", 9)]
        {
            said.say(studies, Abbreviation, long, "PD");
        }
        said.say(30, Abbreviation, "Complete Response", "CR").say(
            7,
            Abbreviation,
            "Complete Remission",
            "CR",
        );
        said.say(9, Name, "aspirin", "ASA").say(9, Abbreviation, "acetylsalicylic acid", "ASA");
        said.say(9, Abbreviation, "American Society of Anesthesiologists", "ASA");
        // An ordinary word, and one that is mostly written for something else.
        said.say(30, Abbreviation, "Acute Lymphoblastic Leukemia", "ALL");
        said.say(30, Abbreviation, "Acquired Immunodeficiency Syndrome", "AIDS");
        said.say(30, Abbreviation, "Simple Obstructive Lung Obesity", "SOLO").users.insert("solo", 301);
        // Short, and never explained.
        said.say(9, Name, "tranexamic acid", "TXA");
        // Broader, narrower, another degree.
        said.say(40, Condition, "Breast Cancer", "Breast Neoplasms");
        said.say(9, Condition, "Metastatic Breast Cancer", "Breast Neoplasms");
        said.say(9, Condition, "Locally advanced mammary disease", "Breast Neoplasms");
        said.say(9, Condition, "Wound", "Wounds and Injuries").say(
            300,
            Condition,
            "Trauma",
            "Wounds and Injuries",
        );
        said.say(9, Condition, "NSCLC", "Lung Neoplasms").say(
            9,
            Condition,
            "NSCLC",
            "Carcinoma, Non-Small-Cell Lung",
        );
        said.say(9, Name, "doxorubicin", "liposomal doxorubicin").say(
            9,
            Name,
            "sertraline",
            "serotonin inhibitor",
        );
        for (medicine, other) in [("nivolumab", "immuno-oncology"), ("durvalumab", "immuno-oncology")] {
            said.say(9, Name, medicine, other);
        }
        for phrase in [
            "ms",
            "multiple sclerosis",
            "metabolic syndrome",
            "pd",
            "parkinson disease",
            "cr",
            "complete response",
            "asa",
            "aspirin",
            "all",
            "acute lymphoblastic leukemia",
            "aid",
            "solo",
            "txa",
            "tranexamic acid",
            "metastatic breast cancer",
            "locally advanced mammary disease",
            "wound",
            "nsclc",
            "lung neoplasm",
            "doxorubicin",
            "sertraline",
            "nivolumab",
            "durvalumab",
        ] {
            assert_eq!(said.of(phrase), [] as [&str; 0], "{phrase}");
        }
        assert_eq!(said.of("breast neoplasm"), ["Breast Cancer"]);
    }

    #[test]
    fn an_abbreviation_has_one_meaning_however_it_is_spelt() {
        let mut said = Said::default();
        said.others()
            .say(30, Abbreviation, "Non-Small Cell Lung Cancer", "NSCLC")
            .say(9, Abbreviation, "non small cell lung carcinoma", "NSCLC")
            .say(9, Condition, "NSCLC", "Carcinoma, Non-Small-Cell Lung");
        assert_eq!(
            said.of("nsclc"),
            ["Non-Small Cell Lung Cancer", "Carcinoma, Non-Small-Cell Lung", "non small cell lung carcinoma"]
        );
        // The spellings of one abbreviation are no synonyms of each other.
        assert_eq!(said.of("non small cell lung cancer"), ["NSCLC"]);
    }

    #[test]
    fn what_is_added_counts_and_what_is_ruled_out_does_not() {
        let mut said = Said::default();
        said.others().say(9, Condition, "Heart Attack", "Myocardial Infarction").say(
            9,
            Name,
            "Advil",
            "ibuprofen",
        );
        let table = said.learn(
            "[[synonym]]\nterms = ['heart attack', 'coronary']\n[[never]]\nterms = ['Advil', 'Ibuprofen']",
        );
        let labels: Vec<_> =
            table.of(&split("heart attack")).iter().map(|found| (found.label.as_str(), found.kind)).collect();
        assert_eq!(labels, [("coronary", SynonymKind::Added), ("Myocardial Infarction", SynonymKind::Mesh)]);
        assert!(table.of(&split("advil")).is_empty());
        assert_eq!(table.of(&split("coronary")).len(), 1, "what is added is no step to anything else");
    }

    #[test]
    fn the_order_of_what_is_said_does_not_matter() {
        let mut said = Said::default();
        said.others();
        for (a, b) in
            [("aspirin", "Aspro"), ("Aspirin", "ASPRO"), ("ASPIRIN", "aspro"), ("Bayaspirin", "aspirin")]
        {
            said.say(3, Name, a, b);
        }
        let table = said.learn("");
        assert_eq!(
            table.of(&split("aspirin"))[0].label,
            "ASPRO",
            "of labels as frequent, the first in order"
        );
        said.statements.reverse();
        assert_eq!(said.learn(""), table);
    }
}
