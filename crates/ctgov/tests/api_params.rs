//! The API's parameters, bodies and error texts: what is on record, against what is read and written here.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use ctgov::{
    DataSource, DataVersion, DecayFunction, Matching, NctId, PageToken, Place, Sort, VersionId,
    api::{
        self, ApiError, FieldSizesRequest, FieldValuesRequest, MetadataRequest, StudiesRequest, StudyRequest,
    },
    essie::{Circle, Condition, LengthUnit},
    pieces::{Kind, Piece},
    synonyms::Synonyms,
    tabulate::{DATE_FORMATS, FieldStats, FieldValues, ListSizes, RecordSizes, TextValues},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// `a=b&c=d`, decoded already.
fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

fn studies(query: &str) -> Result<StudiesRequest, ApiError> {
    StudiesRequest::read(&pairs(query))
}

/// What matches `filters`, made as the tools make it.
fn matching(make: impl FnOnce(&mut Matching)) -> Matching {
    let mut matching = Matching::default();
    make(&mut matching);
    matching
}

#[test]
fn what_is_wrong_is_told_in_the_words_on_record() {
    let format = |name: &str| format!("Parameter `{name}` has incorrect format");
    let item =
        |position: u8, name: &str| format!("Item {position} in parameter `{name}` has incorrect format");
    let value = |name: &str, value: &str| format!("Invalid value in parameter `{name}`: `{value}`");
    let field =
        |name: &str, value: &str| format!("Parameter '{name}' contains invalid field name: '{value}'");
    let unknown = |name: &str| format!("`{name}` is unknown parameter");
    let cases = [
        ("bogusParam=1", unknown("bogusParam")),
        ("=1", unknown("")),
        ("query.bogus=x", unknown("query.bogus")),
        ("query.=x", unknown("query.")),
        ("filter.phase=PHASE3", unknown("filter.phase")),
        ("postFilter.hasResults=true", unknown("postFilter.hasResults")),
        ("Query.cond=x", "Invalid prefix in parameter name: Query.cond".into()),
        ("a.b.c=", "Invalid prefix in parameter name: a.b.c".into()),
        ("filter.overallStatus=NOT_A_STATUS", value("overallStatus", "NOT_A_STATUS")),
        ("postFilter.overallStatus=RECRUITING|recruiting", value("overallStatus", "recruiting")),
        ("filter.overallStatus=RECRUITING, COMPLETED", value("overallStatus", " COMPLETED")),
        ("filter.overallStatus=RECRUITING,", value("overallStatus", "")),
        ("filter.ids=ABC123", item(1, "filter.ids")),
        ("postFilter.ids=NCT1|NCT2,NCT0", item(3, "postFilter.ids")),
        ("filter.geo=distance(1,2)", format("filter.geo")),
        ("filter.geo=distance(91,2,50mi)", format("filter.geo")),
        ("filter.geo=distance(1, 2,50mi)", format("filter.geo")),
        ("filter.geo=distance(1,2,-5mi)", format("filter.geo")),
        ("filter.geo=distance(1,2,5m)", format("filter.geo")),
        ("filter.geo=distance(1.,2,5mi)", format("filter.geo")),
        ("filter.geo=distance(+1,2,5mi)", format("filter.geo")),
        ("filter.geo=distance(--1,2,5mi)", format("filter.geo")),
        ("postFilter.geo=distance(1,180.5,5mi)", format("postFilter.geo")),
        ("geoDecay=func:log,scale:1mi,offset:0mi,decay:0.5", format("geoDecay")),
        ("geoDecay=func:exp,scale:1,offset:0mi,decay:0.5", format("geoDecay")),
        ("geoDecay=func:exp,scale:0mi,offset:0mi,decay:0.5", format("geoDecay")),
        ("geoDecay=func:exp,scale:1mi,offset:0mi,decay:1", format("geoDecay")),
        ("geoDecay=func:exp,scale:1mi,offset:0mi,decay:0", format("geoDecay")),
        ("geoDecay=scale:1mi,func:exp,offset:0mi,decay:0.5", format("geoDecay")),
        ("aggFilters=status", format("aggFilters")),
        ("aggFilters=status:rec,com", format("aggFilters")),
        ("aggFilters=status:", format("aggFilters")),
        ("aggFilters=bogus:x", value("aggFilters", "bogus")),
        ("aggFilters=Status:rec", value("aggFilters", "Status")),
        ("fields=StudyDesign", field("fields", "StudyDesign")),
        ("fields=NCTId|nctid", field("fields", "nctid")),
        ("fields=NumArmGroups", field("fields", "NumArmGroups")),
        ("fields=", item(1, "fields")),
        ("fields=NCTId,", item(2, "fields")),
        ("fields=NCTId, BriefTitle", item(2, "fields")),
        ("fields=@other", item(1, "fields")),
        ("fields=Phase:size", item(1, "fields")),
        ("sort=BriefTitle", "Unsupported sort field type: text".into()),
        ("sort=OverallStatus", "Unsupported sort field type: Status".into()),
        ("sort=ProtocolSection", "Unsupported sort field type: ProtocolSection".into()),
        ("sort=Nonsense", field("sort", "Nonsense")),
        ("sort=ConditionSearch", field("sort", "ConditionSearch")),
        ("sort=StartDate:up", item(1, "sort")),
        ("sort=StartDate,@relevance:ASC", item(2, "sort")),
        ("sort=@query", item(1, "sort")),
        ("sort=StartDate:", item(1, "sort")),
        ("sort=StartDate,CompletionDate|EnrollmentCount", format("sort") + ": at most 2 items are taken"),
        ("countTotal=yes", format("countTotal")),
        ("countTotal=TRUE", format("countTotal")),
        ("pageSize=-1", format("pageSize")),
        ("pageSize=ten", format("pageSize")),
        ("pageSize=+5", format("pageSize")),
        ("pageSize=2147483648", format("pageSize")),
        ("pageToken=NF0g5JGBlPMuwQY", format("pageToken")),
        ("format=xml", value("format", "xml")),
        ("format=csv", "`format=csv` is not served here; it answers JSON only (format=json)".into()),
        ("markupFormat=html", value("markupFormat", "html")),
        (
            "markupFormat=legacy",
            "`markupFormat=legacy` is not served here; markup is CommonMark (markupFormat=markdown)".into(),
        ),
        ("filter.synonyms=ConditionSearch", item(1, "filter.synonyms")),
        ("filter.synonyms=ConditionSearch:1|Nowhere:1", item(2, "filter.synonyms")),
        (
            "postFilter.synonyms=ConditionSearch:1651367,BasicSearch:2013558",
            "Parameter `postFilter.synonyms` cannot be served: ids of synonyms are known to ClinicalTrials.gov only"
                .into(),
        ),
        ("pageSize=5&pageSize=6", "Parameter `pageSize` is given more than once".into()),
        ("query.cond=&query.cond=x", "Parameter `query.cond` is given more than once".into()),
        // What was not UTF-8.
        ("query.cond=asthma\u{fffd}", format("query.cond")),
        ("pageSize=\u{fffd}&bogus=1", format("pageSize")),
        ("query.con\u{fffd}=x", unknown("query.con\u{fffd}")),
    ];
    for (query, body) in cases {
        assert_eq!(studies(query), Err(ApiError { status: 400, body }), "{query}");
    }
}

