//! What happened to sessions, cohorts, tokens and the live source, as figures and as an audit log, made of the events that
//! the parts tell anyway.

use super::figures;
use serde_json::{Map, Value, json};
use std::{fmt, fs::File, io::Write as _, sync::Mutex, time::Duration};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    layer::Context,
};

/// Of what happened to sessions.
const SESSIONS: &str = "mcp_sessions";
/// Of requests to ClinicalTrials.gov.
const LIVE: &str = "ctgov_live::requests";
/// Of callers who were not let in.
pub(crate) const CALLERS: &str = "clinicaltrials_mcp::callers";
/// What any stranger can cause as often as they like, which would fill a disk: it is in the figures.
const OF_STRANGERS: [&str; 2] = ["unknown", "malformed"];

/// Counts what happened, and writes it down.
pub(super) struct Events {
    audit: Option<Mutex<File>>,
}

impl Events {
    /// With an audit log where there is a file for it: a JSON object a line, `time`, `event` and what else is known.
    pub(super) fn new(audit: Option<File>) -> Self {
        Self { audit: audit.map(Mutex::new) }
    }

    /// What is of interest here.
    pub(super) fn filter() -> Targets {
        Targets::new()
            .with_target(SESSIONS, LevelFilter::DEBUG)
            .with_target(CALLERS, LevelFilter::DEBUG)
            .with_target(LIVE, LevelFilter::DEBUG)
    }

    fn write(&self, mut fields: Map<String, Value>) {
        let Some(audit) = &self.audit else { return };
        let mut time = String::new();
        // A text takes everything.
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        fields.shift_insert(0, "time".to_owned(), time.into());
        let line = format!("{}\n", Value::Object(fields));
        let mut file = audit.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A disk that is full must not stop who can be served; the figures go on.
        let _ = file.write_all(line.as_bytes());
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let text = |name: &str| fields.0.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| fields.0.get(name).and_then(Value::as_u64);
        if event.metadata().target() == LIVE {
            let took = Duration::from_millis(number("took_ms").unwrap_or_default());
            return figures::asked_live(text("outcome"), took);
        }
        let (what, reason) = (text("event"), text("reason"));
        if what.is_empty() {
            return;
        }
        if event.metadata().target() == SESSIONS {
            let reason = if reason.is_empty() { text("why") } else { reason.clone() };
            let many = number("ended").or(number("removed")).or(number("count")).unwrap_or(1);
            figures::session_event(text("kind"), what, reason, many);
            if let Some(used_ms) = number("used_ms") {
                figures::session_ended(Duration::from_millis(used_ms));
            }
        }
        if !OF_STRANGERS.contains(&reason.as_str()) {
            self.write(fields.0);
        }
    }
}

/// The fields of an event, its message excepted.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "message" {
            self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
        }
    }
}
