//! `Matching`: which studies a question is about, gathered from everything a caller can say of it.

use crate::{
    NctId,
    areas::{self, Area},
    enums::EnumValue,
    essie::{Circle, Condition, Context, EssieError, Expr, Scope, Span, Target, Term, parse, resolve},
    pieces::Piece,
    synonyms::Synonyms,
};
use std::collections::BTreeSet;

/// Which studies: every search and every filter must hold. Nothing given matches every study.
///
/// Searches make the relevance, filters do not (API v2, `query.*` and `filter.*`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    searches: Vec<Search>,
    filters: Vec<Filter>,
}

/// A search, as one `query.*` parameter asks it.
#[derive(Clone, Debug, PartialEq)]
pub enum Search {
    /// An expression.
    Expression {
        /// Where it looks unless it says otherwise: an area, or one piece (`query.lead`).
        target: Target,
        /// What it asks.
        expr: Expr,
    },
    /// Nothing but NCT numbers: these studies, and filters do not count (API v2).
    Ids(BTreeSet<NctId>),
}

/// A filter, as one `filter.*` parameter asks it.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// An expression, which searches [`DEFAULT_AREA`] unless it says otherwise.
    Expression(Expr),
    /// The study is one of these, by its number or a former one.
    Ids(BTreeSet<NctId>),
    /// Some site lies in this circle.
    Near(Circle),
}

/// What a [`Matching`] asks of records, worked out.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// What every study must meet and relevance comes from, one a search.
    pub searches: Vec<Condition>,
    /// What every study must meet besides.
    pub filter: Condition,
    /// What terms were expanded with.
    pub expanded: Vec<Expanded>,
}

/// A term of a question and the synonyms it was also searched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The term as written.
    pub term: String,
    /// Its synonyms as people write them, the best supported first.
    pub synonyms: Vec<String>,
}

/// The area of an expression that names none: what `filter.advanced` searches.
pub const DEFAULT_AREA: &Area = &areas::BASIC;

impl Matching {
    /// Adds a search for `text` in `target`.
    ///
    /// # Errors
    ///
    /// Why `text` is no expression, or asks something that cannot be asked.
    pub fn search(&mut self, target: Target, text: &str) -> Result<(), EssieError> {
        if let Some(ids) = nct_ids(text) {
            self.searches.push(Search::Ids(ids));
            return Ok(());
        }
        let expr = parse(text)?;
        resolve(&expr, target, Synonyms::none())?;
        self.searches.push(Search::Expression { target, expr });
        Ok(())
    }

    /// Adds a filter by an expression, which searches [`DEFAULT_AREA`] unless it says otherwise.
    ///
    /// # Errors
    ///
    /// Why `text` is no expression, or asks something that cannot be asked.
    pub fn filter(&mut self, text: &str) -> Result<(), EssieError> {
        let expr = parse(text)?;
        resolve(&expr, Target::Area(DEFAULT_AREA), Synonyms::none())?;
        self.filters.push(Filter::Expression(expr));
        Ok(())
    }

