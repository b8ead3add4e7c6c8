//! Damage on disk, in whichever file: a clear error when opening or reading, never a panic and never wrong data.

use crate::support::{
    WORDS, import_studies, ndjson, search, snapshot, source, studies, try_search, words_in,
};
use ctgov::{Budget, Document, NctId, PageSize, Registry as _, RegistryError, StudyQuery, areas};
use ctgov_mirror::{ImportError, ImportOptions, Importer, Mirror, MirrorError, Unobserved, status};
use proptest::{collection::vec, prelude::*, sample::Index};
use std::{
    error::Error as _,
    fs,
    path::{Path, PathBuf},
};

fn generation(data_dir: &Path) -> PathBuf {
    data_dir.join("generations").join(status(data_dir).unwrap().current.name)
}

/// Every file that the manifest lists.
fn manifest_files(generation: &Path) -> Vec<PathBuf> {
    let manifest = fs::read(generation.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["files"].as_object().unwrap().keys().map(|name| generation.join(name)).collect()
}

#[test]
fn a_flipped_byte_in_a_pack_is_an_error_at_the_study_it_hits_and_nowhere_else() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(3, 1));
    let pack = generation(root.path()).join("documents/000001.pack");
    let good = fs::read(&pack).unwrap();
    for at in (0..good.len()).step_by(97) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        fs::write(&pack, bytes).unwrap();
        let snapshot = snapshot(root.path());
        let read: Vec<_> = (1..=3)
            .map(|number| snapshot.study(NctId::new(90_000_000 + 7 * number).unwrap(), &Budget::unlimited()))
            .collect();
        let errors: Vec<_> = read.into_iter().filter_map(Result::err).collect();
        assert_eq!(errors.len(), 1, "byte {at}");
        let cause = errors[0].source().unwrap().to_string();
        assert!(cause.contains("000001.pack is damaged: NCT900000"), "byte {at}: {cause}");
        let page = try_search(snapshot.as_ref(), &StudyQuery::default(), &Budget::unlimited());
        assert!(matches!(page, Err(RegistryError::Unavailable(_))), "byte {at}");
    }
    fs::write(&pack, good).unwrap();
    assert_eq!(search(snapshot(root.path()).as_ref(), &StudyQuery::default()).total, 3);
}

#[test]
fn a_missing_or_cut_file_is_named_when_opening() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(3, 1));
    let files = manifest_files(&generation(root.path()));
    assert!(files.len() > 5, "{files:?}");
    for path in files {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let error = Mirror::open(root.path()).unwrap_err();
        let expected = format!("{} is damaged: it has {} bytes", path.display(), bytes.len() - 1);
        assert!(error.to_string().starts_with(&expected), "{error}");
        fs::remove_file(&path).unwrap();
        let error = Mirror::open(root.path()).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot find {}", path.display()));
        fs::write(&path, &bytes).unwrap();
    }
    assert!(Mirror::open(root.path()).is_ok());
}

#[test]
fn other_formats_are_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(1, 1));
    let path = generation(root.path()).join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let format = manifest["format"].as_u64().unwrap() as u32;
    manifest["format"] = (format + 1).into();
    fs::write(&path, manifest.to_string()).unwrap();
    let error = Mirror::open(root.path()).unwrap_err();
    let is_newer = |error: &MirrorError| match error {
        MirrorError::NewerFormat { found, supported, .. } => (*found, *supported) == (format + 1, format),
        _ => false,
    };
    assert!(is_newer(&error), "{error}");
    // What an earlier build wrote had other members.
    fs::write(&path, "{\"format\": 1}").unwrap();
    let error = Mirror::open(root.path()).unwrap_err();
    assert!(matches!(error, MirrorError::OtherFields { .. }), "{error}");
}

/// A registry with a bit of everything: two packs, several segments, studies that were replaced.
struct Sound {
    root: tempfile::TempDir,
    /// Every study as it is stored.
    known: Vec<(NctId, String)>,
    /// Everything a reader reads.
    files: Vec<PathBuf>,
}

