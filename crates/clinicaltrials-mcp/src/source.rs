//! Where studies come from: which registry the settings ask for.

use crate::{
    engine::Engine,
    settings::{Settings, Source},
};
use anyhow::Context as _;
use ctgov::DataSource;
use ctgov_live::Live;
use ctgov_mirror::{ImportOptions, Importer, Mirror, MirrorError, Unobserved};
use ctgov_sample::Sample;
use std::{io::Cursor, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// Answers from an open registry, and what must live as long as it.
pub struct OpenSource {
    engine: Engine,
    /// The sample lives in a folder of its own, which goes with it.
    _sample: Option<TempDir>,
}

impl OpenSource {
    /// What answers questions.
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }
}

/// Opens what the settings ask for, within a Tokio runtime. Sample data is asked for by name, never fallen back to.
///
/// # Errors
///
/// When there is no mirror, with the commands that help; when the API cannot be asked from this machine.
pub fn open(settings: &Settings) -> anyhow::Result<OpenSource> {
    let data_dir = &settings.data_dir;
    match settings.source {
        Source::Auto => match mirror(data_dir)? {
            Some(mirror) => Ok(mirror),
            None => live(settings),
        },
        Source::Mirror => mirror(data_dir)?.with_context(|| no_mirror(data_dir)),
        Source::Live => live(settings),
        Source::Sample => sample(),
    }
}

/// The mirror in `data_dir`, if there is one.
fn mirror(data_dir: &Path) -> anyhow::Result<Option<OpenSource>> {
    match Mirror::open(data_dir) {
        Ok(mirror) => Ok(Some(OpenSource { engine: Engine::new(Arc::new(mirror)), _sample: None })),
        Err(MirrorError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot open the mirror in {}", data_dir.display())),
    }
}

fn no_mirror(data_dir: &Path) -> String {
    format!(
        "there is no mirror in {data_dir} yet. One of these helps:\n\
         \x20 clinicaltrials-mcp import FILE… --data-dir {data_dir}   build it from downloaded study records\n\
         \x20 clinicaltrials-mcp serve --source live                  ask ClinicalTrials.gov for every answer\n\
         \x20 clinicaltrials-mcp serve --source sample                serve made-up studies instead\n\
         \x20 clinicaltrials-mcp demo                                 see it work, nothing needed",
        data_dir = data_dir.display()
    )
}

fn live(settings: &Settings) -> anyhow::Result<OpenSource> {
    let options = settings.live.options(&settings.data_dir)?;
    let live = Live::open(&options, Handle::current())
        .context("ClinicalTrials.gov cannot be asked from this machine")?;
    Ok(OpenSource { engine: Engine::remote(Arc::new(live)), _sample: None })
}

fn sample() -> anyhow::Result<OpenSource> {
    let folder =
        tempfile::Builder::new().prefix("clinicaltrials-sample-").tempdir().context("no temporary folder")?;
    let records: String = Sample::default().iter().map(|record| record + "\n").collect();
    let records = ctgov_mirror::Source::reader("the sample", Cursor::new(records));
    Importer::open(folder.path())
        .and_then(|importer| importer.import(vec![records], &ImportOptions::default(), &mut Unobserved))
        .context("cannot build the sample registry")?;
    let mirror =
        Mirror::open_as(folder.path(), DataSource::Sample).context("cannot open the sample registry")?;
    Ok(OpenSource { engine: Engine::new(Arc::new(mirror)), _sample: Some(folder) })
}
