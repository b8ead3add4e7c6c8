//! Page tokens: they lead on, and are refused when they cannot.

use crate::support::{
    ids, import_studies, plain_study, search, snapshot, studies, try_search, walk, words_in,
};
use ctgov::{
    Budget, NctId, PageSize, PageToken, Place, Registry as _, RegistryError, RemotePlace, Snapshot, Sort,
    StudyQuery, VersionId, areas,
};
use ctgov_mirror::Mirror;
use std::{
    fs,
    sync::{Arc, Mutex, atomic::AtomicBool},
};

fn ask(snapshot: &dyn Snapshot, query: &StudyQuery) -> Result<Vec<u32>, RegistryError> {
    try_search(snapshot, query, &Budget::unlimited()).map(|page| ids(&page))
}

#[test]
fn a_walk_of_any_page_size_meets_every_study_once() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(37, 1));
    let snapshot = snapshot(root.path());
    for size in [1, 2, 36, 37, 38] {
        for sort in ["", "StartDate", "EnrollmentCount:desc,StartDate:asc"] {
            let (page_size, sort) = (PageSize::new(size).unwrap(), Sort::parse(sort).unwrap());
            let mut found = walk(snapshot.as_ref(), &StudyQuery { page_size, sort, ..StudyQuery::default() });
            found.sort_unstable();
            assert_eq!(found, (1..=37).map(|number| 90_000_000 + 7 * number).collect::<Vec<_>>(), "{size}");
        }
    }
}

#[test]
fn a_token_of_another_question_is_foreign() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(30, 1));
    let snapshot = snapshot(root.path());
    let query = StudyQuery { sort: Sort::parse("StartDate").unwrap(), ..StudyQuery::default() };
    let token = search(snapshot.as_ref(), &query).next.unwrap();

    let asked = |page_token, query: &StudyQuery| {
        ask(snapshot.as_ref(), &StudyQuery { page_token: Some(page_token), ..query.clone() })
    };
    assert!(asked(token.clone(), &query).is_ok());
    let other = StudyQuery { sort: Sort::parse("StartDate:asc").unwrap(), ..StudyQuery::default() };
    assert!(matches!(asked(token.clone(), &other), Err(RegistryError::ForeignPageToken)));
    let place = |keys, number| Place::After { keys, id: NctId::new(number).unwrap() };
    for keys in [vec![], vec![Some(1), None]] {
        let forged = PageToken { place: place(keys, 10), ..token.clone() };
        assert!(matches!(asked(forged, &query), Err(RegistryError::ForeignPageToken)));
    }
    let remote = RemotePlace { total: 30, shown: 10, name: "NF0g5JGBlPMuwQY".into() };
    let elsewhere = PageToken { place: Place::Remote(remote), ..token.clone() };
    assert!(matches!(asked(elsewhere, &query), Err(RegistryError::OtherSourcePageToken)));
    // A made-up place only starts the page somewhere else.
    for key in [None, Some(i64::MIN), Some(i64::MAX)] {
        let forged = PageToken { place: place(vec![key], 99_999_999), ..token.clone() };
        assert!(asked(forged, &query).is_ok());
    }
}

#[test]
fn on_new_data_a_walk_by_field_goes_on_and_says_so_but_one_by_relevance_has_expired() {
    let root = tempfile::tempdir().unwrap();
    let study = |number| plain_study(number, "2024-01-01", "asthma");
    import_studies(root.path(), &(1..=6).map(|number| study(10 * number)).collect::<Vec<_>>());
    let page_size = PageSize::new(3).unwrap();
    let by_field = StudyQuery { page_size, ..StudyQuery::default() };
    let by_relevance = StudyQuery { page_size, ..words_in(&areas::BASIC, "asthma") };
    let old = snapshot(root.path());
    let first = search(old.as_ref(), &by_field);
    assert_eq!((ids(&first), first.notices), (vec![10, 20, 30], vec![]));
    let by_field = StudyQuery { page_token: first.next, ..by_field };
    let by_relevance = StudyQuery { page_token: search(old.as_ref(), &by_relevance).next, ..by_relevance };

    import_studies(root.path(), &[study(35), study(5)]);
    let new = snapshot(root.path());
    let page = search(new.as_ref(), &by_field);
    assert_eq!((ids(&page), page.total), (vec![35, 40, 50], 8));
    let (from, to) = (old.data_version().id, new.data_version().id);
    assert_eq!(
        page.notices,
        [format!(
            "The data changed between the pages, from version {from} to {to}: studies that changed may be missing \
             or appear twice."
        )]
    );
    assert!(matches!(ask(new.as_ref(), &by_relevance), Err(RegistryError::ExpiredPageToken)));
    assert_eq!(ask(old.as_ref(), &by_relevance).unwrap(), [40, 50, 60]);
}

