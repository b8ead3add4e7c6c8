//! `status`: what the local mirror holds.

use crate::settings::Settings;
use anyhow::Context as _;
use ctgov_mirror::Status;
use indicatif::HumanBytes;
use serde_json::json;
use std::{
    fmt::Write as _,
    io::{Write as _, stdout},
    path::Path,
};

/// Prints what is in the data directory, as text or as JSON.
///
/// # Errors
///
/// When there is no mirror, or it cannot be read.
pub fn run(settings: &Settings, as_json: bool) -> anyhow::Result<()> {
    let status = ctgov_mirror::status(&settings.data_dir)?;
    let text =
        if as_json { format!("{:#}\n", in_json(&status)) } else { in_words(&status, &settings.data_dir) };
    stdout().write_all(text.as_bytes()).context("nobody reads the status")
}

fn in_json(status: &Status) -> serde_json::Value {
    let current = &status.current;
    json!({
        "dataVersion": current.id.to_string(),
        "generation": current.name,
        "studies": current.studies,
        "syntheticStudies": current.synthetic,
        "newestUpdate": current.newest_update,
        "published": current.created,
        "diskBytes": {"documents": status.disk.documents, "index": status.disk.index},
        "otherGenerations": status.others.iter().map(|other| &other.name).collect::<Vec<_>>(),
        "importRunning": status.writer.is_some(),
    })
}

fn in_words(status: &Status, data_dir: &Path) -> String {
    let current = &status.current;
    let mut text = String::new();
    let mut line = |name: &str, value: String| _ = writeln!(text, "{name:<16} {value}");
    line("mirror", data_dir.display().to_string());
    line("data version", current.id.to_string());
    line("studies", current.studies.to_string());
    if current.synthetic > 0 {
        line("synthetic", format!("{} of them are made up (NCT9…)", current.synthetic));
    }
    line("newest update", current.newest_update.clone().unwrap_or_else(|| "unknown".into()));
    line("published", current.created.clone());
    let (documents, index) = (HumanBytes(status.disk.documents), HumanBytes(status.disk.index));
    line("on disk", format!("{} ({documents} records, {index} index)", HumanBytes(status.disk.total())));
    line("older states", status.others.len().to_string());
    if let Some(writer) = status.writer {
        let process = writer.process_id.map(|id| format!(" (process {id})")).unwrap_or_default();
        line("import", format!("running{process}"));
    }
    text
}
