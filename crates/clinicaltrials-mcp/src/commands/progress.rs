//! What the commands that work on the mirror have in common: a bar that shows how far they are, an end at Ctrl-C, and
//! text from files that cannot steer a terminal.

use crate::shutdown::Shutdown;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const KNOWN_LENGTH: &str = "{msg} {bar:30} {bytes}/{total_bytes} {prefix} {eta} left";
/// For what comes through a pipe.
const UNKNOWN_LENGTH: &str = "{msg} {spinner} {bytes} {prefix}";
/// What shells report of a process that Ctrl-C ended.
const EXIT_INTERRUPTED: i32 = 130;
/// How often the bar is redrawn.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// A bar, and whether the person at the keyboard wants to stop.
pub(super) struct Progress {
    bar: ProgressBar,
    known_length: ProgressStyle,
    cancelled: Arc<AtomicBool>,
}

impl Progress {
    /// Shows a bar, and listens for Ctrl-C: the first ends the work where it loses nothing, a second one ends the
    /// process, which loses nothing either.
    pub(super) fn start() -> anyhow::Result<Self> {
        let cancelled = Arc::new(AtomicBool::new(false));
        cancel_at_interrupt(cancelled.clone())?;
        let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(UNKNOWN_LENGTH)?);
        bar.enable_steady_tick(REDRAW_EVERY);
        Ok(Self { bar, known_length: ProgressStyle::with_template(KNOWN_LENGTH)?, cancelled })
    }

    /// Shows how far the work is; breaks when it is to end.
    pub(super) fn show(
        &self,
        doing: &'static str,
        bytes: u64,
        total: Option<u64>,
        records: u64,
    ) -> ControlFlow<()> {
        self.bar.set_message(doing);
        if let Some(total) = total.filter(|total| self.bar.length() != Some(*total)) {
            self.bar.set_length(total);
            self.bar.set_style(self.known_length.clone());
        }
        self.bar.set_position(bytes);
        self.bar.set_prefix(format!("{records} records"));
        if self.cancelled.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

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

/// Names and reasons come from files: what would steer a terminal is shown, not sent.
pub(super) fn shown(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, character| {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
        shown
    })
}