    /// Adds a filter: a value of `piece` is one of `values`. Without values nothing matches.
    pub fn filter_values<'a>(&mut self, piece: Piece, values: impl IntoIterator<Item = &'a EnumValue>) {
        let term = |value: &EnumValue| {
            Expr::Term(Term { text: value.value.to_owned(), quoted: true, span: Span::default() })
        };
        let any = Expr::any(values.into_iter().map(term).collect());
        self.filters.push(Filter::Expression(Expr::In(Context::Area(Target::Piece(piece)), any.into())));
    }

    /// Adds a filter: the study is one of these, by its number or a former one.
    pub fn filter_ids(&mut self, ids: impl IntoIterator<Item = NctId>) {
        self.filters.push(Filter::Ids(ids.into_iter().collect()));
    }

    /// Adds a filter: some site lies in `circle`. The last one given is where [`near`](Self::near) is.
    pub fn filter_near(&mut self, circle: Circle) {
        self.filters.push(Filter::Near(circle));
    }

    /// Adds a filter by an expression made in the program.
    ///
    /// # Errors
    ///
    /// When it asks something that cannot be asked.
    pub fn filter_expr(&mut self, expr: Expr) -> Result<(), EssieError> {
        resolve(&expr, Target::Area(DEFAULT_AREA), Synonyms::none())?;
        let parts = match expr {
            Expr::And(parts) => parts,
            other => vec![other],
        };
        // That studies must be near a place is to be seen, for distances are told from it.
        self.filters.extend(parts.into_iter().map(|part| match part.circle() {
            Some(circle) => Filter::Near(circle),
            None => Filter::Expression(part),
        }));
        Ok(())
    }

    /// Where the studies must have a site near, if that was asked and filters count.
    pub fn near(&self) -> Option<Circle> {
        self.filters().iter().rev().find_map(|filter| match filter {
            Filter::Near(circle) => Some(*circle),
            _ => None,
        })
    }

    /// Whether some search is nothing but NCT numbers, so that filters do not count (API v2).
    fn is_of_ids(&self) -> bool {
        self.searches.iter().any(|search| matches!(search, Search::Ids(_)))
    }

    /// Whether there are filters that do not count, because some search is nothing but NCT numbers (API v2).
    pub fn ignores_filters(&self) -> bool {
        self.is_of_ids() && !self.filters.is_empty()
    }

    /// Whether there is a search that relevance can come from.
    pub fn is_scored(&self) -> bool {
        self.searches.iter().any(|search| matches!(search, Search::Expression { .. }))
    }

    /// Whether every study matches.
    pub fn is_everything(&self) -> bool {
        self.searches.is_empty() && self.filters.is_empty()
    }

    /// The searches, in the order given.
    pub fn searches(&self) -> &[Search] {
        &self.searches
    }

    /// The filters that count, in the order given: none beside a search that is nothing but NCT numbers.
    pub fn filters(&self) -> &[Filter] {
        if self.is_of_ids() { &[] } else { &self.filters }
    }

    /// The same question as one expression, which finds the same studies in no order of relevance.
    pub fn to_expr(&self) -> Expr {
        let listed = |ids: &BTreeSet<NctId>| {
            let term =
                |id: &NctId| Expr::Term(Term { text: id.to_string(), quoted: false, span: Span::default() });
            let any = Expr::any(ids.iter().map(term).collect());
            Expr::In(Context::Area(Target::Area(&areas::NCT_ID)), any.into())
        };
        let searches = self.searches.iter().map(|search| match search {
            Search::Expression { target, expr } => expr.clone().in_target(*target),
            Search::Ids(ids) => listed(ids),
        });
        let filters = self.filters().iter().map(|filter| match filter {
            Filter::Expression(expr) => expr.clone().in_target(Target::Area(DEFAULT_AREA)),
            Filter::Ids(ids) => listed(ids),
            Filter::Near(circle) => Expr::site_within(*circle),
        });
        Expr::all(searches.chain(filters).collect())
    }

    /// What it asks of records when these are the synonyms.
    ///
    /// # Errors
    ///
    /// None that the parts did not have when they were added.
    pub fn conditions(&self, synonyms: &Synonyms) -> Result<Conditions, EssieError> {
        let mut searches = Vec::with_capacity(self.searches.len());
        for search in &self.searches {
            searches.push(match search {
                Search::Expression { target, expr } => resolve(expr, *target, synonyms)?,
                Search::Ids(ids) => Condition::Ids(ids.clone()),
            });
        }
        let mut filter = Vec::with_capacity(self.filters().len());
        for part in self.filters() {
            filter.push(match part {
                Filter::Expression(expr) => resolve(expr, Target::Area(DEFAULT_AREA), synonyms)?,
                Filter::Ids(ids) => Condition::Ids(ids.clone()),
                Filter::Near(circle) => {
                    resolve(&Expr::site_within(*circle), Target::Area(DEFAULT_AREA), synonyms)?
                }
            });
        }
        let filter = Condition::all(filter);
        let mut expanded = Vec::new();
        for condition in searches.iter().chain([&filter]) {
            condition.for_each_words(&mut |words| {
                let labels = synonyms.of(&words.words).iter().map(|synonym| synonym.label.clone());
                let entry = Expanded { term: words.text.clone(), synonyms: labels.collect() };
                if !words.synonyms.is_empty() && !expanded.contains(&entry) {
                    expanded.push(entry);
                }
            });
        }
        Ok(Conditions { searches, filter, expanded })
    }

    /// Tells `item` everything that decides which studies match, in a form that equal questions share.
    pub(super) fn describe(&self, item: &mut impl FnMut(&[u8], &[u8])) {
        for search in &self.searches {
            match search {
                Search::Expression { target, expr } => {
                    item(b"a", target.to_string().as_bytes());
                    item(b"q", expr.to_string().as_bytes());
                }
                Search::Ids(ids) => describe_ids(ids, b"s", item),
            }
        }
        for filter in &self.filters {
            match filter {
                Filter::Expression(expr) => item(b"f", expr.to_string().as_bytes()),
                Filter::Ids(ids) => describe_ids(ids, b"n", item),
                Filter::Near(circle) => item(b"f", Expr::site_within(*circle).to_string().as_bytes()),
            }
        }
    }
}

