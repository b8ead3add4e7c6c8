//! What is asked for what: parameters, records by number, tables and statistics.

use crate::support::{Seen, Service, condition, json, page, record, search, status, version};
use ctgov::{
    Budget, DataSource, DecayFunction, GeoDecay, Matching, NctId, Registry as _, RegistryError, Sort,
    StudyQuery, areas, enums,
    essie::{Circle, LengthUnit, Target},
    pieces::Piece,
    tabulate::{Dimension, FieldValues, Period, TableQuery},
};

fn nct(number: u32) -> NctId {
    NctId::new(number).unwrap()
}

/// What is asked of `/studies` for this, but for the page.
fn asked(query: &StudyQuery) -> Vec<(String, String)> {
    let service = Service::of_studies(|_| json(page([], Some(0), None)));
    search(service.snapshot().as_ref(), query).unwrap();
    let seen: Seen = service.seen().remove(0);
    let names = seen.target.split_once('?').unwrap().1.split('&').map(|pair| pair.split('=').next().unwrap());
    let page = ["pageSize", "countTotal"];
    names
        .filter(|name| !page.contains(name))
        .map(|name| (name.to_owned(), seen.parameter(name).unwrap()))
        .collect()
}

#[test]
fn a_question_is_asked_in_the_parameters_of_the_api() {
    let circle = |radius| Circle { latitude: -39.5, longitude: 77.0, radius, unit: LengthUnit::Miles };
    let matching = |fill: &dyn Fn(&mut Matching)| {
        let mut matching = Matching::default();
        fill(&mut matching);
        StudyQuery { matching, ..StudyQuery::default() }
    };
    let cases: Vec<(StudyQuery, Vec<(&str, &str)>)> = vec![
        (StudyQuery::default(), vec![]),
        (
            condition("asthma, child AND NOT AREA[Phase](PHASE2 OR PHASE3)"),
            vec![
                ("query.cond", "asthma AND child AND NOT AREA[Phase](PHASE2 OR PHASE3)"),
                ("sort", "@relevance:desc"),
            ],
        ),
        (
            StudyQuery {
                sort: Sort::parse("StartDate:asc,EnrollmentCount:desc").unwrap(),
                ..matching(&|matching| {
                    matching.search(Target::Area(&areas::BASIC), "100% \"a&b=c\" \\AND +1").unwrap();
                    matching.search(Target::Area(&areas::BASIC), "one OR two").unwrap();
                    matching.search(Target::Piece(Piece::named("LeadSponsorName")), "Pfizer").unwrap();
                    matching.search(Target::Area(&areas::ELIGIBILITY), "insulin").unwrap();
                })
            },
            vec![
                (
                    "query.term",
                    "100% AND \"a&b=c\" AND \\AND +1 AND (one OR two) AND AREA[EligibilitySearch]insulin",
                ),
                ("query.lead", "Pfizer"),
                ("sort", "StartDate:asc,EnrollmentCount:desc"),
            ],
        ),
        (
            matching(&|matching| {
                matching.filter("a OR b").unwrap();
                matching.filter_values(
                    Piece::named("OverallStatus"),
                    ["recruiting", "completed"].map(|name| enums::STATUS.find(name).unwrap()),
                );
                matching.filter_ids([nct(1), nct(2)]);
                matching.filter_ids([nct(2)]);
            }),
            vec![
                ("filter.advanced", "(a OR b) AND AREA[OverallStatus](\"RECRUITING\" OR \"COMPLETED\")"),
                ("postFilter.ids", "NCT00000002"),
                ("filter.ids", "NCT00000001,NCT00000002"),
            ],
        ),
        (
            StudyQuery {
                decay: GeoDecay { function: DecayFunction::Gauss, scale: 2_500.0, offset: 0.0, decay: 0.3 },
                ..matching(&|matching| {
                    matching.search(Target::Area(&areas::CONDITION), "asthma").unwrap();
                    matching.filter_near(circle(50.5));
                    matching.filter_near(circle(5.0));
                })
            },
            vec![
                ("query.cond", "asthma"),
                ("filter.geo", "distance(-39.5,77,5mi)"),
                ("filter.advanced", "AREA[LocationGeoPoint]DISTANCE[-39.5, 77, 50.5mi]"),
                ("sort", "@relevance:desc"),
                ("geoDecay", "func:gauss,scale:2.5km,offset:0km,decay:0.3"),
            ],
        ),
        // Numbers alone turn filters off, for the service and here; an expression of numbers does not.
        (
            matching(&|matching| {
                matching.filter("a").unwrap();
                matching.search(Target::Area(&areas::BASIC), "NCT5 nct4").unwrap();
            }),
            vec![("filter.ids", "NCT00000004,NCT00000005")],
        ),
        (
            matching(&|matching| {
                matching.filter("a").unwrap();
                matching.search(Target::Area(&areas::BASIC), "(NCT5)").unwrap();
            }),
            vec![("query.term", "(NCT5)"), ("filter.advanced", "a"), ("sort", "@relevance:desc")],
        ),
        (matching(&|matching| matching.filter_ids([])), vec![("postFilter.advanced", "NOT ALL")]),
    ];
    for (query, expected) in cases {
        let expected: Vec<_> =
            expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(asked(&query), expected);
    }
}