impl Sound {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        import_studies(root.path(), &studies(12, 1));
        import_studies(root.path(), &studies(4, 2));
        let snapshot = snapshot(root.path());
        let page = search(snapshot.as_ref(), &everything());
        let known = page.studies.iter().map(|study| (study.nct_id(), study.json().to_owned())).collect();
        let generation = generation(root.path());
        let mut files = vec![root.path().join("CURRENT"), generation.join("manifest.json")];
        files.extend(manifest_files(&generation));
        Self { root, known, files }
    }

    /// Opens and reads everything: what comes out is what was stored or an error, never anything else.
    ///
    /// Returns whether there was an error.
    fn damage_shows(&self, what: &str) -> bool {
        let mirror = match Mirror::open(self.root.path()) {
            Ok(mirror) => mirror,
            Err(error) => {
                assert!(!error.to_string().is_empty(), "{what}");
                return true;
            }
        };
        let snapshot = mirror.snapshot().unwrap();
        let mut errors = 0;
        for (id, json) in &self.known {
            match snapshot.study(*id, &Budget::unlimited()) {
                Ok(study) => assert_eq!(study.unwrap().json(), json, "{what}"),
                Err(RegistryError::Unavailable(_)) => errors += 1,
                Err(error) => panic!("{what}: {error}"),
            }
        }
        let all = try_search(snapshot.as_ref(), &everything(), &Budget::unlimited());
        assert_eq!(all.is_err(), errors > 0, "{what}");
        for word in WORDS {
            let query = StudyQuery { page_size: everything().page_size, ..words_in(&areas::BASIC, word) };
            if let Ok(page) = try_search(snapshot.as_ref(), &query, &Budget::unlimited()) {
                let known = |study: &Document| {
                    self.known.iter().any(|(id, json)| (*id, &**json) == (study.nct_id(), study.json()))
                };
                assert!(page.studies.iter().all(known), "{what}");
            }
        }
        errors > 0
    }
}

fn everything() -> StudyQuery {
    StudyQuery { page_size: PageSize::new(100).unwrap(), ..StudyQuery::default() }
}

#[test]
fn a_flipped_byte_in_any_file_is_an_error_or_changes_nothing() {
    let registry = Sound::new();
    assert!(!registry.damage_shows("nothing"));
    let mut in_index = 0;
    for path in &registry.files {
        let good = fs::read(path).unwrap();
        // The ends, where headers and footers are, and places in between.
        let step = (good.len() / 5).max(1);
        let ends = [0, 1, good.len() - 2, good.len() - 1];
        for at in ends.into_iter().chain((0..good.len()).step_by(step)) {
            let what = format!("{}, byte {at}", path.display());
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            fs::write(path, bytes).unwrap();
            let shown = registry.damage_shows(&what);
            let is_pack = path.extension().is_some_and(|ending| ending == "pack");
            // A pack also has records that were replaced since; nobody reads those.
            assert!(shown || is_pack, "{what}");
            if path.parent().is_some_and(|parent| parent.ends_with("studies")) {
                let error = Mirror::open(registry.root.path()).unwrap_err().to_string();
                let expected = format!("{} is damaged: its content is not what was written", path.display());
                assert!(error.starts_with(&expected), "{what}: {error}");
                in_index += 1;
            }
        }
        fs::write(path, good).unwrap();
    }
    assert!(in_index > 50, "{in_index}");
    assert!(!registry.damage_shows("nothing any more"));
}

#[test]
fn nothing_is_built_on_a_damaged_index() {
    let registry = Sound::new();
    let path =
        registry.files.iter().find(|path| path.extension().is_some_and(|ending| ending == "idx")).unwrap();
    let mut bytes = fs::read(path).unwrap();
    bytes[0] ^= 1;
    fs::write(path, bytes).unwrap();
    let importer = Importer::open(registry.root.path()).unwrap();
    let sources = vec![source(ndjson(&studies(2, 3)))];
    let error = importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap_err();
    assert!(matches!(error, ImportError::Mirror(MirrorError::Damaged { .. })), "{error}");
}

#[test]
fn any_file_may_be_anything() {
    let registry = Sound::new();
    let anything = (any::<Index>(), vec(any::<u8>(), 0..400), any::<Index>(), 0..3);
    proptest!(ProptestConfig::with_cases(128), |((file, bytes, at, how) in anything)| {
        let path = file.get(&registry.files);
        let good = fs::read(path).unwrap();
        let at = at.index(good.len());
        let bad = match how {
            0 => bytes,
            1 => good[..at].to_vec(),
            _ => [&good[..at], &[good[at] ^ 1], &good[at + 1..]].concat(),
        };
        prop_assume!(bad != good);
        let same_length = bad.len() == good.len();
        fs::write(path, bad).unwrap();
        let shown = registry.damage_shows(&path.display().to_string());
        let _ = status(registry.root.path());
        fs::write(path, good).unwrap();
        // A record that was replaced since is not read, so that a byte flipped in it stays unseen.
        prop_assert!(shown || (same_length && path.extension().is_some_and(|ending| ending == "pack")));
    });
}
