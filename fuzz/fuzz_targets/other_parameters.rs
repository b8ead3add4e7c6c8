//! The parameters of every other endpoint of the API: the first line is the id of a study, the others `name=value`.

#![no_main]

use ctgov::api::{
    ApiError, FieldSizesRequest, FieldValuesRequest, MetadataRequest, StudyRequest, no_parameters,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (id, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    };
    let pairs: Vec<(String, String)> = rest.split('\n').map(pair).collect();
    let told = |error: ApiError| assert!((400..500).contains(&error.status) && !error.body.is_empty());
    StudyRequest::read(id, &pairs).map(drop).unwrap_or_else(told);
    MetadataRequest::read(&pairs).map(drop).unwrap_or_else(told);
    FieldSizesRequest::read(&pairs).map(drop).unwrap_or_else(told);
    FieldValuesRequest::read(&pairs).map(drop).unwrap_or_else(told);
    no_parameters(&pairs).unwrap_or_else(told);
});