#[test]
fn the_program_names_itself_and_takes_compressed_answers() {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(page([7], Some(1), None).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let service = Service::of_studies(move |_| {
        let response = axum::response::Response::builder().header("content-encoding", "gzip");
        crate::support::Said::Now(response.body(packed.clone().into()).unwrap())
    });
    let live = service.live(|options| options.with_user_agent("clinicaltrials-mcp/9.9.9"));
    let snapshot = live.snapshot_within(&Budget::unlimited()).unwrap();
    let (documents, _) = search(snapshot.as_ref(), &condition("asthma")).unwrap();
    assert_eq!(documents[0].json(), record(7), "byte for byte");
    let seen = service.seen().remove(0);
    assert_eq!(seen.header("user-agent"), "clinicaltrials-mcp/9.9.9");
    assert_eq!((seen.header("accept"), seen.header("accept-encoding")), ("application/json", "gzip"));
}

#[test]
fn a_question_too_long_for_an_address_is_refused_without_asking() {
    let service = Service::of_studies(|_| json(page([], Some(0), None)));
    let long = vec!["hypercholesterolaemia"; 400].join(" OR ");
    let error = search(service.snapshot().as_ref(), &condition(&long)).unwrap_err();
    assert!(error.to_string().contains("its address would have"), "{error}");
    let mut query = StudyQuery::default();
    query.matching.filter_ids((1..=5_000).map(nct));
    let error = search(service.snapshot().as_ref(), &query).unwrap_err();
    assert!(error.to_string().contains("fewer numbers at once"), "{error}");
    let mut query = StudyQuery::default();
    (1..=3).for_each(|number| query.matching.filter_ids([nct(number)]));
    let error = search(service.snapshot().as_ref(), &query).unwrap_err();
    assert!(matches!(error, RegistryError::Unsupported { .. }), "{error:?}");
    assert!(service.seen().is_empty());
}

#[test]
fn the_data_version_is_what_the_service_says_and_nothing_more() {
    let service = Service::start(|_| version("2026-08-14T09:00:05"));
    let snapshot = service.snapshot();
    let data = snapshot.data_version();
    let told = data.service.as_ref().unwrap();
    assert_eq!(
        (told.api_version.as_str(), told.data_timestamp.as_deref()),
        ("2.0.5", Some("2026-08-14T09:00:05"))
    );
    assert_eq!((data.source, data.studies, data.synthetic), (DataSource::Live, None, Some(0)));
    assert_eq!(data.newest_update, None);
    assert_eq!(service.snapshot().data_version(), data, "the same wherever it is asked from");
    let made_up = Service::start(|_| status(200, &[("x-synthetic", "true")], "{\"apiVersion\":\"2.0.5\"}"));
    assert_eq!(made_up.snapshot().data_version().synthetic, None, "some are, nobody knows how many");
}

#[test]
fn a_study_is_read_by_its_number_and_a_former_number_leads_to_it() {
    let service = Service::of_studies(|seen| match seen.path() {
        "/studies/NCT00000007" => json(record(7)),
        "/studies/NCT00000077" => status(301, &[("location", "/api/v2/studies/NCT00000007?x=y")], ""),
        "/studies/NCT00000777" => json(record(7)),
        "/studies/NCT00000666" => status(301, &[("location", "https://example.org/")], ""),
        "/studies/NCT00000008" => status(404, &[], "NCT number NCT00000008 not found"),
        other => panic!("{other}"),
    });
    let snapshot = service.snapshot();
    let budget = Budget::unlimited();
    let read = |number| snapshot.study(nct(number), &budget).unwrap().map(|study| study.json().to_owned());
    let leads = |number| snapshot.successor(nct(number), &budget).unwrap().map(NctId::number);
    assert_eq!((read(7), leads(7)), (Some(record(7)), None));
    assert_eq!((read(77), leads(77)), (None, Some(7)));
    assert_eq!((read(777), leads(777)), (None, Some(7)));
    assert_eq!((read(8), leads(8)), (None, None));
    assert!(snapshot.successor(nct(666), &budget).is_err());
}

fn table(piece: &'static str, matching: Matching) -> TableQuery {
    TableQuery { matching, by: vec![Dimension { piece: Piece::named(piece), period: None }] }
}

#[test]
fn a_table_of_a_question_is_made_of_one_count_a_value() {
    let service = Service::of_studies(|seen| {
        let filter = seen.parameter("filter.advanced").unwrap_or_default();
        let total = match filter.as_str() {
            "AREA[Sex]\"ALL\"" => 5,
            "AREA[Sex]\"FEMALE\"" => 9,
            "AREA[Sex]\"MALE\"" => 0,
            "AREA[Sex]MISSING" => 1,
            "" => 15,
            other => panic!("{other}"),
        };
        assert_eq!(seen.parameter("pageSize").as_deref(), Some("1"));
        json(page([1], Some(total), Some("next")))
    });
    let snapshot = service.snapshot();
    let budget = Budget::unlimited();
    let told = snapshot.tabulate(&table("Sex", condition("asthma").matching), &budget).unwrap();
    let rows: Vec<_> = told.rows.iter().map(|row| (row.values[0].as_deref(), row.studies)).collect();
    assert_eq!(rows, [(Some("FEMALE"), 9), (Some("ALL"), 5), (None, 1)]);
    assert_eq!((told.studies, told.rows_in_all, service.seen().len()), (15, 3, 5));
}

#[test]
fn the_services_own_statistics_answer_what_is_asked_of_all_studies() {
    let service = Service::of_studies(|seen| match seen.target.as_str() {
        "/stats/field/values?fields=Phase" => json(
            r#"[{"type":"ENUM","missingStudiesCount":4,"uniqueValuesCount":2,"topValues":[{"value":"NA","studiesCount":9},{"value":"PHASE2","studiesCount":3}]}]"#,
        ),
        "/stats/field/sizes?fields=Phase" => json(
            r#"[{"piece":"Phase","field":"x","uniqueSizesCount":2,"minSize":1,"maxSize":2,"topSizes":[{"size":1,"studiesCount":9}]}]"#,
        ),
        "/stats/size" => json(
            r#"{"averageSizeBytes":17301,"largestStudies":[{"id":"NCT00000007","sizeBytes":99}],"percentiles":{"5th":1,"95th":2,"median":3},"ranges":[{"sizeRange":"16-32 KB","studiesCount":5},{"sizeRange":"big","studiesCount":1}],"totalStudies":605599}"#,
        ),
        _ => json(page([1], Some(16), None)),
    });
    let snapshot = service.snapshot();
    let budget = Budget::unlimited();
    let phase = Piece::named("Phase");
    let stats = snapshot.field_stats(phase, &Matching::default(), &budget).unwrap();
    let top = vec![("NA".to_owned(), 9), ("PHASE2".to_owned(), 3)];
    assert_eq!((stats.missing, stats.values), (4, FieldValues::Enum { unique: 2, top }));
    let told = snapshot.tabulate(&table("Phase", Matching::default()), &budget).unwrap();
    let rows: Vec<_> = told.rows.iter().map(|row| (row.values[0].as_deref(), row.studies)).collect();
    assert_eq!((told.studies, rows), (16, vec![(Some("NA"), 9), (None, 4), (Some("PHASE2"), 3)]));
    let sizes = snapshot.list_sizes(phase, &budget).unwrap();
    assert_eq!((sizes.unique, sizes.min, sizes.max, sizes.top), (2, Some(1), Some(2), vec![(1, 9)]));
    let records = snapshot.record_sizes(&budget).unwrap();
    assert_eq!((records.studies, records.mean, records.largest), (605_599, 17_301, vec![(nct(7), 99)]));
    assert_eq!((records.percentiles, records.ranges), (vec![(5, 1), (95, 2)], vec![(32 << 10, 5)]));
}

#[test]
fn what_the_service_cannot_tell_is_refused_by_name() {
    let service = Service::of_studies(|seen| panic!("{seen:?}"));
    let snapshot = service.snapshot();
    let budget = Budget::unlimited();
    let asthma = || condition("asthma").matching;
    let by = |pieces: &[&'static str], period| TableQuery {
        matching: asthma(),
        by: pieces.iter().map(|piece| Dimension { piece: Piece::named(piece), period }).collect(),
    };
    let tables = [
        by(&["Sex", "Phase"], None),
        by(&["StartDate"], Some(Period::Year)),
        by(&["LocationCountry"], None),
        by(&[], None),
    ];
    for query in tables {
        let error = snapshot.tabulate(&query, &budget).unwrap_err();
        assert!(matches!(error, RegistryError::Unsupported { .. }), "{query:?}: {error:?}");
    }
    let error = snapshot.field_stats(Piece::named("Phase"), &asthma(), &budget).unwrap_err();
    assert!(error.to_string().contains("leave the filters out"), "{error}");
    assert!(snapshot.list_sizes(Piece::named("BriefTitle"), &budget).is_err());
    assert!(snapshot.synonyms().is_empty());
}
