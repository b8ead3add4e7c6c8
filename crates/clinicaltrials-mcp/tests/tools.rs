//! What the tools answer: over synthetic studies, checked against the records themselves.

use crate::support::{
    Caller,
    toolbox::{STUDIES, Toolbox},
};
use serde_json::{Value, json};

const SEARCH: &str = "clinicaltrials_search_studies";
const COUNT: &str = "clinicaltrials_get_study_count";
const RECORD: &str = "clinicaltrials_get_study_record";

/// A server of its own for each test, ended with it.
struct Server(Toolbox);

impl Server {
    fn start() -> Self {
        Self(Toolbox::sample())
    }

    fn caller(&self) -> Caller {
        self.0.caller()
    }

    /// The ids of every page of a search.
    async fn all_ids(&self, mut arguments: Value) -> Vec<String> {
        let (caller, mut ids) = (self.caller(), Vec::new());
        loop {
            let page = caller.call(SEARCH, arguments.clone()).await["structuredContent"].take();
            let studies = page["studies"].as_array().unwrap_or_else(|| panic!("{page}"));
            ids.extend(studies.iter().map(|study| study["nctId"].as_str().unwrap().to_owned()));
            match page.get("nextPageToken") {
                Some(token) => arguments["pageToken"] = token.clone(),
                None => return ids,
            }
        }
    }
}

fn records() -> Vec<Value> {
    ctgov_sample::Sample::new(STUDIES).iter().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

/// The ids of the records that `keep` keeps, ascending.
fn expected(keep: impl Fn(&Value) -> bool) -> Vec<String> {
    let id = |record: &Value| {
        record["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap().to_owned()
    };
    records().iter().filter(|record| keep(record)).map(id).collect()
}

/// Whether every word stands somewhere in the values at these paths.
fn has_words(record: &Value, paths: &[&str], words: &[&str]) -> bool {
    let mut found = Vec::new();
    for path in paths {
        let value = record.pointer(path).cloned().unwrap_or_default();
        ctgov::text::for_each_word(&value.to_string(), |word| found.push(word.to_owned()));
    }
    words.iter().flat_map(|word| ctgov::text::words(word)).all(|word| found.contains(&word))
}

#[tokio::test]
async fn every_filter_finds_what_the_records_say() {
    let server = Server::start();
    let titles = [
        "/protocolSection/identificationModule/briefTitle",
        "/protocolSection/identificationModule/officialTitle",
        "/protocolSection/identificationModule/acronym",
    ];
    let title_words = |words: &'static [&'static str]| expected(|record| has_words(record, &titles, words));
    let status = |wanted: &'static [&'static str]| {
        expected(|record| {
            wanted.contains(&record["protocolSection"]["statusModule"]["overallStatus"].as_str().unwrap())
        })
    };
    let phase = |wanted: &'static [&'static str]| {
        expected(|record| {
            let phases = record.pointer("/protocolSection/designModule/phases").and_then(Value::as_array);
            phases.is_some_and(|phases| phases.iter().any(|phase| wanted.contains(&phase.as_str().unwrap())))
        })
    };
    let sponsor = expected(|record| {
        let module = &record["protocolSection"]["sponsorCollaboratorsModule"];
        let collaborators = module["collaborators"].as_array().cloned().unwrap_or_default();
        let names =
            collaborators.iter().chain([&module["leadSponsor"]]).map(|sponsor| sponsor["name"].clone());
        let names = json!(names.collect::<Vec<_>>());
        let own = record.pointer("/protocolSection/identificationModule/organization/fullName").cloned();
        has_words(&json!({"n": names, "o": own}), &["/n", "/o"], &["university"])
    });
    let cases = [
        (json!({}), expected(|_| true)),
        (json!({"titleQuery": "synthetic"}), expected(|_| true)),
        (json!({"titleQuery": "Diabetes"}), title_words(&["diabetes"])),
        (json!({"titleQuery": "(type 2), DIABÈTES"}), title_words(&["type", "2", "diabetes"])),
        (json!({"statusFilter": "RECRUITING"}), status(&["RECRUITING"])),
        (
            json!({"statusFilter": ["Active, not recruiting", "suspended"]}),
            status(&["ACTIVE_NOT_RECRUITING", "SUSPENDED"]),
        ),
        (json!({"phaseFilter": ["Phase 3", "EARLY_PHASE1"]}), phase(&["PHASE3", "EARLY_PHASE1"])),
        (json!({"phaseFilter": "NA"}), phase(&["NA"])),
        (json!({"sponsorQuery": "university"}), sponsor),
        (
            json!({"nctIds": ["nct90000005", "NCT90000002", "NCT00000001"]}),
            vec!["NCT90000002".into(), "NCT90000005".into()],
        ),
    ];
    for (arguments, expected) in cases {
        let mut found = server.all_ids(arguments.clone()).await;
        let counted = match arguments.get("nctIds") {
            None => server.caller().call(COUNT, arguments.clone()).await["structuredContent"]["totalCount"]
                .clone(),
            Some(_) => json!(expected.len()),
        };
        found.sort_unstable();
        assert!(!expected.is_empty(), "{arguments} asks for nothing that is there");
        assert_eq!(found, expected, "{arguments}");
        assert_eq!(counted, json!(expected.len()), "{arguments}");
    }
}