#[test]
fn a_walk_goes_on_in_the_data_it_began_in_for_as_long_as_that_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let study = |number| plain_study(number, "2024-01-01", "asthma");
    import_studies(root.path(), &(1..=6).map(|number| study(10 * number)).collect::<Vec<_>>());
    let mirror = Mirror::open(root.path()).unwrap();
    let page_size = PageSize::new(3).unwrap();
    let by_relevance = StudyQuery { page_size, ..words_in(&areas::BASIC, "asthma") };
    let first = search(mirror.snapshot().unwrap().as_ref(), &by_relevance).next.unwrap();
    let by_relevance = StudyQuery { page_token: Some(first.clone()), ..by_relevance };

    // One that is served on, and one that opens what is on disk.
    let goes_on = |mirror: &Mirror| {
        assert_ne!(mirror.snapshot().unwrap().data_version().id, first.version);
        let kept = mirror.snapshot_of(first.version).unwrap().unwrap();
        assert_eq!(kept.data_version().id, first.version);
        assert_eq!(ids(&search(kept.as_ref(), &by_relevance)), [40, 50, 60]);
    };
    for number in [35, 5, 15] {
        import_studies(root.path(), &[study(number)]);
        assert!(mirror.refresh().unwrap());
        goes_on(&mirror);
        goes_on(&Mirror::open(root.path()).unwrap());
    }
    let newest = mirror.snapshot().unwrap().data_version().id;
    assert_eq!(mirror.snapshot_of(newest).unwrap().unwrap().data_version().id, newest);
    assert!(mirror.snapshot_of(VersionId([7; 8])).unwrap().is_none());

    let directory = root.path().join("generations").join(format!("000001-{}", first.version));
    // What the one after it says of its manifest no longer holds: it is not served.
    let manifest = directory.join("manifest.json");
    let sound = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, sound.replace("\"studies\": 6", "\"studies\": 7")).unwrap();
    assert!(Mirror::open(root.path()).unwrap().snapshot_of(first.version).unwrap().is_none());
    fs::write(&manifest, sound).unwrap();
    goes_on(&Mirror::open(root.path()).unwrap());
    fs::remove_dir_all(directory).unwrap();
    assert!(Mirror::open(root.path()).unwrap().snapshot_of(first.version).unwrap().is_none());
    // Whoever has it open can still be asked.
    goes_on(&mirror);
}

#[test]
fn whoever_receives_the_studies_can_end_the_search() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(9, 1));
    let mut received = 0;
    let found = snapshot(root.path()).search(&StudyQuery::default(), &Budget::unlimited(), &mut |_| {
        received += 1;
        if received == 3 { Err(RegistryError::Cancelled) } else { Ok(()) }
    });
    assert!(matches!(found, Err(RegistryError::Cancelled)));
    assert_eq!(received, 3);
}

#[test]
fn a_budget_ends_a_search_and_hears_of_every_study() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(9, 1));
    let snapshot = snapshot(root.path());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    let budget =
        Budget::unlimited().with_progress(move |done, total| ear.lock().unwrap().push((done, total)));
    let page_size = PageSize::new(4).unwrap();
    let query = StudyQuery { page_size, ..StudyQuery::default() };
    try_search(snapshot.as_ref(), &query, &budget).unwrap();
    assert_eq!(*heard.lock().unwrap(), [(1, 4), (2, 4), (3, 4), (4, 4)]);

    let cancelled = || Budget::unlimited().with_cancellation(Arc::new(AtomicBool::new(true)));
    let query = words_in(&areas::BASIC, "asthma");
    let found = try_search(snapshot.as_ref(), &query, &cancelled());
    assert!(matches!(found, Err(RegistryError::Cancelled)));
    assert!(matches!(snapshot.count(&query.matching, &cancelled()), Err(RegistryError::Cancelled)));
    let id = NctId::new(90_000_007).unwrap();
    assert!(matches!(snapshot.study(id, &cancelled()), Err(RegistryError::Cancelled)));
}
