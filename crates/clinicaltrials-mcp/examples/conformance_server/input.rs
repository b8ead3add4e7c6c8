//! What asks its caller for something before it answers (SEP-2322): which tools and prompts, for what, in which rounds.
//!
//! Nothing is kept between two rounds. What a client must not make up goes to it and comes back signed.

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use rmcp::{
    ErrorData, RoleServer,
    model::{ClientCapabilities, InputRequest, InputRequests, InputRequiredResult, InputResponses},
    service::RequestContext,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A tool or prompt that asks before it answers.
pub(crate) struct Asking {
    name: &'static str,
    rounds: &'static [&'static [Input]],
    /// Whether the rounds that are done are told by a signed state; else there is one round.
    signed: bool,
    /// What it says in the end, `{}` being the answer to the first input of the last round.
    conclusion: &'static str,
}

/// Something asked of a client.
struct Input {
    key: &'static str,
    kind: Kind,
}

enum Kind {
    /// A form with one field, for a person: its message, the field and the field's type.
    Form(&'static str, &'static str, &'static str),
    /// A prompt for the client's model.
    Sample(&'static str),
    /// The client's roots.
    Roots,
}
use Kind::{Form, Roots, Sample};

const USER_NAME: Input = Input { key: "user_name", kind: Form("What is your name?", "name", "string") };
const GREETING: Input = Input { key: "greeting", kind: Sample("Generate a greeting") };
const CLIENT_ROOTS: Input = Input { key: "client_roots", kind: Roots };
const CONFIRM: Input = Input { key: "confirm", kind: Form("Please confirm", "ok", "boolean") };
const CAPITAL: Input = Input { key: "capital_question", kind: Sample("What is the capital of France?") };
const STEP_1: Input = Input { key: "step1", kind: Form("Step 1: What is your name?", "name", "string") };
const STEP_2: Input =
    Input { key: "step2", kind: Form("Step 2: What is your favorite color?", "color", "string") };
const CONTEXT: Input =
    Input { key: "user_context", kind: Form("What context should the prompt use?", "context", "string") };
const VALUE: Input = Input { key: "value", kind: Form("Which value?", "value", "string") };

static ASKING: [Asking; 10] = [
    plain("test_input_required_result_elicitation", &[&[USER_NAME]], "Hello, {}!"),
    plain("test_input_required_result_sampling", &[&[CAPITAL]], "The model says: {}"),
    plain("test_input_required_result_list_roots", &[&[CLIENT_ROOTS]], "The roots are {}"),
    plain("test_input_required_result_capabilities", &[&[USER_NAME, GREETING, CLIENT_ROOTS]], "Thank you"),
    plain("test_input_required_result_prompt", &[&[CONTEXT]], "Keep in mind: {}"),
    plain("test_streaming_elicitation", &[&[VALUE]], "The value is {}"),
    signed("test_input_required_result_request_state", &[&[CONFIRM]], "state-ok, confirmed: {}"),
    signed("test_input_required_result_tampered_state", &[&[CONFIRM]], "state-ok, confirmed: {}"),
    signed(
        "test_input_required_result_multiple_inputs",
        &[&[USER_NAME, GREETING, CLIENT_ROOTS]],
        "All of it, {}",
    ),
    signed("test_input_required_result_multi_round", &[&[STEP_1], &[STEP_2]], "Done, in {}"),
];

const fn plain(name: &'static str, rounds: &'static [&'static [Input]], conclusion: &'static str) -> Asking {
    Asking { name, rounds, signed: false, conclusion }
}

const fn signed(name: &'static str, rounds: &'static [&'static [Input]], conclusion: &'static str) -> Asking {
    Asking { name, rounds, signed: true, conclusion }
}

/// What a tool or prompt of this name asks, if it does.
pub(crate) fn asking(name: &str) -> Option<&'static Asking> {
    ASKING.iter().find(|asking| asking.name == name)
}

/// The tools among them.
pub(crate) fn tool_names() -> impl Iterator<Item = &'static str> {
    ASKING.iter().map(|asking| asking.name).filter(|name| !name.ends_with("_prompt"))
}

/// How it goes on.
pub(crate) enum Next {
    Ask(InputRequiredResult),
    Done(String),
}

impl Asking {
    /// What is still to be asked, or what it says now that nothing is.
    pub(crate) fn proceed(
        &self,
        responses: Option<&InputResponses>,
        state: Option<&str>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Next, ErrorData> {
        let none = BTreeMap::new();
        let responses = responses.unwrap_or(&none);
        let round = state.filter(|_| self.signed).map_or(Ok(0), |state| State::open(state, self.name))?;
        let can = context.meta.client_capabilities().unwrap_or_default();
        let asked = |round: usize| self.rounds.get(round).into_iter().copied().flatten();
        // Whoever brings answers to what it was not asked here is asked from the start.
        let was_asked = state.is_some() || !self.signed;
        let is_missing = |input: &Input| input.kind.is_within(&can) && input.answer(responses).is_none();
        let complete = was_asked && !responses.is_empty() && !asked(round).any(is_missing);
        let round = if complete { round + 1 } else { round };
        if round == self.rounds.len() {
            let first = asked(round - 1).find_map(|input| input.answer(responses));
            return Ok(Next::Done(self.conclusion.replace("{}", &first.unwrap_or_default())));
        }
        let inputs = asked(round).filter(|input| input.kind.is_within(&can));
        let inputs = inputs.map(|input| Ok((input.key.to_owned(), input.kind.request()?)));
        let inputs = inputs.collect::<Result<InputRequests, ErrorData>>()?;
        if inputs.is_empty() {
            let needed = asked(round).map(|input| (input.kind.capability().to_owned(), json!({})));
            let needed = serde_json::from_value(Value::Object(needed.collect())).map_err(internal)?;
            return Err(ErrorData::missing_required_client_capability(needed));
        }
        let state = self.signed.then(|| State::seal(round, self.name)).transpose()?;
        Ok(Next::Ask(InputRequiredResult::new(Some(inputs), state)))
    }
}

impl Input {
    /// What a client has answered, as a text; nothing if what it sent is no answer to this.
    fn answer(&self, responses: &InputResponses) -> Option<String> {
        let response = responses.get(self.key)?.as_object()?;
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        match self.kind {
            Form(_, field, _) => response.get("content")?.get(field).map(text),
            Sample(_) => response.get("content")?.get("text").map(text),
            Roots => response.get("roots").map(text),
        }
    }
}

impl Kind {
    /// What a client must say it can do to be asked.
    fn capability(&self) -> &'static str {
        match self {
            Form(..) => "elicitation",
            Sample(_) => "sampling",
            Roots => "roots",
        }
    }

    fn is_within(&self, capabilities: &ClientCapabilities) -> bool {
        match self {
            Form(..) => capabilities.elicitation.is_some(),
            Sample(_) => capabilities.sampling.is_some(),
            Roots => capabilities.roots.is_some(),
        }
    }

    fn request(&self) -> Result<InputRequest, ErrorData> {
        let request = match self {
            Form(message, field, field_type) => {
                let schema = json!({
                    "type": "object",
                    "properties": {(*field): {"type": field_type}},
                    "required": [field],
                });
                json!({
                    "method": "elicitation/create",
                    "params": {"mode": "form", "message": message, "requestedSchema": schema},
                })
            }
            Sample(prompt) => json!({
                "method": "sampling/createMessage",
                "params": {
                    "messages": [{"role": "user", "content": {"type": "text", "text": prompt}}],
                    "maxTokens": 100,
                },
            }),
            Roots => json!({"method": "roots/list", "params": {}}),
        };
        serde_json::from_value(request).map_err(internal)
    }
}

/// How far a client has come, as it carries it.
#[derive(Serialize, Deserialize)]
struct State {
    /// Which tool or prompt this is about; no other takes it.
    sub: String,
    round: usize,
    /// When it is too old, in seconds since 1970.
    exp: u64,
}

/// A fixture keeps no secrets; a real server reads one from where clients cannot.
const KEY: &[u8] = b"the key of a server with nothing to hide";
const VALID_FOR: Duration = Duration::from_secs(600);

impl State {
    fn seal(round: usize, name: &str) -> Result<String, ErrorData> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(internal)?;
        let state = Self { sub: name.to_owned(), round, exp: (now + VALID_FOR).as_secs() };
        jsonwebtoken::encode(&Header::default(), &state, &EncodingKey::from_secret(KEY)).map_err(internal)
    }

    /// The round that this says; refused unless this server sealed it, for this, and not long ago.
    fn open(state: &str, name: &str) -> Result<usize, ErrorData> {
        let validation = Validation { sub: Some(name.to_owned()), ..Validation::default() };
        jsonwebtoken::decode::<Self>(state, &DecodingKey::from_secret(KEY), &validation)
            .map(|opened| opened.claims.round)
            .map_err(|error| ErrorData::invalid_params(format!("`requestState`: {error}"), None))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn internal(error: impl ToString) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
