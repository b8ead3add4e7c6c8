//! Relations that were seen to hold on ClinicalTrials.gov at any date, as far as they are about sets of studies.

use crate::world::{Set, World, number};
use ctgov::{
    Budget, Matching, PAGE_SIZE_MAX, StudyQuery,
    api::StudiesRequest,
    essie::{literal, quote},
    pieces::{Kind, Piece},
    text::words,
};

/// Every one of `parts` by itself, and all together once.
fn is_split(world: &World, whole: &str, parts: &[&str]) {
    let sum: u64 = parts.iter().map(|part| world.count(part)).sum();
    assert_eq!(
        sum,
        world.count(whole),
        "{whole}: {:?}",
        parts.iter().map(|part| world.count(part)).collect::<Vec<_>>()
    );
}

#[test]
fn everything_is_counted_alike() {
    let world = World::small();
    let all = world.studies.len() as u64;
    assert_eq!(world.count("ALL"), all);
    assert_eq!(world.snapshot.count(&Matching::default(), &Budget::unlimited()).unwrap(), all);
    assert_eq!(world.snapshot.record_sizes(&Budget::unlimited()).unwrap().studies, all);
    assert_eq!(world.api(&[]).len() as u64, all);
    assert_eq!(world.api(&[("query.cond", "ALL")]).len() as u64, all);
}

#[test]
fn the_values_of_a_field_add_up() {
    let world = World::small();
    is_split(world, "ALL", &["AREA[HasResults]true", "AREA[HasResults]false"]);
    // Unquoted, ALL is the operator.
    is_split(
        world,
        "AREA[Sex]ALL",
        &["AREA[Sex]\"ALL\"", "AREA[Sex]FEMALE", "AREA[Sex]MALE", "AREA[Sex]MISSING"],
    );
    is_split(
        world,
        "ALL",
        &[
            "AREA[Phase]EARLY_PHASE1",
            "AREA[Phase](PHASE1 AND NOT PHASE2)",
            "AREA[Phase](PHASE1 AND PHASE2)",
            "AREA[Phase](PHASE2 AND NOT PHASE1 AND NOT PHASE3)",
            "AREA[Phase](PHASE2 AND PHASE3)",
            "AREA[Phase](PHASE3 AND NOT PHASE2)",
            "AREA[Phase]PHASE4",
            "AREA[Phase]NA",
            "AREA[Phase]MISSING",
        ],
    );
    let count = |text: &str| world.count(&format!("AREA[Phase]({text})"));
    assert_eq!(count("PHASE2 OR PHASE3"), count("PHASE2") + count("PHASE3") - count("PHASE2 AND PHASE3"));
    assert_eq!(
        world.found("AREA[Phase:size]2"),
        world.found("AREA[Phase]((PHASE1 AND PHASE2) OR (PHASE2 AND PHASE3))")
    );
    is_split(
        world,
        "AREA[StudyFirstPostDate]RANGE[2021-01-01, 2021-03-31]",
        &[
            "AREA[StudyFirstPostDate]RANGE[2021-01-01, 2021-01-31]",
            "AREA[StudyFirstPostDate]2021-02",
            "AREA[StudyFirstPostDate]RANGE[03/01/2021, 03/31/2021]",
        ],
    );
}

#[test]
fn what_is_missing_is_what_the_statistics_say() {
    let world = World::small();
    let budget = Budget::unlimited();
    let names = [
        "LeadSponsorClass",
        "InterventionType",
        "EnrollmentCount",
        "StdAge",
        "Keyword",
        "StartDate",
        "Acronym",
    ];
    for piece in names.map(Piece::named) {
        let stats = world.snapshot.field_stats(piece, &Matching::default(), &budget).unwrap();
        assert_eq!(stats.missing, world.count(&format!("AREA[{}]MISSING", piece.name())), "{piece:?}");
        if piece.kind().order().is_some() {
            let present = world.found(&format!("AREA[{}]RANGE[MIN, MAX]", piece.name()));
            assert_eq!(present, world.found(&format!("NOT AREA[{}]MISSING", piece.name())), "{piece:?}");
        }
    }
    // No study without a value is in a range.
    assert_eq!(
        world.count("AREA[MaximumAge]RANGE[MIN, MAX]") + world.count("AREA[MaximumAge]MISSING"),
        world.count("ALL")
    );
}

