//! When the process is asked to stop: Ctrl-C, or the signal that supervisors send.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Resolves at the first SIGINT or SIGTERM.
pub async fn requested() {
    tokio::select! {
        () = received(SignalKind::interrupt()) => {}
        () = received(SignalKind::terminate()) => {}
    }
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => _ = Signal::recv(&mut signal).await,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for signals; stop the process with SIGKILL");
            std::future::pending::<()>().await;
        }
    }
}