#[test]
fn what_the_specification_gives_as_examples_is_taken() {
    let examples = [
        "query.cond=lung cancer",
        "query.cond=(head OR neck) AND pain",
        "query.term=AREA[LastUpdatePostDate]RANGE[2023-01-15,MAX]",
        "filter.overallStatus=NOT_YET_RECRUITING|RECRUITING",
        "postFilter.overallStatus=COMPLETED",
        "filter.geo=distance(39.0035707,-77.1013313,50mi)",
        "postFilter.ids=NCT04852770|NCT01728545|NCT02109302",
        "filter.advanced=AREA[StartDate]2022",
        "postFilter.advanced=AREA[MinimumAge]RANGE[MIN, 16 years] AND AREA[MaximumAge]RANGE[16 years, MAX]",
        "aggFilters=results:with,status:com",
        "aggFilters=status:not rec,sex:f,healthy:y",
        "geoDecay=func:linear,scale:100km,offset:10km,decay:0.1",
        "geoDecay=func:gauss,scale:500mi,offset:0mi,decay:0.3",
        "fields=NCTId|BriefTitle|OverallStatus|HasResults",
        "fields=ProtocolSection",
        "sort=@relevance",
        "sort=LastUpdatePostDate",
        "sort=EnrollmentCount:desc|NumArmGroups",
        "pageSize=100",
    ];
    for query in examples {
        assert_ne!(studies(query).unwrap(), StudiesRequest::default(), "{query}");
    }
    for fields in ["NCTId|BriefTitle|Reference", "ConditionsModule|EligibilityModule"] {
        assert!(StudyRequest::read("NCT00841061", &pairs(&format!("fields={fields}"))).is_ok(), "{fields}");
    }
    let path = "protocolSection.armsInterventionsModule.armGroups.interventionNames";
    for query in ["types=ENUM|BOOLEAN", "types=INTEGER|NUMBER", "fields=Condition|InterventionName"] {
        assert!(FieldValuesRequest::read(&pairs(query)).is_ok(), "{query}");
    }
    for fields in ["Phase", "Condition|Intervention", path] {
        assert!(FieldSizesRequest::read(&pairs(&format!("fields={fields}"))).is_ok(), "{fields}");
    }
}

#[test]
fn every_parameter_of_the_specification_is_known() {
    let Some(path) = captured("oas.yaml") else { return };
    let text = fs::read_to_string(path).unwrap();
    let of_studies =
        text.split_once("\n  /studies:").unwrap().1.split_once("\n  /studies/{nctId}:").unwrap().0;
    let names =
        of_studies.lines().filter_map(|line| line.strip_prefix("      - name: \"")?.strip_suffix('"'));
    let names: Vec<&str> = names.collect();
    assert_eq!(names.len(), 29);
    for name in names {
        let pair = (name.to_owned(), "?".to_owned());
        let told = StudiesRequest::read(&[pair]).map_err(|error| error.body);
        assert_ne!(told, Err(ApiError::unknown_parameter(name).body));
    }
}

