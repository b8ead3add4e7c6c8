//! `clinicaltrials_get_field_definitions`: which fields a study record has, what they hold and what they are called.

use super::{Answer, Failure, ToolError, answering, arguments, fields, reading_tool};
use crate::engine::{CallControl, Engine};
use ctgov::pieces::Piece;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_get_field_definitions";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// overview: the sections of a record; drill: what is below path; search: fields by query. Default: search with a query, drill with a path, else overview
    mode: Option<Mode>,
    /// For search: what is looked for, e.g. enrollment or primary outcome
    #[schemars(length(max = 200))]
    query: Option<String>,
    /// For drill: a field's name or path, e.g. DesignModule or protocolSection.designModule
    #[schemars(length(max = 200))]
    path: Option<String>,
    /// Most fields (default 20)
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u16>,
    /// Also fields that can be searched and sorted by but stand in no record (default false)
    include_indexed_only: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Overview,
    Drill,
    Search,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    fields: Vec<FieldView>,
    /// How many fields there are that fit, those not shown included
    total_fields: usize,
    shown: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_path: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FieldView {
    /// The name that queries, filters and `fields` take
    piece: &'static str,
    path: &'static str,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// What its values can be, with what people call them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
    /// How many fields are right below it
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<usize>,
}

pub(super) fn definition() -> Tool {
    reading_tool::<Input, Output>(
        NAME,
        "Fields of clinical trial records",
        "Browse or search the fields of ClinicalTrials.gov clinical trial records: name (for AREA[…], fields, sort, \
         groupBy), path, type, meaning, and the allowed values of closed vocabularies. Use it before naming a field \
         you are not sure of.",
    )
}

pub(super) async fn call(
    engine: &Engine,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let output = input.fields()?;
    let headline = format!("{} of {} fields.", output.shown, output.total_fields);
    let question = answering(move |snapshot, _| Answer::new(&headline, &output, snapshot));
    engine.look_up(control, question).await?
}

impl Input {
    fn fields(&self) -> Result<Output, ToolError> {
        let index_only = self.include_indexed_only.unwrap_or(false);
        let mode = self.mode.unwrap_or(match (&self.query, &self.path) {
            (Some(_), _) => Mode::Search,
            (None, Some(_)) => Mode::Drill,
            (None, None) => Mode::Overview,
        });
        let missing = |what: &str, example: &str| {
            ToolError::new(format!("`{what}` is missing for this mode"), format!("give {example}"))
        };
        let (found, resolved_path): (Vec<Piece>, _) = match mode {
            // Sections and what is right below them.
            Mode::Overview => {
                let is_near_top = |piece: &Piece| piece.path().split('.').count() <= 2;
                (Piece::all().filter(|piece| is_near_top(piece) && !piece.is_index_only()).collect(), None)
            }
            Mode::Drill => {
                let path =
                    self.path.as_deref().ok_or_else(|| missing("path", "a field, e.g. DesignModule"))?;
                let piece = fields::named("path", path)?;
                let below = children(piece, index_only).collect::<Vec<_>>();
                (if below.is_empty() { vec![piece] } else { below }, Some(piece.path()))
            }
            Mode::Search => {
                let query =
                    self.query.as_deref().ok_or_else(|| missing("query", "words, e.g. enrollment"))?;
                (fields::nearest(query, index_only).collect(), None)
            }
        };
        let limit = match mode {
            Mode::Overview => found.len(),
            _ => self.limit.unwrap_or(20).into(),
        };
        let total_fields = found.len();
        let shown: Vec<FieldView> =
            found.into_iter().take(limit).map(|piece| FieldView::of(piece, index_only)).collect();
        let notice = match mode {
            Mode::Search if total_fields == 0 => {
                Some("No field is like that. Try another word, or mode overview.".to_owned())
            }
            _ if shown.len() < total_fields => Some(format!(
                "{} more are not shown; raise limit (at most 100) or narrow it down.",
                total_fields - shown.len()
            )),
            _ => None,
        };
        Ok(Output { shown: shown.len(), fields: shown, total_fields, resolved_path, notice })
    }
}

impl FieldView {
    fn of(piece: Piece, index_only: bool) -> Self {
        let list = if piece.is_list() { "[]" } else { "" };
        let value = |value: &ctgov::enums::EnumValue| format!("{} ({})", value.value, value.label);
        let note = piece.is_index_only().then_some("only for searching and sorting, in no record");
        let description = piece.title().into_iter().chain(note).collect::<Vec<_>>().join("; ");
        Self {
            piece: piece.name(),
            path: piece.path(),
            r#type: format!("{}{list}", piece.type_name()),
            description: Some(description).filter(|description| !description.is_empty()),
            values: piece
                .enumeration()
                .map(|known| known.values.iter().map(value).collect())
                .unwrap_or_default(),
            children: Some(children(piece, index_only).count()).filter(|count| *count > 0),
        }
    }
}

/// The fields right below `parent`.
fn children(parent: Piece, index_only: bool) -> impl Iterator<Item = Piece> {
    let is_child = move |piece: &Piece| {
        let below = piece.path().strip_prefix(parent.path()).and_then(|rest| rest.strip_prefix('.'));
        below.is_some_and(|key| !key.contains('.')) && (index_only || !piece.is_index_only())
    };
    Piece::all().filter(is_child)
}
