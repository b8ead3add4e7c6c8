//! Who waits for what, and for how long: shared requests, a bounded queue, callers that leave, snapshots that do not wait.

use crate::support::{Said, Service, cause, condition, json, page, status, wait_until};
use axum::response::IntoResponse as _;
use ctgov::{Budget, Registry as _, RegistryError, Snapshot, StudyQuery};
use ctgov_live::LiveError;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

fn when_told() -> Said {
    Said::WhenTold(([("content-type", "application/json")], page([7], Some(1), None)).into_response())
}

/// A budget without end that shows how often it was looked at.
fn watched() -> Arc<Budget> {
    Arc::new(Budget::unlimited().with_checks_max(u64::MAX))
}

/// Asks on a thread of its own, and waits until it waits.
fn ask(
    snapshot: &Arc<dyn Snapshot>,
    query: StudyQuery,
    budget: &Arc<Budget>,
) -> thread::JoinHandle<Result<u64, RegistryError>> {
    let (snapshot, asked) = (snapshot.clone(), budget.clone());
    let asking = thread::spawn(move || snapshot.count(&query.matching, &asked));
    // Looked at before it joins, then in every round.
    wait_until("the caller waits", || budget.checks_left().unwrap() < u64::MAX - 2);
    asking
}

#[test]
fn equal_questions_at_the_same_time_are_one_request() {
    let service = Service::of_studies(|_| when_told());
    let snapshot = service.snapshot();
    let asking: Vec<_> = (0..8).map(|_| ask(&snapshot, condition("asthma"), &watched())).collect();
    service.tell();
    for asked in asking {
        assert_eq!(asked.join().unwrap().unwrap(), 1);
    }
    assert_eq!(service.seen().len(), 1);
    // Without a folder to keep answers in, who comes later asks anew.
    assert_eq!(snapshot.count(&condition("asthma").matching, &Budget::unlimited()).unwrap(), 1);
    assert_eq!(service.seen().len(), 2);
}

#[test]
fn a_caller_that_leaves_stops_waiting_and_the_last_one_ends_the_request() {
    let service = Service::of_studies(|_| when_told());
    let snapshot = service.snapshot();
    let flags = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let asking = flags.clone().map(|flag| {
        let budget = Budget::unlimited().with_checks_max(u64::MAX).with_cancellation(flag);
        ask(&snapshot, condition("asthma"), &Arc::new(budget))
    });
    wait_until("it is asked", || service.seen().len() == 1);
    let [first, second] = asking;
    flags[0].store(true, Ordering::Relaxed);
    assert!(matches!(first.join().unwrap(), Err(RegistryError::Cancelled)));
    assert_eq!(service.given_up(), 0, "somebody still waits for it");
    flags[1].store(true, Ordering::Relaxed);
    assert!(matches!(second.join().unwrap(), Err(RegistryError::Cancelled)));
    wait_until("the request is given up", || service.given_up() == 1);
}

#[test]
fn a_caller_whose_time_is_up_hears_that_it_was_the_service() {
    let service = Service::of_studies(|_| when_told());
    let snapshot = service.snapshot();
    let budget = Budget::unlimited().with_deadline(Instant::now() + Duration::from_millis(100));
    let error = snapshot.count(&condition("asthma").matching, &budget).unwrap_err();
    assert_eq!(*cause(&error), LiveError::OutOfTime);
    wait_until("the request is given up", || service.given_up() == 1);
}

#[test]
fn when_too_many_questions_are_under_way_one_more_is_told_to_come_back() {
    let service = Service::of_studies(|_| when_told());
    let snapshot = service.snapshot();
    let question = |number: usize| condition(&format!("asthma{number}"));
    let asking: Vec<_> = (0..32).map(|number| ask(&snapshot, question(number), &watched())).collect();
    let one_more = snapshot.count(&question(32).matching, &Budget::unlimited());
    assert!(matches!(one_more, Err(RegistryError::Busy)));
    // What is under way already can be waited for.
    let same = ask(&snapshot, question(0), &watched());
    service.tell();
    assert!(asking.into_iter().chain([same]).all(|asked| asked.join().unwrap().is_ok()));
    assert!(snapshot.count(&question(32).matching, &Budget::unlimited()).is_ok());
}

#[test]
fn a_snapshot_that_nobody_waits_for_is_asked_for_once_behind_the_caller() {
    let service = Service::start(|_| {
        Said::WhenTold(([("content-type", "application/json")], "{\"apiVersion\":\"2.0.5\"}").into_response())
    });
    let live = service.live(|options| options);
    for _ in 0..100 {
        let error = live.snapshot().err().unwrap();
        assert_eq!(
            error.to_string(),
            "ClinicalTrials.gov has not said yet which data it has; ask again in a moment"
        );
    }
    service.tell();
    wait_until("it is known", || live.snapshot().is_ok());
    assert_eq!(service.asked_for_version(), 1);
    let id = live.snapshot().unwrap().data_version().id;
    assert!(live.snapshot_of(id).unwrap().is_some());
    assert!(live.snapshot_of(ctgov::VersionId([1; 8])).unwrap().is_none());
}

#[test]
fn a_service_that_is_down_is_not_asked_for_its_version_all_the_time() {
    let service = Service::start(|_| status(403, &[], ""));
    let live = service.live(|options| options);
    assert!(
        live.snapshot_of(ctgov::VersionId([1; 8])).unwrap().is_none(),
        "that it is not known is no error"
    );
    for _ in 0..100 {
        assert!(live.snapshot().is_err());
    }
    wait_until("it was asked", || service.asked_for_version() == 1);
    for _ in 0..100 {
        assert!(live.snapshot().is_err());
    }
    assert_eq!(service.asked_for_version(), 1);
    // Who waits for it is told what is wrong.
    let error = live.snapshot_within(&Budget::unlimited()).err().unwrap();
    assert_eq!(*cause(&error), LiveError::TurnedAway);
}

#[test]
fn a_version_once_known_is_gone_by_while_the_service_cannot_say_it() {
    let service = Service::start(|seen| match (seen.path(), seen.before) {
        ("/version", 0) => crate::support::version("2026-08-14T09:00:05"),
        ("/version", _) => status(403, &[], ""),
        _ => json(page([7], Some(1), None)),
    });
    let live = service.live(|options| options.with_version_age_max(Duration::ZERO));
    let budget = Budget::unlimited();
    let first = live.snapshot_within(&budget).unwrap();
    let second = live.snapshot_within(&budget).unwrap();
    assert_eq!(first.data_version(), second.data_version());
    assert_eq!(second.count(&condition("asthma").matching, &budget).unwrap(), 1);
}

#[test]
fn progress_is_told_by_requests() {
    use std::sync::Mutex;
    let service = Service::of_studies(|_| json(page([7], Some(1), None)));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    let budget =
        Budget::unlimited().with_progress(move |done, total| ear.lock().unwrap().push((done, total)));
    let query = ctgov::tabulate::TableQuery {
        matching: condition("asthma").matching,
        by: vec![ctgov::tabulate::Dimension { piece: ctgov::pieces::Piece::named("Sex"), period: None }],
    };
    service.snapshot().tabulate(&query, &budget).unwrap();
    assert_eq!(*heard.lock().unwrap(), [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
}
