//! Cohorts: what is in them, what is made of them, and that nobody but their maker has them.

use crate::support::{Caller, LEGACY, Program, program, sample_mirror, toolbox::Toolbox};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CREATE: &str = "clinicaltrials_create_cohort";
const COUNT: &str = "clinicaltrials_get_study_count";

async fn cohort(toolbox: &Toolbox, arguments: Value) -> String {
    toolbox.value("create_cohort", arguments).await["cohortId"].as_str().unwrap().to_owned()
}

/// The numbers of all studies that meet some criteria.
async fn studies(toolbox: &Toolbox, mut criteria: Value) -> BTreeSet<String> {
    criteria["pageSize"] = 200.into();
    let mut found = BTreeSet::new();
    loop {
        let page = toolbox.value("search_studies", criteria.clone()).await;
        let ids = page["studies"].as_array().unwrap().iter().map(|study| study["nctId"].as_str().unwrap());
        found.extend(ids.map(str::to_owned));
        match &page["nextPageToken"] {
            Value::Null => break,
            token => criteria["pageToken"] = token.clone(),
        }
    }
    found
}

#[tokio::test]
async fn a_cohort_is_the_studies_of_its_question_and_of_what_is_made_of_it() {
    let toolbox = Toolbox::sample();
    let hearts = json!({"conditionQuery": "heart OR diabetes"});
    let late =
        json!({"phaseFilter": ["PHASE2", "PHASE3"], "advancedFilter": "AREA[StudyType]INTERVENTIONAL"});
    let (a, b) = (studies(&toolbox, hearts.clone()).await, studies(&toolbox, late.clone()).await);
    assert!(a.intersection(&b).count() > 2 && a.difference(&b).count() > 2 && b.difference(&a).count() > 2);

    let made = toolbox
        .value("create_cohort", json!({"conditionQuery": "heart OR diabetes", "name": "hearts"}))
        .await;
    assert_eq!(made["totalCount"], a.len());
    assert_eq!(made["expression"], "AREA[ConditionSearch](heart OR diabetes)");
    let from = made["cohortId"].as_str().unwrap();
    assert_eq!(studies(&toolbox, json!({"cohortId": from})).await, a);
    for (combine, expected) in [
        (Value::Null, &a & &b),
        (json!("intersect"), &a & &b),
        (json!("Subtract"), &a - &b),
        (json!("add"), &a | &b),
    ] {
        let mut refinement = late.clone();
        (refinement["fromCohortId"], refinement["combine"]) = (from.into(), combine.clone());
        let made = toolbox.value("create_cohort", refinement).await;
        assert_eq!(made["totalCount"], expected.len(), "{combine}");
        assert_eq!(studies(&toolbox, json!({"cohortId": made["cohortId"]})).await, expected, "{combine}");
        let more = json!({"cohortId": made["cohortId"], "phaseFilter": "PHASE3"});
        let both = &studies(&toolbox, json!({"phaseFilter": "PHASE3"})).await & &expected;
        assert_eq!(studies(&toolbox, more).await, both, "{combine}");
    }
    // Of two cohorts.
    let late = cohort(&toolbox, late).await;
    let difference = json!({"fromCohortId": from, "combine": "subtract", "cohortId": late});
    let difference = cohort(&toolbox, difference).await;
    assert_eq!(studies(&toolbox, json!({"cohortId": difference})).await, &a - &b);
    // Of studies by number.
    let two: Vec<&String> = a.iter().take(2).collect();
    let named = cohort(&toolbox, json!({"nctIds": two})).await;
    assert_eq!(studies(&toolbox, json!({"cohortId": named})).await, two.into_iter().cloned().collect());
}

#[tokio::test]
async fn a_cohort_is_counted_analysed_and_compared() {
    let toolbox = Toolbox::sample();
    let criteria = json!({"conditionQuery": "diabetes"});
    let id = cohort(&toolbox, criteria.clone()).await;
    for (tool, arguments) in [
        ("get_study_count", json!({"groupBy": "Phase"})),
        ("analyze_trends", json!({"analysisType": "countByYear"})),
        ("get_field_values", json!({"fields": "OverallStatus"})),
    ] {
        let (mut of_cohort, mut of_criteria) = (arguments.clone(), arguments);
        of_cohort["cohortId"] = id.as_str().into();
        of_criteria["conditionQuery"] = criteria["conditionQuery"].clone();
        let counted = toolbox.value(tool, of_cohort).await;
        assert_eq!(counted, toolbox.value(tool, of_criteria).await, "{tool}");
    }
    let (problem, hint) = toolbox.refusal("compare_studies", json!({"cohortId": id})).await;
    assert!(
        problem.ends_with("; 2 to 10 can be compared") && hint.contains("fromCohortId"),
        "{problem} {hint}"
    );
    let few = json!({"nctIds": ["NCT90000001", "NCT90000002", "NCT90000003"]});
    let few_id = cohort(&toolbox, few.clone()).await;
    let compared = toolbox.value("compare_studies", json!({"cohortId": few_id})).await;
    assert_eq!(compared, toolbox.value("compare_studies", few).await);
}

