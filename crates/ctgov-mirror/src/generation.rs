//! `Generation`: one published state of the data, open for reading.

use crate::{
    data_dir::{Current, DataDir, GenerationName},
    documents::Documents,
    error::MirrorError,
    index::{Rank, StudyIndex, fields_digest},
    manifest::{self, Manifest},
    synonyms,
};
use ctgov::{
    Budget, DataSource, DataVersion, Document, Matching, NctId, Page, PageToken, Place, RegistryError,
    Snapshot, SortBy, StudyQuery, VersionId,
    pieces::Piece,
    synonyms::Synonyms,
    tabulate::{FieldStats, ListSizes, RecordSizes, Table, TableQuery},
};
use std::iter;

/// What is known of a generation without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerationInfo {
    /// Its directory's name.
    pub name: String,
    /// Its id: equal ids, equal records.
    pub id: VersionId,
    /// When it was published, RFC 3339 in UTC.
    pub created: String,
    /// How many studies it has.
    pub studies: u64,
    /// How many of them are made up (`NCT9…`).
    pub synthetic: u64,
    /// The newest `LastUpdatePostDate` among them.
    pub newest_update: Option<String>,
}

impl GenerationInfo {
    pub(crate) fn new(name: GenerationName, manifest: &Manifest) -> Self {
        Self {
            name: name.to_string(),
            id: name.id,
            created: manifest.created.clone(),
            studies: manifest.studies,
            synthetic: manifest.synthetic,
            newest_update: manifest.newest_update.clone(),
        }
    }
}

/// A generation's manifest, checked against what `CURRENT`, or the generation after it, says of it.
pub(crate) fn read_linked(data_dir: &DataDir, generation: Current) -> Result<Manifest, MirrorError> {
    let directory = data_dir.generation(generation.name);
    let (manifest, hash) = Manifest::read(&directory)?;
    let path = directory.join(manifest::FILE_NAME);
    if hash != generation.manifest {
        return Err(MirrorError::damaged(&path, "its hash is not the one that was recorded of it"));
    }
    if manifest.id != generation.name.id.to_string() {
        return Err(MirrorError::damaged(&path, "it belongs to another generation"));
    }
    Ok(manifest)
}

/// [`read_linked`], for a generation whose every file has its length and whose index this build can search.
///
/// Whoever reads the search index also wants [`Manifest::check_contents`].
pub(crate) fn read_manifest(data_dir: &DataDir, generation: Current) -> Result<Manifest, MirrorError> {
    let manifest = read_linked(data_dir, generation)?;
    let directory = data_dir.generation(generation.name);
    if manifest.fields != fields_digest() {
        return Err(MirrorError::OtherFields { path: directory });
    }
    manifest.check_lengths(&directory)?;
    Ok(manifest)
}

/// The generations before `current` that are still there, newest first: each as trustworthy as `current`, because
/// the one after it knows the hash of its manifest.
pub(crate) fn kept(data_dir: &DataDir, current: Current) -> impl Iterator<Item = Current> {
    let before = |generation: &Current| {
        let before = read_linked(data_dir, *generation).ok()?.before()?;
        data_dir.generation(before.name).is_dir().then_some(before)
    };
    iter::successors(before(&current), before)
}

/// One state of the data, open.
#[derive(Debug)]
pub(crate) struct Generation {
    version: DataVersion,
    documents: Documents,
    index: StudyIndex,
}

impl Generation {
    /// Opens the generation that `CURRENT` names.
    pub(crate) fn open(
        data_dir: &DataDir,
        current: Current,
        source: DataSource,
    ) -> Result<Self, MirrorError> {
        let manifest = read_manifest(data_dir, current)?;
        let directory = data_dir.generation(current.name);
        manifest.check_contents(&directory)?;
        let documents = Documents::open(&directory, &manifest)?;
        let index = StudyIndex::open(&directory, synonyms::file::read(&directory, &manifest)?)?;
        let counts = [documents.entries().len() as u64, index.studies()];
        if counts != [manifest.studies; 2] {
            let what = format!("documents, index and manifest count {counts:?} and {}", manifest.studies);
            return Err(MirrorError::damaged(&directory, what));
        }
        let version = DataVersion {
            id: current.name.id,
            source,
            studies: Some(manifest.studies),
            synthetic: Some(manifest.synthetic),
            newest_update: manifest.newest_update,
            service: None,
        };
        Ok(Self { version, documents, index })
    }

