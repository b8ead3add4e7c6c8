//! Walks: the service's places travel in page tokens, and tokens that do not fit are refused by name.

use crate::support::{Seen, Service, condition, json, numbers, page, search, status, version};
use ctgov::{
    Budget, NctId, PageSize, PageToken, Place, Registry as _, RegistryError, RemotePlace, Sort, StudyQuery,
};
use std::time::Duration;

/// Three studies, two a page, and one more place after the last, as the service has it.
fn three(seen: &Seen) -> String {
    match seen.parameter("pageToken").as_deref() {
        None => page([1, 2], seen.parameter("countTotal").map(|_| 3), Some("second")),
        Some("second") => page([3], None, Some("third")),
        Some(other) => panic!("{other}"),
    }
}

fn by_twos(query: StudyQuery) -> StudyQuery {
    StudyQuery { page_size: PageSize::new(2).unwrap(), ..query }
}

#[test]
fn a_walk_meets_every_study_once_knows_the_total_and_ends_where_nothing_follows() {
    let service = Service::of_studies(|seen| json(three(seen)));
    let snapshot = service.snapshot();
    let mut query = by_twos(condition("asthma"));
    let (first, page) = search(snapshot.as_ref(), &query).unwrap();
    let token = page.next.unwrap();
    assert_eq!(token.to_string().parse(), Ok(token.clone()));
    query.page_token = Some(token);
    let (second, end) = search(snapshot.as_ref(), &query).unwrap();
    assert_eq!((numbers(&first), numbers(&second)), (vec![1, 2], vec![3]));
    assert_eq!((page.total, end.total, end.next), (3, 3, None));
    let asked: Vec<_> = service.seen().iter().map(|seen| seen.parameter("countTotal")).collect();
    assert_eq!(asked, [Some("true".into()), None], "the service counts on the first page only");
    // The numbers alone come page by page, too.
    let (ids, page) = snapshot.find(&query, &Budget::unlimited()).unwrap();
    assert_eq!((ids, page.total, page.next), (vec![NctId::new(3).unwrap()], 3, None));
    assert_eq!(service.seen().last().unwrap().parameter("fields").as_deref(), Some("NCTId"));
}

#[test]
fn a_token_of_another_question_or_another_source_is_refused_without_asking() {
    let service = Service::of_studies(|seen| json(three(seen)));
    let snapshot = service.snapshot();
    let query = by_twos(condition("asthma"));
    let token = search(snapshot.as_ref(), &query).unwrap().1.next.unwrap();
    let asked = |query: &StudyQuery, page_token: &PageToken| {
        search(snapshot.as_ref(), &StudyQuery { page_token: Some(page_token.clone()), ..query.clone() })
    };
    assert!(matches!(asked(&condition("diabetes"), &token), Err(RegistryError::ForeignPageToken)));
    let place = Place::After { keys: vec![Some(1)], id: NctId::new(7).unwrap() };
    let of_mirror = PageToken { place, ..token };
    let error = asked(&query, &of_mirror).unwrap_err();
    assert!(matches!(error, RegistryError::OtherSourcePageToken), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the page token was made by a server over another source of data; leave it out to start from the first page"
    );
    assert_eq!(service.seen().len(), 1);
}

#[test]
fn on_new_data_a_walk_by_field_goes_on_and_says_so_others_have_expired() {
    let service = Service::start(|seen| match seen.path() {
        "/version" if seen.before == 0 => version("2026-08-14T09:00:05"),
        "/version" => version("2026-08-15T09:00:03"),
        _ => json(three(seen)),
    });
    // Known for no time at all: asked for each snapshot, were it not just tried.
    let first = service.snapshot();
    let second = service.snapshot();
    assert_ne!(first.data_version().id, second.data_version().id);
    let goes_on = |query: StudyQuery| {
        let page_token = search(first.as_ref(), &query).unwrap().1.next;
        search(second.as_ref(), &StudyQuery { page_token, ..query })
    };
    let sort = Sort::parse("LastUpdatePostDate").unwrap();
    let (documents, page) = goes_on(by_twos(StudyQuery { sort, ..condition("asthma") })).unwrap();
    assert_eq!((numbers(&documents), page.notices.len()), (vec![3], 1));
    assert!(page.notices[0].starts_with("The data changed between the pages"), "{:?}", page.notices);
    for query in [condition("asthma"), StudyQuery::default()] {
        assert!(matches!(goes_on(by_twos(query)), Err(RegistryError::ExpiredPageToken)));
    }
}

