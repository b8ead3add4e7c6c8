//! Where studies come from: which registry the settings ask for.

use crate::settings::{Settings, Source};
use anyhow::Context as _;
use ctgov::{DataSource, Registry};
use ctgov_mirror::{ImportOptions, Importer, Mirror, MirrorError, Unobserved};
use ctgov_sample::Sample;
use std::{io::Cursor, path::Path, sync::Arc};
use tempfile::TempDir;

/// An open registry, and what must live as long as it.
pub struct OpenSource {
    registry: Arc<dyn Registry>,
    /// The sample lives in a folder of its own, which goes with it.
    _sample: Option<TempDir>,
}

impl OpenSource {
    /// The registry.
    pub fn registry(&self) -> Arc<dyn Registry> {
        self.registry.clone()
    }
}

/// Opens what the settings ask for. Sample data is asked for by name, never fallen back to.
///
/// # Errors
///
/// When there is no mirror: with the commands that help.
pub fn open(settings: &Settings) -> anyhow::Result<OpenSource> {
    match settings.source {
        Source::Auto | Source::Mirror => mirror(&settings.data_dir),
        Source::Sample => sample(),
    }
}

fn mirror(data_dir: &Path) -> anyhow::Result<OpenSource> {
    match Mirror::open(data_dir) {
        Ok(mirror) => Ok(OpenSource { registry: Arc::new(mirror), _sample: None }),
        Err(MirrorError::NotFound { .. }) => anyhow::bail!(
            "there is no mirror in {data_dir} yet. One of these helps:\n\
             \x20 clinicaltrials-mcp import FILE… --data-dir {data_dir}   build it from downloaded study records\n\
             \x20 clinicaltrials-mcp serve --source sample                serve made-up studies instead\n\
             \x20 clinicaltrials-mcp demo                                 see it work, nothing needed",
            data_dir = data_dir.display()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot open the mirror in {}", data_dir.display())),
    }
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
    Ok(OpenSource { registry: Arc::new(mirror), _sample: Some(folder) })
}
