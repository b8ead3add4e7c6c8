//! From [`Expr`] to [`Condition`]: what an expression asks of a record.
//!
//! Operators say how what follows them is read, so a [`Reading`] travels down the tree; a leaf looks at it to know
//! what it asks. Of what record it asks that is the one subtle part: at the level of studies, a leaf about a place
//! that is part of a site is asked of each site by itself and only then combined, so
//! `AREA[LocationCity]Boston AND AREA[LocationStatus]RECRUITING` may mean two sites, and
//! `SEARCH[Location](…)`, which asks everything in it of one site, may not.

mod literal;

use super::{
    Bound, Circle, Condition, Context, Coverage, EssieError, Expansion, Expr, Interval, Place, Problem,
    Scope, Span, Target, Term, Words,
};
use crate::{
    areas::Area,
    enums::Enumeration,
    pieces::{Kind, Measure, Order, Piece},
    synonyms::{SYNONYMS_MAX, Synonyms},
    text,
};
use std::collections::BTreeSet;

/// Deepest tree worked out. What [`parse`](super::parse()) makes is never as deep; programs make trees too.
const DEPTH_MAX: usize = 256;

/// Most words of one term. A phrase of as many is walked through word by word in every document that has them all.
const WORDS_MAX: usize = 256;

/// Works out what `expr` asks of a study, where `target` is looked at unless it says otherwise.
///
/// # Errors
///
/// What it asks that cannot be asked.
pub fn resolve(expr: &Expr, target: Target, synonyms: &Synonyms) -> Result<Condition, EssieError> {
    let reading = Reading {
        target,
        scope: Scope::Study,
        coverage: Coverage::default(),
        expansion: Expansion::default(),
        depth: 0,
    };
    Resolver { synonyms }.condition(expr, reading)
}

/// How an expression is read, by the operators around it.
#[derive(Clone, Copy)]
struct Reading {
    target: Target,
    scope: Scope,
    coverage: Coverage,
    expansion: Expansion,
    depth: usize,
}

struct Resolver<'a> {
    synonyms: &'a Synonyms,
}

