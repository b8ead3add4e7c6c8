//! What becomes of what is given: taken, refused with a reason, or passed over.

use crate::support::{
    gzip_lines, import, import_studies, ndjson, plain_study, real_data, snapshot, source, studies,
};
use ctgov::{Budget, NctId};
use ctgov_mirror::{ImportError, ImportOptions, ImportSummary, Importer, RefusalPlace, Source, Unobserved};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs,
    io::{self, Read, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// new, changed, unchanged, older, refused
fn counts(summary: &ImportSummary) -> [u64; 5] {
    let ImportSummary { new, changed, unchanged, older, refused, .. } = *summary;
    assert_eq!(summary.records(), new + changed + unchanged + older + refused);
    [new, changed, unchanged, older, refused]
}

fn title(data_dir: &Path, number: u32) -> String {
    let id = NctId::new(number).unwrap();
    let study = snapshot(data_dir).study(id, &Budget::unlimited()).unwrap().unwrap();
    let title = study.value().unwrap()["protocolSection"]["identificationModule"]["briefTitle"].clone();
    title.as_str().unwrap().to_owned()
}

fn importing(data_dir: &Path, sources: Vec<Source>) -> Result<ImportSummary, ImportError> {
    Importer::open(data_dir).unwrap().import(sources, &ImportOptions::default(), &mut Unobserved)
}

#[test]
fn the_newest_record_of_a_study_wins_and_of_equally_new_ones_the_last() {
    let record = |updated, title| plain_study(5, updated, title);
    type Dated = (&'static str, &'static str);
    let cases: [(&str, &[Dated], &str, [u64; 5]); 7] = [
        // what is imported into `2024-01-01 old`                         kept      counts
        ("newer", &[("2024-01-02", "new")], "new", [0, 1, 0, 0, 0]),
        ("older", &[("2023-12-31", "new")], "old", [0, 0, 0, 1, 0]),
        ("same day", &[("2024-01-01", "new")], "new", [0, 1, 0, 0, 0]),
        ("identical", &[("2024-01-01", "old")], "old", [0, 0, 1, 0, 0]),
        ("newest first", &[("2024-03-01", "c"), ("2024-02-01", "b")], "c", [0, 1, 0, 1, 0]),
        (
            "newest last",
            &[("2024-02-01", "b"), ("2024-03-01", "c"), ("2024-03-01", "d")],
            "d",
            [0, 1, 0, 2, 0],
        ),
        ("there and back", &[("2024-01-01", "x"), ("2024-01-01", "old")], "old", [0, 0, 1, 1, 0]),
    ];
    for (name, records, kept, expected) in cases {
        let root = tempfile::tempdir().unwrap();
        let first = import_studies(root.path(), &[record("2024-01-01", "old")]);
        assert_eq!(counts(&first), [1, 0, 0, 0, 0], "{name}");
        let records: Vec<Value> = records.iter().map(|(updated, title)| record(updated, title)).collect();
        let summary = import_studies(root.path(), &records);
        assert_eq!(counts(&summary), expected, "{name}");
        assert_eq!(title(root.path(), 5), kept, "{name}");
        assert_eq!(summary.published.is_some(), expected[1] > 0, "{name}");
        assert_eq!(snapshot(root.path()).data_version().studies, Some(1), "{name}");
    }
}

#[test]
fn versions_of_real_studies_end_at_the_newest() {
    let Some(path) = real_data("study-versions.ndjson.gz") else { return };
    let mut newest: HashMap<String, String> = HashMap::new();
    let lines = gzip_lines(&path);
    for line in &lines {
        let study: Value = serde_json::from_str(line).unwrap();
        let text = |pointer: &str| study.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let id = text("/protocolSection/identificationModule/nctId");
        let updated = text("/protocolSection/statusModule/lastUpdatePostDateStruct/date");
        let known = newest.entry(id).or_default();
        *known = updated.max(known.clone());
    }
    // In the file's order and backwards, in one import and in one a record.
    for backwards in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let mut lines = lines.clone();
        if backwards {
            lines.reverse();
        }
        let summary = import(root.path(), source(lines.join("\n")));
        assert_eq!((summary.new, summary.changed, summary.refused), (newest.len() as u64, 0, 0));
        assert_eq!(summary.records(), lines.len() as u64);
        let snapshot = snapshot(root.path());
        for (id, updated) in &newest {
            let study = snapshot.study(id.parse().unwrap(), &Budget::unlimited()).unwrap().unwrap();
            let value = study.value().unwrap();
            let kept = value.pointer("/protocolSection/statusModule/lastUpdatePostDateStruct/date").unwrap();
            assert_eq!(kept.as_str(), Some(updated.as_str()), "{id}");
        }
    }
}

