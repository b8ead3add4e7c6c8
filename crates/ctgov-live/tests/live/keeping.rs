//! Answers on disk: taken while the data is the same, asked about when it is not, and no harm when they are damaged.

use crate::support::{Seen, Service, condition, json, numbers, page, search, status, version};
use ctgov::{Budget, Registry as _, Snapshot};
use ctgov_live::Live;
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

/// A service whose data, with its tag, is replaced by writing another moment down.
fn service(moment: &Arc<Mutex<&'static str>>) -> Service {
    let moment = moment.clone();
    Service::start(move |seen: &Seen| {
        let moment = *moment.lock().unwrap();
        // The tag is of the whole data, as the service has it; of the last data it stays the same.
        let tag = if moment == "2026-08-14T09:00:05" { "\"a\"" } else { "\"b\"" };
        if seen.header("if-none-match") == tag {
            return status(304, &[("etag", tag)], "");
        }
        match seen.path() {
            "/version" => status(
                200,
                &[("etag", tag)],
                &format!("{{\"apiVersion\":\"2\",\"dataTimestamp\":\"{moment}\"}}"),
            ),
            _ => status(200, &[("etag", tag)], &page([7], Some(1), None)),
        }
    })
}

fn open(service: &Service, folder: &Path) -> Live {
    service.live(|options| options.with_cache(folder.join("live"), 1 << 20))
}

fn ask(live: &Live) -> Arc<dyn Snapshot> {
    let snapshot = live.snapshot_within(&Budget::unlimited()).unwrap();
    let (documents, page) = search(snapshot.as_ref(), &condition("asthma")).unwrap();
    assert_eq!((numbers(&documents), page.total), (vec![7], 1));
    snapshot
}

#[test]
fn an_answer_is_asked_for_once_a_data_version_even_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let moment = Arc::new(Mutex::new("2026-08-14T09:00:05"));
    let service = service(&moment);
    let first = ask(&open(&service, folder.path()));
    let again = ask(&open(&service, folder.path()));
    assert_eq!(first.data_version(), again.data_version());
    assert_eq!((service.seen().len(), service.asked_for_version()), (1, 2));

    // New data under a new tag: asked whether it is the same, and it is not.
    *moment.lock().unwrap() = "2026-08-15T09:00:03";
    let new = ask(&open(&service, folder.path()));
    assert_ne!(new.data_version().id, first.data_version().id);
    let asked = service.seen();
    assert_eq!(asked.iter().map(|seen| seen.header("if-none-match")).collect::<Vec<_>>(), ["", "\"a\""]);

    // A new moment under the same tag: what is kept is still true, and not sent again.
    *moment.lock().unwrap() = "2026-08-16T09:00:03";
    fs::remove_dir_all(folder.path().join("live")).unwrap();
    ask(&open(&service, folder.path()));
    *moment.lock().unwrap() = "2026-08-17T09:00:03";
    let live = open(&service, folder.path());
    // The tag did not change, so neither did the version that the service says it has.
    ask(&live);
    assert_eq!(service.seen().len(), 3);
}

#[test]
fn what_is_kept_of_other_data_is_served_when_the_service_says_that_it_is_still_true() {
    let folder = tempfile::tempdir().unwrap();
    // The version is told anew each time, the studies' tag stays.
    let service = Service::start(|seen| match (seen.path(), seen.header("if-none-match")) {
        ("/version", _) => {
            version(if seen.before == 0 { "2026-08-14T09:00:05" } else { "2026-08-15T09:00:03" })
        }
        (_, "\"a\"") => status(304, &[], ""),
        (_, "") => status(200, &[("etag", "\"a\"")], &page([7], Some(1), None)),
        (_, other) => panic!("{other}"),
    });
    let first = ask(&open(&service, folder.path()));
    let live = open(&service, folder.path());
    let second = ask(&live);
    assert_ne!(first.data_version().id, second.data_version().id);
    assert_eq!(service.seen().len(), 2);
    // From then on it is known to be of this data.
    ask(&live);
    assert_eq!(service.seen().len(), 2);
}

#[test]
fn damaged_files_are_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::of_studies(|_| json(page([7], Some(1), None)));
    ask(&open(&service, folder.path()));
    for entry in fs::read_dir(folder.path().join("live")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 0x20;
        fs::write(&path, bytes).unwrap();
    }
    ask(&open(&service, folder.path()));
    assert_eq!(service.seen().len(), 2);
}

#[test]
fn what_went_wrong_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::of_studies(|seen| match seen.before {
        0 => status(400, &[], "Too complicated query"),
        _ => json(page([7], Some(1), None)),
    });
    let live = open(&service, folder.path());
    let snapshot = live.snapshot_within(&Budget::unlimited()).unwrap();
    assert!(search(snapshot.as_ref(), &condition("asthma")).is_err());
    ask(&live);
}

#[test]
fn where_nothing_can_be_kept_everything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("live"), "no folder").unwrap();
    let service = Service::of_studies(|_| json(page([7], Some(1), None)));
    let live = open(&service, folder.path());
    ask(&live);
    ask(&live);
    assert_eq!(service.seen().len(), 2);
}
