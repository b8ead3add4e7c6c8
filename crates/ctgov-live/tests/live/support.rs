//! A service that says what a test wants, remembers what it was asked, and registries that ask it.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Uri},
    response::{IntoResponse as _, Response},
};
use ctgov::{
    Budget, Document, Page, Registry as _, RegistryError, Snapshot, StudyQuery, areas, essie::Target,
};
use ctgov_live::{Live, LiveError, LiveOptions};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, runtime::Runtime, sync::watch};

/// What the service says to a request.
pub(crate) enum Said {
    /// This.
    Now(Response),
    /// This, once it is told to.
    WhenTold(Response),
}

pub(crate) fn json(body: impl Into<String>) -> Said {
    Said::Now(([("content-type", "application/json")], body.into()).into_response())
}

pub(crate) fn status(status: u16, headers: &[(&'static str, &str)], body: &str) -> Said {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Said::Now(response.body(Body::from(body.to_owned())).unwrap())
}

/// A body that ends before its end.
pub(crate) fn cut_off(body: &str) -> Said {
    let response = Response::builder().header("content-length", body.len() + 10);
    let (body, mut at) = (body.to_owned(), 0);
    let frames = std::iter::from_fn(move || {
        at += 1;
        match at {
            1 => Some(Ok(body.clone())),
            _ => Some(Err(std::io::Error::other("the cable was pulled"))),
        }
    });
    Said::Now(response.body(Body::from_stream(Frames(frames))).unwrap())
}

/// An iterator as a stream.
struct Frames<I>(I);

impl<I: Iterator + Unpin> futures_core::Stream for Frames<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

/// A request as the service saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Path and query, decoded no further.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    /// How many requests with this target came before.
    pub(crate) before: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// The value of a parameter, unescaped.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        let (_, value) =
            query.split('&').filter_map(|pair| pair.split_once('=')).find(|pair| pair.0 == name)?;
        let mut bytes = Vec::new();
        let mut rest = value.as_bytes();
        while let [byte, after @ ..] = rest {
            if let (b'%', [high, low, after @ ..]) = (byte, after) {
                let digits = String::from_utf8(vec![*high, *low]).unwrap();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
                rest = after;
            } else {
                bytes.push(*byte);
                rest = after;
            }
        }
        Some(String::from_utf8(bytes).unwrap())
    }
}

/// A service on this machine. It has a data version unless it is told to say something else.
pub(crate) struct Service {
    pub(crate) runtime: Runtime,
    base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    told: watch::Sender<bool>,
    /// How many requests were given up before they were answered.
    given_up: Arc<AtomicUsize>,
}

impl Service {
    pub(crate) fn start(says: impl Fn(&Seen) -> Said + Send + Sync + 'static) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let base = format!("http://{}/api/v2", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let (told, given_up) = (watch::Sender::new(false), Arc::new(AtomicUsize::new(0)));
        let (says, remembered) = (Arc::new(says), seen.clone());
        let (telling, counted) = (told.clone(), given_up.clone());
        let answer = move |uri: Uri, headers: HeaderMap| {
            let (says, remembered) = (says.clone(), remembered.clone());
            let (mut told, counted) = (telling.subscribe(), counted.clone());
            async move {
                let target = uri.path_and_query().unwrap().as_str();
                let target = target.strip_prefix("/api/v2").unwrap().to_owned();
                let request = {
                    let mut remembered = remembered.lock().unwrap();
                    let before = remembered.iter().filter(|seen| seen.target == target).count();
                    let request = Seen { target, headers, before };
                    remembered.push(request.clone());
                    request
                };
                match says(&request) {
                    Said::Now(response) => response,
                    Said::WhenTold(response) => {
                        let waiting = GivenUp(counted);
                        told.wait_for(|told| *told).await.unwrap();
                        std::mem::forget(waiting);
                        response
                    }
                }
            }
        };
        runtime.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { runtime, base, seen, told, given_up }
    }

