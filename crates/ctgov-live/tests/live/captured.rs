//! Answers of the real service that were published by others, where they lie next to the checkout.

use crate::support::{Service, condition, json, shared_data, status};
use ctgov::{
    Budget, Matching, NctId, PageSize, RegistryError, StudyQuery, pieces::Piece, tabulate::FieldValues,
};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn files(folder: &str, start: &str) -> Vec<PathBuf> {
    let Some(folder) = shared_data(folder) else { return Vec::new() };
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(start)).collect()
}

#[test]
fn pages_of_the_service_are_read() {
    for path in files("captures/pages", "search_") {
        let body = fs::read_to_string(&path).unwrap();
        let value: Value = serde_json::from_str(&body).unwrap();
        let studies = value["studies"].as_array().unwrap();
        let expected: Vec<NctId> = studies
            .iter()
            .map(|study| {
                study["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap().parse().unwrap()
            })
            .collect();
        let service = Service::of_studies(move |_| json(body.clone()));
        let query = StudyQuery { page_size: PageSize::new(1_000).unwrap(), ..condition("x") };
        match (service.snapshot().find(&query, &Budget::unlimited()), value["totalCount"].as_u64()) {
            (Ok((ids, page)), Some(total)) => {
                assert_eq!((ids, page.total), (expected, total), "{}", path.display());
                let told = value["nextPageToken"].as_str().filter(|_| (studies.len() as u64) < total);
                assert_eq!(page.next.is_some(), told.is_some(), "{}", path.display());
            }
            // A page that is not the first has no total.
            (Err(error), None) => assert!(error.to_string().contains("totalCount is missing"), "{error}"),
            (read, total) => panic!("{}: {read:?}, {total:?}", path.display()),
        }
    }
}

#[test]
fn refusals_of_the_service_are_told_in_its_words() {
    for path in files("captures", "errors.json") {
        let captured: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let entries =
            captured.as_array().cloned().unwrap_or_else(|| captured["errors"].as_array().unwrap().clone());
        let refused = entries.iter().filter(|entry| entry["status"] == 400 && entry["body"].is_string());
        let mut read = 0;
        for entry in refused {
            let body = entry["body"].as_str().unwrap().to_owned();
            let said = body.clone();
            let service = Service::of_studies(move |_| status(400, &[("content-type", "text/plain")], &said));
            let error = service.snapshot().count(&condition("x").matching, &Budget::unlimited()).unwrap_err();
            let RegistryError::Refused { text } = error else { panic!("{error:?}") };
            let body: String = body.replace('\n', " ").chars().take(1_000).collect();
            assert_eq!(text, body.trim());
            read += 1;
        }
        assert!(read > 5, "{read}");
    }
}

#[test]
fn statistics_of_the_service_are_read() {
    for path in files("captures", "stats_field_values.json") {
        let captured: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let elements = captured.as_array().unwrap().clone();
        assert!(!elements.is_empty());
        for element in elements {
            let piece = Piece::find(element["piece"].as_str().unwrap()).unwrap();
            let said = Value::from(vec![element.clone()]).to_string();
            let service = Service::of_studies(move |_| json(said.clone()));
            let stats =
                service.snapshot().field_stats(piece, &Matching::default(), &Budget::unlimited()).unwrap();
            assert_eq!(stats.missing, element["missingStudiesCount"].as_u64().unwrap());
            let FieldValues::Enum { unique, top } = stats.values else { panic!("{stats:?}") };
            assert_eq!(unique, element["uniqueValuesCount"].as_u64().unwrap());
            assert_eq!(top.len(), element["topValues"].as_array().unwrap().len());
        }
    }
}