#[tokio::test]
async fn cohorts_are_listed_and_deleted() {
    let toolbox = Toolbox::sample();
    let (told, none) = toolbox.answer("list_cohorts", json!({})).await;
    assert!(told.contains("clinicaltrials_create_cohort") && none["cohorts"] == json!([]), "{told}");
    let first = cohort(&toolbox, json!({"query": "asthma", "name": "first"})).await;
    let second = cohort(&toolbox, json!({"query": "cough"})).await;
    let listed = toolbox.value("list_cohorts", json!({})).await;
    let shown =
        |cohort: &Value| (cohort["cohortId"].clone(), cohort["name"].clone(), cohort["expression"].clone());
    assert_eq!(
        listed["cohorts"].as_array().unwrap().iter().map(shown).collect::<Vec<_>>(),
        [
            (json!(first), json!("first"), json!("AREA[BasicSearch]asthma")),
            (json!(second), Value::Null, json!("AREA[BasicSearch]cough"))
        ]
    );
    assert_eq!(listed["cohorts"][0]["versionThen"], listed["data"]["version"]);
    assert_eq!(
        listed["keptFor"],
        "1 day, or 7 days after its last use, and 30 days at most, but not beyond this server's next stop"
    );
    let ids = format!("{}, 0123456789abcdef, {first}", first.to_uppercase());
    let deleted = toolbox.value("delete_cohort", json!({"cohort_id": ids})).await;
    assert_eq!((&deleted["deleted"], &deleted["notYours"]), (&json!([first]), &json!(["0123456789abcdef"])));
    let (problem, hint) = toolbox.refusal("search_studies", json!({"cohortId": first})).await;
    assert_eq!(problem, "you have no such cohort");
    assert!(hint.contains("clinicaltrials_list_cohorts"), "{hint}");
    assert_eq!(toolbox.value("list_cohorts", json!({})).await["cohorts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_cohort_is_refused_with_what_to_do() {
    let toolbox = Toolbox::sample();
    let many: Vec<String> = (1..=900).map(|number| format!("NCT{number:08}")).collect();
    for (arguments, told) in [
        (json!({}), "nothing is said of which studies"),
        (json!({"fromCohortId": "0123456789abcdef"}), "nothing is said of which studies"),
        (json!({"query": "asthma", "fromCohortId": "0123456789abcdef"}), "you have no such cohort"),
        (json!({"query": "asthma", "fromCohortId": "no cohort"}), "you have no such cohort"),
        (json!({"query": "asthma", "combine": "add"}), "`combine`: there is no cohort to start from"),
        (json!({"query": "asthma", "combine": "replace"}), "`combine`: `replace` is not one of"),
        (json!({"query": "(asthma"}), "`query` cannot be searched"),
        (json!({"nctIds": many}), "the cohort "),
        (json!({"query": "asthma", "name": "x".repeat(101)}), "`name` is too long"),
        (json!({"query": "asthma", "name": "a\u{202e}b"}), "`name` has characters that do not show"),
        (json!({"query": "asthma", "name": "a\nb"}), "`name` has characters that do not show"),
    ] {
        let (problem, hint) = toolbox.refusal("create_cohort", arguments.clone()).await;
        assert!(problem.starts_with(told) && !hint.is_empty(), "{arguments}: {problem}");
    }
    assert_eq!(toolbox.value("list_cohorts", json!({})).await["cohorts"], json!([]), "nothing was kept");
}

/// To narrow one again and again makes it longer, not deeper, and ends with a word of what to do.
#[tokio::test]
async fn a_cohort_is_refined_until_it_is_too_long() {
    let toolbox = Toolbox::sample();
    let circle = json!({"geoFilter": "distance(42.36,-71.06,500mi)", "query": "study"});
    let first = cohort(&toolbox, circle.clone()).await;
    let near = toolbox.value("search_studies", json!({"cohortId": first, "pageSize": 5})).await;
    let asked = toolbox.value("search_studies", circle).await;
    assert_eq!(near["totalCount"], asked["totalCount"]);
    let studies = near["studies"].as_array().unwrap();
    assert!(!studies.is_empty() && studies.iter().all(|study| study["near"]["sitesInPlace"] != 0), "{near}");
    let mut id = first;
    for number in 0..90 {
        let refinement = json!({"fromCohortId": id, "combine": "subtract", "query": format!("word{number}")});
        id = cohort(&toolbox, refinement).await;
        let same = json!({"fromCohortId": id, "combine": "intersect", "query": "study"});
        toolbox.value("delete_cohort", json!({"cohortId": cohort(&toolbox, same).await})).await;
    }
    let listed = toolbox.value("list_cohorts", json!({})).await;
    let last = &listed["cohorts"].as_array().unwrap().last().unwrap()["expression"];
    assert!(last.as_str().unwrap().ends_with('…') && listed.to_string().len() < 60_000, "{last}");
    let many: Vec<String> = (1..=500).map(|number| format!("NCT{number:08}")).collect();
    let (problem, hint) = toolbox.refusal("create_cohort", json!({"nctIds": many})).await;
    assert!(problem.contains("bytes, and 4096 can be kept") && hint.contains("250"), "{problem} {hint}");
    let fewer: Vec<&String> = many.iter().take(250).collect();
    cohort(&toolbox, json!({"nctIds": fewer})).await;
}

/// H-4: callers of both eras have them, each their own, and a server that is started again has them still.
#[tokio::test]
async fn a_cohort_is_its_makers_in_both_eras_and_after_a_restart() {
    let mirror = sample_mirror(40);
    let mut server = Program::jwt(mirror.path(), &[]);
    let claims =
        |who: &str| json!({"iss": "https://idp.example", "tid": "north", "client_id": "app", "sub": who});
    let modern = |server: &Program, who: &str| Caller::new(&server.url).bearing(&claims(who)).stateless();
    let made = modern(&server, "ana").call(CREATE, json!({"conditionQuery": "diabetes"})).await;
    let (id, total) = (&made["structuredContent"]["cohortId"], &made["structuredContent"]["totalCount"]);
    let arguments = json!({"cohortId": id});
    for signal in ["TERM", "KILL"] {
        let session = Caller::new(&server.url).bearing(&claims("ana")).open_session().await;
        let legacy = Caller::new(&server.url).bearing(&claims("ana")).in_session(&session);
        for hers in [modern(&server, "ana"), legacy.with("mcp-protocol-version", LEGACY)] {
            let counted = hers.call(COUNT, arguments.clone()).await;
            assert_eq!(&counted["structuredContent"]["totalCount"], total, "before {signal}: {counted}");
        }
        let refused = modern(&server, "ben").call(COUNT, arguments.clone()).await;
        let unknown = modern(&server, "ben").call(COUNT, json!({"cohortId": "0123456789abcdef"})).await;
        assert_eq!(refused["isError"], true);
        assert_eq!(refused, unknown, "one that is somebody else's is one that never was");
        let ended = modern(&server, "ben").call("clinicaltrials_delete_cohort", arguments.clone()).await;
        assert_eq!(ended["structuredContent"]["deleted"], json!([]));
        let listed = modern(&server, "ben").call("clinicaltrials_list_cohorts", json!({})).await;
        assert_eq!(listed["structuredContent"]["cohorts"], json!([]));
        server.signal(signal);
        let (_, log) = server.finish();
        assert!(!log.contains(id.as_str().unwrap()), "{log}");
        server = Program::jwt(mirror.path(), &[]);
    }
    let listed = modern(&server, "ana").call("clinicaltrials_list_cohorts", json!({})).await;
    assert_eq!(&listed["structuredContent"]["cohorts"][0]["cohortId"], id);
    assert!(!listed["structuredContent"]["keptFor"].as_str().unwrap().contains("stop"), "{listed}");
    // Logged out everywhere by the operator, she has none any more.
    let hers =
        ["--issuer", "https://idp.example", "--tenant", "north", "--client", "app", "--subject", "ana"];
    let revoke = program().args(["sessions", "revoke", "--data-dir"]).arg(mirror.path()).args(hers).output();
    let told = String::from_utf8(revoke.unwrap().stdout).unwrap();
    assert!(told.contains("removed a saved cohort"), "{told}");
    let listed = modern(&server, "ana").call("clinicaltrials_list_cohorts", json!({})).await;
    assert_eq!(listed["structuredContent"]["cohorts"], json!([]));
}

/// Who fills their share keeps nobody else from theirs.
#[tokio::test]
async fn a_caller_has_no_more_than_a_hundred() {
    let mirror = sample_mirror(10);
    let server = Program::jwt(mirror.path(), &["--sessions", "memory"]);
    let caller =
        |who: &str| Caller::new(&server.url).bearing(&json!({"sub": who, "client_id": "app"})).stateless();
    let (ana, ben) = (caller("ana"), caller("ben"));
    let mut last = Value::Null;
    for _ in 0..101 {
        last = ana.call(CREATE, json!({"query": "asthma"})).await;
    }
    let told = last["content"][0]["text"].as_str().unwrap();
    assert!(told.starts_with("you have as many cohorts as one caller may have\nHint: delete some"), "{told}");
    let made = ben.call(CREATE, json!({"query": "asthma"})).await;
    assert_ne!(made["isError"], true, "{made}");
}