impl Resolver<'_> {
    fn condition(&self, expr: &Expr, reading: Reading) -> Result<Condition, EssieError> {
        let reading = Reading { depth: reading.depth + 1, ..reading };
        if reading.depth > DEPTH_MAX {
            let why = format!("nested more than {DEPTH_MAX} levels deep");
            return Err(Problem::TooComplicated(why).at(Span::default()));
        }
        Ok(match expr {
            Expr::All => Condition::All,
            Expr::Missing(_) => missing(reading),
            Expr::Not(inner) => Condition::Not(self.condition(inner, reading)?.into()),
            Expr::And(parts) => Condition::all(self.conditions(parts, reading)?),
            Expr::Or(parts) => any(self.conditions(parts, reading)?),
            Expr::In(context, inner) => self.within(context, inner, reading)?,
            Expr::Term(Term { span, .. }) | Expr::Range { span, .. } | Expr::Distance { span, .. } => {
                self.leaf(expr, reading).map_err(|problem| problem.at(*span))?
            }
        })
    }

    fn conditions(&self, exprs: &[Expr], reading: Reading) -> Result<Vec<Condition>, EssieError> {
        exprs.iter().map(|expr| self.condition(expr, reading)).collect()
    }

    /// `inner`, read as `context` says.
    fn within(&self, context: &Context, inner: &Expr, reading: Reading) -> Result<Condition, EssieError> {
        let reading = match *context {
            Context::Area(target) => Reading { target, ..reading },
            Context::Coverage(coverage) => Reading { coverage, ..reading },
            Context::Expansion(expansion) => Reading { expansion, ..reading },
            Context::Search(scope) => {
                let condition = self.condition(inner, Reading { scope, ..reading })?;
                return Ok(match (reading.scope, scope) {
                    (Scope::Study, Scope::Location) => Condition::Sites(condition.into()),
                    (Scope::Location, Scope::Study) => Condition::Study(condition.into()),
                    _ => condition,
                });
            }
            Context::Tilt(measure) => {
                if measure.order().is_none() {
                    let problem = not_applicable("TILT", measure.piece().name(), "name a date or a number");
                    return Err(problem.at(Span::default()));
                }
                return Ok(Condition::Tilt(measure, self.condition(inner, reading)?.into()));
            }
        };
        self.condition(inner, reading)
    }

    /// A term, range or circle.
    fn leaf(&self, expr: &Expr, reading: Reading) -> Result<Condition, Problem> {
        if reading.scope == Scope::Study && is_of_sites(reading.target) {
            let of_a_site = self.leaf(expr, Reading { scope: Scope::Location, ..reading })?;
            return Ok(match of_a_site {
                Condition::None => Condition::None,
                leaf => Condition::Sites(leaf.into()),
            });
        }
        match expr {
            Expr::Term(term) => match reading.target {
                Target::Area(area) => self.term_in_area(term, area, reading),
                Target::Piece(piece) => self.term_in_piece(term, piece, reading),
                Target::Size(piece) => equal(Measure::Size(piece), Order::Numbers, term, reading),
            },
            Expr::Range { from, to, .. } => range(from, to, reading),
            Expr::Distance { circle, .. } => distance(*circle, reading),
            _ => Ok(Condition::None),
        }
    }

    fn term_in_area(&self, term: &Term, area: &'static Area, reading: Reading) -> Result<Condition, Problem> {
        let (mut texts, mut vocabularies) = (Vec::new(), Vec::new());
        for (piece, part) in area.pieces() {
            let place = Place { piece, weight: part.weight, synonyms: part.synonyms };
            match piece.kind() {
                Kind::Enum(vocabulary) => vocabularies.push((place, vocabulary)),
                kind if kind.is_text() => texts.push(place),
                _ => {}
            }
        }
        let no_text = texts.is_empty();
        let mut alternatives = vec![self.words(term, texts, Some(area), reading)?];
        let mut named = false;
        for (place, vocabulary) in &vocabularies {
            if let Some(leaf) = one_of(term, place.piece, vocabulary, place.weight) {
                named = true;
                alternatives.push(placed(leaf, place.piece, reading.scope));
            }
        }
        // Nothing but vocabularies, and a term that is in none of them, is the mistake it would be in any one of them.
        if let Some((place, _)) = vocabularies.first().filter(|_| no_text && !named) {
            return Err(Problem::NotInVocabulary(place.piece));
        }
        alternatives.retain(|alternative| *alternative != Condition::None);
        Ok(any(alternatives))
    }

    fn term_in_piece(&self, term: &Term, piece: Piece, reading: Reading) -> Result<Condition, Problem> {
        const TERM: &str = "A term";
        let leaf = match piece.kind() {
            kind if kind.is_text() && piece.is_index_only() => {
                let why =
                    "it stands in no record; countries go by their names, as in AREA[LocationCountry]France";
                return Err(not_applicable(TERM, piece.name(), why));
            }
            kind if kind.is_text() => {
                let place = Place { piece, weight: 1.0, synonyms: piece.has_synonyms() };
                self.words(term, vec![place], None, reading)?
            }
            Kind::Enum(vocabulary) => {
                one_of(term, piece, vocabulary, 1.0).ok_or(Problem::NotInVocabulary(piece))?
            }
            Kind::Boolean => {
                let known = ["true", "false"].into_iter().find(|known| term.text.eq_ignore_ascii_case(known));
                let value = known.ok_or_else(|| not_a_value(piece, &term.text, "give `true` or `false`"))?;
                Condition::OneOf { piece, values: BTreeSet::from([value]), weight: 1.0 }
            }
            Kind::GeoPoint => {
                return Err(not_applicable(
                    TERM,
                    piece.name(),
                    "ask DISTANCE[latitude,longitude,50mi] of it",
                ));
            }
            kind => match kind.order() {
                Some(order) => return equal(Measure::Values(piece), order, term, reading),
                None => return Err(not_applicable(TERM, piece.name(), "name a field in it")),
            },
        };
        Ok(placed(leaf, piece, reading.scope))
    }

    /// The words of `term` in those of `places` that a record of the scope has.
    fn words(
        &self,
        term: &Term,
        mut places: Vec<Place>,
        area: Option<&'static Area>,
        reading: Reading,
    ) -> Result<Condition, Problem> {
        let everywhere = reading.coverage == Coverage::Contains;
        if reading.expansion == Expansion::Lossy && !everywhere {
            return Err(Problem::Conflict("EXPANSION[Lossy] cannot be combined with COVERAGE"));
        }
        let together = term.quoted || !everywhere;
        let expansion = if together { reading.expansion.min(Expansion::Concept) } else { reading.expansion };
        let words = text::words(&term.text);
        if words.len() > WORDS_MAX {
            return Err(Problem::TooComplicated(format!("more than {WORDS_MAX} words in a term")));
        }
        if reading.scope == Scope::Location {
            places.retain(|place| place.piece.path_in_site().is_some());
        }
        if words.is_empty() || places.is_empty() {
            return Ok(Condition::None);
        }
        let synonyms = if expansion >= Expansion::Concept && places.iter().any(|place| place.synonyms) {
            let known = self.synonyms.of(&words).iter().take(SYNONYMS_MAX);
            known.map(|synonym| synonym.words.clone()).collect()
        } else {
            Vec::new()
        };
        Ok(Condition::Words(Words {
            text: term.text.split_whitespace().collect::<Vec<_>>().join(" "),
            words,
            pieces: places,
            area,
            expansion,
            coverage: reading.coverage,
            relaxed: expansion >= Expansion::Relaxation,
            synonyms,
        }))
    }
}