#[test]
fn an_area_is_the_same_wherever_it_is_asked() {
    let world = World::small();
    for word in ["diabetes", "cancer", "asthma"] {
        let by_area = world.found(&format!("AREA[ConditionSearch]{word}"));
        assert!(!by_area.is_empty(), "{word}");
        assert_eq!(by_area, world.api(&[("query.cond", word)]));
        let anywhere = format!("AREA[ConditionSearch]{word}");
        for parameter in ["query.term", "query.intr", "query.lead", "query.patient"] {
            assert_eq!(by_area, world.api(&[(parameter, &anywhere)]), "{parameter} {word}");
        }
    }
    let word = |text: &str| world.api(&[("query.cond", text)]);
    assert_eq!(word("\\ALL"), word("all"));
    assert_eq!(word("\\ALL"), word("\"ALL\""));
    assert_eq!(word("diabetes, hypertension"), word("diabetes AND hypertension"));
    // In lower case operators are words.
    let (either, words) = (word("diabetes OR cancer"), word("diabetes or cancer"));
    assert!(words.is_subset(&either) && words.len() < either.len());
    assert_eq!(world.api(&[("query.intr", "(placebo) AND (injection)")]), {
        let (one, other) =
            (world.api(&[("query.intr", "placebo")]), world.api(&[("query.intr", "injection")]));
        &one & &other
    });
    assert_eq!(world.api(&[("query.cond", "cancer"), ("query.intr", "placebo")]), {
        let (one, other) = (world.api(&[("query.cond", "cancer")]), world.api(&[("query.intr", "placebo")]));
        &one & &other
    });
}

#[test]
fn the_stricter_reading_finds_no_more() {
    let world = World::small();
    let mut narrower = 0;
    for study in world.studies.iter().step_by(9) {
        let Some(name) = Piece::named("LeadSponsorName").text(study) else { continue };
        let (phrase, Some(run)) = (quote(name), literal(name).filter(|_| !name.contains(','))) else {
            continue;
        };
        let ask = |text: String| world.found(&format!("AREA[LeadSponsorName]{text}"));
        let full = ask(format!("COVERAGE[FullMatch]{phrase}"));
        let (quoted, loose) = (ask(phrase.clone()), ask(run.clone()));
        assert!(full.contains(&number(study)), "{name}");
        assert!(full.is_subset(&quoted) && quoted.is_subset(&loose), "{name}");
        assert_eq!(full, ask(format!("COVER[FullMatch]{phrase}")), "{name}");

        // One word of a name is a part of many names and the whole of few.
        let word = quote(name.split_whitespace().max_by_key(|word| word.len()).unwrap_or(name));
        let (whole, part) = (ask(format!("COVERAGE[FullMatch]{word}")), ask(word.clone()));
        assert!(whole.is_subset(&part) && part.contains(&number(study)), "{word}");
        narrower += usize::from(whole.len() < part.len());

        // Backslashes before what needs none mean nothing.
        let escaped: String = name
            .chars()
            .flat_map(|character| {
                let escape = (character.is_alphabetic()).then_some('\\');
                escape.into_iter().chain([character])
            })
            .collect();
        if !name.contains(['"', '\\']) {
            assert_eq!(quoted, ask(format!("\"{escaped}\"")), "{escaped}");
        }
        let (lead, sponsor) = (world.api(&[("query.lead", &phrase)]), world.api(&[("query.spons", &phrase)]));
        assert!(lead.is_subset(&sponsor), "{name}");
    }
    assert!(narrower > 0, "the reading never made a difference");
}

#[test]
fn the_names_of_one_thing_find_the_same() {
    let world = World::small();
    let synonyms = world.snapshot.synonyms();
    let mut groups = 0;
    for names in &world.added {
        // Of those alone that have no other synonyms.
        let alone = names.iter().all(|name| synonyms.of(&words(name)).len() == 2);
        if !alone {
            continue;
        }
        groups += 1;
        let of = |name: &String, expansion: &str| {
            world.found(&format!("AREA[Condition]EXPANSION[{expansion}]{}", quote(name)))
        };
        let [one, other, third] = names.each_ref().map(|name| of(name, "Concept"));
        assert!(one == other && other == third, "{names:?}");
        let each: Set = names.iter().flat_map(|name| of(name, "Term")).collect();
        assert_eq!(one, each, "{names:?}");
    }
    assert!(groups > 3, "only {groups} groups of names stand alone");
}

#[test]
fn check_boxes_are_filters() {
    let world = World::small();
    let same = |boxes: &str, expression: &str| {
        assert_eq!(world.api(&[("aggFilters", boxes)]), world.found(expression), "{boxes}");
    };
    same("status:rec", "AREA[OverallStatus]RECRUITING");
    same("ages:child older", "AREA[StdAge](CHILD OR OLDER_ADULT)");
    same("phase:3", "AREA[Phase]PHASE3");
    same("results:with", "AREA[HasResults]true");
    same("docs:sap,results:with", "AREA[LargeDocHasSAP]true AND AREA[HasResults]true");
    same("phase:na", "NOT ALL");
    assert_eq!(
        world.api(&[("aggFilters", "status:rec")]),
        world.api(&[("filter.overallStatus", "RECRUITING")])
    );
}

