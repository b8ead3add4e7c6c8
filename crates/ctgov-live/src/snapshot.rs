//! `LiveSnapshot`: the service under the data version it was last known to have.

use crate::{
    address,
    answer::{self, Answer, Reply, wrong},
    client::Trust,
    error::LiveError,
    live::Shared,
};
use ctgov::{
    Budget, DataVersion, Document, Matching, NctId, Page, RegistryError, Snapshot, StudyQuery,
    pieces::Piece,
    synonyms::Synonyms,
    tabulate::{FieldStats, ListSizes, RecordSizes, Table, TableQuery},
};
use std::sync::Arc;

/// What the service has now.
#[derive(Debug)]
pub(crate) struct LiveSnapshot {
    shared: Arc<Shared>,
    version: DataVersion,
}

impl LiveSnapshot {
    pub(crate) fn new(shared: Arc<Shared>, version: DataVersion) -> Self {
        Self { shared, version }
    }

    /// The answer to `target`.
    pub(crate) fn ask(&self, target: &str, budget: &Budget) -> Result<Arc<Answer>, RegistryError> {
        self.ask_trusting(Trust::Kept, target, budget)
    }

    fn ask_trusting(
        &self,
        trust: Trust,
        target: &str,
        budget: &Budget,
    ) -> Result<Arc<Answer>, RegistryError> {
        let given = self.shared.client.ask(target, self.version.id, trust, budget)?;
        if given.is_new {
            self.shared.saw(given.answer.etag.as_deref());
        }
        Ok(given.answer)
    }

    /// The answers to several questions, of one state of the data.
    pub(crate) fn ask_all(
        &self,
        targets: &[String],
        budget: &Budget,
    ) -> Result<Vec<Arc<Answer>>, RegistryError> {
        // What was kept may go by an older name of the same data; what is asked now must not.
        for trust in [Trust::Kept, Trust::Nothing] {
            let mut answers = Vec::<Arc<Answer>>::with_capacity(targets.len());
            for (done, target) in (1..).zip(targets) {
                answers.push(self.ask_trusting(trust, target, budget)?);
                budget.step(done, targets.len() as u64)?;
            }
            if answers.windows(2).all(|pair| pair[0].etag == pair[1].etag) {
                return Ok(answers);
            }
        }
        Err(LiveError::DataChanged.into())
    }

    fn record(&self, id: NctId, budget: &Budget) -> Result<Arc<Answer>, RegistryError> {
        self.ask(&address::study(id), budget)
    }
}

impl Snapshot for LiveSnapshot {
    fn data_version(&self) -> &DataVersion {
        &self.version
    }

    fn search(
        &self,
        query: &StudyQuery,
        budget: &Budget,
        each: &mut dyn FnMut(Document) -> Result<(), RegistryError>,
    ) -> Result<Page, RegistryError> {
        self.page_of_records(query, budget, each)
    }

    fn find(&self, query: &StudyQuery, budget: &Budget) -> Result<(Vec<NctId>, Page), RegistryError> {
        self.page_of_ids(query, budget)
    }

    /// None: the service expands terms by itself, and does not say with what.
    fn synonyms(&self) -> &Synonyms {
        Synonyms::none()
    }

    fn count(&self, matching: &Matching, budget: &Budget) -> Result<u64, RegistryError> {
        self.count_of(matching, budget)
    }

    fn study(&self, id: NctId, budget: &Budget) -> Result<Option<Document>, RegistryError> {
        let answer = self.record(id, budget)?;
        let Reply::Body(body) = &answer.reply else { return Ok(None) };
        let document = answer::document(body)?;
        // By a former number, the service may lead to the record or give it.
        Ok(Some(document).filter(|document| document.nct_id() == id))
    }

    fn successor(&self, id: NctId, budget: &Budget) -> Result<Option<NctId>, RegistryError> {
        let answer = self.record(id, budget)?;
        let successor = match &answer.reply {
            Reply::Absent => return Ok(None),
            Reply::Moved(location) => Some(answer::moved_to(location)?).filter(|successor| *successor != id),
            Reply::Body(body) => return Ok(Some(answer::document(body)?.nct_id()).filter(|now| *now != id)),
        };
        successor.map(Some).ok_or_else(|| wrong("a study moved to itself").into())
    }

    fn tabulate(&self, query: &TableQuery, budget: &Budget) -> Result<Table, RegistryError> {
        self.table(query, budget)
    }

    fn field_stats(
        &self,
        piece: Piece,
        matching: &Matching,
        budget: &Budget,
    ) -> Result<FieldStats, RegistryError> {
        self.values_of(piece, matching, budget)
    }

    fn list_sizes(&self, piece: Piece, budget: &Budget) -> Result<ListSizes, RegistryError> {
        self.sizes_of(piece, budget)
    }

    fn record_sizes(&self, budget: &Budget) -> Result<RecordSizes, RegistryError> {
        self.sizes_of_records(budget)
    }
}
