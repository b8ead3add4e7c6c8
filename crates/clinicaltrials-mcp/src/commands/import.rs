//! `import`: study records into the local mirror, with how far it is and what became of them.

use crate::{cli::ImportOptions, settings::Settings, shutdown::Shutdown};
use ctgov_mirror::{ImportError, ImportPhase, ImportProgress, ImportSummary, Importer, Source};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fmt::Write as _,
    io::{Write as _, stderr, stdout},
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const KNOWN_LENGTH: &str = "{msg} {bar:30} {bytes}/{total_bytes} {prefix} {eta} left";
/// For what comes through a pipe.
const UNKNOWN_LENGTH: &str = "{msg} {spinner} {bytes} {prefix}";
/// What shells report of a process that Ctrl-C ended.
const EXIT_INTERRUPTED: i32 = 130;
/// How often the bar is redrawn.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

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
    let cancelled = Arc::new(AtomicBool::new(false));
    cancel_at_interrupt(cancelled.clone())?;
    let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(UNKNOWN_LENGTH)?);
    bar.enable_steady_tick(REDRAW_EVERY);
    let known_length = ProgressStyle::with_template(KNOWN_LENGTH)?;
    let start = Instant::now();
    let mut observer = |progress: &ImportProgress| {
        show(&bar, progress, &known_length);
        if cancelled.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let result = importer.import(sources, &ctgov_mirror::ImportOptions::default(), &mut observer);
    bar.finish_and_clear();
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

/// Ends the import between two records at Ctrl-C; a second one ends the process, which loses nothing either.
fn cancel_at_interrupt(cancelled: Arc<AtomicBool>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut shutdown = runtime.block_on(async { Shutdown::listen() })?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            shutdown.requested().await;
            cancelled.store(true, Ordering::Relaxed);
            shutdown.requested().await;
            std::process::exit(EXIT_INTERRUPTED);
        });
    });
    Ok(())
}

fn show(bar: &ProgressBar, progress: &ImportProgress, known_length: &ProgressStyle) {
    bar.set_message(match progress.phase {
        ImportPhase::Reading => "reading",
        ImportPhase::Indexing => "indexing",
        _ => "publishing",
    });
    if let (Some(total), None) = (progress.bytes_total, bar.length()) {
        bar.set_length(total);
        bar.set_style(known_length.clone());
    }
    bar.set_position(progress.bytes_read);
    bar.set_prefix(format!("{} records", progress.records));
}

fn refusals(summary: &ImportSummary) -> String {
    let mut text = String::new();
    for refusal in &summary.refusals {
        // Names and reasons come from the files: what would steer a terminal is shown, not sent.
        let shown = refusal.to_string().chars().fold(String::new(), |mut shown, character| {
            if character.is_control() {
                shown.extend(character.escape_default());
            } else {
                shown.push(character);
            }
            shown
        });
        let _ = writeln!(text, "refused: {shown}");
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
        let _ = writeln!(text, "{} other files in the folders were left alone", summary.other_files);
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