    /// A service whose `/studies` says this.
    pub(crate) fn of_studies(says: impl Fn(&Seen) -> Said + Send + Sync + 'static) -> Self {
        Self::start(
            move |seen| if seen.path() == "/version" { version("2026-08-14T09:00:05") } else { says(seen) },
        )
    }

    /// A registry that asks it as fast as it can.
    pub(crate) fn live(&self, change: impl FnOnce(LiveOptions) -> LiveOptions) -> Live {
        let options = LiveOptions::new(&self.base).unwrap();
        let options = options.with_interval(Duration::ZERO).with_first_wait(Duration::from_millis(1));
        Live::open(&change(options), self.runtime.handle().clone()).unwrap()
    }

    pub(crate) fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.live(|options| options).snapshot_within(&Budget::unlimited()).unwrap()
    }

    /// What it was asked, in order, but for which data it has.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.path() != "/version").cloned().collect()
    }

    /// How often it was asked which data it has.
    pub(crate) fn asked_for_version(&self) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| seen.path() == "/version").count()
    }

    /// Lets it say what it holds back.
    pub(crate) fn tell(&self) {
        self.told.send_replace(true);
    }

    pub(crate) fn given_up(&self) -> usize {
        self.given_up.load(Ordering::SeqCst)
    }
}

struct GivenUp(Arc<AtomicUsize>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) fn version(moment: &str) -> Said {
    json(format!(r#"{{"apiVersion":"2.0.5","dataTimestamp":"{moment}"}}"#))
}

/// A whole record, as short as one can be.
pub(crate) fn record(number: u32) -> String {
    format!(
        r#"{{"protocolSection":{{"identificationModule":{{"nctId":"NCT{number:08}","briefTitle":"1.50 \u00e9"}},"statusModule":{{"lastUpdatePostDateStruct":{{"date":"2026-08-14"}}}},"sponsorCollaboratorsModule":{{}}}},"derivedSection":{{"miscInfoModule":{{"versionHolder":"2026-08-14"}}}},"hasResults":false,"n":1.50}}"#
    )
}

/// A page of these records.
pub(crate) fn page(numbers: impl IntoIterator<Item = u32>, total: Option<u64>, next: Option<&str>) -> String {
    let studies: Vec<String> = numbers.into_iter().map(record).collect();
    let total = total.map(|total| format!("\"totalCount\":{total},")).unwrap_or_default();
    let next = next.map(|next| format!(",\"nextPageToken\":\"{next}\"")).unwrap_or_default();
    format!("{{{total}\"studies\":[\n{}\n]{next}}}", studies.join(",\n"))
}

/// A question for studies of a condition.
pub(crate) fn condition(text: &str) -> StudyQuery {
    let mut query = StudyQuery::default();
    query.matching.search(Target::Area(&areas::CONDITION), text).unwrap();
    query
}

/// The page and its records.
pub(crate) fn search(
    snapshot: &dyn Snapshot,
    query: &StudyQuery,
) -> Result<(Vec<Document>, Page), RegistryError> {
    let mut documents = Vec::new();
    let page = snapshot.search(query, &Budget::unlimited(), &mut |document| {
        documents.push(document);
        Ok(())
    })?;
    Ok((documents, page))
}

pub(crate) fn numbers(documents: &[Document]) -> Vec<u32> {
    documents.iter().map(|document| document.nct_id().number()).collect()
}

/// What went wrong with the service.
pub(crate) fn cause(error: &RegistryError) -> &LiveError {
    let RegistryError::Remote { source, .. } = error else { panic!("{error:?}") };
    source.downcast_ref().unwrap_or_else(|| panic!("{source:?}"))
}

/// Waits until something is so; fails after a time in which it surely would be.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The real data next to the checkout, if it is there.
pub(crate) fn shared_data(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    if path.exists() {
        return Some(path);
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED: {file} of the real data is not next to the checkout");
    None
}
