//! The prompts: what each takes, what it says, and what completes an argument.

use crate::{
    input::{self, Next},
    resources::IMAGE,
};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock, GetPromptRequestParams,
        GetPromptResponse, GetPromptResult, Prompt, PromptArgument, PromptMessage, ResourceContents, Role,
    },
    service::RequestContext,
};

/// The prompts: name, what it is for, its arguments, which are all needed.
const PROMPTS: [(&str, &str, &[&str]); 5] = [
    ("test_simple_prompt", "Says one thing", &[]),
    ("test_prompt_with_arguments", "Says what it is given", &["arg1", "arg2"]),
    ("test_prompt_with_embedded_resource", "Shows a resource", &["resourceUri"]),
    ("test_prompt_with_image", "Shows an image", &[]),
    ("test_input_required_result_prompt", "Asks its caller before it says anything", &[]),
];

/// What an argument may be completed to.
const VALUES: [&str; 3] = ["paris", "park", "party"];

/// Every prompt's definition.
pub(crate) fn definitions() -> Vec<Prompt> {
    PROMPTS
        .iter()
        .map(|(name, description, arguments)| {
            let argument =
                |name: &&str| PromptArgument::new(*name).with_description("Any text").with_required(true);
            let arguments: Vec<_> = arguments.iter().map(argument).collect();
            Prompt::new(*name, Some(*description), Some(arguments))
        })
        .collect()
}

/// The messages of a prompt.
pub(crate) fn get(
    request: &GetPromptRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name)?.as_str());
        value.ok_or_else(|| ErrorData::invalid_params(format!("`{name}` is missing or no text"), None))
    };
    let says = |text: String| PromptMessage::new_text(Role::User, text);
    let messages = match request.name.as_str() {
        "test_simple_prompt" => vec![says("This is a simple prompt for testing.".into())],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1")?, argument("arg2")?);
            vec![says(format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource =
                ResourceContents::text("Embedded resource content for testing.", argument("resourceUri")?);
            let resource = PromptMessage::new(Role::User, ContentBlock::resource(resource));
            vec![resource, says("Please process the embedded resource above.".into())]
        }
        "test_prompt_with_image" => {
            let image = PromptMessage::new(Role::User, ContentBlock::image(IMAGE, "image/png"));
            vec![image, says("Please analyze the image above.".into())]
        }
        name => {
            let asking = input::asking(name).filter(|_| PROMPTS.iter().any(|(known, ..)| *known == name));
            let asking = asking.ok_or_else(|| ErrorData::invalid_params("there is no such prompt", None))?;
            let (responses, state) = (request.input_responses.as_ref(), request.request_state.as_deref());
            match asking.proceed(responses, state, context)? {
                Next::Ask(inputs) => return Ok(inputs.into()),
                Next::Done(text) => vec![says(text)],
            }
        }
    };
    Ok(GetPromptResult::new(messages).into())
}

/// What the argument of a prompt, or the id of a resource, may be completed to.
pub(crate) fn complete(request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
    let typed = &request.argument.value;
    let values = VALUES.iter().filter(|value| value.starts_with(typed.as_str()));
    CompletionInfo::with_all_values(values.map(|value| (*value).to_owned()).collect())
        .map(CompleteResult::new)
        .map_err(|error| ErrorData::internal_error(error, None))
}
