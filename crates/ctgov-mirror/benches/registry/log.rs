//! A log of requests to `/api/v2`: what its clients are taken to ask, all different but for chance.
//!
//! Nobody publishes what the registry is asked. A fifth of the requests are taken to ask for one study by its number,
//! a third for a term, a fifth for what suits a patient; fewer for places and lists by date, and two of a hundred to
//! quote words with stop words among them, which are particular ones, as quotations are.

use crate::questions::{Kind, Questions};
use serde_json::{Value, json};

/// How many of a hundred requests ask a question of a kind; the others ask for a study.
const MIX: [(Kind, usize); 9] = [
    (Kind::Typical, 20),
    (Kind::FrequentTerm, 15),
    (Kind::CommonTerm, 10),
    (Kind::RareTerm, 8),
    (Kind::Site, 8),
    (Kind::Geo, 8),
    (Kind::TermWithRecords, 5),
    (Kind::Sorted, 5),
    (Kind::PhraseOfFew, 2),
];
const HUNDRED: usize = 100;

/// So many times a hundred requests, in the order in which they are sent.
pub(crate) fn requests(questions: &mut Questions<'_>, hundreds: usize) -> Vec<Value> {
    let kinds = MIX.into_iter().flat_map(|(kind, requests)| std::iter::repeat_n(Some(kind), requests));
    let turns: Vec<Option<Kind>> = kinds.chain(std::iter::repeat(None)).take(HUNDRED).collect();
    let mut request = |turn: usize| match turns[turn] {
        Some(kind) => questions.next(kind).to_json(),
        None => json!({"study": questions.id().to_string()}),
    };
    // One kind after the other would be no mixture; 37 and 100 have no divisor in common.
    (0..hundreds * HUNDRED).map(|at| request(at * 37 % HUNDRED)).collect()
}