#[test]
fn every_way_of_writing_records_down_gives_the_same_registry() {
    let studies = studies(20, 1);
    let lines = ndjson(&studies);
    let page = |studies: &[Value]| json!({"totalCount": 9, "studies": studies, "nextPageToken": "x"});
    let with_bom = |bytes: &[u8]| [b"\xef\xbb\xbf", bytes].concat();
    let crlf: Vec<u8> = studies.iter().flat_map(|study| format!("{study}\r\n  \r\n").into_bytes()).collect();
    let pretty: Vec<u8> =
        studies.iter().flat_map(|study| serde_json::to_string_pretty(study).unwrap().into_bytes()).collect();
    let forms: [(&str, Vec<u8>); 11] = [
        ("lines", lines.clone()),
        ("lines with gaps", crlf),
        ("lines with a byte order mark", with_bom(&lines)),
        ("gzip", gzip(&lines)),
        ("gzip of gzips", [gzip(&lines[..1_000]), gzip(&lines[1_000..])].concat()),
        ("zstd", zstd::encode_all(lines.as_slice(), 1).unwrap()),
        ("page", page(&studies).to_string().into()),
        (
            "pretty page with a byte order mark",
            with_bom(&serde_json::to_vec_pretty(&page(&studies)).unwrap()),
        ),
        ("pages", format!("{}\n{}", page(&studies[..7]), page(&studies[7..])).into()),
        ("array", Value::from(studies.clone()).to_string().into()),
        ("pretty records", pretty),
    ];
    let mut seen = None;
    for (name, bytes) in forms {
        let root = tempfile::tempdir().unwrap();
        let summary = import(root.path(), source(bytes));
        assert_eq!(counts(&summary), [20, 0, 0, 0, 0], "{name}: {:?}", summary.refusals);
        let id = summary.published.unwrap().id;
        assert_eq!(*seen.get_or_insert(id), id, "{name}");
    }
}

#[test]
fn a_zip_archive_gives_the_same_registry_and_says_what_it_left_alone() {
    let studies = studies(20, 1);
    let loose = tempfile::tempdir().unwrap();
    let id = import_studies(loose.path(), &studies).published.unwrap().id;
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("ctg-studies.json.zip")).unwrap();
    let mut archive = rawzip::ZipArchiveWriter::new(file);
    let mut add = |name: &str, content: &[u8]| {
        let (mut entry, config) = archive.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    };
    for study in &studies {
        let number = study["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap();
        let pretty = serde_json::to_vec_pretty(study).unwrap();
        add(&format!("{}/{number}.json", &number[9..]), &pretty);
    }
    add("README.txt", b"not a record");
    add("01/NCT00000001.json", b"{\n\"hello\": 1}");
    archive.finish().unwrap();

    let root = tempfile::tempdir().unwrap();
    // By the folder it lies in.
    let summary = importing(root.path(), vec![Source::path(folder.path())]).unwrap();
    assert_eq!(counts(&summary), [20, 0, 0, 0, 1], "{:?}", summary.refusals);
    assert_eq!((summary.other_files, summary.broken_sources), (1, 0));
    assert_eq!(summary.bytes, fs::metadata(folder.path().join("ctg-studies.json.zip")).unwrap().len());
    assert!(summary.refusals[0].source.ends_with("ctg-studies.json.zip/01/NCT00000001.json"));
    assert_eq!(summary.published.unwrap().id, id);
}

