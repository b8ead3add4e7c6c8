//! `/api/v2` over HTTP: layout, headers and refusals of a registry told what to say, and the answers of a real one.

use crate::support::{InProcess, Program, SECRET, import, sample_mirror, shared_data, token};
use clinicaltrials_mcp::settings::AuthSettings;
use ctgov::{
    Budget, DataSource, DataVersion, Document, Expanded, Matching, NctId, Page, PageToken, Place, Projection,
    Registry, RegistryError, Snapshot, StudyQuery, VersionId, api,
    pieces::Piece,
    synonyms::Synonyms,
    tabulate::{FieldStats, FieldValues, ListSizes, RecordSizes, Table, TableQuery},
};
use reqwest::{Method, redirect};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const TEXT: &str = "text/plain; charset=UTF-8";
const JSON: &str = "application/json";

/// A registry of these studies, in their order; or one that fails at everything.
struct Scripted {
    studies: Vec<Document>,
    failure: Option<fn() -> RegistryError>,
    version: DataVersion,
    /// Whether it was asked for statistics.
    has_told: AtomicBool,
}

impl Scripted {
    fn of(studies: Vec<Document>) -> Arc<Self> {
        let version = DataVersion {
            id: VersionId([0xab; 8]),
            source: DataSource::Mirror,
            studies: Some(studies.len() as u64),
            synthetic: Some(0),
            newest_update: Some("2026-08-14".into()),
            service: None,
        };
        Arc::new(Self { studies, failure: None, version, has_told: AtomicBool::new(false) })
    }

    fn numbered(numbers: impl IntoIterator<Item = u32>) -> Arc<Self> {
        Self::of(numbers.into_iter().map(small_study).collect())
    }

    fn failing(failure: fn() -> RegistryError) -> Arc<Self> {
        let mut registry = Self::of(Vec::new());
        Arc::get_mut(&mut registry).unwrap().failure = Some(failure);
        registry
    }

    fn fail(&self) -> Result<(), RegistryError> {
        self.failure.map_or(Ok(()), |failure| Err(failure()))
    }
}

/// The former number of the first study of every registry here.
const FORMER: u32 = 77;

fn small_study(number: u32) -> Document {
    let id = NctId::new(number).unwrap();
    let json = format!(
        r#"{{"protocolSection":{{"identificationModule":{{"nctId":"{id}","briefTitle":"1.50 \u00e9"}}}},"hasResults":false,"n":1.50}}"#
    );
    Document::from_checked(id, json)
}

/// [`Scripted`], as a snapshot of itself.
struct Shared(Arc<Scripted>);

impl Registry for Shared {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        Ok(Arc::new(Shared(self.0.clone())))
    }
}

impl Snapshot for Shared {
    fn data_version(&self) -> &DataVersion {
        &self.0.version
    }

    fn search(
        &self,
        query: &StudyQuery,
        _: &Budget,
        each: &mut dyn FnMut(Document) -> Result<(), RegistryError>,
    ) -> Result<Page, RegistryError> {
        self.0.fail()?;
        let after = match &query.page_token {
            Some(token) if token.fingerprint != query.fingerprint() => {
                return Err(RegistryError::ForeignPageToken);
            }
            Some(token) => {
                let Place::After { id, .. } = token.place else { panic!("{token}") };
                self.0.studies.iter().position(|study| study.nct_id() == id).unwrap() + 1
            }
            None => 0,
        };
        let rest = &self.0.studies[after..];
        let page = &rest[..rest.len().min(query.page_size.get())];
        page.iter().cloned().try_for_each(each)?;
        let next = page.last().filter(|_| page.len() < rest.len()).map(|last| PageToken {
            fingerprint: query.fingerprint(),
            version: self.0.version.id,
            place: Place::After { keys: Vec::new(), id: last.nct_id() },
        });
        let asked = query.matching.searches().len();
        let expanded = vec![Expanded { term: "x".into(), synonyms: vec!["y".into()] }; asked];
        Ok(Page { total: self.0.studies.len() as u64, next, expanded, ..Page::default() })
    }

    fn find(&self, query: &StudyQuery, budget: &Budget) -> Result<(Vec<NctId>, Page), RegistryError> {
        let mut ids = Vec::new();
        let page = self.search(query, budget, &mut |document| {
            ids.push(document.nct_id());
            Ok(())
        })?;
        Ok((ids, page))
    }

    fn synonyms(&self) -> &Synonyms {
        Synonyms::none()
    }

    fn count(&self, _: &Matching, _: &Budget) -> Result<u64, RegistryError> {
        Ok(self.0.studies.len() as u64)
    }

    fn study(&self, id: NctId, _: &Budget) -> Result<Option<Document>, RegistryError> {
        self.0.fail()?;
        Ok(self.0.studies.iter().find(|study| study.nct_id() == id).cloned())
    }

