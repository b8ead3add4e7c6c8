//! Every way in which a service does not answer as it should: what is tried again, and what is said in the end.

use crate::support::{
    Said, Seen, Service, cause, condition, cut_off, json, numbers, page, search, status, version,
};
use ctgov::{Budget, Registry as _, RegistryError};
use ctgov_live::LiveError;
use std::time::Duration;

const HTML: &str = "<!DOCTYPE html><html><body>We will be back soon</body></html>";
const HTML_TYPE: (&str, &str) = ("content-type", "text/html");

/// Says the same to every request.
type Says = fn() -> Said;

/// What is said first, and the page after it.
fn then_fine(first: impl Fn() -> Said + Send + Sync + 'static) -> Service {
    let fine = page([7], Some(1), None);
    Service::of_studies(move |seen: &Seen| if seen.before == 0 { first() } else { json(fine.clone()) })
}

#[test]
fn what_passes_is_tried_again_and_the_answer_is_whole() {
    let firsts: [(&str, Says); 7] = [
        ("500", || status(500, &[], "oops")),
        ("503", || status(503, &[HTML_TYPE], HTML)),
        ("429", || status(429, &[], "slow down")),
        ("429 that says when", || status(429, &[("retry-after", "0")], "slow down")),
        ("a web page with 200", || status(200, &[HTML_TYPE], HTML)),
        ("half of an answer, its length told", || cut_off("{\"studies\":[")),
        ("half of an answer, no length told", || json("{\"studies\":[")),
    ];
    for (name, first) in firsts {
        let service = then_fine(first);
        let (documents, page) = search(service.snapshot().as_ref(), &condition("asthma")).expect(name);
        assert_eq!((numbers(&documents), page.total), (vec![7], 1), "{name}");
        assert_eq!(service.seen().len(), 2, "{name}");
    }
}

#[test]
fn what_does_not_pass_is_told_with_what_to_do_next() {
    let refused =
        "Error parsing query in Conditions or disease: \u{1b}[31minner bool query clause cannot be null";
    let cases: [(Says, usize, &str); 12] = [
        (|| status(500, &[], "oops"), 4, "ClinicalTrials.gov failed (status 500); ask again in a moment"),
        (
            || status(200, &[HTML_TYPE], HTML),
            4,
            "ClinicalTrials.gov answered with a web page instead of data (status 200); ask again in a moment",
        ),
        (
            || status(429, &[], ""),
            4,
            "ClinicalTrials.gov says that it is asked too often; wait before asking again",
        ),
        (
            || json("{\"studies\":["),
            4,
            "the answer of ClinicalTrials.gov is not whole JSON (EOF while parsing a list at line 1 column 12); \
             ask again in a moment",
        ),
        (
            || json("{\"studies\":{}}"),
            1,
            "the answer of ClinicalTrials.gov has not the shape that its API has (invalid type: map, expected a list \
             of at most 1000 at line 1 column 11); check that the address that is set is that of the API v2",
        ),
        (
            || json("{\"studies\":[],\"totalCount\":null}"),
            1,
            "the answer of ClinicalTrials.gov has not the shape that its API has (totalCount is missing); check that \
             the address that is set is that of the API v2",
        ),
        (
            || json("{\"studies\":[{\"protocolSection\":{}}],\"totalCount\":1}"),
            1,
            "the answer of ClinicalTrials.gov has not the shape that its API has (a record cannot be used: no NCT \
             number at protocolSection.identificationModule.nctId: this is not a study record); check that the \
             address that is set is that of the API v2",
        ),
        (
            || status(403, &[HTML_TYPE], HTML),
            1,
            "ClinicalTrials.gov turns requests from here away (status 403); ask from another network, or import the \
             data and use the mirror",
        ),
        (
            || status(404, &[HTML_TYPE], HTML),
            1,
            "ClinicalTrials.gov answered with status 404, which its API does not have here; check that the address \
             that is set is that of the API v2",
        ),
        (
            || status(301, &[("location", "https://example.org/")], ""),
            1,
            "ClinicalTrials.gov answered with status 301, which its API does not have here; check that the address \
             that is set is that of the API v2",
        ),
        (
            || status(414, &[HTML_TYPE], HTML),
            1,
            "the question is too long for ClinicalTrials.gov; shorten the query",
        ),
        (
            || status(304, &[], ""),
            1,
            "ClinicalTrials.gov answered with status 304, which its API does not have here; check that the address \
             that is set is that of the API v2",
        ),
    ];
    for (says, requests, expected) in cases {
        let service = Service::of_studies(move |_| says());
        let error = search(service.snapshot().as_ref(), &condition("asthma")).unwrap_err();
        assert_eq!(error.to_string(), expected);
        cause(&error);
        assert_eq!(service.seen().len(), requests, "{expected}");
    }
    let service = Service::of_studies(move |_| status(400, &[("content-type", "text/plain")], refused));
    let error = search(service.snapshot().as_ref(), &condition("asthma")).unwrap_err();
    let RegistryError::Refused { text } = &error else { panic!("{error:?}") };
    assert_eq!(text, &refused.replace('\u{1b}', " "), "nothing that controls a terminal");
    assert_eq!(service.seen().len(), 1);
}