#[test]
fn a_place_that_the_service_does_not_know_any_more_has_expired() {
    let service = Service::of_studies(|seen| match seen.parameter("pageToken") {
        None => json(page([1, 2], Some(3), Some("second"))),
        Some(_) => status(400, &[], "Parameter `pageToken` has incorrect format"),
    });
    let snapshot = service.snapshot();
    let query = by_twos(condition("asthma"));
    let page_token = search(snapshot.as_ref(), &query).unwrap().1.next;
    let error = search(snapshot.as_ref(), &StudyQuery { page_token, ..query }).unwrap_err();
    assert!(matches!(error, RegistryError::ExpiredPageToken), "{error:?}");
}

#[test]
fn a_place_made_up_is_escaped_and_asked_as_it_is() {
    let service = Service::of_studies(|_| json(page([1], None, None)));
    let live = service.live(|options| options.with_version_age_max(Duration::from_secs(300)));
    let snapshot = live.snapshot_within(&Budget::unlimited()).unwrap();
    let query = condition("asthma");
    let name = "x&pageSize=1000#../../stats/size?y=%00";
    let place = Place::Remote(RemotePlace { total: 9, shown: 9, name: name.to_owned() });
    let token = PageToken { fingerprint: query.fingerprint(), version: snapshot.data_version().id, place };
    search(snapshot.as_ref(), &StudyQuery { page_token: Some(token), ..query }).unwrap();
    let seen = service.seen().remove(0);
    assert_eq!((seen.path(), seen.parameter("pageToken").as_deref()), ("/studies", Some(name)));
    assert_eq!(seen.parameter("pageSize").as_deref(), Some("10"));
}

/// A service that has the studies asked for whose number is even.
fn even_ones(seen: &Seen) -> String {
    let listed = seen.parameter("filter.ids").unwrap();
    let asked = listed.split(',').map(|id| id.parse::<NctId>().unwrap().number());
    let found: Vec<u32> = asked.filter(|number| number % 2 == 0).collect();
    let total = found.len() as u64;
    page(found, seen.parameter("countTotal").map(|_| total), None)
}

#[test]
fn a_list_too_long_for_one_address_is_asked_in_parts_and_walked_by_number() {
    let service = Service::of_studies(|seen| {
        assert!(seen.target.len() <= 6_000, "{}", seen.target.len());
        json(even_ones(seen))
    });
    let snapshot = service.snapshot();
    let mut query = StudyQuery { page_size: PageSize::new(300).unwrap(), ..StudyQuery::default() };
    query.matching.filter_ids((1..=1_000).map(|number| NctId::new(number).unwrap()));
    let budget = Budget::unlimited();
    assert_eq!(snapshot.count(&query.matching, &budget).unwrap(), 500);
    assert_eq!(service.seen().len(), 3);
    let (first, page) = search(snapshot.as_ref(), &query).unwrap();
    assert_eq!(numbers(&first), (1..=300).map(|number| 2 * number).collect::<Vec<_>>());
    assert_eq!(page.total, 500);
    query.page_token = page.next;
    let (second, end) = search(snapshot.as_ref(), &query).unwrap();
    assert_eq!(numbers(&second), (301..=500).map(|number| 2 * number).collect::<Vec<_>>());
    assert_eq!((end.total, end.next), (500, None));
    query.sort = Sort::parse("StartDate").unwrap();
    query.page_token = None;
    let error = search(snapshot.as_ref(), &query).unwrap_err();
    assert!(matches!(error, RegistryError::Unsupported { .. }), "{error:?}");
}

#[test]
fn parts_of_an_answer_that_are_of_two_states_of_the_data_are_no_answer() {
    let parts = |settles: bool| {
        Service::of_studies(move |seen| {
            let is_settled = settles && seen.before > 0;
            let etag = if seen.target.contains("NCT00000001,") && !is_settled { "\"a\"" } else { "\"b\"" };
            status(200, &[("etag", etag)], &even_ones(seen))
        })
    };
    let mut query = StudyQuery::default();
    query.matching.filter_ids((1..=1_000).map(|number| NctId::new(number).unwrap()));
    let error = search(parts(false).snapshot().as_ref(), &query).unwrap_err();
    assert_eq!(error.to_string(), "the data of ClinicalTrials.gov changed while it was asked; ask again");
    let (documents, page) = search(parts(true).snapshot().as_ref(), &query).unwrap();
    assert_eq!((documents.len(), page.total), (10, 500), "asked once more, all parts are of one state");
}