/// No value where the context looks.
fn missing(reading: Reading) -> Condition {
    let of_a_site = reading.scope == Scope::Location;
    let has = |piece: Piece| !of_a_site || piece.path_in_site().is_some();
    let present = match reading.target {
        Target::Area(area) => {
            let pieces: Vec<_> = area.pieces().map(|(piece, _)| piece).filter(|piece| has(*piece)).collect();
            if pieces.is_empty() { Condition::None } else { Condition::Present(pieces) }
        }
        // What is counted or derived is in no record: it is there when it can be worked out.
        Target::Piece(piece) if piece.is_index_only() && piece.kind().order().is_some() => {
            any_key(Measure::Values(piece), reading)
        }
        Target::Piece(piece) if has(piece) => Condition::Present(vec![piece]),
        Target::Piece(_) => Condition::None,
        Target::Size(piece) => any_key(Measure::Size(piece), reading),
    };
    if present == Condition::None { Condition::All } else { Condition::Not(present.into()) }
}

/// Whatever the measure's key is, there is one.
fn any_key(measure: Measure, reading: Reading) -> Condition {
    let leaf = Condition::Between { measure, interval: Interval { from: i64::MIN, to: i64::MAX } };
    let of_sites = reading.scope == Scope::Study && is_of_sites(reading.target);
    if of_sites { Condition::Sites(leaf.into()) } else { placed(leaf, measure.piece(), reading.scope) }
}

fn equal(measure: Measure, order: Order, term: &Term, reading: Reading) -> Result<Condition, Problem> {
    let interval = keys_of(measure.piece(), order, &term.text)?;
    Ok(between(measure, interval, reading))
}

fn range(from: &Bound, to: &Bound, reading: Reading) -> Result<Condition, Problem> {
    const RANGE: &str = "RANGE";
    let (measure, order) = match reading.target {
        Target::Size(piece) => (Measure::Size(piece), Order::Numbers),
        Target::Area(area) => {
            let why =
                "it has no dates, numbers or ages; name a field that has, as AREA[StartDate]RANGE[2020,MAX]";
            return Err(not_applicable(RANGE, area.name, why));
        }
        Target::Piece(piece) => match piece.kind().order() {
            Some(order) => (Measure::Values(piece), order),
            None => return Err(not_applicable(RANGE, piece.name(), instead_of_a_range(piece.kind()))),
        },
    };
    let end = |bound: &Bound| match bound {
        Bound::Min => Ok(Interval { from: i64::MIN, to: i64::MIN }),
        Bound::Max => Ok(Interval { from: i64::MAX, to: i64::MAX }),
        Bound::Value(text) => keys_of(measure.piece(), order, text),
    };
    let interval = Interval { from: end(from)?.from, to: end(to)?.to };
    Ok(between(measure, interval, reading))
}

const fn instead_of_a_range(kind: Kind) -> &'static str {
    match kind {
        Kind::Struct => "name a field in it",
        Kind::GeoPoint => "ask DISTANCE[latitude,longitude,50mi] of it",
        Kind::Boolean => "it is `true` or `false`: ask for one of them",
        Kind::Enum(_) => "its values have no order; join those you mean by OR",
        _ => "text has no order; ask for words",
    }
}