#[tokio::test]
async fn condition_and_intervention_search_their_own_pieces() {
    let server = Server::start();
    let record = &records()[0];
    let condition = record["protocolSection"]["conditionsModule"]["conditions"][0].as_str().unwrap();
    let first = "NCT90000001".to_owned();
    assert!(server.all_ids(json!({"conditionQuery": condition})).await.contains(&first));
    let by_intervention: Vec<_> = records()
        .iter()
        .filter_map(|record| {
            let name =
                record.pointer("/protocolSection/armsInterventionsModule/interventions/0/name")?.as_str()?;
            let id = record["protocolSection"]["identificationModule"]["nctId"].as_str()?;
            Some((name.to_owned(), id.to_owned()))
        })
        .take(3)
        .collect();
    assert_eq!(by_intervention.len(), 3);
    for (name, id) in by_intervention {
        assert!(
            server.all_ids(json!({"interventionQuery": name, "pageSize": 200})).await.contains(&id),
            "{name}"
        );
    }
    assert!(
        !server.all_ids(json!({"sponsorQuery": condition})).await.contains(&first),
        "sponsors are not conditions"
    );
}

#[tokio::test]
async fn sorts_follow_the_records_and_missing_values_come_last() {
    let server = Server::start();
    let key = |record: &Value| {
        record.pointer("/protocolSection/designModule/enrollmentInfo/count").and_then(Value::as_i64)
    };
    let mut with: Vec<_> = records()
        .iter()
        .filter_map(|record| {
            let id = record["protocolSection"]["identificationModule"]["nctId"].as_str()?.to_owned();
            key(record).map(|count| (count, id))
        })
        .collect();
    let without = expected(|record| key(record).is_none());
    with.sort_unstable();
    let ascending: Vec<_> = with.iter().map(|(_, id)| id.clone()).chain(without.clone()).collect();
    assert_eq!(server.all_ids(json!({"sort": "EnrollmentCount", "pageSize": 37})).await, ascending);
    with.sort_by_key(|(count, id)| (std::cmp::Reverse(*count), id.clone()));
    let descending: Vec<_> = with.iter().map(|(_, id)| id.clone()).chain(without).collect();
    assert_eq!(server.all_ids(json!({"sort": "EnrollmentCount:desc", "pageSize": 200})).await, descending);
}

