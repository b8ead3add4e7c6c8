//! `compact`: the local mirror once more, without what was replaced.

use super::{import::doing, progress::Progress};
use crate::settings::Settings;
use ctgov_mirror::{CompactSummary, ImportOptions, ImportProgress, Importer};
use indicatif::HumanBytes;
use std::{
    io::{Write as _, stdout},
    time::{Duration, Instant},
};

/// Compacts the mirror and says what that gained.
///
/// # Errors
///
/// When there is no mirror, somebody else writes it, or the disk has no room; it is served on as it was.
pub fn run(settings: &Settings) -> anyhow::Result<()> {
    let importer = Importer::open(&settings.data_dir)?;
    let start = Instant::now();
    let bar = Progress::start()?;
    let mut observer = |progress: &ImportProgress| {
        let &ImportProgress { phase, bytes_read, bytes_total, records, .. } = progress;
        bar.show(doing(phase), bytes_read, bytes_total, records)
    };
    let result = importer.compact(&ImportOptions::default(), &mut observer);
    drop(bar);
    // It is done, whether or not anybody reads so.
    let _ = stdout().write_all(in_words(&result?, start.elapsed()).as_bytes());
    Ok(())
}

fn in_words(summary: &CompactSummary, time: Duration) -> String {
    let CompactSummary { studies, bytes_before, bytes_after, .. } = *summary;
    let (before, after) = (HumanBytes(bytes_before), HumanBytes(bytes_after));
    match &summary.published {
        Some(generation) => format!(
            "{studies} studies compacted in {:.1} s: {after} instead of {before}; the data version is still {}\n\
             the state before is kept beside it like any older one\n",
            time.as_secs_f64(),
            generation.id
        ),
        None => format!("nothing to gain: {studies} studies in {before} are compact already\n"),
    }
}
