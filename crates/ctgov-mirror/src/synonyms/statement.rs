//! `Statement`: one thing a study says about two phrases, and the text it is kept as in the index.

use super::phrases::is_phrase;

/// What a study says about two phrases: as a term of the index `kind, tab, phrase, tab, other phrase`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// In what way it says so.
    pub kind: StatementKind,
    /// The condition, the intervention or the long form, as people write it.
    pub phrase: String,
    /// The MeSH term, the other name or the abbreviation.
    pub other: String,
}

/// In what way a study says that two phrases belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatementKind {
    /// Its only condition, and the only MeSH term of its conditions.
    Condition,
    /// Its only intervention, and the only MeSH term of its interventions.
    Intervention,
    /// An intervention, and another name of it.
    Name,
    /// A long form, and the abbreviation that stands beside it in brackets.
    Abbreviation,
}

impl StatementKind {
    pub(super) const ALL: [Self; 4] = [Self::Condition, Self::Intervention, Self::Name, Self::Abbreviation];

    const fn letter(self) -> &'static str {
        match self {
            Self::Condition => "c",
            Self::Intervention => "i",
            Self::Name => "n",
            Self::Abbreviation => "a",
        }
    }
}

impl Statement {
    /// The statement, if both phrases are ones to learn from.
    pub(super) fn new(kind: StatementKind, phrase: &str, other: &str) -> Option<Self> {
        let [phrase, other] = [phrase, other].map(one_line);
        (is_phrase(&phrase) && is_phrase(&other)).then_some(Self { kind, phrase, other })
    }

    /// The term it is kept as.
    pub(crate) fn to_term(&self) -> String {
        [self.kind.letter(), &self.phrase, &self.other].join("\t")
    }
}

/// What a term says: the kind, the phrase and the other phrase.
pub(super) fn of_term(term: &str) -> Option<(StatementKind, &str, &str)> {
    let (letter, phrases) = term.split_once('\t')?;
    let (phrase, other) = phrases.split_once('\t')?;
    let kind = StatementKind::ALL.into_iter().find(|kind| kind.letter() == letter)?;
    Some((kind, phrase, other))
}

/// Text with runs of white space and of what cannot be seen as one space.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_comes_back_from_its_term() {
        for kind in StatementKind::ALL {
            let statement = Statement::new(kind, "Heart\t Attack ", "Myocardial\nInfarction").unwrap();
            let term = statement.to_term();
            assert_eq!(of_term(&term), Some((kind, "Heart Attack", "Myocardial Infarction")), "{term:?}");
        }
        for term in ["", "c", "c\ta", "x\ta\tb"] {
            assert_eq!(of_term(term), None, "{term:?}");
        }
    }

    #[test]
    fn what_is_no_phrase_makes_no_statement() {
        let long = "x".repeat(101);
        for other in ["", " -- ", "12", "x", &long, "one two three four five six seven eight nine"] {
            assert_eq!(Statement::new(StatementKind::Name, "aspirin", other), None, "{other:?}");
        }
    }
}