#[tokio::test]
async fn what_is_not_served_or_not_known_is_refused_by_name() {
    let server = Server::start();
    let cases = [
        (SEARCH, json!({"geoFilter": "Boston"}), "`geoFilter`: `Boston` is no circle", "locationQuery"),
        (SEARCH, json!({"geoFilter": "distance(91,2,3mi)"}), "is no circle", "distance(42.36,-71.06,50mi)"),
        (
            SEARCH,
            json!({"query": "NCT90000001", "statusFilter": "COMPLETED"}),
            "nothing but study numbers",
            "nctIds",
        ),
        (SEARCH, json!({"country": "Kenya"}), "`country` is not served", "locationQuery"),
        (SEARCH, json!({"filter": "AREA[Phase"}), "`advancedFilter` cannot be searched", "phrase in quotes"),
        (
            COUNT,
            json!({"includeUnknownEnrollment": true}),
            "`includeUnknownEnrollment` is not served",
            "leave it out",
        ),
        (
            SEARCH,
            json!({"condition": "asthma"}),
            "there is no parameter `condition`",
            "did you mean `conditionQuery`",
        ),
        (
            SEARCH,
            json!({"query": "asthma AND (copd"}),
            "`query` cannot be searched: missing ')' at '<EOF>'",
            "phrase in quotes",
        ),
        (
            COUNT,
            json!({"query": "AREA[Fase]PHASE3"}),
            "`query` cannot be searched at `Fase`: Unknown area name: `Fase`",
            "Phase",
        ),
        (SEARCH, json!({"query": "?"}), "`query` cannot be searched", "no word"),
        (
            SEARCH,
            json!({"statusFilter": "open"}),
            "`statusFilter`: `open` is not a recruitment status",
            "RECRUITING",
        ),
        (SEARCH, json!({"phaseFilter": ["5"]}), "`phaseFilter`: `5` is not a phase", "EARLY_PHASE1"),
        (SEARCH, json!({"pageSize": 201}), "`pageSize` 201 is out of range", "1 to 200"),
        (SEARCH, json!({"pageSize": 0}), "`pageSize` 0 is out of range", "1 to 200"),
        (SEARCH, json!({"pageSize": "ten"}), "`pageSize`: `ten` is not a whole number", "1 to 200"),
        (SEARCH, json!({"pageSize": 2.5}), "`pageSize`: `2.5` is not a whole number", "1 to 200"),
        (SEARCH, json!({"query": 5}), "`query`: `5` is not a text", "a text"),
        (SEARCH, json!({"statusFilter": {}}), "`statusFilter`: `{}` is not a text", "a text"),
        (SEARCH, json!({"statusFilter": []}), "`statusFilter`: the list is empty", "leave"),
        (COUNT, json!({"phaseFilter": []}), "`phaseFilter`: the list is empty", "leave"),
        (SEARCH, json!({"nctIds": []}), "`nctIds`: the list is empty", "leave"),
        (SEARCH, json!({"nctIds": vec!["NCT00000001"; 1_001]}), "`nctIds`: 1001 were given", "1 to 1000"),
        (SEARCH, json!({"statusFilter": vec!["COMPLETED"; 21]}), "`statusFilter`: 21 were given", "1 to 20"),
        (SEARCH, json!({"query": "é".repeat(2_001)}), "`query` is too long", "2000 characters"),
        (SEARCH, json!({"sort": "BriefTitle"}), "`sort` cannot be used", "LastUpdatePostDate"),
        (SEARCH, json!({"pageToken": "NF0g5JGBlPMuwQY"}), "`pageToken` cannot be used", "not a page token"),
        (SEARCH, json!({"nctIds": ["NCT1", "x"]}), "`nctIds`: `x` is no study number", "NCT04280705"),
        (RECORD, json!({}), "`nctId` is missing", "NCT04280705"),
        (RECORD, json!({"nctId": "12345"}), "`nctId`: `12345` is no study number", "NCT04280705"),
        (RECORD, json!({"nctId": "NCT99999999"}), "NCT99999999 is not in this data", SEARCH),
    ];
    for (tool, arguments, problem, hint) in cases {
        let result = server.caller().call(tool, arguments.clone()).await;
        assert_eq!(result["isError"], true, "{arguments}: {result}");
        let told = text(&result);
        let (first, second) = told.split_once("\nHint: ").unwrap_or_else(|| panic!("{told}"));
        assert!(first.contains(problem) && second.contains(hint), "{arguments}: {told}");
    }
}

