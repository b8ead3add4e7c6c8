//! Damage on disk: a clear error, never a panic and never wrong data.

use crate::support::{import_studies, search, snapshot, studies};
use ctgov::{Budget, NctId, RegistryError, StudyQuery};
use ctgov_mirror::{Mirror, MirrorError, status};
use proptest::prelude::*;
use std::{
    error::Error as _,
    fs,
    path::{Path, PathBuf},
};

fn generation(data_dir: &Path) -> PathBuf {
    data_dir.join("generations").join(status(data_dir).unwrap().current.name)
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
        let page = snapshot.search(&StudyQuery::default(), &Budget::unlimited());
        assert!(matches!(page, Err(RegistryError::Unavailable(_))), "byte {at}");
    }
    fs::write(&pack, good).unwrap();
    assert_eq!(search(snapshot(root.path()).as_ref(), &StudyQuery::default()).total, 3);
}

#[test]
fn a_missing_or_cut_file_is_named_when_opening() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(3, 1));
    let generation = generation(root.path());
    let manifest = fs::read_to_string(generation.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let names: Vec<&String> = manifest["files"].as_object().unwrap().keys().collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        let path = generation.join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let error = Mirror::open(root.path()).unwrap_err();
        let expected = format!("{} is damaged: it has {} bytes", path.display(), bytes.len() - 1);
        assert!(error.to_string().starts_with(&expected), "{name}: {error}");
        fs::remove_file(&path).unwrap();
        let error = Mirror::open(root.path()).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot find {}", path.display()));
        fs::write(&path, &bytes).unwrap();
    }
    assert!(Mirror::open(root.path()).is_ok());
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(1, 1));
    let path = generation(root.path()).join("manifest.json");
    let newer = fs::read_to_string(&path).unwrap().replace("\"format\": 1", "\"format\": 3");
    fs::write(&path, newer).unwrap();
    let error = Mirror::open(root.path()).unwrap_err();
    assert!(matches!(error, MirrorError::NewerFormat { found: 3, supported: 1, .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_of_ours_may_be_anything(
        file in 0..3_usize, bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0..4_000_usize, how in 0..3,
    ) {
        let root = tempfile::tempdir().unwrap();
        import_studies(root.path(), &studies(2, 1));
        let generation = generation(root.path());
        let path = [root.path().join("CURRENT"), generation.join("manifest.json"), generation.join("documents.index")]
            [file].clone();
        let good = fs::read(&path).unwrap();
        let at = at % good.len();
        let bad = match how {
            0 => bytes,
            1 => good[..at].to_vec(),
            _ => [&good[..at], &[good[at] ^ 1], &good[at + 1..]].concat(),
        };
        prop_assume!(bad != good);
        fs::write(&path, bad).unwrap();
        let error = Mirror::open(root.path()).unwrap_err();
        prop_assert!(!error.to_string().is_empty());
        let _ = status(root.path());
    }
}