#[test]
fn a_service_that_wants_to_be_left_alone_for_long_is_left_alone() {
    let service = Service::of_studies(|_| status(429, &[("retry-after", "3600")], ""));
    let snapshot = service.snapshot();
    for text in ["asthma", "asthma", "diabetes"] {
        let error = search(snapshot.as_ref(), &condition(text)).unwrap_err();
        let LiveError::TooOften { retry_after: Some(wait) } = cause(&error) else { panic!("{error:?}") };
        assert!((3_500..=3_600).contains(&wait.as_secs()), "{wait:?}");
        assert!(matches!(&error, RegistryError::Remote { retry_after: Some(told), .. } if told == wait));
    }
    assert_eq!(service.seen().len(), 1);
}

#[test]
fn a_huge_answer_is_refused_before_it_is_here() {
    let huge = format!("{{\"studies\":[{}]}}", " ".repeat(100_000));
    let service = Service::of_studies(move |_| json(huge.clone()));
    let live = service.live(|options| options.with_body_bytes_max(50_000));
    let snapshot = live.snapshot_within(&Budget::unlimited()).unwrap();
    let error = search(snapshot.as_ref(), &condition("asthma")).unwrap_err();
    assert_eq!(*cause(&error), LiveError::TooLarge { bytes_max: 50_000 });
    assert_eq!(service.seen().len(), 1, "the same would come again");
}

#[test]
fn a_slow_service_is_given_the_time_that_a_request_may_take() {
    let service = Service::of_studies(|_| Said::WhenTold(axum::response::Response::default()));
    let limit = Duration::from_millis(50);
    let live = service.live(|options| options.with_request_time_max(limit));
    let snapshot = live.snapshot_within(&Budget::unlimited()).unwrap();
    let error = search(snapshot.as_ref(), &condition("asthma")).unwrap_err();
    assert_eq!(*cause(&error), LiveError::TimedOut { limit });
    assert_eq!(service.seen().len(), 4);
}

#[test]
fn where_nobody_listens_the_network_is_to_blame() {
    let options = ctgov_live::LiveOptions::new("http://127.0.0.1:1/api/v2").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = options.with_interval(Duration::ZERO).with_first_wait(Duration::from_millis(1));
    let live = ctgov_live::Live::open(&options, runtime.handle().clone()).unwrap();
    let error = live.snapshot_within(&Budget::unlimited()).err().unwrap();
    assert!(matches!(cause(&error), LiveError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn more_than_was_asked_for_is_no_page() {
    let service = Service::of_studies(|_| json(page(1..=11, Some(11), None)));
    let error = search(service.snapshot().as_ref(), &condition("asthma")).unwrap_err();
    assert!(matches!(cause(&error), LiveError::WrongShape { .. }), "{error}");
}

#[test]
fn a_service_without_a_version_has_no_data() {
    let service = Service::start(|_| json("{\"data\":1}"));
    let live = service.live(|options| options);
    let error = live.snapshot_within(&Budget::unlimited()).err().unwrap();
    assert!(matches!(cause(&error), LiveError::WrongShape { .. }), "{error}");
    let service = Service::start(|seen| match seen.before {
        0 => status(404, &[], "no"),
        _ => version("2026-08-14T09:00:05"),
    });
    let live = service.live(|options| options);
    assert!(live.snapshot_within(&Budget::unlimited()).is_err());
}