    fn successor(&self, id: NctId, _: &Budget) -> Result<Option<NctId>, RegistryError> {
        Ok(self.0.studies.first().map(Document::nct_id).filter(|_| id.number() == FORMER))
    }

    fn tabulate(&self, _: &TableQuery, _: &Budget) -> Result<Table, RegistryError> {
        Ok(Table::default())
    }

    fn field_stats(&self, piece: Piece, _: &Matching, _: &Budget) -> Result<FieldStats, RegistryError> {
        self.0.fail()?;
        if piece.name() == "Keyword" {
            return Err(RegistryError::Unsupported {
                operation: "field_stats",
                why: "it is for a test".into(),
            });
        }
        if !self.0.has_told.swap(true, Ordering::Relaxed) {
            // Longer than a turn: the rest is asked for in another.
            thread::sleep(Duration::from_millis(60));
        }
        let (missing, top) = (self.0.studies.len() as u64, vec![("18 Years".to_owned(), 1)]);
        Ok(FieldStats { piece, missing, values: FieldValues::Enum { unique: 1, top } })
    }

    fn list_sizes(&self, piece: Piece, _: &Budget) -> Result<ListSizes, RegistryError> {
        Ok(ListSizes { piece, unique: 1, min: Some(2), max: Some(2), top: vec![(2, 1)] })
    }

    fn record_sizes(&self, _: &Budget) -> Result<RecordSizes, RegistryError> {
        Ok(RecordSizes {
            studies: 1,
            mean: 9,
            largest: Vec::new(),
            percentiles: vec![(50, 9)],
            ranges: vec![(1_024, 1)],
        })
    }
}

/// Somebody who asks the API, and is led nowhere by redirections.
struct Client {
    http: reqwest::Client,
    base: String,
    headers: Vec<(&'static str, String)>,
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Client {
    fn new(mcp_url: &str) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, base: mcp_url.replace("/mcp", "/api/v2"), headers: Vec::new() }
    }

    fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut headers = self.headers.clone();
        headers.push((name, value.into()));
        Self { http: self.http.clone(), base: self.base.clone(), headers }
    }

    async fn send(&self, method: Method, path: &str) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request =
            self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path).await
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}: {}", answer.body))
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn told(&self) -> (u16, Option<&str>, &str) {
        (self.status, self.header("content-type"), &self.body)
    }
}

async fn serving(registry: Arc<Scripted>) -> (InProcess, Client) {
    let server = InProcess::start(Arc::new(Shared(registry)), AuthSettings::None).await;
    let client = Client::new(&server.url);
    (server, client)
}

#[tokio::test]
async fn a_page_is_laid_out_as_the_original_lays_it_out() {
    let (_server, client) = serving(Scripted::numbered(1..=3)).await;
    let line = |number: u32| small_study(number).json().to_owned();
    let first = client.get("/studies?pageSize=2&countTotal=true").await;
    let (head, rest) = first.body.split_once("],").unwrap();
    assert_eq!(head, format!("{{\"totalCount\":3,\"studies\":[\n{},\n{}\n", line(1), line(2)));
    let token = rest.strip_prefix("\"nextPageToken\":\"").unwrap().strip_suffix("\"}").unwrap();
    // The total is told once; the page size may change.
    let last = client.get(&format!("/studies?pageToken={token}&countTotal=true&pageSize=1")).await;
    assert_eq!(last.body, format!("{{\"studies\":[\n{}\n]}}", line(3)));
    // Full, and nothing follows: no token, which is where the original gives one.
    let all = client.get("/studies?pageSize=3&fields=NCTId").await;
    let id = |number: u32| {
        format!(
            r#"{{"protocolSection":{{"identificationModule":{{"nctId":"{}"}}}}}}"#,
            NctId::new(number).unwrap()
        )
    };
    assert_eq!(all.body, format!("{{\"studies\":[\n{},\n{},\n{}\n]}}", id(1), id(2), id(3)));

    let (_server, client) = serving(Scripted::numbered([])).await;
    assert_eq!(client.get("/studies?countTotal=true").await.body, "{\"totalCount\":0,\"studies\":[\n\n]}");
    assert_eq!(client.get("/studies").await.body, "{\"studies\":[\n\n]}");
}

