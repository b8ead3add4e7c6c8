//! What clients find out before they ask: resources and their pages, sections, prompts, completions, cache hints.

use crate::support::{
    Caller, InProcess, SlowRegistry,
    toolbox::{STUDIES, Toolbox, id},
};
use clinicaltrials_mcp::settings::AuthSettings;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

async fn ask(toolbox: &Toolbox, method: &str, params: Value) -> Value {
    toolbox.caller().request(1, method, params).await.message()
}

async fn complete(toolbox: &Toolbox, reference: Value, argument: &str, typed: &str) -> Value {
    let params = json!({"ref": reference, "argument": {"name": argument, "value": typed}});
    ask(toolbox, "completion/complete", params).await
}

fn prompt() -> Value {
    json!({"type": "ref/prompt", "name": "analyze_trial_landscape"})
}

#[tokio::test]
async fn every_study_is_on_some_page_of_the_list_and_can_be_read() {
    let toolbox = Toolbox::sample();
    let (mut listed, mut params) = (Vec::new(), json!({}));
    loop {
        let page = ask(&toolbox, "resources/list", params.clone()).await["result"].take();
        assert!(page["_meta"]["org.clinicaltrials-mcp/dataVersion"]["version"].is_string(), "{page}");
        listed.extend(page["resources"].as_array().unwrap().iter().cloned());
        match page.get("nextCursor") {
            Some(cursor) => params["cursor"] = cursor.clone(),
            None => break,
        }
    }
    let ids: BTreeSet<&str> = listed.iter().map(|resource| resource["name"].as_str().unwrap()).collect();
    assert_eq!((listed.len(), ids.len()), (STUDIES as usize, STUDIES as usize));
    for (resource, record) in listed.iter().zip(toolbox.records()).take(3) {
        assert_eq!(resource["title"], record["protocolSection"]["identificationModule"]["briefTitle"]);
        let read = ask(&toolbox, "resources/read", json!({"uri": resource["uri"]})).await["result"].take();
        let text = read["contents"][0]["text"].as_str().unwrap();
        assert_eq!(resource["size"], text.len());
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), *record);
    }
    for cursor in ["x", "", "AaVZaoxo09BKFyEl8zWISXoADKohAQAAAAAAF3ja"] {
        let refused = ask(&toolbox, "resources/list", json!({"cursor": cursor})).await;
        assert_eq!(refused["error"]["code"], -32_602, "{refused}");
    }
}

