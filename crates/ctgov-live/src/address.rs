//! From a question to the addresses that ask it: parameters, their spelling, and lists too long for one address.

use ctgov::{
    DecayFunction, Filter, GeoDecay, Matching, NctId, RegistryError, Search,
    essie::{Circle, Context, Expr, LengthUnit, Target},
    pieces::Piece,
};
use std::{borrow::Cow, fmt::Write as _};

/// Longest address asked for, in bytes. The service takes 7 to 8 kB.
const TARGET_BYTES_MAX: usize = 6_000;
/// Most addresses for one question.
const TARGETS_MAX: usize = 8;
/// Fewest numbers that must have room in an address: more of it is the rest of the question.
const LISTED_MIN: usize = 50;
/// How many bytes a number takes in a list.
const LISTED_BYTES: usize = "NCT01234567,".len();

/// The record of a study.
pub(crate) fn study(id: NctId) -> String {
    format!("/studies/{id}")
}

/// A parameter of an address: its name and its value, not yet escaped.
pub(crate) type Parameter = (Cow<'static, str>, String);

/// A question in parameters, but for what is asked of the page.
#[derive(Debug)]
pub(crate) struct Asked {
    parameters: Vec<Parameter>,
    /// Studies that it must be one of: at most two lists, the longer first.
    lists: Vec<Vec<NctId>>,
}

impl Asked {
    /// What `matching` asks; `also` must hold besides.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Unsupported`] for more than two lists of numbers.
    pub(crate) fn of(matching: &Matching, also: Option<Expr>) -> Result<Self, RegistryError> {
        let mut queries: Vec<(Cow<'static, str>, Vec<Expr>)> = Vec::new();
        let (mut lists, mut filters, mut circles) = (Vec::new(), Vec::new(), Vec::new());
        for search in matching.searches() {
            match search {
                Search::Ids(ids) => lists.push(ids.iter().copied().collect()),
                Search::Expression { target, expr } => {
                    let (parameter, expr) = searched(*target, expr);
                    match queries.iter_mut().find(|(known, _)| *known == parameter) {
                        Some((_, exprs)) => exprs.push(expr),
                        None => queries.push((parameter, vec![expr])),
                    }
                }
            }
        }
        for filter in matching.filters() {
            match filter {
                Filter::Expression(expr) => filters.push(expr.clone()),
                Filter::Ids(ids) => lists.push(ids.iter().copied().collect()),
                Filter::Near(circle) => circles.push(*circle),
            }
        }
        filters.extend(also);
        let queries = queries.into_iter().map(|(name, exprs)| (name, query_text(&Expr::all(exprs))));
        let mut parameters: Vec<Parameter> = queries.collect();
        // Where relevance falls from is asked by its own parameter.
        parameters.extend(circles.pop().map(|circle| ("filter.geo".into(), distance(&circle))));
        filters.extend(circles.into_iter().map(Expr::site_within));
        if !filters.is_empty() {
            parameters.push(("filter.advanced".into(), Expr::all(filters).to_string()));
        }
        if lists.len() > 2 {
            return Err(RegistryError::Unsupported {
                operation: "asking for studies of more than two lists of numbers",
                why: "the API takes two; ask for those that are in all of them".to_owned(),
            });
        }
        lists.sort_by_key(|list: &Vec<NctId>| std::cmp::Reverse(list.len()));
        Ok(Self { parameters, lists })
    }

    /// The addresses under `/studies` that ask it, with `page` besides: one, or more where a list is too long, each for
    /// a part of the list.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Unsupported`] when it is too long all the same.
    pub(crate) fn targets(&self, page: &[Parameter]) -> Result<Vec<String>, RegistryError> {
        let mut rest = String::from("/studies");
        for (name, value) in self.parameters.iter().chain(page) {
            push(&mut rest, name, value);
        }
        let [list, others @ ..] = self.lists.as_slice() else {
            return short_enough(rest).map(|one| vec![one]);
        };
        for other in others {
            push(&mut rest, "postFilter.ids", &written(other));
        }
        let room = TARGET_BYTES_MAX.saturating_sub(rest.len() + "&filter.ids=".len()) / LISTED_BYTES;
        // No study is one of none, which an empty parameter does not say.
        if list.is_empty() {
            push(&mut rest, "postFilter.advanced", "NOT ALL");
            return short_enough(rest).map(|one| vec![one]);
        }
        let parts = list.chunks(room.max(1));
        if room < LISTED_MIN.min(list.len()) || parts.len() > TARGETS_MAX {
            return Err(too_long(rest.len() + list.len() * LISTED_BYTES));
        }
        Ok(parts
            .map(|part| {
                let mut target = rest.clone();
                push(&mut target, "filter.ids", &written(part));
                target
            })
            .collect())
    }
}

/// Adds what is asked of a page to nothing else: the studies with these numbers.
pub(crate) fn of_ids(ids: &[NctId]) -> Asked {
    Asked { parameters: Vec::new(), lists: vec![ids.to_vec()] }
}

/// What is known of a field: `kind` is `values` or `sizes`.
pub(crate) fn statistics(kind: &str, piece: Piece) -> String {
    format!("/stats/field/{kind}?fields={}", piece.name())
}

/// Which parameter searches in `target`, and what is to be said in it.
fn searched(target: Target, expr: &Expr) -> (Cow<'static, str>, Expr) {
    const LEAD: Piece = Piece::named("LeadSponsorName");
    let parameter = match target {
        Target::Area(area) => area.param,
        Target::Piece(LEAD) => Some("lead"),
        _ => None,
    };
    match parameter {
        Some(parameter) => (format!("query.{parameter}").into(), expr.clone()),
        None => ("query.term".into(), Expr::In(Context::Area(target), expr.clone().into())),
    }
}

/// An expression as a `query.*` parameter: one that is nothing but numbers would turn the filters off.
fn query_text(expr: &Expr) -> String {
    let text = expr.to_string();
    let mut words = text.split([',', ' ']).filter(|word| !word.is_empty());
    if words.all(|word| word.parse::<NctId>().is_ok()) { format!("({text})") } else { text }
}

fn distance(circle: &Circle) -> String {
    let unit = match circle.unit {
        LengthUnit::Kilometers => "km",
        LengthUnit::Miles => "mi",
    };
    format!("distance({},{},{}{unit})", circle.latitude, circle.longitude, circle.radius)
}

/// `geoDecay`, in kilometres.
pub(crate) fn decay(decay: &GeoDecay) -> String {
    let function = match decay.function {
        DecayFunction::Exponential => "exp",
        DecayFunction::Gauss => "gauss",
        DecayFunction::Linear => "linear",
    };
    let [scale, offset] = [decay.scale, decay.offset].map(|meters| meters / 1_000.0);
    format!("func:{function},scale:{scale}km,offset:{offset}km,decay:{}", decay.decay)
}

fn written(ids: &[NctId]) -> String {
    let mut list = String::with_capacity(ids.len() * LISTED_BYTES);
    for id in ids {
        let comma = if list.is_empty() { "" } else { "," };
        let _ = write!(list, "{comma}{id}");
    }
    list
}

/// Adds a parameter to an address, everything escaped that could mean something in it.
fn push(target: &mut String, name: &str, value: &str) {
    target.push(if target.contains('?') { '&' } else { '?' });
    target.push_str(name);
    target.push('=');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,:()@".contains(&byte) {
            target.push(char::from(byte));
        } else {
            let _ = write!(target, "%{byte:02X}");
        }
    }
}

fn short_enough(target: String) -> Result<String, RegistryError> {
    if target.len() > TARGET_BYTES_MAX { Err(too_long(target.len())) } else { Ok(target) }
}

fn too_long(bytes: usize) -> RegistryError {
    RegistryError::Unsupported {
        operation: "asking ClinicalTrials.gov so long a question",
        why: format!(
            "its address would have {bytes} bytes, {TARGET_BYTES_MAX} are taken; shorten the query or ask for fewer \
             numbers at once"
        ),
    }
}