#[test]
fn the_first_parameter_that_is_wrong_is_the_one_told() {
    let cases = [
        ("pageSize=x&bogus=1&filter.ids=A", "Parameter `pageSize` has incorrect format"),
        ("bogus=1&pageSize=x", "`bogus` is unknown parameter"),
        ("filter.ids=A&query.bogus=1", "Item 1 in parameter `filter.ids` has incorrect format"),
        ("query.term=x&fields=Q&sort=Q", "Parameter 'fields' contains invalid field name: 'Q'"),
    ];
    for (query, body) in cases {
        assert_eq!(studies(query).unwrap_err().body, body, "{query}");
    }
}

#[test]
fn expressions_that_are_none_are_told_with_the_label_of_the_parameter() {
    let cases = [
        ("filter.advanced", "advanced filter"),
        ("postFilter.advanced", "advanced filter"),
        ("query.term", "Other terms"),
        ("query.cond", "Conditions or disease"),
        ("query.intr", "Intervention / treatment"),
        ("query.titles", "Title / acronym"),
        ("query.outc", "Outcome measure"),
        ("query.spons", "Sponsor / collaborator"),
        ("query.id", "Study IDs"),
        ("query.locn", "Location terms"),
        ("query.lead", "LeadSponsorName"),
        ("query.patient", "PatientSearch"),
    ];
    for (name, label) in cases {
        let error = studies(&format!("{name}=AREA[NotARealField]value")).unwrap_err();
        let body = format!("Error parsing query in {label}: Unknown area name: `NotARealField`");
        assert_eq!(error, ApiError { status: 400, body }, "{name}");
    }
}

#[test]
fn a_value_that_is_none_is_told_with_all_that_are_in_their_order() {
    let error = studies("query.term=AREA[OverallStatus]NOT_A_STATUS").unwrap_err();
    let body = "Error parsing query in Other terms: Allowed values for enum field \
                `protocolSection.statusModule.overallStatus` are `ACTIVE_NOT_RECRUITING`, `COMPLETED`, \
                `ENROLLING_BY_INVITATION`, `NOT_YET_RECRUITING`, `RECRUITING`, `SUSPENDED`, `TERMINATED`, `WITHDRAWN`, \
                `AVAILABLE`, `NO_LONGER_AVAILABLE`, `TEMPORARILY_NOT_AVAILABLE`, `APPROVED_FOR_MARKETING`, `WITHHELD`, \
                `UNKNOWN`";
    assert_eq!(error, ApiError { status: 400, body: body.into() });
}

#[test]
fn parameters_become_the_question_they_ask() {
    let request = studies("").unwrap();
    assert_eq!(request, StudiesRequest::default());
    assert!(request.query.matching.is_everything());
    // A parameter without a value is not given.
    let empty =
        "query.cond=&query.term=  &filter.ids=&filter.geo=&aggFilters=&sort=&pageSize=&pageToken=&format=";
    assert_eq!(studies(empty).unwrap(), request);

    let sizes =
        [("0", 10), ("1", 1), ("1000", 1_000), ("1001", 1_000), ("70000", 1_000), ("2147483647", 1_000)];
    for (given, size) in sizes {
        assert_eq!(studies(&format!("pageSize={given}")).unwrap().query.page_size.get(), size, "{given}");
    }
    let request = studies(
        "countTotal=true&format=json&markupFormat=markdown&sort=EnrollmentCount:desc|StartDate&filter.geo=distance(-39.5,77,50)\
         &geoDecay=func:gauss,scale:2km,offset:1.5mi,decay:0.3",
    )
    .unwrap();
    assert!(request.count_total && request.projection.is_none());
    assert_eq!(request.query.sort, Sort::parse("EnrollmentCount:desc,StartDate:desc").unwrap());
    let near = request.query.matching.near().unwrap();
    assert_eq!(
        (near.latitude, near.longitude, near.radius, near.unit),
        (-39.5, 77.0, 50.0, LengthUnit::Miles)
    );
    let decay = request.query.decay;
    assert_eq!(
        (decay.function, decay.scale, decay.offset, decay.decay),
        (DecayFunction::Gauss, 2_000.0, 1.5 * 1_609.344, 0.3)
    );

    let token = PageToken {
        fingerprint: 7,
        version: VersionId([1; 8]),
        place: Place::After { keys: vec![Some(3)], id: NctId::new(5).unwrap() },
    };
    let request = studies(&format!("pageToken={token}&countTotal=false")).unwrap();
    assert_eq!((request.query.page_token, request.count_total), (Some(token), false));
}

#[test]
fn filters_become_filters_and_post_filters_the_same() {
    let status = |names: &[&str]| {
        let find = |name: &&str| ctgov::enums::STATUS.find(name).unwrap();
        matching(|matching| matching.filter_values(Piece::named("OverallStatus"), names.iter().map(find)))
    };
    let ids = |numbers: &[u32]| {
        let ids = numbers.iter().map(|number| NctId::new(*number).unwrap());
        matching(|matching| matching.filter_ids(ids))
    };
    let near = Circle { latitude: 1.0, longitude: 2.0, radius: 3.0, unit: LengthUnit::Kilometers };
    let cases = [
        ("overallStatus=RECRUITING|COMPLETED,RECRUITING", status(&["COMPLETED", "RECRUITING"])),
        ("ids=nct00000004|NCT3,NCT0000000000003", ids(&[3, 4])),
        ("geo=distance(1,2,3km)", matching(|matching| matching.filter_near(near))),
        (
            "advanced=AREA[Phase]PHASE3 OR asthma",
            matching(|matching| matching.filter("AREA[Phase]PHASE3 OR asthma").unwrap()),
        ),
    ];
    for (filter, expected) in cases {
        for group in ["filter", "postFilter"] {
            assert_eq!(studies(&format!("{group}.{filter}")).unwrap().query.matching, expected, "{filter}");
        }
    }
    // Where both are given, distance is counted from `filter.geo`, in whatever order they come.
    let (here, there) = ("filter.geo=distance(1,2,3km)", "postFilter.geo=distance(4,5,6km)");
    for query in [format!("{here}&{there}"), format!("{there}&{here}")] {
        assert_eq!(studies(&query).unwrap().query.matching.near().unwrap().latitude, 1.0);
    }
}

