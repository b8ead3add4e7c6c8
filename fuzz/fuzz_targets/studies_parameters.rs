//! The parameters of `/studies`: refused in plain text, or a question that is the same when it is read again.

#![no_main]

use ctgov::{PageToken, Sort, api::StudiesRequest, synonyms::Synonyms};
use libfuzzer_sys::fuzz_target;

/// `name=value` a line.
fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    };
    text.split('\n').map(pair).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let mut pairs = pairs(bytes);
    match StudiesRequest::read(&pairs) {
        Err(error) => assert!((400..500).contains(&error.status) && !error.body.is_empty()),
        Ok(request) => {
            let conditions = request.query.matching.conditions(Synonyms::none());
            assert!(conditions.is_ok(), "what was read cannot be asked: {conditions:?}");
            // The order of parameters makes no other question.
            pairs.reverse();
            let again = StudiesRequest::read(&pairs);
            let again = again.as_ref().map(|again| again.query.fingerprint());
            assert_eq!(again, Ok(request.query.fingerprint()));
            assert_eq!(Sort::parse(&request.query.sort.to_string()), Ok(request.query.sort.clone()));
            if let Some(token) = &request.query.page_token {
                assert_eq!(token.to_string().parse::<PageToken>().as_ref(), Ok(token));
            }
        }
    }
});
