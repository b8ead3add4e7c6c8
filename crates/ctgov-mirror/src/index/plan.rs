//! From [`Matching`] to sets of studies.
//!
//! A study matches when every word occurs in some piece of the area it was asked in, its status is one of those
//! asked, one of its phases is, and it is one of the studies asked; what is not asked matches everything.

use super::Fields;
use ctgov::Matching;
use tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, Query, TermQuery, TermSetQuery},
    schema::IndexRecordOption,
};

/// The query that matches exactly the studies of `matching`.
pub(super) fn query(fields: &Fields, matching: &Matching) -> Box<dyn Query> {
    let mut all: Vec<Box<dyn Query>> = Vec::new();
    for (area, words) in &matching.words {
        let field = fields.area(area);
        for word in words.iter() {
            let term = Term::from_field_text(field, word);
            all.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
        }
    }
    let mut any = |terms: Vec<Term>| {
        if !terms.is_empty() {
            all.push(Box::new(TermSetQuery::new(terms)));
        }
    };
    let value = |field, text: &str| Term::from_field_text(field, text);
    any(matching.statuses.iter().map(|status| value(fields.status, status.as_str())).collect());
    any(matching.phases.iter().map(|phase| value(fields.phase, phase.as_str())).collect());
    any(matching.nct_ids.iter().map(|id| Term::from_field_u64(fields.nct, id.number().into())).collect());
    match all.len() {
        0 => Box::new(AllQuery),
        _ => Box::new(BooleanQuery::intersection(all)),
    }
}
