//! From text to [`Expr`].
//!
//! ```text
//! query    = [ or ] ;                                   nothing at all is an error
//! or       = and , { "OR" , and } ;
//! and      = unary , { [ "AND" | "," ] , unary } ;      side by side is AND
//! unary    = { "NOT" | operator , "[" , name , "]" } , source ;
//! operator = "AREA" | "SEARCH" | "COVERAGE" | "COVER" | "EXPANSION" | "EXPAND" | "TILT" ;
//! source   = run | phrase | "ALL" | "MISSING" | range | distance | "(" , or , ")" ;
//! range    = "RANGE" , "[" , bound , "," , bound , "]" ;
//! bound    = "MIN" | "MAX" | word , { word } | phrase ;
//! distance = "DISTANCE" , "[" , number , "," , number , "," , number and unit , "]" ;
//! run      = { "," } , ( word | "MIN" | "MAX" ) , { word | "MIN" | "MAX" | "," } ;
//! ```
//!
//! What words, phrases and keywords are is said in the lexer.
//!
//! # Commas
//!
//! The registry's counts say that a comma is a token of its own (`AML,ALL` is `AML` and the operator `ALL`), that it
//! can begin a query, that `a, b` finds what `a AND b` finds, that `ALL,` finds nothing and `NOT,` everything, and that
//! `\ALL,` finds the word. We read that as follows:
//!
//! * Commas among words belong to the run of words, and what they separate are terms that must all be found. An
//!   operator in front covers the whole run, with or without commas: `AREA[x]a, b` is `AREA[x](a AND b)`.
//! * Commas next to a phrase are dropped.
//! * Commas between other operands separate them, like `AND`.
//! * A comma that is left, as in `ALL,` and `NOT,`, is a term without words. Such a term finds nothing.
//!
//! # Errors
//!
//! The registry's parser is made by ANTLR, and ours says what that says: where the registry's answer is on record, to
//! the byte (see `tests/essie_syntax.rs`), elsewhere in the same manner. A token too many is skipped and one that lacks
//! is assumed, so that one text can have several mistakes. A name that is not known, an operator without operand and an
//! unclosed quote are reported alone.

use super::{
    Bound, Circle, Context, Coverage, EssieError, Expansion, Expr, LengthUnit, Scope, Span, Target, Term,
    error::Problem,
    lexer::{Keyword, Kind, Token, tokens},
};
use crate::{
    areas::Area,
    pieces::{Measure, Piece},
};
use std::ops::Range;

/// How many characters are read.
const TEXT_CHARS_MAX: usize = 20_000;
/// How many parentheses and operators may stand in one another.
const NESTING_MAX: usize = 64;
/// How many terms, ranges and the like there may be.
const LEAVES_MAX: usize = 512;
/// How many mistakes are listed.
const MISTAKES_MAX: usize = 10;
/// How many characters of the text a message repeats.
const SHOWN_CHARS_MAX: usize = 200;

/// The end of ANTLR's lists of what is possible: what can start an operand, but for what comes first in the order of its
/// token numbers (`(`, `,` and `NOT`) and for the operators between operands.
const OPERAND: &str = "'SEARCH', 'AREA', 'RANGE', 'DISTANCE', Coverage, Expansion, 'TILT', 'ALL', 'MISSING', 'MIN', \
                       'MAX', EscapedKeyword, BooleanLiteral, DecimalLiteral, DateLiteral, TimeLiteral, \
                       RadiusLiteral, StringLiteral, Term}";
/// What can be an end of a range.
const BOUND: &str = "{'MIN', 'MAX', EscapedKeyword, BooleanLiteral, DecimalLiteral, DateLiteral, TimeLiteral, \
                     RadiusLiteral, StringLiteral, Term}";

type Result<T, E = EssieError> = std::result::Result<T, E>;

