//! `verify`: what is damaged is found and named, wherever it is.

use crate::support::{bulky_study, import_studies, plain_study, studies};
use ctgov::NctId;
use ctgov_mirror::{
    ImportOptions, Importer, MirrorError, Unobserved, Verification, VerifyError, status, verify,
};
use serde_json::{Value, json};
use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

fn check(data_dir: &Path) -> Result<Verification, VerifyError> {
    verify(data_dir, &mut |_| ControlFlow::Continue(()))
}

fn generations(data_dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(data_dir.join("generations")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Every file below `directory`.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Three generations that share files, the last with two packs and studies that were replaced.
fn sound() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(12, 1));
    import_studies(root.path(), &studies(4, 2));
    let importer = Importer::open(root.path()).unwrap();
    importer.compact(&ImportOptions::default(), &mut Unobserved).unwrap();
    import_studies(root.path(), &studies(3, 3));
    root
}

#[test]
fn a_sound_mirror_is_found_sound() {
    let root = sound();
    let mut heard = 0;
    let found = verify(root.path(), &mut |progress| {
        heard += 1;
        assert!(progress.bytes <= progress.bytes_total && progress.records <= progress.records_total);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((found.records, found.damages_in_all, found.damages.len()), (12, 0, 0));
    assert_eq!((found.others.len(), found.unreachable.len(), found.left_out.len()), (3, 0, 0));
    assert_eq!(found.current, status(root.path()).unwrap().current);
    assert!(found.files > 20 && found.bytes > 10_000, "{found:?}");
}

#[test]
fn a_flipped_byte_in_any_file_of_any_generation_is_found_and_named() {
    let root = sound();
    let current = generations(root.path()).pop().unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    let mut paths = files(&root.path().join("generations"));
    paths.push(root.path().join("CURRENT"));
    for path in paths {
        let good = fs::read(&path).unwrap();
        kinds.insert(path.extension().or(path.file_name()).unwrap().to_owned());
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            // In place, so that it is the same file in every generation that has it.
            fs::write(&path, bytes).unwrap();
            let what = format!("{}, byte {at}", path.display());
            match check(root.path()) {
                Ok(found) => {
                    assert!(found.damages_in_all > 0, "{what}: {found:?}");
                    assert!(found.damages.iter().any(|damage| damage.path == path), "{what}: {found:?}");
                    // And whoever reads about it finds the name in the text.
                    let told = found.damages.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                    assert!(told.contains(&path.display().to_string()), "{what}: {told}");
                }
                // Without these nothing can be judged.
                Err(VerifyError::Mirror(error)) => {
                    let root_of_all = path.ends_with("CURRENT") || path == current.join("manifest.json");
                    assert!(root_of_all, "{what}: {error}");
                    let told = error.to_string();
                    assert!(
                        told.contains("CURRENT")
                            || told.contains("manifest.json")
                            || told.contains("generations"),
                        "{what}: {told}"
                    );
                }
                Err(VerifyError::Cancelled) => panic!("{what}"),
                Err(error) => panic!("{what}: {error}"),
            }
        }
        fs::write(&path, good).unwrap();
    }
    let expected =
        ["CURRENT", "index", "json", "pack", "tsv", "term", "idx", "pos", "fast", "store", "fieldnorm"];
    for kind in expected {
        assert!(kinds.iter().any(|found| found == kind), "no file of the kind {kind} was tried: {kinds:?}");
    }
    assert_eq!(check(root.path()).unwrap().damages_in_all, 0);
}

#[test]
fn a_damaged_record_is_named() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(3, 1));
    let pack = generations(root.path())[0].join("documents/000001.pack");
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let found = check(root.path()).unwrap();
    let hit: Vec<_> = found.damages.iter().filter_map(|damage| damage.study).collect();
    assert_eq!(hit, [NctId::new(90_000_014).unwrap()], "{found:?}");
    assert_eq!(found.records, 3);
}

#[test]
fn a_dictionary_is_verified_like_everything_else() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &(1..=100).map(bulky_study).collect::<Vec<_>>());
    import_studies(root.path(), &[plain_study(1, "2025-01-01", "changed")]);
    let importer = Importer::open(root.path()).unwrap();
    importer.compact(&ImportOptions::default(), &mut Unobserved).unwrap();
    assert_eq!(check(root.path()).unwrap().damages_in_all, 0);
    let current = generations(root.path()).pop().unwrap();
    let dictionary = files(&current).into_iter().find(|path| path.to_string_lossy().ends_with(".dictionary"));
    let dictionary = dictionary.unwrap();
    let mut bytes = fs::read(&dictionary).unwrap();
    bytes[9] ^= 1;
    fs::write(&dictionary, bytes).unwrap();
    let found = check(root.path()).unwrap();
    assert_eq!(found.damages.len(), 1, "{found:?}");
    assert_eq!(found.damages[0].path, dictionary);
    assert_eq!(found.left_out.len(), 1, "{found:?}");
}