#[test]
fn a_bad_record_is_refused_with_its_place_and_the_rest_is_taken() {
    let good = |number| plain_study(number, "2024-01-01", "good").to_string();
    let partial = json!({"protocolSection": {"identificationModule": {"nctId": "NCT00000009"}}}).to_string();
    let twice = good(8).replace("\"hasResults\":false", "\"hasResults\":false,\"hasResults\":true");
    let bad = [
        (twice.as_str(), "key `hasResults` stands twice in one object"),
        (partial.as_str(), "NCT00000009 has no `derivedSection.miscInfoModule.versionHolder`"),
        ("{\"message\":\"Too many requests\"}", "this is not a study record"),
    ];
    for (bad, reason) in bad {
        let lines = format!("{}\n\n{bad}\n{}\n", good(1), good(2));
        let page = format!("{{\"studies\":[{}, {bad},{}]}}", good(1), good(2));
        for (text, place) in [(lines, RefusalPlace::Line(3)), (page, RefusalPlace::Record(2))] {
            let root = tempfile::tempdir().unwrap();
            let summary = import(root.path(), source(text));
            assert_eq!(counts(&summary), [2, 0, 0, 0, 1], "{bad}");
            assert_eq!(summary.broken_sources, 0, "{bad}");
            let refusal = &summary.refusals[0];
            assert_eq!((&*refusal.source, refusal.place), ("test", Some(place)), "{bad}");
            assert!(refusal.reason.contains(reason), "{bad}: {}", refusal.reason);
        }
    }
    // What is no JSON at all costs its line, but ends a page: nothing tells where the next record starts.
    let root = tempfile::tempdir().unwrap();
    let summary = import(root.path(), source(format!("{}\n{{oops\n\u{0}\n{}", good(1), good(2))));
    assert_eq!((counts(&summary), summary.broken_sources), ([2, 0, 0, 0, 2], 0));
    let root = tempfile::tempdir().unwrap();
    let summary = import(root.path(), source(format!("[{},{{oops}},{}]", good(1), good(2))));
    assert_eq!((counts(&summary), summary.broken_sources), ([1, 0, 0, 0, 1], 1));
    let told = summary.refusals[0].to_string();
    assert!(told.starts_with("test, record 2: reading ended here: key must be a string"), "{told}");
}

#[test]
fn records_before_the_end_of_a_cut_file_are_taken() {
    let whole = gzip(&ndjson(&studies(200, 1)));
    let root = tempfile::tempdir().unwrap();
    let summary = import(root.path(), source(&whole[..whole.len() / 2]));
    assert!(summary.new > 20 && summary.new < 200, "{}", summary.new);
    assert_eq!((summary.refused, summary.broken_sources), (1, 1));
    assert!(summary.refusals[0].rest_unread);
    assert_eq!(summary.refusals[0].place, Some(RefusalPlace::Line(summary.new + 1)));
    assert!(summary.refusals[0].reason.contains("what follows was not read"), "{}", summary.refusals[0]);
}

/// Says so much and then fails.
struct Failing<R>(R);

impl<R: Read> Read for Failing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the cable is out")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_source_that_breaks_off_is_told_from_one_with_bad_records() {
    let lines = ndjson(&studies(50, 1));
    let page = json!({"studies": studies(50, 1)}).to_string();
    let zstd = zstd::encode_all(lines.as_slice(), 1).unwrap();
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 9].to_vec();
    let failing = |bytes: &[u8]| Source::reader("pipe", Failing(io::Cursor::new(bytes.to_vec())));
    let cases = [
        // source                                           broken  refused
        ("whole", source(lines.clone()), 0, 0),
        ("bad lines", source([b"{}\n[]\n", &*lines].concat()), 0, 2),
        ("cut gzip", source(cut(&gzip(&lines))), 1, 1),
        ("cut zstd", source(cut(&zstd)), 1, 1),
        ("cut page", source(cut(page.as_bytes())), 1, 1),
        ("failing lines", failing(&lines), 1, 1),
        ("failing page", failing(page.as_bytes()), 1, 1),
        ("failing at once", failing(b""), 1, 1),
        ("missing", Source::path("/does/not/exist.json"), 1, 1),
        ("not records", source("PK\u{3}\u{4}zip"), 0, 1),
    ];
    for (name, case, broken, refused) in cases {
        let root = tempfile::tempdir().unwrap();
        // Of several sources only the broken one counts.
        let sources = vec![source(ndjson(&studies(1, 1))), case, source(ndjson(&studies(2, 1)))];
        let summary = importing(root.path(), sources).unwrap();
        let counted = (summary.broken_sources, summary.refused);
        assert_eq!(counted, (broken, refused), "{name}: {:?}", summary.refusals);
        let marked = summary.refusals.iter().filter(|refusal| refusal.rest_unread).count();
        assert_eq!(marked as u64, broken, "{name}");
    }
}