/// Reads an expression.
///
/// At most 20,000 characters with 512 terms, nested 64 deep. (Of 256 words each: that is counted by [`resolve`](super::resolve()).)
///
/// ```
/// use ctgov::essie::parse;
///
/// let expression = parse("heart attack, AREA[Phase](PHASE2 OR PHASE3) NOT aspirin")?;
/// assert_eq!(expression.to_string(), "heart attack AND AREA[Phase](PHASE2 OR PHASE3) AND NOT aspirin");
/// # Ok::<(), ctgov::essie::EssieError>(())
/// ```
///
/// # Errors
///
/// Why it is none.
pub fn parse(text: &str) -> Result<Expr, EssieError> {
    let whole = Span { start: 0, end: text.len() };
    // A character has at most four bytes: what is far too long is not even counted.
    if text.len() > 4 * TEXT_CHARS_MAX || text.chars().count() > TEXT_CHARS_MAX {
        return Err(too_complicated("characters", TEXT_CHARS_MAX, whole));
    }
    let tokens = tokens(text).map_err(|span| {
        let problem = format!("token recognition error at: '{}'", shown(&text[span.range()]));
        Problem::Syntax(problem).at(span)
    })?;
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        open: 0,
        nesting: 0,
        leaves: 0,
        run: 0..0,
        mistakes: Vec::new(),
        first_mistake: Span::default(),
    };
    let expression = parser.or(whole)?;
    parser.end()?;
    if parser.mistakes.is_empty() { Ok(expression) } else { Err(parser.all_mistakes()) }
}

struct Parser<'a> {
    text: &'a str,
    /// Ends with [`Kind::End`], which is never passed.
    tokens: Vec<Token>,
    at: usize,
    /// Open parentheses.
    open: usize,
    /// Open parentheses and operators.
    nesting: usize,
    leaves: usize,
    /// The tokens of the last run of words, its commas included.
    run: Range<usize>,
    /// What was wrong so far but could be passed over.
    mistakes: Vec<String>,
    first_mistake: Span,
}

/// What stands before an operand and says how it is read.
enum Operator {
    Not,
    /// One with a name in brackets.
    Named(fn(&str) -> Result<Context, Problem>),
}

impl Operator {
    fn of(keyword: Keyword) -> Option<Self> {
        match keyword {
            Keyword::Not => Some(Self::Not),
            Keyword::Area => Some(Self::Named(|name| Ok(Context::Area(target(name)?)))),
            Keyword::Search => Some(Self::Named(scope)),
            Keyword::Coverage => Some(Self::Named(coverage)),
            Keyword::Expansion => Some(Self::Named(expansion)),
            Keyword::Tilt => Some(Self::Named(tilt)),
            _ => None,
        }
    }
}

/// What goes by `name`: an area, a piece, or how long a piece's list is.
fn target(name: &str) -> Result<Target, Problem> {
    let size = || name.strip_suffix(":size").and_then(Piece::find).map(Target::Size);
    let piece = || Piece::find(name).map(Target::Piece);
    let target = Area::find(name).map(Target::Area).or_else(piece).or_else(size);
    target.ok_or_else(|| Problem::UnknownArea(shown(name)))
}

fn scope(name: &str) -> Result<Context, Problem> {
    let known = Scope::ALL.into_iter().find(|scope| scope.name() == name);
    known.map(Context::Search).ok_or_else(|| Problem::InvalidScope(shown(name)))
}

fn coverage(name: &str) -> Result<Context, Problem> {
    let known = Coverage::ALL.into_iter().find(|coverage| coverage.name() == name);
    known.map(Context::Coverage).ok_or_else(|| Problem::InvalidCoverage(shown(name)))
}

fn expansion(name: &str) -> Result<Context, Problem> {
    let known = Expansion::ALL.into_iter().find(|expansion| expansion.name() == name);
    known.map(Context::Expansion).ok_or_else(|| Problem::InvalidExpansion(shown(name)))
}

fn tilt(name: &str) -> Result<Context, Problem> {
    let (measure, name) = match target(name)? {
        Target::Size(piece) => (Some(Measure::Size(piece)), piece.name()),
        Target::Piece(piece) => (Some(Measure::Values(piece)), piece.name()),
        Target::Area(area) => (None, area.name),
    };
    let measure = measure.filter(|measure| measure.order().is_some());
    measure.map(Context::Tilt).ok_or(Problem::NotApplicable {
        operation: "TILT",
        name,
        why: "it needs a date, a number, a duration or a `:size`, as in TILT[StudyFirstPostDate]",
    })
}

