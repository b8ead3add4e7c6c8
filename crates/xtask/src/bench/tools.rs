//! `cargo xtask bench tools`: every tool as a client calls it, over HTTP with tokens and sessions, at the registry's size.
//!
//! Questions are made of what stands in the made-up records. They come one after the other, so that the time is that of
//! an answer and not of waiting for others'.

use super::{
    registry::Bench,
    session_server::{SessionServer, token},
};
use crate::{
    load::{Connection, post},
    steps::{cargo, run, say, step},
};
use anyhow::{Context as _, ensure};
use ctgov_sample::Sample;
use serde_json::{Value, json};
use std::{fs, time::Duration};

/// How many studies are measured where nobody says.
pub(crate) const STUDIES: u32 = 600_000;
/// How many studies questions of each kind are made of.
const STUDIES_ASKED_OF: u32 = 400;
const LOAD_TIME: Duration = Duration::from_secs(6);

/// What is asked: its name, the method, each request's parameters, and what its slowest hundredth may take.
struct Questions {
    name: &'static str,
    method: &'static str,
    params: Vec<Value>,
    aim: &'static str,
}

/// What questions are made of.
struct Subject {
    nct_id: String,
    condition: String,
    near: Option<(f64, f64)>,
    country: Option<String>,
    has_results: bool,
}

pub(crate) fn run_tools(studies: u32) -> anyhow::Result<()> {
    step("release build", || {
        run(&mut cargo(["build", "--release", "--locked", "--package", "clinicaltrials-mcp"]))
    })?;
    let bench = Bench::new(studies)?;
    bench.prepare()?;
    bench.warm()?;
    let subjects = subjects(studies)?;
    let server = SessionServer::start(&bench.program, "mirror", &bench.data_dir(), "memory")?;
    let token = token(0)?;
    let session = server.open_session(&token)?;
    let cohorts = cohorts(&server, &token, &session, &subjects)?;
    let mut table = String::from(
        "| call | answers of | wall p50 | p99 | CPU each | aim, p99 |\n|---|---|---|---|---|---|\n",
    );
    let mut figures = Vec::new();
    for questions in all(&subjects, &cohorts) {
        step(questions.name, || {
            ensure!(!questions.params.is_empty(), "nothing to ask");
            let request = |_, number: u64| {
                let params = &questions.params[number as usize % questions.params.len()];
                let body =
                    json!({"jsonrpc": "2.0", "id": number, "method": questions.method, "params": params});
                post(server.address, &token, Some(&session), &body.to_string())
            };
            let bytes = Connection::open(server.address)?.send(&request(0, 0))?.body.len();
            let measured = server.measure_with(1, LOAD_TIME, request)?;
            figures.push(json!({"call": questions.name, "p50Ms": measured.p50_ms, "p99Ms": measured.p99_ms, "cpuMs": measured.cpu_ms}));
            table += &format!(
                "| {} | {} kB | {:.2} ms | {:.2} ms | {:.2} ms | {} |\n",
                questions.name,
                bytes / 1_000,
                measured.p50_ms,
                measured.p99_ms,
                measured.cpu_ms,
                questions.aim
            );
            Ok(())
        })?;
    }
    fs::write(bench.folder.join("tools.json"), format!("{:#}\n", json!(figures)))
        .context("writing the result")?;
    say(&format!("\n{studies} made-up studies\n\n{table}"));
    Ok(())
}

/// Studies from all over the registry.
fn subjects(studies: u32) -> anyhow::Result<Vec<Subject>> {
    let sample = Sample::new(studies);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let count = STUDIES_ASKED_OF.min(studies);
    let subject = |number: u32| {
        let number = 1 + (u64::from(number) * u64::from(studies) / u64::from(count)) as u32;
        let study: Value = serde_json::from_str(&sample.study(number)).context("a made-up study")?;
        let protocol = &study["protocolSection"];
        let site = &protocol["contactsLocationsModule"]["locations"][0];
        let point = (site["geoPoint"]["lat"].as_f64(), site["geoPoint"]["lon"].as_f64());
        Ok(Subject {
            nct_id: text(&protocol["identificationModule"]["nctId"]).context("a number")?,
            condition: text(&protocol["conditionsModule"]["conditions"][0])
                .unwrap_or_else(|| "pain".to_owned()),
            near: point.0.zip(point.1),
            country: text(&site["country"]),
            has_results: study["hasResults"] == true,
        })
    };
    (0..count).map(subject).collect()
}

/// A cohort of each of some conditions.
fn cohorts(
    server: &SessionServer,
    token: &str,
    session: &str,
    subjects: &[Subject],
) -> anyhow::Result<Vec<String>> {
    let mut connection = Connection::open(server.address)?;
    let mut cohort = |subject: &Subject| {
        let call = call("create_cohort", json!({"conditionQuery": quoted(&subject.condition)}));
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).to_string();
        let reply = connection.send(&post(server.address, token, Some(session), &body))?;
        let reply: Value = serde_json::from_slice(&reply.body).context("a cohort")?;
        let id = &reply["result"]["structuredContent"]["cohortId"];
        id.as_str().map(str::to_owned).with_context(|| format!("no cohort: {reply}"))
    };
    subjects.iter().take(50).map(&mut cohort).collect()
}