#[tokio::test]
async fn sections_are_read_at_their_place_and_former_numbers_lead_to_the_study() {
    let toolbox = Toolbox::sample();
    let record = &toolbox.records()[0];
    let read = async |uri: &str| ask(&toolbox, "resources/read", json!({"uri": uri})).await;
    for (section, place) in [
        ("eligibility", "/protocolSection/eligibilityModule"),
        ("locations", "/protocolSection/contactsLocationsModule"),
        ("OverallStatus", "/protocolSection/statusModule/overallStatus"),
        ("protocolSection.designModule", "/protocolSection/designModule"),
    ] {
        let answer = read(&format!("clinicaltrials://{}/{section}", id(record))).await;
        let text = answer["result"]["contents"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
        let part: Value = serde_json::from_str(text).unwrap();
        assert_eq!(part.pointer(place), record.pointer(place), "{section}");
        assert_eq!(part["protocolSection"].as_object().unwrap().len(), 1, "{part}");
    }
    for (uri, told) in [
        ("clinicaltrials://NCT90000001/eligibilty", "EligibilityModule"),
        ("clinicaltrials://NCT90000001/../x", "and a section"),
        ("clinicaltrials://NCT90000001/", "and a section"),
        ("clinicaltrials://NCT90000001/a/b", "and a section"),
    ] {
        let refused = read(uri).await;
        assert_eq!(refused["error"]["code"], -32_602, "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains(told), "{refused}");
    }
    let without = toolbox.records().iter().find(|record| record.get("resultsSection").is_none()).unwrap();
    let none = read(&format!("clinicaltrials://{}/results", id(without))).await;
    assert!(none["error"]["message"].as_str().unwrap().contains("has no ResultsSection"), "{none}");

    let Some(real) = Toolbox::real() else { return };
    let ids: BTreeSet<&str> = real.records().iter().map(id).collect();
    let mut aliases = 0;
    for record in real.records() {
        let former = &record["protocolSection"]["identificationModule"]["nctIdAliases"];
        for alias in former.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if ids.contains(alias) {
                continue;
            }
            let answer =
                ask(&real, "resources/read", json!({"uri": format!("clinicaltrials://{alias}")})).await;
            assert_eq!(answer["result"]["contents"][0]["uri"], format!("clinicaltrials://{}", id(record)));
            let told = real.value("get_study_record", json!({"nctId": alias, "summary": true})).await;
            assert_eq!(
                (&told["studies"][0]["nctId"], &told["studies"][0]["askedAs"]),
                (&json!(id(record)), &json!(alias))
            );
            aliases += 1;
        }
    }
    assert!(aliases > 0);
}

#[tokio::test]
async fn the_prompt_asks_for_what_was_given_and_refuses_what_it_does_not_know() {
    let toolbox = Toolbox::sample();
    let list = ask(&toolbox, "prompts/list", json!({})).await["result"].take();
    assert_eq!(list["prompts"][0]["name"], "analyze_trial_landscape");
    assert_eq!(
        list["prompts"][0]["arguments"][0],
        json!({
            "name": "topic",
            "description": "The condition or intervention to survey, e.g. type 2 diabetes or semaglutide",
            "required": true,
        })
    );
    let get = async |arguments: Value| {
        ask(&toolbox, "prompts/get", json!({"name": "analyze_trial_landscape", "arguments": arguments})).await
    };
    let got =
        get(json!({"topic": "type 2 \"diabetes\"", "focusAreas": "sponsors", "country": "Kenya"})).await;
    let text = got["result"]["messages"][0]["content"]["text"].as_str().unwrap();
    for expected in ["\"type 2 \\\"diabetes\\\"\"", "\"sponsors\"", "locationQuery \"Kenya\""] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    // Every tool that is named there is there.
    let tools: Vec<Value> = toolbox.definitions().await;
    let is_tool = |name: &str| tools.iter().any(|tool| tool["name"] == name);
    let named = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let named: Vec<&str> = named.filter(|word| word.starts_with("clinicaltrials_")).collect();
    assert!(named.len() > 4 && named.iter().all(|name| is_tool(name)), "{named:?}");
    for (arguments, told) in [
        (json!({}), "`topic` is missing"),
        (json!({"topic": " "}), "`topic` is missing"),
        (json!({"topic": 5}), "`topic` is not a text"),
        (json!({"topic": "x".repeat(501)}), "`topic` is too long"),
        (json!({"topic": "x", "tone": "y"}), "no argument `tone`"),
    ] {
        let refused = get(arguments).await;
        assert_eq!(refused["error"]["code"], -32_602, "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains(told), "{refused}");
    }
    let unknown = ask(&toolbox, "prompts/get", json!({"name": "nope"})).await;
    assert_eq!(unknown["error"]["code"], -32_602, "{unknown}");
}

#[tokio::test]
async fn completions_come_from_the_registry_and_are_bounded() {
    let toolbox = Toolbox::sample();
    let values = |answer: &Value| -> Vec<String> {
        let values =
            answer["result"]["completion"]["values"].as_array().unwrap_or_else(|| panic!("{answer}"));
        values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let study = json!({"type": "ref/resource", "uri": "clinicaltrials://{nctId}"});
    let ids = complete(&toolbox, study.clone(), "nctId", "nct9000001").await;
    let expected: Vec<String> = (10..20).map(|number| format!("NCT900000{number}")).collect();
    assert_eq!(values(&ids), expected);
    assert_eq!(
        (&ids["result"]["completion"]["total"], &ids["result"]["completion"]["hasMore"]),
        (&json!(10), &json!(false))
    );
    let many = complete(&toolbox, study, "nctId", "NCT").await;
    assert_eq!((values(&many).len(), &many["result"]["completion"]["hasMore"]), (100, &json!(true)));

    let known = |place: &str| -> BTreeSet<String> {
        let texts = toolbox.records().iter().filter_map(|record| record.pointer(place));
        texts
            .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]))
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    };
    for (argument, typed, place) in [
        ("topic", "PNEU", "/protocolSection/conditionsModule/conditions"),
        ("sponsor", "synth", "/protocolSection/sponsorCollaboratorsModule/leadSponsor/name"),
        ("country", "uni", "/protocolSection/contactsLocationsModule/locations/0/country"),
    ] {
        let found = values(&complete(&toolbox, prompt(), argument, typed).await);
        let expected: BTreeSet<String> = known(place)
            .into_iter()
            .filter(|value| value.to_lowercase().starts_with(&typed.to_lowercase()))
            .collect();
        assert!(
            !expected.is_empty() && expected.iter().all(|value| found.len() == 100 || found.contains(value)),
            "{argument} {found:?} {expected:?}"
        );
    }
    let fields = values(&complete(&toolbox, prompt(), "groupBy", "overallst").await);
    assert_eq!(fields, ["OverallStatus"]);
    assert!(
        values(&complete(&toolbox, prompt(), "groupBy", "recruitment status").await)
            .contains(&"OverallStatus".into())
    );
    let section = json!({"type": "ref/resource", "uri": "clinicaltrials://{nctId}/{section}"});
    assert_eq!(values(&complete(&toolbox, section, "section", "elig").await), ["eligibility"]);
    for (reference, argument, typed) in [
        (prompt(), "tone", "x".to_owned()),
        (json!({"type": "ref/prompt", "name": "nope"}), "topic", "x".to_owned()),
        (json!({"type": "ref/resource", "uri": "file:///{path}"}), "path", "x".to_owned()),
        (prompt(), "topic", "x".repeat(201)),
    ] {
        let refused = complete(&toolbox, reference, argument, &typed).await;
        assert_eq!(refused["error"]["code"], -32_602, "{refused}");
    }
}