impl Parser<'_> {
    fn kind(&self) -> &Kind {
        &self.tokens[self.at].kind
    }

    fn kind_after(&self) -> &Kind {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + 1).min(last)].kind
    }

    fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    /// Passes a token and says where it was.
    fn pass(&mut self) -> Span {
        let span = self.span();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        span
    }

    /// The token as ANTLR shows it.
    fn token(&self) -> String {
        match self.kind() {
            Kind::End => "<EOF>".to_owned(),
            _ => shown(&self.text[self.span().range()]),
        }
    }

    fn or(&mut self, owner: Span) -> Result<Expr> {
        let mut parts = vec![self.and(owner)?];
        while *self.kind() == Kind::Keyword(Keyword::Or) {
            let or = self.pass();
            parts.push(self.and(or)?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn and(&mut self, owner: Span) -> Result<Expr> {
        let mut parts = Vec::new();
        self.operand(owner, &mut parts)?;
        loop {
            match self.kind() {
                Kind::Keyword(Keyword::And) => {
                    let and = self.pass();
                    self.operand(and, &mut parts)?;
                }
                Kind::Comma => {
                    let after_phrase = matches!(self.tokens[self.at - 1].kind, Kind::Phrase(_));
                    let commas = self.pass_commas();
                    if starts_operand(self.kind()) {
                        self.operand(commas, &mut parts)?;
                    } else if !after_phrase {
                        parts.push(self.bare_comma(commas)?);
                    }
                }
                kind if starts_operand(kind) => {
                    let here = self.span();
                    self.operand(here, &mut parts)?;
                }
                _ => return Ok(one_or(parts, Expr::And)),
            }
        }
    }

    /// Operators and what they work on; several terms when commas are in it. `owner` is what needs an operand here.
    fn operand(&mut self, mut owner: Span, parts: &mut Vec<Expr>) -> Result<()> {
        let before = self.nesting;
        let mut operators = Vec::new();
        loop {
            self.skip_strays()?;
            let Kind::Keyword(keyword) = *self.kind() else { break };
            let Some(operator) = Operator::of(keyword) else { break };
            self.nest()?;
            owner = self.pass();
            operators.push(match operator {
                Operator::Not => None,
                Operator::Named(read) => {
                    let (name, span) = self.argument()?;
                    owner.end = self.tokens[self.at - 1].span.end;
                    Some(read(&name).map_err(|problem| problem.at(span))?)
                }
            });
        }
        if operators.is_empty() {
            return self.source(owner, parts);
        }
        let mut covered = Vec::new();
        self.source(owner, &mut covered)?;
        if covered.len() > 1 {
            // Printed, it stands in parentheses.
            self.nest()?;
        }
        let covered = one_or(covered, Expr::And);
        parts.push(operators.into_iter().rev().fold(covered, |operand, context| match context {
            None => Expr::Not(Box::new(operand)),
            Some(context) => Expr::In(context, Box::new(operand)),
        }));
        self.nesting = before;
        Ok(())
    }

    fn source(&mut self, owner: Span, parts: &mut Vec<Expr>) -> Result<()> {
        let part = match self.kind() {
            Kind::Keyword(Keyword::All) => {
                let span = self.pass();
                self.leaf(span)?;
                Expr::All
            }
            Kind::Keyword(Keyword::Missing) => {
                let span = self.pass();
                self.leaf(span)?;
                Expr::Missing(span)
            }
            Kind::Keyword(Keyword::Range) => self.range()?,
            Kind::Keyword(Keyword::Distance) => self.distance()?,
            Kind::Phrase(_) => self.phrase()?,
            Kind::Open => self.parentheses()?,
            Kind::Comma => {
                let start = self.at;
                let commas = self.pass_commas();
                match self.kind() {
                    Kind::Phrase(_) => self.phrase()?,
                    kind if is_word(kind) => return self.run(start, parts),
                    _ => self.bare_comma(commas)?,
                }
            }
            kind if is_word(kind) => return self.run(self.at, parts),
            _ => return Err(Problem::NoOperand.at(owner)),
        };
        parts.push(part);
        Ok(())
    }

    /// Passes over what cannot stand where an operand begins.
    fn skip_strays(&mut self) -> Result<()> {
        loop {
            let first = self.at == 0;
            match self.kind() {
                Kind::OpenBracket | Kind::CloseBracket => {}
                Kind::Close | Kind::Keyword(Keyword::And | Keyword::Or) if first => {}
                _ => return Ok(()),
            }
            let nothing = if first { "<EOF>, " } else { "" };
            let expected = format!("{{{nothing}'(', ',', 'NOT', {OPERAND}");
            if starts_operand(self.kind_after()) {
                self.extraneous(&expected)?;
            } else if first && *self.kind_after() == Kind::End {
                self.extraneous(&expected)?;
                return Err(self.all_mistakes());
            } else {
                return Err(self.mismatched(&expected));
            }
        }
    }

    /// A run of words, from the token `start` on; the parser is at the first word.
    fn run(&mut self, start: usize, parts: &mut Vec<Expr>) -> Result<()> {
        loop {
            let (text, span) = self.words();
            self.leaf(span)?;
            parts.push(Expr::Term(Term { text, quoted: false, span }));
            self.pass_commas();
            if !is_word(self.kind()) {
                self.run = start..self.at;
                return Ok(());
            }
        }
    }

    /// Passes words, if there are any, and gives them with one space between them.
    fn words(&mut self) -> (String, Span) {
        let mut words = String::new();
        let mut span = self.span();
        while is_word(self.kind()) {
            if !words.is_empty() {
                words.push(' ');
            }
            match self.kind() {
                Kind::Word(word) => words.push_str(word),
                _ => words.push_str(&self.text[self.span().range()]),
            }
            span.end = self.pass().end;
        }
        (words, span)
    }

    /// Passes commas, if there are any, and says where they were.
    fn pass_commas(&mut self) -> Span {
        let mut span = self.span();
        while *self.kind() == Kind::Comma {
            span.end = self.pass().end;
        }
        span
    }

    /// Commas that separate nothing: a term without words.
    fn bare_comma(&mut self, span: Span) -> Result<Expr> {
        self.leaf(span)?;
        Ok(Expr::Term(Term { text: ",".to_owned(), quoted: false, span }))
    }

    fn phrase(&mut self) -> Result<Expr> {
        let text = match self.kind() {
            Kind::Phrase(text) => text.clone(),
            _ => String::new(),
        };
        let span = self.pass();
        self.leaf(span)?;
        Ok(Expr::Term(Term { text, quoted: true, span }))
    }

    fn parentheses(&mut self) -> Result<Expr> {
        self.nest()?;
        self.open += 1;
        let open = self.pass();
        let inner = self.or(open)?;
        match self.kind() {
            Kind::Close => {
                self.pass();
            }
            Kind::End => {
                if self.ends_run() {
                    // On record for two words, where it is the second that is complained of.
                    let start = self.tokens[self.run.start + 1].span.start;
                    let end = self.tokens[self.run.end - 1].span.end;
                    self.no_viable_alternative(Span { start, end })?;
                }
                if self.open > 1 {
                    return Err(self.mismatched(&format!("{{'(', ')', ',', 'NOT', 'AND', 'OR', {OPERAND}")));
                }
                self.mistake("missing ')' at '<EOF>'".to_owned())?;
            }
            Kind::OpenBracket => {
                self.words_before_bracket()?;
                return Err(self.mismatched(&format!("{{'(', ')', ',', 'NOT', 'AND', 'OR', {OPERAND}")));
            }
            _ => self.expect(&Kind::Close, "')'", |_| false)?,
        }
        self.open -= 1;
        self.nesting -= 1;
        Ok(inner)
    }

    /// Nothing may follow the expression.
    fn end(&mut self) -> Result<()> {
        match self.kind() {
            Kind::End => Ok(()),
            Kind::OpenBracket => {
                self.words_before_bracket()?;
                let expected = format!("{{<EOF>, '(', ',', 'NOT', 'AND', 'OR', {OPERAND}");
                Err(self.mismatched(&expected))
            }
            _ if *self.kind_after() == Kind::End => self.extraneous("<EOF>"),
            _ => Err(self.mismatched("<EOF>")),
        }
    }

    /// `[ name ]` after an operator.
    fn argument(&mut self) -> Result<(String, Span)> {
        self.expect(&Kind::OpenBracket, "'['", is_word)?;
        let Kind::Word(name) = self.kind() else { return Err(self.mismatched("Term")) };
        let name = name.clone();
        let span = self.pass();
        self.expect(&Kind::CloseBracket, "']'", starts_operand)?;
        Ok((name, span))
    }

    /// `RANGE[a, b]`.
    fn range(&mut self) -> Result<Expr> {
        let mut span = self.pass();
        self.expect(&Kind::OpenBracket, "'['", is_bound)?;
        let from = self.bound()?;
        self.expect(&Kind::Comma, "','", is_bound)?;
        let to = self.bound()?;
        self.expect(&Kind::CloseBracket, "']'", follows_source)?;
        span.end = self.tokens[self.at - 1].span.end;
        self.leaf(span)?;
        Ok(Expr::Range { from, to, span })
    }

    fn bound(&mut self) -> Result<Bound> {
        if let Kind::Phrase(text) = self.kind() {
            let bound = Bound::Value(text.clone());
            self.pass();
            return Ok(bound);
        }
        let start = self.at;
        let (text, _) = self.words();
        match &self.tokens[start..self.at] {
            [] => Err(self.mismatched(BOUND)),
            [Token { kind: Kind::Keyword(Keyword::Min), .. }] => Ok(Bound::Min),
            [Token { kind: Kind::Keyword(Keyword::Max), .. }] => Ok(Bound::Max),
            _ => Ok(Bound::Value(text)),
        }
    }

    /// `DISTANCE[latitude, longitude, radius]`.
    fn distance(&mut self) -> Result<Expr> {
        let mut span = self.pass();
        self.expect(&Kind::OpenBracket, "'['", is_word)?;
        let latitude = self.degrees("latitude", 90.0)?;
        self.expect(&Kind::Comma, "','", is_word)?;
        let longitude = self.degrees("longitude", 180.0)?;
        self.expect(&Kind::Comma, "','", is_word)?;
        let (radius, unit) = self.radius()?;
        self.expect(&Kind::CloseBracket, "']'", follows_source)?;
        span.end = self.tokens[self.at - 1].span.end;
        self.leaf(span)?;
        Ok(Expr::Distance { circle: Circle { latitude, longitude, radius, unit }, span })
    }

    fn degrees(&mut self, name: &str, most: f64) -> Result<f64> {
        let Some(degrees) = self.word().and_then(number) else {
            return Err(self.mismatched("DecimalLiteral"));
        };
        if degrees.abs() > most {
            let problem = format!("{name} {} is not between -{most} and {most}", self.token());
            return Err(Problem::InvalidDistance(problem).at(self.span()));
        }
        self.pass();
        Ok(degrees)
    }

    fn radius(&mut self) -> Result<(f64, LengthUnit)> {
        let units = [("km", LengthUnit::Kilometers), ("mi", LengthUnit::Miles)];
        let radius = self.word().and_then(|word| {
            let stripped = units.into_iter().find_map(|(name, unit)| Some((word.strip_suffix(name)?, unit)));
            stripped.and_then(|(digits, unit)| Some((number(digits)?, unit)))
        });
        let Some(radius) = radius else { return Err(self.mismatched("RadiusLiteral")) };
        if !radius.0.is_finite() || radius.0 < 0.0 {
            let problem = format!("radius {} is not a length", self.token());
            return Err(Problem::InvalidDistance(problem).at(self.span()));
        }
        self.pass();
        Ok(radius)
    }

    fn word(&self) -> Option<&str> {
        match self.kind() {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Passes a token that must stand here. As ANTLR does, skips one token before it, or does without it when what
    /// stands here `may_follow` it.
    fn expect(&mut self, kind: &Kind, name: &str, may_follow: impl Fn(&Kind) -> bool) -> Result<()> {
        if self.kind() == kind {
            self.pass();
        } else if self.kind_after() == kind && *self.kind() != Kind::End {
            self.extraneous(name)?;
            self.pass();
        } else if may_follow(self.kind()) {
            self.mistake(format!("missing {name} at '{}'", self.token()))?;
        } else {
            return Err(self.mismatched(name));
        }
        Ok(())
    }

    /// Whether right here ends a run of more than one word. ANTLR looks ahead from within such a run, and says so when
    /// it finds no way to go on.
    fn ends_run(&self) -> bool {
        self.run.end == self.at && self.run.len() > 1
    }

    fn words_before_bracket(&mut self) -> Result<()> {
        if !self.ends_run() {
            return Ok(());
        }
        let start = self.tokens[self.run.start].span.start;
        self.no_viable_alternative(Span { start, end: self.span().end })
    }

    fn no_viable_alternative(&mut self, span: Span) -> Result<()> {
        self.mistake(format!("no viable alternative at input '{}'", shown(&self.text[span.range()])))
    }

    /// Skips a token that cannot stand here.
    fn extraneous(&mut self, expected: &str) -> Result<()> {
        self.mistake(format!("extraneous input '{}' expecting {expected}", self.token()))?;
        self.pass();
        Ok(())
    }

    /// The last of the mistakes: it is unclear how to go on.
    fn mismatched(&mut self, expected: &str) -> EssieError {
        let message = format!("mismatched input '{}' expecting {expected}", self.token());
        self.mistake(message).err().unwrap_or_else(|| self.all_mistakes())
    }

    /// Notes a mistake at the current token, and fails when there are too many.
    fn mistake(&mut self, message: String) -> Result<()> {
        if self.mistakes.is_empty() {
            self.first_mistake = self.span();
        }
        self.mistakes.push(message);
        if self.mistakes.len() < MISTAKES_MAX { Ok(()) } else { Err(self.all_mistakes()) }
    }

    fn all_mistakes(&self) -> EssieError {
        Problem::Syntax(self.mistakes.join("\n")).at(self.first_mistake)
    }

    fn nest(&mut self) -> Result<()> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            return Err(too_complicated("nested parentheses and operators", NESTING_MAX, self.span()));
        }
        Ok(())
    }

    fn leaf(&mut self, span: Span) -> Result<()> {
        self.leaves += 1;
        if self.leaves > LEAVES_MAX {
            return Err(too_complicated("terms", LEAVES_MAX, span));
        }
        Ok(())
    }
}

fn one_or(mut parts: Vec<Expr>, several: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(part) if parts.is_empty() => part,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

/// Whether it is part of a run of words. Outside of ranges, `MIN` and `MAX` are words like others.
fn is_word(kind: &Kind) -> bool {
    matches!(kind, Kind::Word(_) | Kind::Keyword(Keyword::Min | Keyword::Max))
}

fn is_bound(kind: &Kind) -> bool {
    is_word(kind) || matches!(kind, Kind::Phrase(_))
}

fn starts_operand(kind: &Kind) -> bool {
    match kind {
        Kind::Keyword(keyword) => !matches!(keyword, Keyword::And | Keyword::Or),
        Kind::Word(_) | Kind::Phrase(_) | Kind::Open | Kind::Comma => true,
        Kind::Close | Kind::OpenBracket | Kind::CloseBracket | Kind::End => false,
    }
}

fn follows_source(kind: &Kind) -> bool {
    starts_operand(kind) || matches!(kind, Kind::Keyword(_) | Kind::Close | Kind::End)
}

/// A decimal number, `-71.0589`; possibly infinite.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = [whole, fraction]
        .into_iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| text.parse().ok()).flatten()
}

/// A piece of the text for a message, line breaks and tabs written as ANTLR writes them, cut when long.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        match character {
            _ if count == SHOWN_CHARS_MAX => {
                shown.push('…');
                break;
            }
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ => shown.push(character),
        }
    }
    shown
}

fn too_complicated(what: &str, most: usize, span: Span) -> EssieError {
    Problem::TooComplicated(format!("more than {most} {what}")).at(span)
}