#[test]
fn sites_that_are_one_are_among_those_that_are_two() {
    let world = World::small();
    let text = "AREA[LocationCity]Boston AND AREA[LocationStatus]RECRUITING";
    let (one, two) = (world.found(&format!("SEARCH[Location]({text})")), world.found(text));
    assert!(one.is_subset(&two));
    for study in world.studies.iter().step_by(7) {
        let city = Piece::named("LocationCity").text(study).map(quote);
        let country = Piece::named("LocationCountry");
        let mut countries = Vec::new();
        country.for_each_value(study, |value| countries.extend(value.as_str()));
        let (Some(city), Some(last)) = (city, countries.last()) else { continue };
        let text = format!("AREA[LocationCity]{city} AND AREA[LocationCountry]{}", quote(last));
        let (one, two) = (world.found(&format!("SEARCH[Location]({text})")), world.found(&text));
        assert!(one.is_subset(&two) && two.contains(&number(study)), "{text}");
    }
}

#[test]
fn ids_are_found_by_any_spelling_and_nothing_else_is_an_id() {
    let world = World::small();
    let ids: Vec<u32> = world.studies.iter().step_by(211).map(number).collect();
    let wanted: Set = ids.iter().copied().collect();
    let spelled: Vec<String> = ids.iter().map(|number| format!("nct{number}")).collect();
    let list = format!("{},NCT99999998", spelled.join("|"));
    assert_eq!(world.api(&[("filter.ids", &list)]), wanted);
    assert_eq!(world.api(&[("filter.ids", "NCT99999998")]), Set::new());
    assert_eq!(world.asked(&[("filter.ids", "ABC123")]).unwrap_err().status, 400);
    // Nothing but ids in a search: filters do not count.
    let by_query = world.api(&[("query.term", &spelled.join(", ")), ("filter.advanced", "NOT ALL")]);
    assert_eq!(by_query, wanted);
    // An id that is not the registry's is searched like any other word.
    for study in world.studies.iter().step_by(83) {
        let Some(id) = Piece::named("OrgStudyId").text(study).filter(|id| !words(id).is_empty()) else {
            continue;
        };
        assert!(world.api(&[("query.id", &quote(id))]).contains(&number(study)), "{id}");
    }
}

#[test]
fn every_page_size_walks_through_the_same() {
    let world = World::small();
    let request = world.asked(&[("query.cond", "cancer"), ("sort", "@relevance")]).unwrap();
    let walk = |size: u16| world.walk(&request.query, || size, "cancer");
    let expected = walk(PAGE_SIZE_MAX);
    assert!(expected.len() > 50);
    for size in [200, 7, 999] {
        assert_eq!(walk(size), expected, "{size}");
    }
    let sizes = [("1001", 1_000), ("5000", 1_000), ("0", 10), ("3", 3)];
    for (asked, size) in sizes {
        let request: StudiesRequest = world.asked(&[("pageSize", asked)]).unwrap();
        let (page, _) = world.snapshot.find(&request.query, &Budget::unlimited()).unwrap();
        assert_eq!(page.len(), size.min(world.studies.len()), "{asked}");
    }
}

#[test]
fn sorted_studies_come_in_order_with_those_without_a_value_last() {
    let world = World::small();
    for piece in
        Piece::all().filter(|piece| piece.kind().order().is_some() && !matches!(piece.kind(), Kind::Short))
    {
        let keys: std::collections::BTreeMap<u32, Vec<i64>> = world
            .studies
            .iter()
            .map(|study| {
                let mut keys = Vec::new();
                ctgov::pieces::Measure::Values(piece).for_each_key(study, |key| keys.push(key));
                (number(study), keys)
            })
            .collect();
        for descending in [true, false] {
            let direction = if descending { "desc" } else { "asc" };
            let sort = ctgov::Sort::parse(&format!("{}:{direction}", piece.name())).unwrap();
            let walked =
                world.walk(&StudyQuery { sort, ..StudyQuery::default() }, || PAGE_SIZE_MAX, piece.name());
            let key = |number: &u32| {
                let keys = keys[number].iter().copied();
                // What is missing comes after everything.
                if descending { keys.max().map(|key| (0, !key)) } else { keys.min().map(|key| (0, key)) }
                    .unwrap_or((1, 0))
            };
            assert!(walked.is_sorted_by_key(|number| (key(number), *number)), "{piece:?} {direction}");
        }
    }
}