fn describe_ids(ids: &BTreeSet<NctId>, tag: &[u8], item: &mut impl FnMut(&[u8], &[u8])) {
    // How many, so that two lists are not one.
    item(tag, &ids.len().to_le_bytes());
    ids.iter().for_each(|id| item(b"i", &id.number().to_le_bytes()));
}

/// The NCT numbers that `text` consists of, with commas or white space between; nothing if there is anything else.
fn nct_ids(text: &str) -> Option<BTreeSet<NctId>> {
    let mut items = text.split([',', ' ', '\t', '\r', '\n']).filter(|item| !item.is_empty()).peekable();
    items.peek()?;
    items.map(|item| item.parse().ok()).collect()
}

impl Condition {
    /// All of `conditions`.
    pub fn all(mut conditions: Vec<Self>) -> Self {
        match conditions.len() {
            0 => Self::All,
            1 => conditions.remove(0),
            _ => Self::And(conditions),
        }
    }

    /// Calls `each` with every [`Words`](crate::essie::Words) in it.
    pub fn for_each_words(&self, each: &mut dyn FnMut(&crate::essie::Words)) {
        match self {
            Self::Words(words) => each(words),
            Self::Sites(inner) | Self::Study(inner) | Self::Not(inner) | Self::Tilt(_, inner) => {
                inner.for_each_words(each);
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.for_each_words(each)),
            _ => {}
        }
    }
}

const POINT: Piece = Piece::named("LocationGeoPoint");

impl Expr {
    /// Any of `exprs`, each once; of none, what nothing matches.
    pub fn any(exprs: Vec<Self>) -> Self {
        let mut exprs = spliced(exprs, |expr| match expr {
            Self::Or(parts) => Ok(parts),
            other => Err(other),
        });
        match exprs.len() {
            0 => Self::Not(Self::All.into()),
            1 => exprs.remove(0),
            _ => Self::Or(exprs),
        }
    }

    /// All of `exprs`, each once; of none, what every study matches.
    pub fn all(exprs: Vec<Self>) -> Self {
        let mut exprs = spliced(exprs, |expr| match expr {
            Self::And(parts) => Ok(parts),
            other => Err(other),
        });
        match exprs.len() {
            0 => Self::All,
            1 => exprs.remove(0),
            _ => Self::And(exprs),
        }
    }

    /// `self`, which looks in `target` unless it says otherwise.
    #[must_use]
    pub fn in_target(self, target: Target) -> Self {
        match self {
            // It says so itself.
            Self::In(Context::Area(_), _) | Self::All => self,
            expr => Self::In(Context::Area(target), expr.into()),
        }
    }

    /// Some site lies in `circle`.
    pub fn site_within(circle: Circle) -> Self {
        let within = Self::Distance { circle, span: Span::default() };
        Self::In(Context::Area(Target::Piece(POINT)), within.into())
    }

    /// The circle that [`site_within`](Self::site_within) was made of.
    fn circle(&self) -> Option<Circle> {
        match self {
            Self::In(Context::Area(Target::Piece(POINT)), within) => match **within {
                Self::Distance { circle, .. } => Some(circle),
                _ => None,
            },
            _ => None,
        }
    }

    /// `self`, asked of each site by itself.
    #[must_use]
    pub fn of_sites(self) -> Self {
        Self::In(Context::Search(Scope::Location), self.into())
    }
}