    /// The place `token` continues at, and what the reader should know about it.
    fn place(&self, query: &StudyQuery, token: &PageToken) -> Result<(Rank, Option<String>), RegistryError> {
        let sort = query.sort_keys();
        let Place::After { keys, id } = &token.place else { return Err(RegistryError::OtherSourcePageToken) };
        if token.fingerprint != query.fingerprint() || keys.len() != sort.len() {
            return Err(RegistryError::ForeignPageToken);
        }
        let mut notice = None;
        if token.version != self.version.id {
            // Relevance depends on all records: the scores of other data say nothing about places in this.
            if sort.iter().any(|key| key.by == SortBy::Relevance) {
                return Err(RegistryError::ExpiredPageToken);
            }
            notice = Some(format!(
                "The data changed between the pages, from version {} to {}: studies that changed may be missing \
                 or appear twice.",
                token.version, self.version.id
            ));
        }
        Ok((Rank::of_place(sort, keys, *id), notice))
    }

    fn read(&self, id: NctId) -> Result<Option<Document>, RegistryError> {
        let entry = self.documents.find(id);
        entry.map(|entry| self.documents.read(entry)).transpose().map_err(unavailable)
    }
}

fn unavailable(error: MirrorError) -> RegistryError {
    RegistryError::Unavailable(Box::new(error))
}

impl Snapshot for Generation {
    fn data_version(&self) -> &DataVersion {
        &self.version
    }

    fn search(
        &self,
        query: &StudyQuery,
        budget: &Budget,
        each: &mut dyn FnMut(Document) -> Result<(), RegistryError>,
    ) -> Result<Page, RegistryError> {
        let (ids, page) = self.find(query, budget)?;
        let studies = ids.len() as u64;
        for (done, id) in (1..).zip(ids) {
            let study = self.read(id)?.ok_or_else(|| {
                let what = format!("the search index knows study {id}, the documents do not");
                unavailable(MirrorError::damaged(self.index.path(), what))
            })?;
            each(study)?;
            budget.step(done, studies)?;
        }
        Ok(page)
    }

    fn find(&self, query: &StudyQuery, budget: &Budget) -> Result<(Vec<NctId>, Page), RegistryError> {
        let (after, notice) = match &query.page_token {
            None => (None, None),
            Some(token) => self.place(query, token).map(|(rank, notice)| (Some(rank), notice))?,
        };
        let conditions = query.matching.conditions(self.index.synonyms())?;
        let found = self.index.search(&self.documents, query, &conditions, after, budget)?;
        let ids: Vec<NctId> = found.page.iter().filter_map(Rank::nct_id).collect();
        let last = found.page.last().zip(ids.last());
        let next = last.filter(|_| found.more).map(|(rank, id)| PageToken {
            fingerprint: query.fingerprint(),
            version: self.version.id,
            place: Place::After { keys: rank.token_keys(query.sort_keys()), id: *id },
        });
        let notices = notice.into_iter().collect();
        Ok((ids, Page { total: found.total, next, notices, expanded: conditions.expanded }))
    }

    fn synonyms(&self) -> &Synonyms {
        self.index.synonyms()
    }

    fn count(&self, matching: &Matching, budget: &Budget) -> Result<u64, RegistryError> {
        self.index.count(&self.documents, matching, budget)
    }

    fn study(&self, id: NctId, budget: &Budget) -> Result<Option<Document>, RegistryError> {
        budget.check()?;
        self.read(id)
    }

    fn successor(&self, id: NctId, budget: &Budget) -> Result<Option<NctId>, RegistryError> {
        self.index.successor(&self.documents, id, budget)
    }

    fn tabulate(&self, query: &TableQuery, budget: &Budget) -> Result<Table, RegistryError> {
        self.index.tabulate(&self.documents, query, budget)
    }

    fn field_stats(
        &self,
        piece: Piece,
        matching: &Matching,
        budget: &Budget,
    ) -> Result<FieldStats, RegistryError> {
        self.index.field_stats(&self.documents, piece, matching, budget)
    }

    fn list_sizes(&self, piece: Piece, budget: &Budget) -> Result<ListSizes, RegistryError> {
        self.index.list_sizes(&self.documents, piece, budget)
    }

    fn suggest(
        &self,
        piece: Piece,
        typed: &str,
        count: usize,
        budget: &Budget,
    ) -> Result<Vec<String>, RegistryError> {
        self.index.suggest(&self.documents, piece, typed, count, budget)
    }

    fn record_sizes(&self, budget: &Budget) -> Result<RecordSizes, RegistryError> {
        budget.check()?;
        Ok(self.index.record_sizes(&self.documents))
    }
}
