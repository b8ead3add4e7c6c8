//! `import`: study records into the local mirror, with how far it is and what became of them.

use super::progress::{Progress, shown};
use crate::{cli::ImportOptions, settings::Settings};
use ctgov_mirror::{ImportError, ImportPhase, ImportProgress, ImportSummary, Importer, Source};
use std::{
    fmt::Write as _,
    io::{Write as _, stderr, stdout},
    path::Path,
    time::{Duration, Instant},
};

/// Imports and prints a summary; returns whether everything given was taken.
///
/// What was refused goes to standard error, a line each with file, place and reason.
///
/// # Errors
///
/// When nothing could be imported; what was there before is served on.
pub fn run(settings: &Settings, options: &ImportOptions) -> anyhow::Result<bool> {
    let sources = options.paths.iter().map(Source::path).collect();
    let importer = Importer::open(&settings.data_dir)?;
    let bar = Progress::start()?;
    let start = Instant::now();
    let mut observer = |progress: &ImportProgress| {
        let &ImportProgress { phase, bytes_read, bytes_total, records, .. } = progress;
        bar.show(doing(phase), bytes_read, bytes_total, records)
    };
    let result = importer.import(sources, &ctgov_mirror::ImportOptions::default(), &mut observer);
    drop(bar);
    let refused = match &result {
        Ok(summary) => refusals(summary),
        Err(ImportError::NothingRead { summary }) => refusals(summary),
        Err(_) => String::new(),
    };
    // The import has done what it could, whether or not anybody reads what that was.
    let _ = stderr().write_all(refused.as_bytes());
    let summary = result?;
    let _ = stdout().write_all(in_words(&summary, start.elapsed(), &settings.data_dir).as_bytes());
    Ok(summary.refused == 0)
}

/// What a phase is called.
pub(super) fn doing(phase: ImportPhase) -> &'static str {
    match phase {
        ImportPhase::Reading => "reading",
        ImportPhase::Indexing => "indexing",
        _ => "publishing",
    }
}

fn refusals(summary: &ImportSummary) -> String {
    let mut text = String::new();
    for refusal in &summary.refusals {
        let _ = writeln!(text, "refused: {}", shown(&refusal.to_string()));
    }
    let more = summary.refused.saturating_sub(summary.refusals.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "refused: {more} more");
    }
    text
}

fn in_words(summary: &ImportSummary, time: Duration, data_dir: &Path) -> String {
    let mut text = format!(
        "{} records read in {:.1} s: {} new, {} changed, {} unchanged, {} older than what is there, {} refused\n",
        summary.records(),
        time.as_secs_f64(),
        summary.new,
        summary.changed,
        summary.unchanged,
        summary.older,
        summary.refused,
    );
    if summary.other_files > 0 {
        let _ = writeln!(text, "{} other files in folders and archives were left alone", summary.other_files);
    }
    let _ = match &summary.published {
        Some(generation) => writeln!(
            text,
            "data version {}: {} studies in {}",
            generation.id,
            generation.studies,
            data_dir.display()
        ),
        None => writeln!(text, "nothing new: the mirror in {} stays as it is", data_dir.display()),
    };
    text
}
