//! Merging each index into one segment, which also drops what was taken out.

use super::write::{EntryWriter, Writer};
use crate::error::{At, MirrorError};
use std::{
    future::Future as _,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};
use tantivy::{FutureResult, SegmentMeta, indexer::NoMergePolicy};

/// How often it is asked whether to go on.
const ASK_EVERY: Duration = Duration::from_millis(50);

impl EntryWriter {
    /// Leaves merging to [`merge_all`](Self::merge_all): what is merged once is written once.
    pub(crate) fn merge_at_the_end(&self) {
        for writer in [&self.studies, &self.sites] {
            writer.writer.set_merge_policy(Box::new(NoMergePolicy));
        }
    }

    /// Writes everything and merges each index into one segment, both at a time; `go_on` is asked several times a
    /// second. Breaks when it did, and otherwise tells whether there was anything to merge.
    pub(crate) fn merge_all(
        &mut self,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<ControlFlow<(), bool>, MirrorError> {
        let mut merging = Vec::new();
        for writer in [&mut self.studies, &mut self.sites] {
            let started = start(writer).at("merge", &writer.path)?;
            merging.extend(started.map(|started| (started, &writer.path)));
        }
        let anything = !merging.is_empty();
        loop {
            let mut failed = None;
            merging.retain_mut(|(merging, path)| {
                match Pin::new(merging).poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Pending => return true,
                    Poll::Ready(ended) => failed = failed.take().or(ended.at("merge", path).err()),
                }
                false
            });
            if let Some(error) = failed {
                return Err(error);
            }
            if merging.is_empty() {
                return Ok(ControlFlow::Continue(anything));
            }
            if go_on().is_break() {
                return Ok(ControlFlow::Break(()));
            }
            thread::sleep(ASK_EVERY);
        }
    }
}

/// Starts merging, unless there is one segment already and nothing to drop from it.
fn start(writer: &mut Writer) -> tantivy::Result<Option<FutureResult<Option<SegmentMeta>>>> {
    writer.writer.commit()?;
    let segments = writer.writer.index().searchable_segment_metas()?;
    if segments.len() <= 1 && segments.iter().all(|segment| segment.num_deleted_docs() == 0) {
        return Ok(None);
    }
    let ids: Vec<_> = segments.iter().map(SegmentMeta::id).collect();
    Ok(Some(writer.writer.merge(&ids)))
}
