//! `verify`: everything in the local mirror read and held against what was written.

use super::progress::{Progress, shown};
use crate::settings::Settings;
use ctgov_mirror::{Verification, VerifyProgress};
use indicatif::HumanBytes;
use std::{
    fmt::Write as _,
    io::{Write as _, stderr, stdout},
    time::{Duration, Instant},
};

/// Verifies the mirror; returns whether it is sound.
///
/// What is damaged goes to standard error, a line each with the file, the study if it is one, and how it shows.
///
/// # Errors
///
/// When there is no mirror, or nothing can be judged because its beginning is damaged.
pub fn run(settings: &Settings) -> anyhow::Result<bool> {
    let start = Instant::now();
    let bar = Progress::start()?;
    let result = ctgov_mirror::verify(&settings.data_dir, &mut |progress: &VerifyProgress| {
        let &VerifyProgress { bytes, bytes_total, records, .. } = progress;
        let doing = if records == 0 { "reading files" } else { "reading records" };
        bar.show(doing, bytes, Some(bytes_total), records)
    });
    drop(bar);
    let found = result?;
    let _ = stderr().write_all(damages(&found).as_bytes());
    let _ = stdout().write_all(in_words(&found, start.elapsed()).as_bytes());
    Ok(found.damages_in_all == 0)
}

fn damages(found: &Verification) -> String {
    let mut text = String::new();
    for damage in &found.damages {
        let _ = writeln!(text, "damaged: {}", shown(&damage.to_string()));
    }
    let more = found.damages_in_all.saturating_sub(found.damages.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "damaged: {more} more");
    }
    for what in &found.left_out {
        let _ = writeln!(text, "not judged: {what}");
    }
    text
}

fn in_words(found: &Verification, time: Duration) -> String {
    let verdict = match found.damages_in_all {
        0 => "sound".to_owned(),
        1 => "1 damage; import again into a new directory, or restore it from a copy".to_owned(),
        many => format!("{many} damages; import again into a new directory, or restore it from a copy"),
    };
    let mut text = format!(
        "data version {}: {verdict}\n{} files with {} and {} records read in {:.1} s\n",
        found.current.id,
        found.files,
        HumanBytes(found.bytes),
        found.records,
        time.as_secs_f64()
    );
    if !found.others.is_empty() {
        let _ = writeln!(text, "older states: the files of {} were read, too", found.others.join(", "));
    }
    if !found.unreachable.is_empty() {
        let _ = writeln!(
            text,
            "older states: nothing vouches for {}, which are not served",
            found.unreachable.join(", ")
        );
    }
    text
}