fn distance(circle: Circle, reading: Reading) -> Result<Condition, Problem> {
    let name = match reading.target {
        Target::Piece(piece) if matches!(piece.kind(), Kind::GeoPoint) => {
            return Ok(placed(Condition::Within { piece, circle }, piece, reading.scope));
        }
        Target::Piece(piece) | Target::Size(piece) => piece.name(),
        Target::Area(area) => area.name,
    };
    let why = "only points have a place: AREA[LocationGeoPoint]DISTANCE[latitude,longitude,50mi]";
    Err(not_applicable("DISTANCE", name, why))
}

/// A key of the measure in `interval`, which nothing is if its ends are the wrong way round.
fn between(measure: Measure, interval: Interval, reading: Reading) -> Condition {
    if interval.from > interval.to {
        return Condition::None;
    }
    placed(Condition::Between { measure, interval }, measure.piece(), reading.scope)
}

fn keys_of(piece: Piece, order: Order, text: &str) -> Result<Interval, Problem> {
    literal::keys(order, text).ok_or_else(|| not_a_value(piece, text, literal::expected(order)))
}

fn one_of(term: &Term, piece: Piece, vocabulary: &'static Enumeration, weight: f32) -> Option<Condition> {
    let value = vocabulary.find_in(piece, &term.text)?.value;
    Some(Condition::OneOf { piece, values: BTreeSet::from([value]), weight })
}

/// A leaf about one piece, in a record of the scope: of a site, nothing is known but what is part of a site.
fn placed(leaf: Condition, piece: Piece, scope: Scope) -> Condition {
    match (scope, piece.path_in_site().is_some()) {
        (Scope::Study, true) if leaf != Condition::None => Condition::Sites(leaf.into()),
        (Scope::Location, false) => Condition::None,
        _ => leaf,
    }
}

/// Whether everything that `target` looks at is part of a site.
fn is_of_sites(target: Target) -> bool {
    match target {
        Target::Area(area) => area.is_of_sites(),
        Target::Piece(piece) | Target::Size(piece) => piece.path_in_site().is_some(),
    }
}

/// Any of `conditions`; of none, what nothing meets.
fn any(mut conditions: Vec<Condition>) -> Condition {
    match conditions.len() {
        0 => Condition::None,
        1 => conditions.remove(0),
        _ => Condition::Or(conditions),
    }
}

fn not_a_value(piece: Piece, text: &str, expected: &'static str) -> Problem {
    Problem::NotAValue { piece, text: text.chars().take(60).collect(), expected }
}