#[tokio::test]
async fn every_refusal_on_record_is_repeated() {
    let (_server, client) = serving(Scripted::numbered([])).await;
    let Some(path) = shared_data("captures/errors.json") else { return };
    let captured: Value = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let rows = captured["errors"].as_array().unwrap();
    // CSV is not served here.
    let served = rows.iter().filter(|row| !row["request"].as_str().unwrap().contains("format=csv"));
    assert_eq!((rows.len(), served.clone().count()), (22, 21));
    for row in served {
        let [request, body, quality] = ["request", "body", "quality"].map(|key| row[key].as_str().unwrap());
        let path = request.strip_prefix("GET /api/v2").unwrap();
        let path = path.replace(" (a text field)", "").replace(" & ", " %26 ");
        let answer = client.get(&path).await;
        assert_eq!(answer.status, row["status"], "{request}");
        match quality.split(' ').next().unwrap() {
            // What was left out is told by dots.
            "prefix" => {
                assert!(answer.body.starts_with(body.trim_end_matches("...}")), "{request}: {}", answer.body);
            }
            "approx" => assert_eq!(answer.body.replace('\n', " "), body, "{request}"),
            _ => assert_eq!(answer.body, body, "{request}"),
        }
        let content_type = if answer.status == 200 { JSON } else { TEXT };
        assert_eq!(answer.header("content-type"), Some(content_type), "{request}");
    }
}

#[tokio::test]
async fn refusals_are_plain_text() {
    let (_server, client) = serving(Scripted::numbered([1])).await;
    let cases = [
        ("/studies/NCT00000002", 404, "NCT number NCT00000002 not found"),
        ("/studies/ABC123", 400, "Parameter `nctId` has incorrect format"),
        ("/studies/..%2Fstats%2Fsize", 400, "Parameter `nctId` has incorrect format"),
        ("/studies/NCT1?bogus=1", 400, "`bogus` is unknown parameter"),
        ("/studies?query.recrs=COMPLETED", 400, "`query.recrs` is unknown parameter"),
        ("/studies?filter.ids=NCT1|x", 400, "Item 2 in parameter `filter.ids` has incorrect format"),
        ("/studies?pageToken=NF0g5JGBlPMuwQY", 400, "Parameter `pageToken` has incorrect format"),
        ("/studies?sort=BriefTitle", 400, "Unsupported sort field type: text"),
        (
            "/studies/metadata?includeIndexedOnly=2",
            400,
            "Parameter `includeIndexedOnly` has incorrect format",
        ),
        ("/studies/enums?a=1", 400, "`a` is unknown parameter"),
        ("/studies/search-areas?query.cond=1", 400, "Invalid prefix in parameter name: query.cond"),
        ("/stats/size?a", 400, "`a` is unknown parameter"),
        ("/stats/field/values?fields=BogusPiece", 404, "Unknown piece name of field path: BogusPiece"),
        ("/stats/field/sizes?fields=BriefTitle", 404, "Unknown piece name of field path: BriefTitle"),
        ("/version?x=", 400, "`x` is unknown parameter"),
    ];
    for (path, status, body) in cases {
        assert_eq!(client.get(path).await.told(), (status, Some(TEXT), body), "{path}");
    }
    assert_eq!(client.get("/nothing").await.status, 404);
}