#[test]
fn the_same_question_in_another_order_is_the_same_question() {
    let one = studies(
        "aggFilters=sex:f,phase:2 1&filter.ids=NCT2,NCT1&query.cond=asthma&query.term=child&pageSize=5",
    );
    let other = studies("query.term=child&query.cond=asthma&filter.ids=NCT1|NCT2&aggFilters=phase:1 2|sex:f");
    assert_eq!(one.unwrap().query.fingerprint(), other.unwrap().query.fingerprint());
}

#[test]
fn check_boxes_become_filters() {
    let filters = |agg_filters: &str| studies(&format!("aggFilters={agg_filters}")).unwrap().query.matching;
    let same = [
        ("status:rec", "status:rec"),
        ("status:rec not", "status:not  rec"),
        ("status:com,status:rec", "status:rec"),
        ("status:com,status:rec,phase:NA", "phase:NA|status:rec"),
        // A key that is none matches nothing, and takes nothing away.
        ("phase:na", "phase:bogus"),
        ("phase:3 bogus", "phase:3"),
        ("sex:f f", "sex:f"),
    ];
    for (one, other) in same {
        assert_eq!(filters(one), filters(other), "{one} and {other}");
    }
    let different =
        ["status:rec", "status:com", "status:rec com", "phase:3", "phase:na", "sex:f", "sex:m", "sex:f m"];
    for (position, one) in different.iter().enumerate() {
        for other in &different[position + 1..] {
            assert_ne!(filters(one), filters(other), "{one} and {other}");
        }
    }
    let all = "status:rec not act com ter enr sus wit unk ava nla tna afm,phase:0 1 2 3 4 NA,\
               studyType:int obs obs_patreg exp exp_indiv exp_inter exp_treat,ages:child adult older,sex:f m,healthy:y,\
               results:with without,docs:prot sap icf,funderType:nih fed industry other,violation:y";
    assert!(!filters(all).is_everything());
}