const fn not_applicable(operation: &'static str, name: &'static str, why: &'static str) -> Problem {
    Problem::NotApplicable { operation, name, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas,
        essie::LengthUnit,
        synonyms::{Synonym, SynonymKind},
    };

    const CITY: Piece = Piece::named("LocationCity");
    const TITLE: Piece = Piece::named("BriefTitle");

    fn term(text: &str) -> Expr {
        Expr::Term(Term { text: text.into(), quoted: false, span: Span { start: 3, end: 7 } })
    }

    fn phrase(text: &str) -> Expr {
        Expr::Term(Term { text: text.into(), quoted: true, span: Span::default() })
    }

    fn missing() -> Expr {
        Expr::Missing(Span::default())
    }

    fn range(from: &str, to: &str) -> Expr {
        let end = |text: &str| match text {
            "MIN" => Bound::Min,
            "MAX" => Bound::Max,
            _ => Bound::Value(text.into()),
        };
        Expr::Range { from: end(from), to: end(to), span: Span::default() }
    }

    fn near() -> Expr {
        let circle = Circle { latitude: 42.4, longitude: -71.1, radius: 50.0, unit: LengthUnit::Miles };
        Expr::Distance { circle, span: Span::default() }
    }

    fn of(name: &str, expr: Expr) -> Expr {
        let target = match Area::find(name) {
            Some(area) => Target::Area(area),
            None => Target::Piece(Piece::find(name).unwrap()),
        };
        Expr::In(Context::Area(target), expr.into())
    }

    fn sized(name: &str, expr: Expr) -> Expr {
        Expr::In(Context::Area(Target::Size(Piece::named(name))), expr.into())
    }

    fn search(scope: Scope, expr: Expr) -> Expr {
        Expr::In(Context::Search(scope), expr.into())
    }

    fn tilted(measure: Measure, expr: Expr) -> Expr {
        Expr::In(Context::Tilt(measure), expr.into())
    }

    fn resolved(expr: &Expr) -> Result<Condition, EssieError> {
        resolve(expr, Target::Area(&areas::BASIC), Synonyms::none())
    }

    /// A condition on one line, for comparing shapes.
    fn shape(condition: &Condition) -> String {
        let list = |parts: &[Condition]| parts.iter().map(shape).collect::<Vec<_>>().join(", ");
        match condition {
            Condition::All => "All".into(),
            Condition::None => "None".into(),
            Condition::Words(words) => match words.area {
                Some(area) => format!("{}×{}", area.name, words.pieces.len()),
                None => words.pieces[0].piece.name().into(),
            },
            Condition::OneOf { piece, values, .. } => {
                format!("{piece:?}={}", values.iter().copied().collect::<Vec<_>>().join("|"))
            }
            Condition::Between { measure, interval } => {
                let end = |key| match key {
                    i64::MIN | i64::MAX => "…".to_owned(),
                    key => key.to_string(),
                };
                format!("{measure:?} {}..{}", end(interval.from), end(interval.to))
            }
            Condition::Within { piece, .. } => format!("{piece:?} near"),
            Condition::Present(pieces) if pieces.len() > 1 => format!("has×{}", pieces.len()),
            Condition::Present(pieces) => format!("has {:?}", pieces[0]),
            Condition::Ids(_) => "Ids".into(),
            Condition::Sites(inner) => format!("Sites({})", shape(inner)),
            Condition::Study(inner) => format!("Study({})", shape(inner)),
            Condition::Not(inner) => format!("Not({})", shape(inner)),
            Condition::Tilt(measure, inner) => format!("Tilt({measure:?}, {})", shape(inner)),
            Condition::And(parts) => format!("And({})", list(parts)),
            Condition::Or(parts) => format!("Or({})", list(parts)),
        }
    }

    #[test]
    fn a_leaf_is_asked_of_the_record_its_area_is_part_of() {
        use Scope::{Location, Study};
        let boston = || of("LocationCity", term("Boston"));
        let recruiting = || of("LocationStatus", term("recruiting"));
        let title = || of("BriefTitle", term("asthma"));
        let not = |expr: Expr| Expr::Not(expr.into());
        let cases = [
            (boston(), "Sites(LocationCity)"),
            (not(boston()), "Not(Sites(LocationCity))"),
            (
                Expr::And(vec![boston(), recruiting()]),
                "And(Sites(LocationCity), Sites(LocationStatus=RECRUITING))",
            ),
            (
                search(Location, Expr::And(vec![boston(), recruiting()])),
                "Sites(And(LocationCity, LocationStatus=RECRUITING))",
            ),
            (search(Location, not(boston())), "Sites(Not(LocationCity))"),
            (not(search(Location, boston())), "Not(Sites(LocationCity))"),
            (search(Study, boston()), "Sites(LocationCity)"),
            (search(Location, search(Location, boston())), "Sites(LocationCity)"),
            (
                search(Location, Expr::Or(vec![boston(), search(Study, Expr::Or(vec![title(), boston()]))])),
                "Sites(Or(LocationCity, Study(Or(BriefTitle, Sites(LocationCity)))))",
            ),
            // Of a site, nothing is known but what is part of a site.
            (search(Location, title()), "Sites(None)"),
            (search(Location, of("BriefTitle", missing())), "Sites(All)"),
            (search(Location, of("Phase", term("phase3"))), "Sites(None)"),
            (search(Location, of("StartDate", range("2020", "MAX"))), "Sites(None)"),
            (search(Location, sized("Phase", term("2"))), "Sites(None)"),
            (search(Location, of("ConditionSearch", term("asthma"))), "Sites(None)"),
            (search(Location, of("ConditionSearch", missing())), "Sites(All)"),
            (search(Location, Expr::All), "Sites(All)"),
            (search(Location, of("ContactSearch", term("Ana"))), "Sites(ContactSearch×1)"),
            (search(Location, term("Boston")), "Sites(BasicSearch×5)"),
            (search(Location, term("recruiting")), "Sites(Or(BasicSearch×5, LocationStatus=RECRUITING))"),
            (search(Location, of("LocationContact", missing())), "Sites(Not(has LocationContact))"),
            // MISSING of a site's field is that no site has a value.
            (of("LocationCity", missing()), "Not(has LocationCity)"),
            (of("LocationSearch", missing()), "Not(has×5)"),
            (of("Location", missing()), "Not(has Location)"),
            (missing(), "Not(has×57)"),
            (of("LocationSearch", term("Boston")), "Sites(LocationSearch×5)"),
            (of("LocationGeoPoint", near()), "Sites(LocationGeoPoint near)"),
            (search(Location, of("LocationGeoPoint", near())), "Sites(LocationGeoPoint near)"),
            (sized("LocationContact", term("2")), "Sites(Size(LocationContact) 2..2)"),
            (sized("Location", term("2")), "Size(Location) 2..2"),
            (of("NumLocationContacts", range("2", "MAX")), "Sites(Values(NumLocationContacts) 2..…)"),
            (of("NumLocationContacts", missing()), "Not(Sites(Values(NumLocationContacts) …..…))"),
            (of("NumPhases", missing()), "Not(Values(NumPhases) …..…)"),
            (sized("Phase", missing()), "Not(Size(Phase) …..…)"),
        ];
        for (expr, expected) in cases {
            assert_eq!(shape(&resolved(&expr).unwrap()), expected, "{expr:?}");
        }
    }

    #[test]
    fn operators_say_how_what_follows_is_read() {
        let phases = Expr::And(vec![term("PHASE1"), Expr::Not(term("phase 2").into())]);
        let start = Measure::Values(Piece::named("StartDate"));
        let cases = [
            (Expr::All, "All"),
            (of("Sex", Expr::All), "All"),
            (of("Sex", phrase("ALL")), "Sex=ALL"),
            (of("Phase", phases), "And(Phase=PHASE1, Not(Phase=PHASE2))"),
            (of("BriefTitle", of("Phase", term("Phase 3"))), "Phase=PHASE3"),
            (
                of("OverallStatus", Expr::Or(vec![term("Active, not recruiting"), term("unknown status")])),
                "Or(OverallStatus=ACTIVE_NOT_RECRUITING, OverallStatus=UNKNOWN)",
            ),
            (of("HasResults", term("TRUE")), "HasResults=true"),
            (of("EnrollmentCount", term("100")), "Values(EnrollmentCount) 100..100"),
            (of("EnrollmentCount", term("100.5")), "None"),
            (of("EnrollmentCount", range("1.5", "3.5")), "Values(EnrollmentCount) 2..3"),
            (of("EnrollmentCount", range("3", "1")), "None"),
            (of("EnrollmentCount", range("MIN", "MAX")), "Values(EnrollmentCount) …..…"),
            (of("StartDate", term("2022")), "Values(StartDate) 202201010000..202212312359"),
            (of("StartDate", range("2020-02", "2021")), "Values(StartDate) 202002010000..202112312359"),
            (of("StartDate", range("MIN", "01/15/2021")), "Values(StartDate) …..202101152359"),
            (of("MinimumAge", term("16 years")), "Values(MinimumAge) 8409600..8409600"),
            (of("MinimumAge", range("6 Months", "MAX")), "Values(MinimumAge) 262800..…"),
            (sized("Phase", range("2", "MAX")), "Size(Phase) 2..…"),
            (tilted(start, term("asthma")), "Tilt(Values(StartDate), BasicSearch×43)"),
            (Expr::Not(Expr::Not(Expr::All.into()).into()), "Not(Not(All))"),
            (Expr::And(vec![]), "All"),
            (Expr::Or(vec![]), "None"),
            // Vocabularies of a mixed area are met by a term that names a value, and by no other.
            (term("asthma"), "BasicSearch×43"),
            (term("Phase 3"), "Or(BasicSearch×43, Phase=PHASE3)"),
            (term("Phase 3 asthma"), "BasicSearch×43"),
            (term("Not yet recruiting"), "Or(BasicSearch×43, Sites(LocationStatus=NOT_YET_RECRUITING))"),
            (of("FunderTypeSearch", term("nih")), "Or(LeadSponsorClass=NIH, CollaboratorClass=NIH)"),
            (term("--"), "None"),
            (of("LocationCity", term("--")), "None"),
        ];
        for (expr, expected) in cases {
            assert_eq!(shape(&resolved(&expr).unwrap()), expected, "{expr:?}");
        }
    }

    #[test]
    fn words_know_where_they_are_looked_for_and_how() {
        use Coverage::{Contains, FullMatch};
        use Expansion::{Concept, Lossy, None, Relaxation, Term};
        let cases = [
            // quoted, asked,            coverage,   expansion,  may stand apart
            (false, Option::None, Contains, Relaxation, true),
            (true, Option::None, Contains, Concept, false),
            (false, Some(Lossy), Contains, Lossy, true),
            (true, Some(Lossy), Contains, Concept, false),
            (false, Some(Concept), Contains, Concept, false),
            (false, Some(Term), Contains, Term, false),
            (true, Some(None), Contains, None, false),
            (false, Option::None, FullMatch, Concept, false),
            (false, Some(Relaxation), FullMatch, Concept, false),
            (false, Some(Term), FullMatch, Term, false),
        ];
        for (quoted, asked, coverage, expansion, relaxed) in cases {
            let mut expr = if quoted { phrase(" heart   attacks") } else { term("heart attacks ") };
            if let Some(asked) = asked {
                expr = Expr::In(Context::Expansion(asked), expr.into());
            }
            let expr = Expr::In(Context::Coverage(coverage), of("BriefTitle", expr).into());
            let Condition::Words(words) = resolved(&expr).unwrap() else { panic!("{expr:?}") };
            assert_eq!(
                (words.text.as_str(), words.words.join(" ")),
                ("heart attacks", "heart attack".into())
            );
            let place = Place { piece: TITLE, weight: 1.0, synonyms: true };
            assert_eq!((words.pieces, words.area), (vec![place], Option::None));
            assert_eq!(
                (words.expansion, words.coverage, words.relaxed),
                (expansion, coverage, relaxed),
                "{expr:?}"
            );
        }
        let Condition::Words(words) = resolved(&of("SponsorSearch", term("Merck"))).unwrap() else {
            panic!()
        };
        let weights: Vec<_> = words.pieces.iter().map(|place| place.weight).collect();
        assert_eq!((weights, words.area), (vec![0.99, 0.9, 0.6], Some(&areas::SPONSOR)));
    }

    #[test]
    fn synonyms_come_from_the_table_where_they_are_looked_for() {
        let mut synonyms = Synonyms::default();
        let infarction = Synonym {
            words: text::words("Myocardial Infarction"),
            label: "Myocardial Infarction".into(),
            kind: SynonymKind::Mesh,
            support: 1,
        };
        synonyms.add(&text::words("heart attack"), infarction.clone());
        let found = |expr: &Expr| {
            let mut found = Vec::new();
            let condition = resolve(expr, Target::Area(&areas::CONDITION), &synonyms).unwrap();
            condition.for_each_words(&mut |words| found.extend(words.synonyms.clone()));
            found
        };
        let expanded = |expansion, expr: Expr| Expr::In(Context::Expansion(expansion), expr.into());
        for expr in [
            term("Heart Attacks"),
            phrase("heart attack"),
            expanded(Expansion::Concept, term("heart attack")),
            expanded(Expansion::Lossy, term("heart attack")),
        ] {
            assert_eq!(found(&expr), std::slice::from_ref(&infarction.words), "{expr:?}");
        }
        for expr in [
            term("heart attack risk"),
            expanded(Expansion::Term, term("heart attack")),
            expanded(Expansion::None, phrase("heart attack")),
            of("LocationCity", term("heart attack")),
        ] {
            assert_eq!(found(&expr), [] as [Vec<String>; 0], "{expr:?}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_told_apart_and_says_what_can() {
        let lossy = |expr: Expr| {
            let expr = Expr::In(Context::Expansion(Expansion::Lossy), expr.into());
            Expr::In(Context::Coverage(Coverage::StartsWith), expr.into())
        };
        let title = Measure::Values(TITLE);
        let site = |expr: Expr| search(Scope::Location, expr);
        let cases = [
            (
                of("Phase", term("Phase 9")),
                "Allowed values for enum field `protocolSection.designModule.phases` are `NA`",
            ),
            (
                site(of("Phase", term("Phase 9"))),
                "Allowed values for enum field `protocolSection.designModule.phases`",
            ),
            (
                of("FunderTypeSearch", term("Merck")),
                "Allowed values for enum field `protocolSection.sponsorColl",
            ),
            (of("HasResults", term("yes")), "cannot read `yes` as a value of `HasResults`: give `true` or"),
            (of("StartDate", term("soon")), "cannot read `soon` as a value of `StartDate`: give a date"),
            (
                of("StartDate", range("2020", "soon")),
                "cannot read `soon` as a value of `StartDate`: give a date",
            ),
            (site(of("StartDate", range("soon", "MAX"))), "cannot read `soon` as a value of `StartDate`"),
            (
                of("MinimumAge", range("3 fortnights", "MAX")),
                "cannot read `3 fortnights` as a value of `MinimumAge`",
            ),
            (
                of("MinimumAge", term("18")),
                "cannot read `18` as a value of `MinimumAge`: give a number and a unit",
            ),
            (of("EnrollmentCount", term("many")), "cannot read `many` as a value of `EnrollmentCount`"),
            (sized("Phase", term("two")), "cannot read `two` as a value of `Phase`: give a number"),
            (
                of("LocationGeoPoint", term("Boston")),
                "A term does not work on `LocationGeoPoint`: ask DISTANCE",
            ),
            (of("DesignModule", term("x")), "A term does not work on `DesignModule`: name a field in it"),
            (
                of("LocationCountryCode", term("FR")),
                "A term does not work on `LocationCountryCode`: it stands in no record",
            ),
            (of("BriefTitle", range("a", "b")), "RANGE does not work on `BriefTitle`: text has no order"),
            (
                of("Phase", range("PHASE1", "PHASE3")),
                "RANGE does not work on `Phase`: its values have no order",
            ),
            (of("HasResults", range("MIN", "MAX")), "RANGE does not work on `HasResults`"),
            (of("DesignModule", range("MIN", "MAX")), "RANGE does not work on `DesignModule`: name a field"),
            (range("2020", "MAX"), "RANGE does not work on `BasicSearch`: it has no dates"),
            (near(), "DISTANCE does not work on `BasicSearch`: only points"),
            (of("LocationCity", near()), "DISTANCE does not work on `LocationCity`"),
            (sized("Location", near()), "DISTANCE does not work on `Location`"),
            (lossy(term("asthma")), "EXPANSION[Lossy] cannot be combined with COVERAGE"),
            (
                lossy(of("LocationCity", phrase("Boston"))),
                "EXPANSION[Lossy] cannot be combined with COVERAGE",
            ),
            (tilted(title, Expr::All), "TILT does not work on `BriefTitle`: name a date or a number"),
        ];
        for (expr, expected) in cases {
            let error = resolved(&expr).expect_err(expected).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let error = resolved(&of("Phase", term("Phase 9"))).unwrap_err();
        assert_eq!(error.span.range(), 3..7);
        assert_eq!(error.problem, Problem::NotInVocabulary(Piece::named("Phase")));
        // Where there is but a vocabulary, how far words go does not matter.
        assert_eq!(shape(&resolved(&lossy(of("Phase", term("NA")))).unwrap()), "Phase=NA");
    }

    #[test]
    fn a_term_has_a_bounded_number_of_words() {
        let words = |count: usize| "of ".repeat(count);
        for of_as_many in [term, phrase] {
            assert!(resolved(&of_as_many(&words(256))).is_ok());
            let error = resolved(&of_as_many(&words(257))).unwrap_err();
            assert_eq!(error.to_string(), "Too complicated query: more than 256 words in a term");
        }
    }

    #[test]
    fn a_tree_made_in_the_program_may_be_deep_but_not_endless() {
        let nested =
            |depth: usize| (0..depth).fold(of("LocationCity", term("x")), |expr, _| Expr::Not(expr.into()));
        assert!(resolved(&nested(200)).is_ok());
        let error = resolved(&nested(2_000)).unwrap_err();
        assert!(matches!(error.problem, Problem::TooComplicated(_)), "{error}");
        assert_eq!(CITY.path_in_site(), Some("city"));
    }
}