/// The parts of `exprs` that are such lists themselves, and the others, each once: no deeper than it need be.
fn spliced(exprs: Vec<Expr>, parts: impl Fn(Expr) -> Result<Vec<Expr>, Expr>) -> Vec<Expr> {
    let mut all = Vec::with_capacity(exprs.len());
    for expr in exprs {
        for part in parts(expr).unwrap_or_else(|other| vec![other]) {
            if !all.contains(&part) {
                all.push(part);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enums;

    #[test]
    fn nct_numbers_alone_are_ids_and_turn_filters_off() {
        let mut matching = Matching::default();
        matching.filter("AREA[Phase]PHASE3").unwrap();
        matching.search(Target::Area(&areas::BASIC), "nct123, NCT00000456").unwrap();
        let conditions = matching.conditions(Synonyms::none()).unwrap();
        let ids = [123, 456].map(|number| NctId::new(number).unwrap());
        assert_eq!(conditions.searches, [Condition::Ids(BTreeSet::from(ids))]);
        assert_eq!(conditions.filter, Condition::All);
        assert!(!matching.is_scored() && matching.ignores_filters());
        let here =
            Circle { latitude: 1.0, longitude: 2.0, radius: 3.0, unit: crate::essie::LengthUnit::Miles };
        matching.filter_near(here);
        assert_eq!(matching.near(), None);
        for text in ["NCT1 asthma", "", " , ", "NCT0"] {
            assert_eq!(nct_ids(text), None, "{text}");
        }
    }

    #[test]
    fn a_question_is_one_expression_too() {
        let mut matching = Matching::default();
        assert_eq!(matching.to_expr(), Expr::All);
        matching
            .search(
                Target::Area(&areas::CONDITION),
                "asthma OR AREA[Phase]PHASE3 OR SEARCH[Location](Boston)",
            )
            .unwrap();
        matching.search(Target::Area(&areas::BASIC), "\"heart failure\"").unwrap();
        matching.filter("AREA[EnrollmentCount]RANGE[10,MAX]").unwrap();
        matching.filter("insulin").unwrap();
        matching.filter_ids([7, 8].map(|number| NctId::new(number).unwrap()));
        let text = matching.to_expr().to_string();
        assert_eq!(
            text,
            "AREA[ConditionSearch](asthma OR AREA[Phase]PHASE3 OR SEARCH[Location]Boston) AND \
             AREA[BasicSearch]\"heart failure\" AND AREA[EnrollmentCount]RANGE[10, MAX] AND AREA[BasicSearch]insulin AND \
             AREA[NCTIdSearch](NCT00000007 OR NCT00000008)"
        );
        // As conditions, both say the same, but for where numbers stand.
        let mut again = Matching::default();
        again.filter(&text).unwrap();
        let (first, second) =
            (matching.conditions(Synonyms::none()).unwrap(), again.conditions(Synonyms::none()).unwrap());
        let Condition::And(parts) = second.filter else { panic!("{second:?}") };
        assert_eq!(parts[..2], first.searches);
        let Condition::And(filters) = first.filter else { panic!("{first:?}") };
        assert_eq!(parts[2..4], filters[..2]);
        // What is added to it makes it longer, not deeper, and a place stays one.
        let here =
            Circle { latitude: 1.0, longitude: 2.0, radius: 3.0, unit: crate::essie::LengthUnit::Miles };
        let narrowed = Expr::all(vec![matching.to_expr(), Expr::site_within(here), matching.to_expr()]);
        assert!(matches!(&narrowed, Expr::And(parts) if parts.len() == 6), "{narrowed}");
        let mut narrow = Matching::default();
        narrow.filter_expr(narrowed).unwrap();
        assert_eq!(narrow.near(), Some(here));
    }

    #[test]
    fn filters_by_values_ids_and_place_become_conditions() {
        let mut matching = Matching::default();
        matching.filter_values(Piece::named("OverallStatus"), [enums::STATUS.find("recruiting").unwrap()]);
        matching.filter_values(Piece::named("Phase"), []);
        let conditions = matching.conditions(Synonyms::none()).unwrap();
        let Condition::And(parts) = conditions.filter else { panic!("{conditions:?}") };
        assert!(
            matches!(&parts[0], Condition::OneOf { values, .. } if values.contains("RECRUITING")),
            "{parts:?}"
        );
        assert_eq!(parts[1], Condition::Not(Condition::All.into()));
    }
}