#[test]
fn a_missing_file_is_named_and_the_rest_is_still_checked() {
    let root = sound();
    let current = generations(root.path()).pop().unwrap();
    let gone = files(&current).into_iter().find(|path| path.extension().is_some_and(|e| e == "idx")).unwrap();
    let pack = current.join("documents/000003.pack");
    fs::remove_file(&gone).unwrap();
    let cut = fs::read(&pack).unwrap();
    fs::write(&pack, &cut[..cut.len() - 1]).unwrap();
    let found = check(root.path()).unwrap();
    for path in [gone, pack] {
        assert!(found.damages.iter().any(|damage| damage.path == path), "{}: {found:?}", path.display());
    }
    assert_eq!(found.left_out.len(), 1, "{found:?}");
}

/// Lists the files of a generation anew and makes it current, as a careful adversary or a bug would.
fn seal(data_dir: &Path, generation: &Path) {
    let hash = |bytes: &[u8]| format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes));
    let path = generation.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let listed = files(generation).into_iter().filter(|file| *file != path).map(|file| {
        let bytes = fs::read(&file).unwrap();
        let name = file.strip_prefix(generation).unwrap().to_string_lossy().into_owned();
        (name, json!({"bytes": bytes.len(), "xxh3": hash(&bytes)}))
    });
    manifest["files"] = Value::Object(listed.collect());
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let name = generation.file_name().unwrap().to_string_lossy();
    fs::write(data_dir.join("CURRENT"), format!("{name} {}\n", hash(&manifest))).unwrap();
    fs::write(path, manifest).unwrap();
}

#[test]
fn an_index_of_other_studies_than_the_records_is_found_though_every_hash_fits() {
    let [a, b] = [1..=5, 2..=6].map(|numbers| {
        let root = tempfile::tempdir().unwrap();
        let study = |number| {
            let mut study = plain_study(number, "2024-01-01", "a title");
            study["protocolSection"]["contactsLocationsModule"] = json!({"locations": [{"city": "Ulm"}]});
            study
        };
        import_studies(root.path(), &numbers.map(study).collect::<Vec<_>>());
        root
    });
    let [of_a, of_b] = [&a, &b].map(|root| generations(root.path()).remove(0));
    for index in ["studies", "sites"] {
        fs::remove_dir_all(of_a.join(index)).unwrap();
        fs::rename(of_b.join(index), of_a.join(index)).unwrap();
    }
    seal(a.path(), &of_a);
    let found = check(a.path()).unwrap();
    let told: Vec<_> = found
        .damages
        .iter()
        .map(|damage| {
            (
                damage.path.file_name().unwrap().to_str().unwrap(),
                damage.study.unwrap().number(),
                &*damage.what,
            )
        })
        .collect();
    let expected = [
        ("studies", 6, "the index knows the study, and there is no record of it"),
        ("studies", 1, "there is a record, and the index does not know the study"),
        ("sites", 6, "there are sites, and no study of theirs"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn records_of_another_generation_are_found_though_every_hash_fits() {
    let [a, b] = [1, 2].map(|seed| {
        let root = tempfile::tempdir().unwrap();
        import_studies(root.path(), &studies(5, seed));
        root
    });
    let [of_a, of_b] = [&a, &b].map(|root| generations(root.path()).remove(0));
    for file in ["documents/000001.pack", "documents.index"] {
        fs::rename(of_b.join(file), of_a.join(file)).unwrap();
    }
    seal(a.path(), &of_a);
    let found = check(a.path()).unwrap();
    assert_eq!(found.damages.len(), 1, "{found:?}");
    assert_eq!(found.damages[0].what, "its records are not those that its name stands for");
}

#[test]
fn a_generation_that_nothing_vouches_for_is_told() {
    let root = sound();
    fs::remove_dir_all(&generations(root.path())[2]).unwrap();
    let found = check(root.path()).unwrap();
    assert_eq!((found.damages_in_all, found.others.len(), found.unreachable.len()), (0, 0, 2), "{found:?}");
}

#[test]
fn a_check_can_be_cancelled_and_needs_a_mirror() {
    let root = tempfile::tempdir().unwrap();
    let error = check(root.path()).unwrap_err();
    assert!(matches!(error, VerifyError::Mirror(MirrorError::NotFound { .. })), "{error}");
    import_studies(root.path(), &(1..=100).map(bulky_study).collect::<Vec<_>>());
    let error = verify(root.path(), &mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(error, VerifyError::Cancelled), "{error}");
    // An import that runs meanwhile does not keep it from looking.
    let _writer = Importer::open(root.path()).unwrap();
    assert_eq!(check(root.path()).unwrap().damages_in_all, 0);
}