#[tokio::test]
async fn answers_that_may_be_kept_say_for_how_long_and_by_whom() {
    let toolbox = Toolbox::sample();
    for (method, params, scope) in [
        ("tools/list", json!({}), "public"),
        ("prompts/list", json!({}), "public"),
        ("resources/templates/list", json!({}), "public"),
        ("resources/list", json!({}), "private"),
        ("resources/read", json!({"uri": "clinicaltrials://NCT90000001"}), "private"),
    ] {
        let result = ask(&toolbox, method, params).await["result"].take();
        assert_eq!(result["cacheScope"], scope, "{method}");
        assert!(result["ttlMs"].as_u64().unwrap() >= 60_000, "{method}");
    }
    for method in ["tools/list", "prompts/list", "resources/templates/list"] {
        let refused = ask(&toolbox, method, json!({"cursor": "2"})).await;
        assert_eq!(refused["error"]["code"], -32_602, "{method}: {refused}");
    }
    let legacy = Caller::new(&toolbox.program.url);
    let capabilities = legacy.initialize(crate::support::LEGACY).await.result()["capabilities"].take();
    for capability in ["tools", "resources", "prompts", "completions"] {
        assert!(capabilities.get(capability).is_some(), "{capabilities}");
    }
}

#[tokio::test]
async fn a_source_that_does_not_know_its_values_completes_nothing() {
    let server = InProcess::start(SlowRegistry::new(Duration::ZERO), AuthSettings::None).await;
    let params = json!({"ref": prompt(), "argument": {"name": "topic", "value": "a"}});
    let reply = Caller::new(&server.url).stateless().request(1, "completion/complete", params).await;
    assert_eq!(reply.result()["completion"]["values"], json!([]));
}