fn all(subjects: &[Subject], cohorts: &[String]) -> Vec<Questions> {
    let tools = |name, aim, params: Vec<Value>| Questions { name, method: "tools/call", params, aim };
    let of_each = |ask: &dyn Fn(&Subject) -> Value| subjects.iter().map(ask).collect::<Vec<_>>();
    let near = |subject: &Subject| subject.near.unwrap_or((42.36, -71.06));
    let condition = |subject: &Subject| quoted(&subject.condition);
    let with_results: Vec<&Subject> = subjects.iter().filter(|subject| subject.has_results).collect();
    let completions = subjects.iter().map(|subject| {
        let typed: String = subject.condition.chars().take(3).collect();
        json!({"ref": {"type": "ref/prompt", "name": "analyze_trial_landscape"}, "argument": {"name": "topic", "value": typed}})
    });
    vec![
        tools(
            "search_studies, a condition",
            "25 ms",
            of_each(&|subject| call("search_studies", json!({"conditionQuery": condition(subject)}))),
        ),
        tools(
            "search_studies, a condition, recruiting, within 50 miles",
            "25 ms",
            of_each(&|subject| {
                let (lat, lon) = near(subject);
                let circle = format!("distance({lat},{lon},50mi)");
                call(
                    "search_studies",
                    json!({"conditionQuery": condition(subject), "statusFilter": "RECRUITING", "geoFilter": circle}),
                )
            }),
        ),
        tools(
            "search_studies, in a cohort",
            "25 ms",
            cohorts
                .iter()
                .map(|id| call("search_studies", json!({"cohortId": id, "phaseFilter": "PHASE3"})))
                .collect(),
        ),
        tools(
            "get_study_record, whole",
            "25 ms",
            of_each(&|subject| call("get_study_record", json!({"nctId": subject.nct_id}))),
        ),
        tools(
            "get_study_record, summary",
            "25 ms",
            of_each(&|subject| call("get_study_record", json!({"nctId": subject.nct_id, "summary": true}))),
        ),
        tools(
            "get_study_count",
            "25 ms",
            of_each(&|subject| call("get_study_count", json!({"conditionQuery": condition(subject)}))),
        ),
        tools(
            "get_study_count, by phase and status",
            "25 ms",
            of_each(&|subject| {
                call(
                    "get_study_count",
                    json!({"conditionQuery": condition(subject), "groupBy": ["Phase", "OverallStatus"]}),
                )
            }),
        ),
        tools(
            "get_field_values, of a condition's studies",
            "25 ms",
            of_each(&|subject| {
                call(
                    "get_field_values",
                    json!({"fields": ["OverallStatus", "LeadSponsorClass"], "conditionQuery": condition(subject)}),
                )
            }),
        ),
        tools(
            "get_field_values, of all studies",
            "25 ms",
            vec![call(
                "get_field_values",
                json!({"fields": ["OverallStatus", "LeadSponsorName", "EnrollmentCount"]}),
            )],
        ),
        tools(
            "get_field_definitions",
            "25 ms",
            vec![
                call("get_field_definitions", json!({"query": "recruitment status"})),
                call("get_field_definitions", json!({"query": "enrolment"})),
            ],
        ),
        tools(
            "get_study_results, of one",
            "25 ms",
            with_results
                .iter()
                .map(|study| call("get_study_results", json!({"nctIds": [study.nct_id]})))
                .collect(),
        ),
        tools(
            "get_study_results, of three",
            "25 ms",
            with_results
                .chunks_exact(3)
                .map(|three| {
                    call(
                        "get_study_results",
                        json!({"nctIds": three.iter().map(|study| &study.nct_id).collect::<Vec<_>>()}),
                    )
                })
                .collect(),
        ),
        tools(
            "compare_studies, three",
            "25 ms",
            subjects
                .chunks_exact(3)
                .map(|three| {
                    call(
                        "compare_studies",
                        json!({"nctIds": three.iter().map(|study| &study.nct_id).collect::<Vec<_>>()}),
                    )
                })
                .collect(),
        ),
        tools(
            "find_eligible, a condition within 50 miles",
            "100 ms",
            of_each(&|subject| {
                let (lat, lon) = near(subject);
                call(
                    "find_eligible",
                    json!({"age": 52, "sex": "FEMALE", "conditions": [condition(subject)], "location": {"lat": lat, "lon": lon}}),
                )
            }),
        ),
        tools(
            "find_eligible, a condition in a country",
            "100 ms",
            of_each(&|subject| {
                let country = subject.country.as_deref().unwrap_or("United States");
                call(
                    "find_eligible",
                    json!({"age": 34, "conditions": [condition(subject)], "location": {"country": country}}),
                )
            }),
        ),
        tools(
            "analyze_trends, a condition by year and phase",
            "100 ms",
            of_each(&|subject| {
                call(
                    "analyze_trends",
                    json!({"analysisType": "countByYear", "crossWith": "countByPhase", "conditionQuery": condition(subject)}),
                )
            }),
        ),
        tools(
            "analyze_trends, all studies by country and sponsor class",
            "100 ms",
            vec![call("analyze_trends", json!({"analysisType": ["countByCountry", "countBySponsorType"]}))],
        ),
        tools("list_cohorts, fifty", "25 ms", vec![call("list_cohorts", json!({}))]),
        Questions {
            name: "completion of three letters of a condition",
            method: "completion/complete",
            params: completions.collect(),
            aim: "10 ms",
        },
    ]
}

#[expect(clippy::needless_pass_by_value, reason = "every argument is made for its call")]
fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": format!("clinicaltrials_{tool}"), "arguments": arguments})
}

/// Words as a phrase, in which nothing is an operator.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\\'], " "))
}