#[tokio::test]
async fn a_registry_that_fails_is_told_as_the_api_would() {
    fn busy() -> RegistryError {
        RegistryError::Busy
    }
    fn late() -> RegistryError {
        RegistryError::DeadlineExceeded { costly: Some("`\"a b\"`".into()) }
    }
    fn foreign() -> RegistryError {
        RegistryError::ForeignPageToken
    }
    fn expired() -> RegistryError {
        RegistryError::ExpiredPageToken
    }
    fn broken() -> RegistryError {
        RegistryError::Unavailable("/secret/path is torn".into())
    }
    type Failing = fn() -> RegistryError;
    let cases: [(Failing, u16, &str); 5] = [
        (busy, 503, "the server is busy"),
        (late, 400, "Too complicated query: it took longer than a request may at `\"a b\"`"),
        (foreign, 400, "Parameter `pageToken` has incorrect format: "),
        (expired, 400, "Parameter `pageToken` has incorrect format: "),
        (broken, 503, "the registry cannot be read"),
    ];
    for (failure, status, body) in cases {
        let (_server, client) = serving(Scripted::failing(failure)).await;
        let answer = client.get("/studies").await;
        assert_eq!((answer.status, answer.header("content-type")), (status, Some(TEXT)), "{}", answer.body);
        assert!(answer.body.starts_with(body) && !answer.body.contains("secret"), "{}", answer.body);
        assert_eq!(answer.header("retry-after"), (status == 503).then_some("1"));
        assert_eq!(client.get("/studies/NCT1").await.status, status);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_with_advice() {
    let large = "x".repeat(16 << 20);
    let study = |number| {
        let id = NctId::new(number).unwrap();
        let text = format!(
            r#"{{"protocolSection":{{"identificationModule":{{"nctId":"{id}","briefTitle":"{large}"}}}}}}"#
        );
        Document::from_checked(id, text)
    };
    let (_server, client) = serving(Scripted::of((1..=5).map(study).collect())).await;
    let told = "The answer is larger than 64 MiB; ask for fewer studies (pageSize) or fields (fields)";
    assert_eq!(client.get("/studies").await.told(), (400, Some(TEXT), told));
    assert_eq!(client.json("/studies?fields=NCTId").await["studies"].as_array().unwrap().len(), 5);
    // Room is given back when a body was sent: far more than may wait at once.
    for _ in 0..12 {
        assert!(client.get("/studies?pageSize=3").await.body.len() > 48 << 20);
    }
}

#[tokio::test]
async fn answers_say_of_which_data_they_are_and_are_not_sent_twice() {
    let (_server, client) = serving(Scripted::numbered([1])).await;
    let paths = [
        "/studies",
        "/studies/NCT1",
        "/studies/metadata",
        "/studies/search-areas",
        "/studies/enums",
        "/stats/size",
        "/stats/field/values?fields=Phase",
        "/stats/field/sizes?fields=Phase",
        "/version",
    ];
    let tag = client.get("/version").await.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with("/abababababababab\""), "{tag}");
    for path in paths {
        let answer = client.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(JSON)),
            "{path}: {}",
            answer.body
        );
        assert_eq!(answer.header("etag"), Some(tag.as_str()), "{path}");
        assert_eq!(answer.header("x-data-version"), Some("abababababababab; source=mirror"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("x-synthetic"), None, "{path}");
        assert_eq!(
            answer.header("x-synonyms"),
            (path == "/studies").then_some("learnt; expanded=0"),
            "{path}"
        );
        for seen in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
            let unchanged = client.with("if-none-match", &seen).get(path).await;
            assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""), "{path} {seen}");
            assert_eq!(unchanged.header("etag"), Some(tag.as_str()), "{path}");
        }
        let changed = client.with("if-none-match", "\"abababababababab\"").get(path).await;
        assert_eq!(changed.body, answer.body, "{path}");
        let head = client.send(Method::HEAD, path).await;
        assert_eq!(
            (head.status, head.header("etag"), head.body.as_str()),
            (200, Some(tag.as_str()), ""),
            "{path}"
        );
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert_eq!(client.send(method, path).await.status, 405, "{path}");
        }
    }
    let expanded = client.get("/studies?query.cond=x").await;
    assert_eq!(expanded.header("x-synonyms"), Some("learnt; expanded=1"));
    // What is no answer is never unchanged.
    let seen = client.with("if-none-match", &tag);
    for (path, status) in [("/studies/NCT2", 404), ("/studies?a=1", 400), ("/studies/NCT77", 301)] {
        assert_eq!(seen.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn clients_that_take_gzip_are_sent_less() {
    let (_server, client) = serving(Scripted::numbered(1..=100)).await;
    let gzip = client.with("accept-encoding", "br, gzip;q=0.8");
    for path in ["/studies?pageSize=100", "/studies/metadata", "/studies/enums"] {
        let plain = client.get(path).await;
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        let response = client
            .http
            .get(format!("{}{path}", client.base))
            .header("accept-encoding", "gzip")
            .send()
            .await
            .unwrap();
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-encoding").as_deref(), Some("gzip"), "{path}");
        assert_eq!(header("content-type").as_deref(), Some(JSON), "{path}");
        assert_eq!(header("etag").as_deref(), plain.header("etag"), "{path}");
        assert!(header("vary").unwrap().contains("accept-encoding"), "{path}");
        let sent = response.bytes().await.unwrap();
        assert!(sent.len() * 2 < plain.body.len(), "{path}: {} of {} bytes", sent.len(), plain.body.len());
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&sent[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body, "{path}");
        // Nothing is sent, so nothing is packed.
        let tag = plain.header("etag").unwrap();
        let unchanged = gzip.with("if-none-match", tag).get(path).await;
        assert_eq!((unchanged.status, unchanged.header("content-encoding")), (304, None), "{path}");
        let head = gzip.send(Method::HEAD, path).await;
        assert_eq!(
            (head.status, head.header("content-encoding"), head.body.as_str()),
            (200, Some("gzip"), "")
        );
    }
    // What is small goes as it is, so do refusals.
    for path in ["/version", "/studies/NCT1", "/studies/NCT999", "/studies?a=1"] {
        assert_eq!(gzip.get(path).await.header("content-encoding"), None, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_read_as_they_are_written_everywhere() {
    let (_server, client) = serving(Scripted::numbered([1])).await;
    let same = ["a+b", "a%20b", "%61%20%62"];
    for text in same {
        let error = client.get(&format!("/studies?query.term={text}+[")).await;
        assert!(error.body.contains("no viable alternative at input 'a b ['"), "{text}: {}", error.body);
    }
    let plus = client.get("/studies?query.term=a%2Bb+[").await;
    assert!(plus.body.contains("mismatched input '['"), "{}", plus.body);
    let cases = [
        // What is not UTF-8 is no text.
        ("/studies?query.term=%FF", 400, "Parameter `query.term` has incorrect format"),
        ("/studies?filter.ids=NCT1%C3%28", 400, "Parameter `filter.ids` has incorrect format"),
        ("/studies/NCT%FF", 400, "Parameter `nctId` has incorrect format"),
        ("/studies?query.%FF=1", 400, "`query.\u{fffd}` is unknown parameter"),
        // Nor is half an escape one.
        ("/studies?pageSize=1%", 400, "Parameter `pageSize` has incorrect format"),
        ("/studies?pageSize=%31&fields=NCTId%7C", 400, "Item 2 in parameter `fields` has incorrect format"),
        ("/studies?query.cond=a&query.cond=b", 400, "Parameter `query.cond` is given more than once"),
        ("/studies?&&pageSize=x", 400, "Parameter `pageSize` has incorrect format"),
        ("/studies?fields", 400, "Item 1 in parameter `fields` has incorrect format"),
    ];
    for (path, status, body) in cases {
        assert_eq!(client.get(path).await.told(), (status, Some(TEXT), body), "{path}");
    }
    for path in ["/studies?", "/studies?&", "/studies?query.cond=&pageSize=", "/studies?query.term"] {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
    // As long as addresses can be.
    let ids = (1..=5_000).map(|number| format!("NCT{number:08}")).collect::<Vec<_>>();
    assert_eq!(
        client.get(&format!("/studies?filter.ids={}", ids.join("|").replace("NCT0000", "NCT"))).await.status,
        200
    );
    let mut too_long = TcpStream::connect(client.base.split('/').nth(2).unwrap()).unwrap();
    write!(
        too_long,
        "GET /api/v2/studies?filter.ids={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "NCT1,".repeat(15_000)
    )
    .unwrap();
    let mut status = [0; 12];
    too_long.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 414");
    let words = client.get(&format!("/studies?query.term={}", "a".repeat(20_001))).await;
    assert_eq!(
        words.told(),
        (
            400,
            Some(TEXT),
            "Error parsing query in Other terms: Too complicated query: more than 20000 characters"
        )
    );
}

#[tokio::test]
async fn a_former_number_leads_to_the_study() {
    let (_server, client) = serving(Scripted::numbered([5])).await;
    for (path, location) in [
        ("/studies/nct77", "NCT00000005"),
        (
            "/studies/NCT00000077?fields=NCTId%7CPhase&format=json",
            "NCT00000005?fields=NCTId%7CPhase&format=json",
        ),
    ] {
        let answer = client.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location"), answer.body.as_str()),
            (301, Some(location), "")
        );
    }
    let followed = reqwest::get(format!("{}/studies/NCT77?fields=HasResults", client.base)).await.unwrap();
    assert_eq!(followed.text().await.unwrap(), r#"{"hasResults":false}"#);
}

#[tokio::test]
async fn fields_are_cut_out_of_records_as_they_are_written() {
    let (_server, client) = serving(Scripted::numbered([5])).await;
    assert_eq!(client.get("/studies/NCT5").await.body, small_study(5).json());
    assert_eq!(
        client.get("/studies/NCT5?fields=BriefTitle").await.body,
        r#"{"protocolSection":{"identificationModule":{"briefTitle":"1.50 \u00e9"}}}"#
    );
    let of_query = client.json("/studies?query.titles=x&fields=%40query%7CHasResults").await;
    assert_eq!(
        of_query["studies"][0],
        json!({"protocolSection": {"identificationModule": {"briefTitle": "1.50 é"}}, "hasResults": false})
    );
}

#[tokio::test]
async fn the_api_tells_of_itself_and_of_the_data() {
    let (_server, client) = serving(Scripted::numbered([1])).await;
    assert_eq!(
        client.get("/version").await.body,
        r#"{"apiVersion":"2.0.5","dataTimestamp":"2026-08-14T00:00:00"}"#
    );
    assert_eq!(client.get("/studies/metadata").await.body, api::metadata(false));
    assert_eq!(client.get("/studies/metadata?includeIndexedOnly=true").await.body, api::metadata(true));
    assert_eq!(client.get("/studies/search-areas").await.body, api::search_areas());
    assert_eq!(client.get("/studies/enums").await.body, api::enums());
    let ages = client.json("/stats/field/values?fields=MinimumAge,Phase").await;
    assert_eq!((&ages[0]["type"], &ages[0]["topValues"][0]["value"]), (&json!("STRING"), &json!("18 Years")));
    assert_eq!(ages[1]["piece"], "Phase");
    assert_eq!(
        client.json("/stats/field/sizes?fields=Phase").await[0]["topSizes"],
        json!([{"size": 2, "studiesCount": 1}])
    );
    assert_eq!(client.json("/stats/size").await["percentiles"], json!({"50th": 9}));
    // Of what there are no statistics of is silence, unless it was named.
    assert_eq!(client.get("/stats/field/values?fields=Keyword").await.status, 400);
    assert!(client.json("/stats/field/values").await.as_array().unwrap().len() > 400);
}

/// One state of the data until it was asked for statistics, then another.
struct Swapped {
    before: Arc<Scripted>,
    after: Arc<Scripted>,
}

impl Registry for Swapped {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        let told = self.before.has_told.load(Ordering::Relaxed);
        Ok(Arc::new(Shared(if told { self.after.clone() } else { self.before.clone() })))
    }
}

#[tokio::test]
async fn statistics_are_of_one_state_of_the_data() {
    let (before, mut after) = (Scripted::numbered([1]), Scripted::numbered([1, 2]));
    Arc::get_mut(&mut after).unwrap().version.id = VersionId([0xcd; 8]);
    let server = InProcess::start(Arc::new(Swapped { before, after }), AuthSettings::None).await;
    let answer = Client::new(&server.url).get("/stats/field/values?fields=Phase,Sex,Acronym").await;
    assert_eq!(answer.header("x-data-version"), Some("cdcdcdcdcdcdcdcd; source=mirror"));
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    let of = |at: usize| (told[at]["piece"].as_str(), told[at]["missingStudiesCount"].as_u64());
    assert_eq!([0, 1, 2].map(of), ["Phase", "Sex", "Acronym"].map(|piece| (Some(piece), Some(2))));
}

#[tokio::test]
async fn who_may_use_it_is_what_was_set() {
    let jwt = AuthSettings::shared_secret(SECRET.as_bytes());
    let guarded = InProcess::start(Arc::new(Shared(Scripted::numbered([1]))), jwt).await;
    let client = Client::new(&guarded.url);
    assert_eq!(client.get("/version").await.status, 401);
    assert!(client.get("/studies").await.header("www-authenticate").is_some());
    let bearer = client.with("authorization", format!("Bearer {}", token(&json!({"sub": "ana"}))));
    assert_eq!(bearer.get("/version").await.status, 200);
    assert_eq!(bearer.with("origin", "https://page.example").get("/version").await.status, 403);

    let (_server, open) = serving(Scripted::numbered([1])).await;
    assert_eq!(open.with("origin", "https://page.example").get("/version").await.status, 200);
    assert_eq!(open.with("host", "evil.example").get("/version").await.status, 403);
}

const STUDIES: u32 = 1_020;

/// The whole program over a mirror of synthetic studies.
struct Whole {
    client: Client,
    _program: Program,
    _mirror: tempfile::TempDir,
}

impl Whole {
    fn start(arguments: &[&str]) -> Self {
        let mirror = sample_mirror(STUDIES);
        // Unoptimised, with every core at work.
        let program =
            Program::serve(mirror.path(), arguments, &[("CLINICALTRIALS_API_QUERY_TIMEOUT_MS", "30000")]);
        Self { client: Client::new(&program.url), _program: program, _mirror: mirror }
    }

    /// The ids of every page, and the total told with the first.
    async fn walk(&self, query: &str) -> (Vec<String>, u64) {
        let first = self.client.json(&format!("/studies?fields=NCTId&countTotal=true&{query}")).await;
        let total = first["totalCount"].as_u64().unwrap();
        let (mut ids, mut page) = (Vec::new(), first);
        loop {
            ids.extend(ids_of(&page));
            let Some(token) = page["nextPageToken"].as_str() else { return (ids, total) };
            page = self.client.json(&format!("/studies?fields=NCTId&{query}&pageToken={token}")).await;
            assert_eq!(page.get("totalCount"), None);
        }
    }
}

fn ids_of(page: &Value) -> Vec<String> {
    let id = |study: &Value| {
        study["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap().to_owned()
    };
    page["studies"].as_array().unwrap().iter().map(id).collect()
}

fn sample() -> Vec<Value> {
    ctgov_sample::Sample::new(STUDIES).iter().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

#[tokio::test]
async fn a_walk_over_the_pages_meets_every_study_once() {
    let whole = Whole::start(&[]);
    for (query, size) in [
        ("", 0),
        ("pageSize=1000", 0),
        ("pageSize=307&sort=LastUpdatePostDate", 0),
        ("pageSize=400&query.term=synthetic", 1),
    ] {
        let (ids, total) = whole.walk(query).await;
        assert_eq!(ids.len() as u64, total, "{query}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{query}");
        if size == 0 {
            assert_eq!(ids.len(), STUDIES as usize, "{query}");
        }
    }
    // Pages of any size are the same studies (R21); a page that is full and the last has no token (R23).
    let sorted = |mut ids: Vec<String>| {
        ids.sort_unstable();
        ids
    };
    let (by_200, _) = whole.walk("pageSize=200&query.cond=cancer").await;
    let (by_1000, _) = whole.walk("pageSize=1000&query.cond=cancer").await;
    assert_eq!(sorted(by_200), sorted(by_1000));
    let one = whole.client.json("/studies?pageSize=1&fields=NCTId&filter.ids=NCT90000001").await;
    assert_eq!((ids_of(&one).len(), one.get("nextPageToken")), (1, None));
    for (size, rows) in [("0", 10), ("1", 1), ("1000", 1_000), ("1001", 1_000), ("5000", 1_000)] {
        let page = whole.client.json(&format!("/studies?fields=NCTId&pageSize={size}")).await;
        assert_eq!(ids_of(&page).len(), rows, "{size}");
    }
    // Parameters in another order are the same question; another question is another.
    let page =
        whole.client.json("/studies?query.term=synthetic&filter.overallStatus=COMPLETED&pageSize=2").await;
    let token = page["nextPageToken"].as_str().unwrap();
    let same = format!("/studies?pageToken={token}&filter.overallStatus=COMPLETED&query.term=synthetic");
    assert_eq!(whole.client.get(&same).await.status, 200);
    let other = whole.client.get(&format!("/studies?pageToken={token}&query.term=synthetic")).await;
    assert_eq!(other.status, 400);
    assert!(other.body.starts_with("Parameter `pageToken` has incorrect format"), "{}", other.body);
}

#[tokio::test]
async fn the_samples_answers_say_what_the_records_say_and_that_they_are_made_up() {
    let whole = Whole::start(&[]);
    let count = async |query: &str| {
        whole.client.json(&format!("/studies?countTotal=true&pageSize=1&fields=NCTId&{query}")).await["totalCount"].as_u64()
    };
    let records = sample();
    let having = |pointer: &str, wanted: &[&str]| {
        let has = |record: &&Value| {
            let value = record.pointer(pointer).cloned().unwrap_or_default();
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value]);
            values.iter().filter_map(Value::as_str).any(|value| wanted.contains(&value))
        };
        Some(records.iter().filter(has).count() as u64)
    };
    const STATUS: &str = "/protocolSection/statusModule/overallStatus";
    const PHASES: &str = "/protocolSection/designModule/phases";
    const SEX: &str = "/protocolSection/eligibilityModule/sex";
    let cases = [
        ("filter.overallStatus=RECRUITING|COMPLETED", having(STATUS, &["RECRUITING", "COMPLETED"])),
        ("postFilter.overallStatus=RECRUITING", having(STATUS, &["RECRUITING"])),
        ("aggFilters=status:rec", having(STATUS, &["RECRUITING"])),
        ("aggFilters=status:com,status:rec", having(STATUS, &["RECRUITING"])),
        ("aggFilters=phase:3", having(PHASES, &["PHASE3"])),
        ("aggFilters=phase:2 3", having(PHASES, &["PHASE2", "PHASE3"])),
        ("aggFilters=phase:na", Some(0)),
        ("aggFilters=sex:f", having(SEX, &["FEMALE", "ALL"])),
        ("filter.ids=NCT00000001", Some(0)),
        ("filter.ids=nct90000001|NCT90000002,NCT00000001", Some(2)),
        ("query.cond=NCT90000001&filter.overallStatus=NO_LONGER_AVAILABLE", Some(1)),
        ("", Some(u64::from(STUDIES))),
    ];
    for (query, expected) in cases {
        assert_eq!(count(query).await, expected, "{query}");
    }
    let with_results = records.iter().filter(|record| record["hasResults"] == true).count() as u64;
    assert_eq!(count("aggFilters=results:with").await, Some(with_results));
    let both = count("aggFilters=results:with").await.zip(count("aggFilters=results:without").await);
    assert_eq!(both.map(|(with, without)| with + without), Some(u64::from(STUDIES)));

    let answer = whole.client.get("/studies/NCT90000001").await;
    assert_eq!(answer.body, ctgov_sample::Sample::new(STUDIES).study(1));
    assert_eq!(answer.header("x-synthetic"), Some("true"));
    let fields = "NCTId,ConditionsModule,LocationCity";
    let projected = whole.client.get(&format!("/studies/NCT90000001?fields={fields}")).await;
    assert_eq!(projected.body, Projection::parse(fields.split(','), None).unwrap().apply(&answer.body));

    // A former number, of which a sample of this size has some.
    let aliased = records.iter().find_map(|record| {
        let module = &record["protocolSection"]["identificationModule"];
        Some((module["nctIdAliases"][0].as_str()?.to_owned(), module["nctId"].as_str()?.to_owned()))
    });
    let (former, current) = aliased.expect("no study of the sample has a former number");
    let moved = whole.client.get(&format!("/studies/{former}?fields=NCTId")).await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (301, Some(format!("{current}?fields=NCTId").as_str()))
    );
}

#[tokio::test]
async fn statistics_add_up_to_the_studies() {
    let whole = Whole::start(&[]);
    let sizes = whole.client.json("/stats/size").await;
    assert_eq!(sizes["totalStudies"], STUDIES);
    let in_ranges: u64 =
        sizes["ranges"].as_array().unwrap().iter().map(|range| range["studiesCount"].as_u64().unwrap()).sum();
    assert_eq!(in_ranges, u64::from(STUDIES));
    let stats = whole.client.json("/stats/field/values?fields=OverallStatus,HasResults,MinimumAge,StartDate,EnrollmentCount,Acronym").await;
    let of = |piece: &str| stats.as_array().unwrap().iter().find(|stats| stats["piece"] == piece).unwrap();
    let counted = |stats: &Value| {
        let rows = stats["topValues"].as_array().unwrap().iter();
        rows.map(|row| row["studiesCount"].as_u64().unwrap()).sum::<u64>()
            + stats["missingStudiesCount"].as_u64().unwrap()
    };
    for piece in ["OverallStatus", "MinimumAge"] {
        assert_eq!(counted(of(piece)), u64::from(STUDIES), "{piece}: {}", of(piece));
    }
    let results = of("HasResults");
    assert_eq!(
        results["trueCount"].as_u64().unwrap() + results["falseCount"].as_u64().unwrap(),
        u64::from(STUDIES)
    );
    let types = ["OverallStatus", "MinimumAge", "StartDate", "EnrollmentCount", "Acronym"]
        .map(|piece| of(piece)["type"].clone());
    assert_eq!(types, ["ENUM", "STRING", "DATE", "INTEGER", "STRING"].map(Value::from));
    let missing = whole
        .client
        .json("/studies?countTotal=true&fields=NCTId&filter.advanced=AREA[StartDate]MISSING")
        .await;
    assert_eq!(missing["totalCount"], of("StartDate")["missingStudiesCount"]);
    let lists = whole.client.json("/stats/field/sizes?fields=Condition,Location").await;
    assert_eq!(lists[0]["field"], "protocolSection.conditionsModule.conditions");
}

#[tokio::test]
async fn switched_off_it_is_not_there() {
    let whole = Whole::start(&["--api", "off"]);
    assert_eq!(whole.client.get("/version").await.status, 404);
}

/// A record without the white space between its tokens.
fn without_spaces(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let kept = json.chars().filter(|character| {
        let keep = in_string || !matches!(character, ' ' | '\t' | '\r' | '\n');
        match character {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && *character == '\\' && !escaped;
        keep
    });
    kept.collect()
}

/// Asks for every record by its number, and for all of them page by page: each is, to the byte, what was imported.
async fn comes_back_whole(client: &Client, records: impl Iterator<Item = String>) {
    let number_of = |record: &str| {
        let value: Value = serde_json::from_str(record).unwrap();
        value["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap().to_owned()
    };
    let records: BTreeMap<String, String> =
        records.map(|record| (number_of(&record), without_spaces(&record))).collect();
    for (number, record) in &records {
        let answer = client.get(&format!("/studies/{number}")).await;
        assert!(answer.status == 200 && answer.body == *record, "{number}: {}", answer.status);
    }
    let (mut met, mut next) = (BTreeMap::new(), String::new());
    loop {
        let page = client.get(&format!("/studies?pageSize=173{next}")).await;
        let (studies, rest) = page.body.split_once("\n]").unwrap();
        for line in studies.lines().skip(1) {
            let record = line.strip_suffix(',').unwrap_or(line);
            assert!(
                met.insert(number_of(record), record.to_owned()).is_none(),
                "twice: {}",
                number_of(record)
            );
        }
        let Some(token) =
            rest.strip_prefix(",\"nextPageToken\":\"").and_then(|rest| rest.strip_suffix("\"}"))
        else {
            assert_eq!(rest, "}");
            break;
        };
        next = format!("&pageToken={token}");
    }
    assert_eq!(met.len(), records.len());
    assert!(met == records);
}

#[tokio::test]
async fn made_up_records_come_out_as_they_went_in() {
    let whole = Whole::start(&[]);
    comes_back_whole(&whole.client, ctgov_sample::Sample::new(STUDIES).iter()).await;
}

#[tokio::test]
async fn real_records_come_out_as_they_went_in() {
    let Some(path) = shared_data("studies.ndjson.gz") else { return };
    let mirror = tempfile::tempdir().unwrap();
    import(&path, mirror.path());
    let program = Program::serve(mirror.path(), &[], &[("CLINICALTRIALS_API_QUERY_TIMEOUT_MS", "30000")]);
    let client = Client::new(&program.url);
    let lines = BufReader::new(flate2::read::MultiGzDecoder::new(File::open(path).unwrap())).lines();
    comes_back_whole(&client, lines.map(Result::unwrap)).await;
    assert_eq!(client.get("/studies").await.header("x-synthetic"), None);
}