#[test]
fn every_check_box_asks_what_an_expression_asks() {
    let any = |pieces: &[&str], values: &[&str]| {
        let asked =
            pieces.iter().flat_map(|piece| values.iter().map(move |value| format!("AREA[{piece}]{value}")));
        asked.collect::<Vec<_>>().join(" OR ")
    };
    let sponsors: &[&str] = &["LeadSponsorClass", "CollaboratorClass"];
    let mut cases: Vec<(&str, String)> = vec![
        ("sex:f", r#"AREA[Sex]FEMALE OR AREA[Sex]"ALL""#.into()),
        ("sex:m", r#"AREA[Sex]MALE OR AREA[Sex]"ALL""#.into()),
        ("funderType:nih", any(sponsors, &["NIH"])),
        ("funderType:fed", any(sponsors, &["FED"])),
        ("funderType:industry", any(sponsors, &["INDUSTRY"])),
        ("funderType:other", any(sponsors, &["OTHER_GOV", "INDIV", "NETWORK", "AMBIG", "OTHER", "UNKNOWN"])),
        // Keys of one id are alternatives, ids must all hold.
        ("ages:child older", "AREA[StdAge]CHILD OR AREA[StdAge]OLDER_ADULT".into()),
        ("docs:sap,results:with", "AREA[HasResults]true AND AREA[LargeDocHasSAP]true".into()),
        ("results:with|docs:sap", "AREA[HasResults]true AND AREA[LargeDocHasSAP]true".into()),
        // The last of a repeated id counts; a key that is none finds nothing, in whatever case it would be one.
        ("phase:1,phase:3", "AREA[Phase]PHASE3".into()),
        ("phase:na", "NOT ALL".into()),
        ("violation:n", "NOT ALL".into()),
        ("healthy:n", "NOT ALL".into()),
        ("phase:na 3", "AREA[Phase]PHASE3".into()),
    ];
    let single = [
        ("status:rec", "OverallStatus", "RECRUITING"),
        ("status:not", "OverallStatus", "NOT_YET_RECRUITING"),
        ("status:act", "OverallStatus", "ACTIVE_NOT_RECRUITING"),
        ("status:com", "OverallStatus", "COMPLETED"),
        ("status:ter", "OverallStatus", "TERMINATED"),
        ("status:enr", "OverallStatus", "ENROLLING_BY_INVITATION"),
        ("status:sus", "OverallStatus", "SUSPENDED"),
        ("status:wit", "OverallStatus", "WITHDRAWN"),
        ("status:unk", "OverallStatus", "UNKNOWN"),
        ("status:ava", "OverallStatus", "AVAILABLE"),
        ("status:nla", "OverallStatus", "NO_LONGER_AVAILABLE"),
        ("status:tna", "OverallStatus", "TEMPORARILY_NOT_AVAILABLE"),
        ("status:afm", "OverallStatus", "APPROVED_FOR_MARKETING"),
        ("phase:0", "Phase", "EARLY_PHASE1"),
        ("phase:1", "Phase", "PHASE1"),
        ("phase:2", "Phase", "PHASE2"),
        ("phase:3", "Phase", "PHASE3"),
        ("phase:4", "Phase", "PHASE4"),
        ("phase:NA", "Phase", "NA"),
        ("studyType:int", "StudyType", "INTERVENTIONAL"),
        ("studyType:obs", "StudyType", "OBSERVATIONAL"),
        ("studyType:obs_patreg", "PatientRegistry", "true"),
        ("studyType:exp", "StudyType", "EXPANDED_ACCESS"),
        ("studyType:exp_indiv", "ExpAccTypeIndividual", "true"),
        ("studyType:exp_inter", "ExpAccTypeIntermediate", "true"),
        ("studyType:exp_treat", "ExpAccTypeTreatment", "true"),
        ("ages:child", "StdAge", "CHILD"),
        ("ages:adult", "StdAge", "ADULT"),
        ("ages:older", "StdAge", "OLDER_ADULT"),
        ("healthy:y", "HealthyVolunteers", "true"),
        ("results:with", "HasResults", "true"),
        ("results:without", "HasResults", "false"),
        ("docs:prot", "LargeDocHasProtocol", "true"),
        ("docs:sap", "LargeDocHasSAP", "true"),
        ("docs:icf", "LargeDocHasICF", "true"),
        ("violation:y", "FDAAA801Violation", "true"),
    ];
    cases.extend(single.map(|(check_box, piece, value)| (check_box, any(&[piece], &[value]))));
    let filter =
        |query: &str| studies(query).unwrap().query.matching.conditions(Synonyms::none()).unwrap().filter;
    for (check_box, expression) in cases {
        let (asked, expected) =
            (filter(&format!("aggFilters={check_box}")), filter(&format!("filter.advanced={expression}")));
        assert_eq!(alternatives(asked), alternatives(expected), "{check_box}");
    }
}

/// The parts of an `OR` in one order.
fn alternatives(condition: Condition) -> Vec<String> {
    let parts = match condition {
        Condition::Or(parts) => parts,
        condition => vec![condition],
    };
    let mut parts: Vec<_> = parts.iter().map(|part| format!("{part:?}")).collect();
    parts.sort_unstable();
    parts
}

#[test]
fn the_querys_fields_are_those_its_searches_look_at() {
    let record = r#"{"protocolSection":{"identificationModule":{"nctId":"NCT1","briefTitle":"t"},"conditionsModule":{"conditions":["c"],"keywords":["k"]},"designModule":{"phases":["PHASE3"]}}}"#;
    let keep = |query: &str| studies(query).unwrap().projection.unwrap().apply(record);
    let cases = [
        ("fields=@query", "{}"),
        (
            "fields=@query&query.titles=x",
            r#"{"protocolSection":{"identificationModule":{"briefTitle":"t"}}}"#,
        ),
        (
            "query.titles=AREA[Keyword]x&fields=@query|Phase&filter.advanced=y",
            r#"{"protocolSection":{"conditionsModule":{"keywords":["k"]},"designModule":{"phases":["PHASE3"]}}}"#,
        ),
        ("query.cond=NCT1&fields=@query", r#"{"protocolSection":{"identificationModule":{"nctId":"NCT1"}}}"#),
    ];
    for (query, expected) in cases {
        assert_eq!(keep(query), expected, "{query}");
    }
}

#[test]
fn a_studys_number_and_parameters_are_read() {
    let read = |id: &str, query: &str| StudyRequest::read(id, &pairs(query));
    for id in ["NCT00000123", "nct123", "NCT000000000123"] {
        assert_eq!(read(id, "format=json").unwrap().id, NctId::new(123).unwrap(), "{id}");
    }
    let cases = [
        ("ABC123", "bogus=1", "Parameter `nctId` has incorrect format"),
        ("../stats/size", "", "Parameter `nctId` has incorrect format"),
        ("NCT123456789", "", "Parameter `nctId` has incorrect format"),
        ("NCT123", "fields=@query", "Item 1 in parameter `fields` has incorrect format"),
        ("NCT123", "fields=StudyDesign", "Parameter 'fields' contains invalid field name: 'StudyDesign'"),
        ("NCT123", "format=ris", "`format=ris` is not served here; it answers JSON only (format=json)"),
        ("NCT123", "format=xml", "Invalid value in parameter `format`: `xml`"),
        ("NCT123", "query.cond=x", "Invalid prefix in parameter name: query.cond"),
        ("NCT123", "pageSize=1", "`pageSize` is unknown parameter"),
    ];
    for (id, query, body) in cases {
        assert_eq!(read(id, query), Err(ApiError::bad_request(body)), "{id} {query}");
    }
    assert!(read("NCT123", "fields=NCTId|Reference&markupFormat=markdown").unwrap().projection.is_some());
}

#[test]
fn the_other_endpoints_take_their_parameters_and_no_others() {
    let metadata = |query: &str| MetadataRequest::read(&pairs(query));
    assert_eq!(
        metadata("includeIndexedOnly=true&includeHistoricOnly=true"),
        Ok(MetadataRequest { index_only: true })
    );
    assert_eq!(metadata("includeIndexedOnly=false"), Ok(MetadataRequest::default()));
    assert_eq!(metadata("includeIndexedOnly=1"), Err(ApiError::incorrect_format("includeIndexedOnly")));
    assert_eq!(api::no_parameters(&[]), Ok(()));
    assert_eq!(api::no_parameters(&pairs("a=")), Err(ApiError::unknown_parameter("a")));
    assert_eq!(api::no_parameters(&pairs("query.cond=x")), Err(ApiError::invalid_prefix("query.cond")));

    let values = |query: &str| FieldValuesRequest::read(&pairs(query));
    let names = |pieces: Vec<Piece>| pieces.into_iter().map(Piece::name).collect::<Vec<_>>();
    assert_eq!(
        names(
            values("fields=Phase,OverallStatus|Phase,protocolSection.designModule.studyType").unwrap().pieces
        ),
        ["Phase", "OverallStatus", "StudyType"]
    );
    assert_eq!(names(values("fields=Phase,HasResults&types=BOOLEAN").unwrap().pieces), ["HasResults"]);
    let of_type = |types: &str| values(&format!("types={types}")).unwrap().pieces.len();
    // As many as the API had in August 2026; of whole numbers it had four more.
    assert_eq!(["STRING", "ENUM", "DATE", "BOOLEAN"].map(of_type), [214, 55, 29, 28]);
    assert_eq!(of_type("INTEGER|NUMBER,STRING,ENUM,DATE,BOOLEAN"), values("").unwrap().pieces.len());
    let unknown =
        |name: &str| ApiError { status: 404, body: format!("Unknown piece name of field path: {name}") };
    let cases = [
        ("fields=BogusPiece,Other", unknown("BogusPiece")),
        ("fields=ProtocolSection", unknown("ProtocolSection")),
        ("fields=", ApiError::incorrect_item(1, "fields")),
        ("types=TEXT", ApiError::bad_request("Invalid value in parameter `types`: `TEXT`")),
        ("fields=Phase&query.cond=cancer", ApiError::invalid_prefix("query.cond")),
        ("fields=StdAge&cond=asthma", ApiError::unknown_parameter("cond")),
        ("fields=StdAge&aggFilters=phase:3", ApiError::unknown_parameter("aggFilters")),
    ];
    for (query, error) in cases {
        assert_eq!(values(query), Err(error), "{query}");
    }
    let sizes = |query: &str| FieldSizesRequest::read(&pairs(query));
    assert_eq!(names(sizes("fields=Condition|Intervention").unwrap().pieces), ["Condition", "Intervention"]);
    assert!(sizes("").unwrap().pieces.iter().all(|piece| piece.is_list()));
    assert_eq!(sizes("fields=BriefTitle"), Err(unknown("BriefTitle")));
    assert_eq!(sizes("types=ENUM"), Err(ApiError::unknown_parameter("types")));
}

proptest! {
    #[test]
    fn any_pairs_are_read_or_refused(
        known in prop::collection::vec((prop::sample::select(vec![
            "query.cond", "query.lead", "filter.geo", "filter.ids", "filter.advanced", "aggFilters", "geoDecay", "fields",
            "sort", "pageSize", "pageToken", "format", "countTotal", "filter.synonyms", "postFilter.overallStatus", "types",
        ]), "[a-zA-Z0-9,|:;@(). -]{0,30}|distance\\([0-9.-]{0,6},[0-9.-]{0,6},[0-9.]{0,6}(mi|km)?\\)"), 0..4),
        wild in prop::collection::vec((".{0,12}", ".{0,20}"), 0..2),
    ) {
        let known = known.into_iter().map(|(name, value)| (name.to_owned(), value));
        let pairs: Vec<_> = known.chain(wild).collect();
        let read = StudiesRequest::read(&pairs);
        if let Err(error) = &read {
            prop_assert!(error.status == 400 && !error.body.is_empty() && error.body.len() < 2_000, "{:?}", error);
        }
        prop_assert_eq!(read, StudiesRequest::read(&pairs));
        let _ = FieldValuesRequest::read(&pairs);
        let _ = StudyRequest::read("NCT1", &pairs);
    }
}

#[test]
fn statistics_are_written_as_the_api_writes_them() {
    let top =
        |values: &[(&str, u64)]| values.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect();
    let cases = [
        (
            "StdAge",
            984,
            FieldValues::Enum { unique: 2, top: top(&[("ADULT", 5), ("CHILD", 1)]) },
            r#"{"type":"ENUM","piece":"StdAge","field":"protocolSection.eligibilityModule.stdAges","missingStudiesCount":984,"uniqueValuesCount":2,"topValues":[{"value":"ADULT","studiesCount":5},{"value":"CHILD","studiesCount":1}]}"#,
        ),
        (
            "Acronym",
            3,
            FieldValues::Text(TextValues {
                unique: 1,
                top: top(&[("X", 1)]),
                longest: Some((1, NctId::new(9).unwrap(), "X".into())),
            }),
            r#"{"type":"STRING","piece":"Acronym","field":"protocolSection.identificationModule.acronym","missingStudiesCount":3,"uniqueValuesCount":1,"topValues":[{"value":"X","studiesCount":1}],"longest":{"length":1,"nctId":"NCT00000009","value":"X"}}"#,
        ),
        (
            "StartDate",
            5_357,
            FieldValues::Date {
                min: Some("1900-01".into()),
                max: Some("2099-01-01".into()),
                formats: vec!["yyyy-MM", "yyyy-MM-dd"],
            },
            r#"{"type":"DATE","piece":"StartDate","field":"protocolSection.statusModule.startDateStruct.date","missingStudiesCount":5357,"min":"1900-01","max":"2099-01-01","formats":["yyyy-MM","yyyy-MM-dd"]}"#,
        ),
        (
            "EnrollmentCount",
            7_131,
            FieldValues::Number { min: Some(0), max: Some(188_814_085), mean: Some(5505.268604497998) },
            r#"{"type":"INTEGER","piece":"EnrollmentCount","field":"protocolSection.designModule.enrollmentInfo.count","missingStudiesCount":7131,"min":0,"max":188814085,"avg":5505.268604497998}"#,
        ),
        (
            "MinimumAge",
            3,
            FieldValues::Duration {
                texts: TextValues {
                    unique: 2,
                    top: top(&[("18 Years", 5), ("1 Day", 1)]),
                    longest: Some((8, NctId::new(7).unwrap(), "18 Years".into())),
                },
                min: Some(1_440),
                max: Some(9_460_800),
                mean: Some(1e6),
            },
            r#"{"type":"STRING","piece":"MinimumAge","field":"protocolSection.eligibilityModule.minimumAge","missingStudiesCount":3,"uniqueValuesCount":2,"topValues":[{"value":"18 Years","studiesCount":5},{"value":"1 Day","studiesCount":1}],"longest":{"length":8,"nctId":"NCT00000007","value":"18 Years"}}"#,
        ),
        (
            "HasResults",
            0,
            FieldValues::Boolean { yes: 79_677, no: 518_832 },
            r#"{"type":"BOOLEAN","piece":"HasResults","field":"hasResults","missingStudiesCount":0,"falseCount":518832,"trueCount":79677}"#,
        ),
        (
            "EnrollmentCount",
            2,
            FieldValues::Number { min: None, max: None, mean: None },
            r#"{"type":"INTEGER","piece":"EnrollmentCount","field":"protocolSection.designModule.enrollmentInfo.count","missingStudiesCount":2}"#,
        ),
    ];
    for (name, missing, values, expected) in cases {
        let body = api::field_values(&FieldStats { piece: Piece::named(name), missing, values });
        assert_eq!(body.to_string(), expected);
    }
    let sizes = ListSizes {
        piece: Piece::named("Phase"),
        unique: 2,
        min: Some(1),
        max: Some(2),
        top: vec![(1, 9), (2, 4)],
    };
    assert_eq!(
        api::field_sizes(&sizes).to_string(),
        r#"{"piece":"Phase","field":"protocolSection.designModule.phases","uniqueSizesCount":2,"minSize":1,"maxSize":2,"topSizes":[{"size":1,"studiesCount":9},{"size":2,"studiesCount":4}]}"#
    );
    let sizes = RecordSizes {
        studies: 3,
        mean: 2_000,
        largest: vec![(NctId::new(2).unwrap(), 4_000)],
        percentiles: vec![(5, 1_000), (99, 4_000)],
        ranges: vec![(1_024, 1), (4_096, 2)],
    };
    assert_eq!(
        api::record_sizes(&sizes).to_string(),
        r#"{"averageSizeBytes":2000,"largestStudies":[{"id":"NCT00000002","sizeBytes":4000}],"percentiles":{"5th":1000,"99th":4000},"ranges":[{"sizeRange":"0-1 KB","studiesCount":1},{"sizeRange":"2-4 KB","studiesCount":2}],"totalStudies":3}"#
    );
}

#[test]
fn the_version_tells_the_newest_update_and_invents_nothing() {
    let version = |newest_update: Option<&str>| {
        let id = VersionId([0; 8]);
        let newest_update = newest_update.map(str::to_owned);
        api::version(&DataVersion {
            id,
            source: DataSource::Mirror,
            studies: Some(1),
            synthetic: Some(0),
            newest_update,
            service: None,
        })
        .to_string()
    };
    assert_eq!(
        version(Some("2026-08-14")),
        r#"{"apiVersion":"2.0.5","dataTimestamp":"2026-08-14T00:00:00"}"#
    );
    assert_eq!(version(None), r#"{"apiVersion":"2.0.5"}"#);
}

/// What was captured, next to the checkout.
fn captured(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/captures").join(name);
    if path.exists() {
        return Some(path);
    }
    // Past the test harness, which keeps what passing tests print to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: captures/{name} is not next to the checkout");
    None
}

fn capture(name: &str) -> Option<Value> {
    captured(name).map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

fn without(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(object) => {
            keys.iter().for_each(|key| _ = object.shift_remove(*key));
            object.values_mut().for_each(|value| without(value, keys));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|value| without(value, keys)),
        Value::Number(number) => *value = number.as_f64().into(),
        _ => {}
    }
}

#[test]
fn what_the_api_says_of_itself_is_what_was_captured() {
    let cases = [
        ("metadata.json", api::metadata(false), &["title", "description", "rules", "dedLink"][..]),
        ("search-areas.json", api::search_areas(), &[]),
        ("enums.json", api::enums(), &[]),
    ];
    for (name, body, not_told) in cases {
        let Some(mut captured) = capture(name) else { continue };
        let mut ours: Value = serde_json::from_str(body).unwrap();
        without(&mut captured, not_told);
        without(&mut ours, &[]);
        let (captured, ours) = [captured, ours].map(|value| format!("{value:#}")).into();
        // As text: the order of keys counts.
        for (line, (ours, captured)) in ours.lines().zip(captured.lines()).enumerate() {
            assert_eq!(ours, captured, "{name}, line {line}");
        }
        assert_eq!(ours.len(), captured.len(), "{name}");
    }
}

#[test]
fn the_field_tree_with_the_index_has_every_piece() {
    fn collect<'a>(nodes: &'a Value, names: &mut Vec<&'a str>) {
        for node in nodes.as_array().into_iter().flatten() {
            names.push(node["piece"].as_str().unwrap());
            collect(&node["children"], names);
        }
    }
    for (index_only, count) in [(false, 454), (true, 528)] {
        let nodes: Value = serde_json::from_str(api::metadata(index_only)).unwrap();
        let mut names = Vec::new();
        collect(&nodes, &mut names);
        assert_eq!(names.len(), count);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
    let tree: Value = serde_json::from_str(api::metadata(true)).unwrap();
    assert_eq!(
        tree[0]["children"][1]["children"].as_array().unwrap().last().unwrap()["indexedOnly"],
        json!(true)
    );
}

#[test]
fn captured_statistics_have_our_shape() {
    let Some(captured) = capture("stats_field_values.json") else { return };
    for stats in captured.as_array().unwrap() {
        let piece = Piece::find(stats["piece"].as_str().unwrap()).unwrap();
        assert!(matches!(piece.kind(), Kind::Enum(_)));
        let top = stats["topValues"].as_array().unwrap().iter();
        let top =
            top.map(|row| (row["value"].as_str().unwrap().to_owned(), row["studiesCount"].as_u64().unwrap()));
        let unique = stats["uniqueValuesCount"].as_u64().unwrap();
        let ours = FieldStats {
            piece,
            missing: stats["missingStudiesCount"].as_u64().unwrap(),
            values: FieldValues::Enum { unique, top: top.collect() },
        };
        assert_eq!(api::field_values(&ours), *stats);
    }
}

/// What is captured of other types was quoted without white space: key order counts.
#[test]
fn captured_statistics_of_every_type_are_written_as_ours() {
    let Some(captured) = capture("stats_extra.json") else { return };
    let mut compared = 0;
    for (name, captured) in captured.as_object().unwrap() {
        let Some(stats) = captured.get(0).filter(|_| name.starts_with("stats_field_values_")) else {
            continue;
        };
        let integer = |key: &str| stats[key].as_u64().unwrap();
        let text = |key: &str| stats[key].as_str().map(str::to_owned);
        let top = || {
            let rows = stats["topValues"].as_array().unwrap().iter();
            rows.map(|row| (row["value"].as_str().unwrap().to_owned(), row["studiesCount"].as_u64().unwrap()))
                .collect()
        };
        let values = match stats["type"].as_str().unwrap() {
            "ENUM" => FieldValues::Enum { unique: integer("uniqueValuesCount"), top: top() },
            "BOOLEAN" => FieldValues::Boolean { yes: integer("trueCount"), no: integer("falseCount") },
            "INTEGER" => FieldValues::Number {
                min: stats["min"].as_i64(),
                max: stats["max"].as_i64(),
                mean: stats["avg"].as_f64(),
            },
            "DATE" => {
                let formats = DATE_FORMATS.into_iter();
                let formats =
                    formats.filter(|format| stats["formats"].as_array().unwrap().contains(&json!(format)));
                FieldValues::Date { min: text("min"), max: text("max"), formats: formats.collect() }
            }
            other => panic!("{other} is captured and not compared"),
        };
        let piece = Piece::find(stats["piece"].as_str().unwrap()).unwrap();
        let ours = FieldStats { piece, missing: integer("missingStudiesCount"), values };
        assert_eq!(api::field_values(&ours).to_string(), stats.to_string(), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 4);
}

#[test]
fn captured_refusals_are_ours() {
    let Some(captured) = capture("errors.json") else { return };
    let mut compared = 0;
    for row in captured["errors"].as_array().unwrap() {
        let request = row["request"].as_str().unwrap();
        let exact = row["quality"].as_str().unwrap().starts_with("exact");
        // Neither CSV nor which studies there are is known here.
        if !exact || request.contains("format=csv") || row["status"] == 404 {
            continue;
        }
        let (path, query) = request.split_once('?').unwrap_or((request, ""));
        let pairs = pairs(&query.replace(" (a text field)", "").replace(" & ", " %26 "));
        let unescaped: Vec<_> =
            pairs.into_iter().map(|(name, value)| (name, value.replace("%26", "&"))).collect();
        let error = match path.strip_prefix("GET /api/v2/").unwrap() {
            "studies" => StudiesRequest::read(&unescaped).unwrap_err(),
            "stats/field/values" | "stats/fieldValues" => FieldValuesRequest::read(&unescaped).unwrap_err(),
            study => StudyRequest::read(study.strip_prefix("studies/").unwrap(), &unescaped).unwrap_err(),
        };
        assert_eq!(json!([error.status, error.body]), json!([row["status"], row["body"]]), "{request}");
        compared += 1;
    }
    assert!(compared >= 14, "{compared}");
}