#[tokio::test]
async fn a_page_token_of_another_question_is_refused() {
    let server = Server::start();
    let first = server.caller().call(SEARCH, json!({"statusFilter": "COMPLETED", "pageSize": 5})).await;
    let token = &first["structuredContent"]["nextPageToken"];
    let other = server.caller().call(SEARCH, json!({"statusFilter": "RECRUITING", "pageToken": token})).await;
    assert_eq!(other["isError"], true);
    assert!(text(&other).contains("belongs to another query"), "{other}");
    let larger_page = server
        .caller()
        .call(SEARCH, json!({"statusFilter": "COMPLETED", "pageSize": 9, "pageToken": token}))
        .await;
    assert_eq!(larger_page["structuredContent"]["studies"].as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn nulls_and_lone_values_are_taken_as_meant() {
    let server = Server::start();
    let strict = server.caller().call(COUNT, json!({"statusFilter": ["COMPLETED"]})).await;
    let loose = server.caller().call(COUNT, json!({"statusFilter": "completed", "query": null})).await;
    assert_eq!(strict["structuredContent"], loose["structuredContent"]);
    let page = server.caller().call(SEARCH, json!({"pageSize": 3.0})).await;
    assert_eq!(page["structuredContent"]["studies"].as_array().unwrap().len(), 3);
    let accents = server.caller().call(COUNT, json!({"query": "é".repeat(2_000)})).await;
    assert_eq!(accents["structuredContent"]["totalCount"], 0);
}

#[tokio::test]
async fn unknown_tools_and_resources_are_protocol_errors() {
    let server = Server::start();
    let unknown =
        server.caller().request(1, "tools/call", json!({"name": "nope", "arguments": {}})).await.message();
    assert_eq!(unknown["error"]["code"], -32_602);
    assert!(unknown["error"]["message"].as_str().unwrap().contains(SEARCH), "{unknown}");
    let no_name = server.caller().request(1, "tools/call", json!({"arguments": {}})).await.message();
    assert_eq!(no_name["error"]["code"], -32_602, "{no_name}");
    let templates = server.caller().request(1, "resources/templates/list", json!({})).await.result();
    assert_eq!(templates["resourceTemplates"][0]["uriTemplate"], "clinicaltrials://{nctId}");
    let read =
        async |uri: &str| server.caller().request(1, "resources/read", json!({"uri": uri})).await.message();
    let study = read("clinicaltrials://nct90000004").await;
    let contents = &study["result"]["contents"][0];
    assert_eq!(contents["text"], ctgov_sample::Sample::new(4).study(4));
    assert_eq!(
        (&contents["uri"], &contents["mimeType"]),
        (&json!("clinicaltrials://NCT90000004"), &json!("application/json"))
    );
    for uri in ["clinicaltrials://NCT00000001", "clinicaltrials://../../etc/passwd", "file:///etc/passwd", ""]
    {
        let error = &read(uri).await["error"];
        assert_eq!((&error["code"], &error["data"]["uri"]), (&json!(-32_602), &json!(uri)), "{error}");
    }
    let legacy = Caller::new(&server.0.program.url);
    let legacy = legacy.clone().in_session(&legacy.open_session().await);
    let missing =
        legacy.request(1, "resources/read", json!({"uri": "clinicaltrials://NCT00000001"})).await.message();
    assert_eq!(missing["error"]["code"], -32_002);
}