#[test]
fn a_folder_is_read_in_the_order_of_names_and_links_do_not_lead_in_circles() {
    let (root, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |name: &str, bytes: &[u8]| {
        let path = files.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let record = |number, title: &str| plain_study(number, "2024-01-01", title).to_string();
    write("b.ndjson", record(1, "from b").as_bytes());
    write(
        "a/page.json",
        format!("{{\"studies\":[{},{}]}}", record(1, "from a"), record(2, "two")).as_bytes(),
    );
    write("c/d/one.json.gz", &gzip(record(3, "three").as_bytes()));
    write("c/README.md", b"not a record");
    write("e.json", b"");
    symlink(files.path(), files.path().join("round")).unwrap();
    symlink(files.path().join("nowhere"), files.path().join("broken.json")).unwrap();
    let missing = PathBuf::from("/does/not/exist.json");
    let summary = importing(root.path(), vec![Source::path(files.path()), Source::path(&missing)]).unwrap();
    assert_eq!(counts(&summary), [3, 0, 0, 1, 2]);
    assert_eq!(title(root.path(), 1), "from b");
    assert_eq!(summary.other_files, 3);
    let told: Vec<String> = summary.refusals.iter().map(ToString::to_string).collect();
    assert!(told[0].ends_with("/e.json: there is nothing in it"), "{told:?}");
    assert!(told[1].starts_with("/does/not/exist.json: it cannot be read: No such file"), "{told:?}");
}

#[test]
fn when_nothing_could_be_read_the_reasons_come_with_the_error() {
    let root = tempfile::tempdir().unwrap();
    for bytes in ["", "PK\u{3}\u{4}zip", "{\"hello\":1}"] {
        let error = importing(root.path(), vec![source(bytes)]).unwrap_err();
        let ImportError::NothingRead { summary } = error else { panic!("{bytes:?}: {error}") };
        assert_eq!(summary.refused, 1, "{bytes:?}");
    }
    let error = importing(root.path(), vec![source("PK\u{3}\u{4}zip")]).unwrap_err();
    let ImportError::NothingRead { summary } = error else { panic!("{error}") };
    let told = "test: it is a zip archive, which is only read from a file of its own, as its table of contents \
                stands at its end; save it as one and import that";
    assert_eq!(summary.refusals[0].to_string(), told);
    let error = importing(root.path(), Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "no study record was found in what was given");
    assert_eq!(fs::read_dir(root.path().join("generations")).unwrap().count(), 0);
}

#[test]
fn the_observer_hears_of_every_phase_and_of_all_bytes() {
    let (root, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = files.path().join("studies.ndjson");
    fs::write(&file, ndjson(&studies(50, 1))).unwrap();
    let bytes = fs::metadata(&file).unwrap().len();
    let mut phases = Vec::new();
    let mut observer = |progress: &ctgov_mirror::ImportProgress| {
        phases.push((format!("{:?}", progress.phase), progress.records));
        assert!(progress.bytes_total.is_none_or(|total| total == bytes));
        std::ops::ControlFlow::Continue(())
    };
    let importer = Importer::open(root.path()).unwrap();
    let summary =
        importer.import(vec![Source::path(&file)], &ImportOptions::default(), &mut observer).unwrap();
    assert_eq!(summary.bytes, bytes);
    phases.retain(|(phase, records)| phase != "Reading" || *records == 0);
    phases.dedup();
    let expected = [("Reading", 0), ("Indexing", 50), ("Publishing", 50)];
    assert_eq!(phases, expected.map(|(phase, records)| (phase.to_owned(), records)));
}
