//! From text to tokens.
//!
//! | token | what it is |
//! |---|---|
//! | word | any characters up to white space, `( ) [ ] ,` or a quote; `-`, `/`, `:`, `&` and `'` are ordinary |
//! | keyword | a word that is one of [`KEYWORDS`], in upper case and without a backslash: `ALL.` is a word, `ALL` in `ALL,` a keyword |
//! | phrase | `"…"` |
//! | `( ) [ ] ,` | themselves |
//!
//! A backslash takes the special meaning from what follows it, a keyword, a quote, a bracket, a parenthesis, a comma or
//! a backslash, which then stands for itself; before anything else it means nothing.

use super::Span;

/// The words that are operators, constants or functions, as they must be written.
pub(super) const KEYWORDS: [(&str, Keyword); 16] = [
    ("AND", Keyword::And),
    ("OR", Keyword::Or),
    ("NOT", Keyword::Not),
    ("ALL", Keyword::All),
    ("AREA", Keyword::Area),
    ("SEARCH", Keyword::Search),
    ("RANGE", Keyword::Range),
    ("MISSING", Keyword::Missing),
    ("MIN", Keyword::Min),
    ("MAX", Keyword::Max),
    ("COVERAGE", Keyword::Coverage),
    ("COVER", Keyword::Coverage),
    ("EXPANSION", Keyword::Expansion),
    ("EXPAND", Keyword::Expansion),
    ("TILT", Keyword::Tilt),
    ("DISTANCE", Keyword::Distance),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    And,
    Or,
    Not,
    All,
    Area,
    Search,
    Range,
    Missing,
    Min,
    Max,
    Coverage,
    Expansion,
    Tilt,
    Distance,
}

impl Keyword {
    pub(super) fn of(word: &str) -> Option<Self> {
        KEYWORDS.into_iter().find(|(name, _)| *name == word).map(|(_, keyword)| keyword)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A word, escapes resolved; never empty.
    Word(String),
    Keyword(Keyword),
    /// What stands between two quotes, escapes resolved, runs of white space one space, none around it.
    Phrase(String),
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    /// The end of the text, once, last.
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// Whether a character ends a word unless a backslash precedes it.
pub(super) const fn is_special(character: char) -> bool {
    matches!(character, '(' | ')' | '[' | ']' | ',' | '"')
}

/// The text as tokens, or where the quote stands that is never closed.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Span> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(character) = lexer.peek() {
        let start = lexer.at;
        let kind = match character {
            _ if character.is_whitespace() => {
                lexer.next();
                continue;
            }
            '(' => lexer.single(Kind::Open),
            ')' => lexer.single(Kind::Close),
            '[' => lexer.single(Kind::OpenBracket),
            ']' => lexer.single(Kind::CloseBracket),
            ',' => lexer.single(Kind::Comma),
            '"' => lexer.phrase().ok_or(Span { start, end: text.len() })?,
            _ => match lexer.word() {
                Some(kind) => kind,
                None => continue,
            },
        };
        tokens.push(Token { kind, span: Span { start, end: lexer.at } });
    }
    tokens.push(Token { kind: Kind::End, span: Span { start: text.len(), end: text.len() } });
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.next();
        kind
    }

    /// Nothing when only backslashes that mean nothing stood there.
    fn word(&mut self) -> Option<Kind> {
        let mut word = String::new();
        let mut escaped = false;
        while let Some(character) = self.peek() {
            if character == '\\' {
                escaped = true;
                self.next();
                if let Some(taken) = self.peek().filter(|character| !character.is_whitespace()) {
                    word.push(taken);
                    self.next();
                }
            } else if character.is_whitespace() || is_special(character) {
                break;
            } else {
                word.push(character);
                self.next();
            }
        }
        let keyword = Keyword::of(&word).filter(|_| !escaped).map(Kind::Keyword);
        keyword.or_else(|| (!word.is_empty()).then_some(Kind::Word(word)))
    }

    /// Nothing when the quote is not closed.
    fn phrase(&mut self) -> Option<Kind> {
        let mut phrase = String::new();
        self.next();
        loop {
            match self.next()? {
                '"' => break,
                '\\' => phrase.push(self.next()?),
                character => phrase.push(character),
            }
        }
        Some(Kind::Phrase(one_spaced(&phrase)))
    }
}

/// Without white space around it, and with one space for every run of it.
pub(super) fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
