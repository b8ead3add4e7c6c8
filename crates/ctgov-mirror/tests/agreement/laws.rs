//! Laws that hold for every question, whatever the records: of sets, of words, of ranges and of pages.

use crate::{
    expressions::{Expressions, Random},
    world::{Set, World, number},
};
use ctgov::{
    Budget, Matching, PageSize, Sort, StudyQuery, areas,
    essie::{Target, quote},
    pieces::{Measure, Order, Piece, sites},
    text::words,
};
use serde_json::Value;
use std::io::Write as _;

/// How many rounds of questions every law is tried in.
const ROUNDS: usize = 60;

/// Takes minutes: `cargo xtask deep` runs it.
#[test]
#[ignore = "takes minutes; part of the deep tests"]
fn laws_hold_for_many_questions() {
    /// By a seed, in so many rounds.
    type Law = fn(u64, usize);
    const MANY: usize = 1_500;
    let laws: [(&str, Law); 9] = [
        ("and, or and not", sets),
        ("groups", groups),
        ("expansions", expansions),
        ("coverage", coverage),
        ("sites", one_site),
        ("ranges", ranges),
        ("pages", pages),
        ("first pages", first_pages),
        ("filters", filters),
    ];
    for (name, law) in laws {
        let start = std::time::Instant::now();
        law(100, MANY);
        let took = start.elapsed().as_secs_f64();
        let _ = writeln!(
            std::io::stderr(),
            "FIGURE: laws of {name} hold in {MANY} rounds of questions ({took:.0} s)"
        );
    }
}

/// Random questions to a world.
struct Questions {
    world: &'static World,
    expressions: Expressions<'static>,
}

impl Questions {
    fn new(seed: u64) -> Self {
        let world = World::small();
        Self { world, expressions: Expressions::new(world, seed) }
    }

    fn random(&mut self) -> &mut Random {
        &mut self.expressions.random
    }

    /// An expression that can be asked, and what it finds.
    fn next(&mut self, in_site: bool) -> (String, Set) {
        loop {
            let depth = self.random().below(3);
            let text = self.expressions.expression(depth, in_site);
            if let Some(found) = self.world.find(&text) {
                return (text, found);
            }
        }
    }

    /// Some words one after the other in a value of a piece: the piece, the words, and the whole value.
    fn words(&mut self, wanted: impl Fn(Piece) -> bool) -> (Piece, String, String) {
        loop {
            let study = &self.world.studies[self.expressions.random.below(self.world.studies.len())];
            let Some(piece) = Piece::all().nth(self.random().below(Piece::all().len())) else { continue };
            let mut values: Vec<&str> = Vec::new();
            if piece.kind().is_text() && wanted(piece) {
                piece.for_each_value(study, |value| values.extend(value.as_str()));
            }
            let Some(value) = values.get(self.random().below(values.len().max(1))).copied() else { continue };
            let all: Vec<&str> = value.split_whitespace().collect();
            let (from, count) = (self.random().below(all.len()), 1 + self.random().below(4));
            let some = all[from.min(all.len())..all.len().min(from + count)].join(" ");
            if !words(&some).is_empty() && value.len() < 500 {
                return (piece, some, value.to_owned());
            }
        }
    }
}

fn all() -> &'static Set {
    static ALL: std::sync::LazyLock<Set> =
        std::sync::LazyLock::new(|| World::small().studies.iter().map(number).collect());
    &ALL
}

#[track_caller]
fn is_within(narrow: (&str, &Set), wide: (&str, &Set)) {
    let beyond: Vec<_> = narrow.1.difference(wide.1).take(3).collect();
    assert!(beyond.is_empty(), "{} finds {beyond:?}, {} does not", narrow.0, wide.0);
}

#[test]
fn and_or_and_not_are_those_of_sets() {
    sets(1, ROUNDS);
}

fn sets(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    assert_eq!(&world.found("ALL"), all());
    for _ in 0..rounds {
        let ((a, found_a), (b, found_b)) = (questions.next(false), questions.next(false));
        let (both, either) = (&found_a & &found_b, &found_a | &found_b);
        for conjunction in [format!("({a}) AND ({b})"), format!("({a}) ({b})"), format!("({a}), ({b})")] {
            assert_eq!(world.found(&conjunction), both, "{conjunction}");
        }
        let cases = [
            (format!("({a}) OR ({b})"), either.clone()),
            (format!("NOT ({a})"), all() - &found_a),
            (format!("NOT NOT ({a})"), found_a.clone()),
            (format!("({a}) AND NOT ({b})"), &found_a - &found_b),
            (format!("NOT (({a}) OR ({b}))"), all() - &either),
            (format!("NOT ({a}) AND NOT ({b})"), all() - &either),
            (format!("NOT (({a}) AND ({b}))"), all() - &both),
            (format!("NOT ({a}) OR NOT ({b})"), all() - &both),
            (format!("({a}) OR ({a}) AND ({b})"), found_a.clone()),
            (format!("TILT[EnrollmentCount]({a})"), found_a.clone()),
            (format!("SEARCH[Study]({a})"), found_a.clone()),
        ];
        for (text, expected) in cases {
            assert_eq!(world.found(&text), expected, "{text}");
        }
        assert_eq!(world.count(&a), found_a.len() as u64, "{a}");
    }
}

#[test]
fn operators_are_read_through_groups() {
    groups(2, ROUNDS);
}

fn groups(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    for _ in 0..rounds {
        let (piece, a, _) = questions.words(|_| true);
        let (_, b, _) = questions.words(|other| other == piece);
        let (a, b) = (quote(&a), quote(&b));
        let reading = questions.random().pick(&[
            "EXPANSION[None]",
            "EXPANSION[Term]",
            "EXPANSION[Lossy]",
            "COVERAGE[StartsWith]",
            "COVERAGE[FullMatch]",
        ]);
        let operator = format!("AREA[{}]{reading}", piece.name());
        for (whole, parts) in [
            (format!("{operator}({a} OR {b})"), format!("{operator}{a} OR {operator}{b}")),
            (format!("{operator}({a} AND NOT {b})"), format!("{operator}{a} AND NOT {operator}{b}")),
            (format!("AREA[OfficialTitle]{operator}{a}"), format!("{operator}{a}")),
            (format!("{operator}NOT {a}"), format!("NOT {operator}{a}")),
        ] {
            assert_eq!(world.found(&whole), world.found(&parts), "{whole} and {parts}");
        }
    }
}

#[test]
fn every_expansion_finds_what_the_one_before_finds() {
    expansions(3, ROUNDS);
}

fn expansions(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    let mut wider = [0; 4];
    for round in 0..4 * rounds {
        let (piece, some, _) = questions.words(|_| true);
        let phrase = match round % 4 {
            // Names that have synonyms for certain.
            0 => world.added[questions.random().below(world.added.len())][0].clone(),
            _ => some,
        };
        let area = match questions.random().below(4) {
            0 => "AREA[ConditionSearch]".to_owned(),
            1 => String::new(),
            2 => "AREA[InterventionSearch]".to_owned(),
            _ => format!("AREA[{}]", piece.name()),
        };
        let term = ctgov::essie::literal(&phrase)
            .filter(|_| !phrase.contains(','))
            .unwrap_or_else(|| quote(&phrase));
        let expansions = ["None", "Term", "Concept", "Relaxation", "Lossy"];
        let asked: Vec<(String, Set)> = expansions
            .map(|expansion| format!("{area}EXPANSION[{expansion}]{term}"))
            .map(|text| (text.clone(), world.found(&text)))
            .into();
        for (at, pair) in asked.windows(2).enumerate() {
            is_within((&pair[0].0, &pair[0].1), (&pair[1].0, &pair[1].1));
            wider[at] += usize::from(pair[0].1 != pair[1].1);
        }
        // In quotes, or covering a value, words stay together.
        for (kept, as_concept) in [
            (format!("{area}{}", quote(&phrase)), format!("{area}EXPANSION[Concept]{}", quote(&phrase))),
            (
                format!("{area}COVERAGE[FullMatch]{term}"),
                format!("{area}COVERAGE[FullMatch]EXPANSION[Concept]{term}"),
            ),
        ] {
            assert_eq!(world.found(&kept), world.found(&as_concept), "{kept}");
        }
    }
    assert!(wider.iter().all(|wider| *wider > rounds / 10), "few expansions make a difference: {wider:?}");
}

#[test]
fn a_phrase_may_have_a_word_several_times() {
    let world = World::small();
    let mut asked = 0;
    for study in world.studies.iter().step_by(5) {
        let summary = Piece::named("BriefSummary").text(study).unwrap_or_default();
        let all: Vec<&str> = summary.split_whitespace().collect();
        let is_repeated = |window: &&[&str]| window[1..].contains(&window[0]) && !words(window[0]).is_empty();
        for window in all.windows(7).filter(is_repeated).take(2) {
            let phrase = format!("AREA[BriefSummary]{}", quote(&window.join(" ")));
            assert!(world.found(&phrase).contains(&number(study)), "{phrase}");
            let swapped =
                format!("AREA[BriefSummary]{}", quote(&[window, &[window[0], window[0]]].concat().join(" ")));
            assert!(!world.found(&swapped).contains(&number(study)), "{swapped}");
            asked += 1;
        }
    }
    assert!(asked > 50, "only {asked} phrases");
}

#[test]
fn what_covers_a_value_stands_at_both_its_ends_and_in_it() {
    coverage(4, ROUNDS);
}

fn coverage(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    for round in 0..2 * rounds {
        let (piece, some, whole) = questions.words(|_| true);
        let text = quote(if round % 2 == 0 { &some } else { &whole });
        for expansion in ["None", "Term", "Concept"] {
            let ask = |coverage: &str| {
                let text = format!("AREA[{}]EXPANSION[{expansion}]COVERAGE[{coverage}]{text}", piece.name());
                let found = world.found(&text);
                (text, found)
            };
            let [full, start, end, anywhere] = ["FullMatch", "StartsWith", "EndsWith", "Contains"].map(ask);
            is_within((&full.0, &full.1), (&start.0, &(&start.1 & &end.1)));
            is_within((&start.0, &start.1), (&anywhere.0, &anywhere.1));
            is_within((&end.0, &end.1), (&anywhere.0, &anywhere.1));
        }
    }
}

#[test]
fn one_site_is_among_those_of_the_study() {
    one_site(5, ROUNDS);
}

fn one_site(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    let mut narrower = 0;
    for _ in 0..rounds {
        let ((a, _), (b, _)) = (questions.next(true), questions.next(true));
        let of_one = |text: &str| world.find(&format!("SEARCH[Location]({text})"));
        let (Some(found_a), Some(found_b)) = (of_one(&a), of_one(&b)) else { continue };
        let both = world.found(&format!("SEARCH[Location](({a}) AND ({b}))"));
        let apart = &found_a & &found_b;
        is_within((&format!("one site with {a} and {b}"), &both), ("two", &apart));
        narrower += usize::from(both != apart);
        for (text, expected) in [
            (format!("SEARCH[Location](({a}) OR ({b}))"), &found_a | &found_b),
            (format!("SEARCH[Location](SEARCH[Location]({a}))"), found_a.clone()),
            (format!("SEARCH[Location](({a}) AND SEARCH[Study]ALL)"), found_a.clone()),
        ] {
            assert_eq!(world.found(&text), expected, "{text}");
        }
        // Whoever has a site has one that meets it or one that does not.
        let split = &found_a | &world.found(&format!("SEARCH[Location](NOT ({a}))"));
        assert_eq!(split, world.found("SEARCH[Location]ALL"), "{a}");
    }
    assert!(narrower > 0, "one site or two made no difference");
}

#[test]
fn a_range_is_the_sum_of_its_parts() {
    ranges(6, ROUNDS);
}

fn ranges(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    let ordered: Vec<Piece> = Piece::all().filter(|piece| piece.kind().order().is_some()).collect();
    for round in 0..2 * rounds {
        let piece = ordered[round % ordered.len()];
        let mut bounds = match piece.kind().order() {
            Some(Order::Dates) => ["1999-12", "2015", "2020-03-15", "06/2021", "01/31/2024"].to_vec(),
            Some(Order::Durations) => ["30 Minutes", "2 Weeks", "6 Months", "18 Years", "64y"].to_vec(),
            _ => ["0", "1", "2", "12", "2019"].to_vec(),
        };
        let at = questions.random().below(bounds.len() - 1);
        let (low, high) = (bounds.remove(at), bounds.remove(at));
        let range = |from: &str, to: &str| {
            let text = format!("AREA[{}]RANGE[{from}, {to}]", piece.name());
            (text.clone(), world.found(&text))
        };
        let (text, whole) = range("MIN", "MAX");
        assert_eq!(&range("MIN", low).1 | &range(low, "MAX").1, whole, "{text}, apart at {low}");
        let within = range(low, high).1;
        assert_eq!(&within | &range(high, high).1, within);
        is_within((low, &within), (&text, &whole));
        assert_eq!(whole, world.found(&format!("NOT AREA[{}]MISSING", piece.name())), "{text}");
        // Nothing lies between the wrong ends.
        assert_eq!(range(high, low).1, Set::new(), "{piece:?} {high} {low}");
        let equal = world.found(&format!("AREA[{}]{}", piece.name(), quote(low)));
        assert_eq!(equal, range(low, low).1, "{piece:?} {low}");
    }
}

#[test]
fn the_same_moment_age_and_place_can_be_written_in_several_ways() {
    let mut questions = Questions::new(7);
    let world = questions.world;
    for (a, b) in [
        ("AREA[MinimumAge]RANGE[1 Year, MAX]", "AREA[MinimumAge]RANGE[12 Months, MAX]"),
        ("AREA[MinimumAge]RANGE[MIN, 2 Weeks]", "AREA[MinimumAge]RANGE[MIN, 14d]"),
        ("AREA[MaximumAge]RANGE[MIN, 1 Day]", "AREA[MaximumAge]RANGE[MIN, 1440min]"),
        ("AREA[MinimumAge]18 Years", "AREA[MINIMUM-AGE]\"216 months\""),
        ("AREA[StartDate]RANGE[2020-03-15, MAX]", "AREA[StartDate]RANGE[03/15/2020, MAX]"),
        ("AREA[StartDate]RANGE[2020-03, 2021-06]", "AREA[START-DATE]RANGE[2020-03-01, 2021-06-30]"),
        ("AREA[StartDate]2022", "AREA[StartDate]RANGE[2022-01-01, 2022-12-31]"),
        ("AREA[EnrollmentCount]RANGE[100, 200]", "AREA[EnrollmentCount]RANGE[99.5, 200.5]"),
        ("AREA[Location:size]RANGE[2, MAX]", "AREA[NumLocations]RANGE[2, MAX]"),
    ] {
        assert_eq!(world.found(a), world.found(b), "{a} and {b}");
    }
    for _ in 0..ROUNDS {
        let study = &world.studies[questions.random().below(world.studies.len())];
        let Some(point) = sites(study).first().and_then(|site| site.get("geoPoint")) else { continue };
        let degrees = |key: &str| point.get(key).and_then(Value::as_f64).unwrap_or_default();
        let (lat, lon, miles) = (degrees("lat"), degrees("lon"), 1 + questions.random().below(400));
        let near =
            |radius: &str| world.found(&format!("AREA[LocationGeoPoint]DISTANCE[{lat},{lon},{radius}]"));
        let found = near(&format!("{miles}mi"));
        assert_eq!(found, near(&format!("{}km", miles as f64 * 1.609_344)));
        is_within(("near", &found), ("nearby", &near(&format!("{}mi", miles * 2))));
        assert!(found.contains(&number(study)));
        let geo = format!("distance({lat},{lon},{miles}mi)");
        assert_eq!(found, world.api(&[("filter.geo", &geo)]), "{geo}");
    }
}

#[test]
fn pages_of_any_size_joined_are_the_one_page() {
    pages(8, ROUNDS);
}

fn pages(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    let ordered: Vec<Piece> = Piece::all().filter(|piece| piece.kind().order().is_some()).collect();
    for round in 0..rounds {
        let mut query = StudyQuery::default();
        let (text, found) = questions.next(false);
        if round % 3 > 0 {
            let _ = query.matching.search(Target::Area(&areas::BASIC), &text);
        } else {
            query.matching.filter(&text).unwrap();
        }
        let mut key = || {
            let piece = ordered[questions.random().below(ordered.len())];
            format!("{}:{}", piece.name(), questions.random().pick(&["asc", "desc"]))
        };
        let sort = match round % 4 {
            0 => String::new(),
            1 => "@relevance".to_owned(),
            2 => [key(), "@relevance:asc".to_owned()].join(","),
            _ => [key(), key()].join(","),
        };
        query.sort = Sort::parse(&sort).unwrap();
        let asked = format!("{text} by {sort}");
        let at_once = world.walk(&query, || 1_000, &asked);
        // Not too small, or a walk through everything takes its time.
        let least = 1 + at_once.len() / 12;
        let joined = world.walk(&query, || (least + questions.random().below(40)).min(1_000) as u16, &asked);
        assert_eq!(joined, at_once, "{asked}");
        let set: Set = joined.iter().copied().collect();
        assert_eq!(set.len(), joined.len(), "a study comes twice: {asked}");
        assert_eq!(set, found, "{asked}");
        let count = world.snapshot.count(&query.matching, &Budget::unlimited()).unwrap();
        assert_eq!(count, found.len() as u64, "{asked}");
    }
}

/// By the least key ascending, by the greatest descending; without a key last, and by NCT number where keys are equal.
#[test]
fn every_field_with_an_order_puts_studies_in_it() {
    let world = World::small();
    let mut sorted = 0;
    for piece in Piece::all().filter(|piece| piece.kind().order().is_some()) {
        for direction in ["asc", "desc"] {
            let sort = format!("{}:{direction}", piece.name());
            let query = StudyQuery { sort: Sort::parse(&sort).unwrap(), ..StudyQuery::default() };
            let mut expected: Vec<_> = (world.studies.iter())
                .map(|study| {
                    let mut keys = Vec::new();
                    Measure::Values(piece).for_each_key(study, |key| keys.push(key));
                    let key = if direction == "asc" {
                        keys.iter().min().copied()
                    } else {
                        keys.iter().max().map(|key| -key)
                    };
                    (key.is_none(), key, number(study))
                })
                .collect();
            expected.sort_unstable();
            let expected: Vec<u32> = expected.into_iter().map(|(.., number)| number).collect();
            assert!(world.walk(&query, || 1_000, &sort) == expected, "{sort}");
            sorted += 1;
        }
    }
    assert!(sorted > 200, "only {sorted} orders");
}

#[test]
fn a_first_page_of_any_size_is_the_head_of_the_whole_order() {
    first_pages(10, ROUNDS);
}

fn first_pages(seed: u64, rounds: usize) {
    /// Values of vocabularies, which an area of texts has as words, too.
    const VALUES: [&str; 6] = ["treatment", "child", "recruiting", "randomized", "prevention", "drug"];
    let mut questions = Questions::new(seed);
    let world = questions.world;
    let areas = [&areas::BASIC, &areas::CONDITION, &areas::INTERVENTION, &areas::TITLE];
    for round in 0..rounds {
        let (_, some, _) = questions.words(|_| true);
        let first = words(&some)[0].clone();
        let text = match round % 7 {
            0 => first,
            // Some of those that have the word have it in other characters.
            5 => format!("EXPANSION[None]{}", questions.random().pick(&VALUES)),
            6 => format!("EXPANSION[None]\"{some}\" OR AREA[Sex]FEMALE"),
            1 => format!("\"{some}\""),
            2 => questions.random().pick(&VALUES).to_owned(),
            3 => format!("{} OR {first}", questions.random().pick(&VALUES)),
            _ => some,
        };
        let mut query = StudyQuery::default();
        let area = areas[questions.random().below(areas.len())];
        // Made at random, some are no expressions.
        if query.matching.search(Target::Area(area), &text).is_err() {
            continue;
        }
        let sort = questions.random().pick(&["@relevance", "@relevance,LastUpdatePostDate:desc"]);
        query.sort = Sort::parse(sort).unwrap();
        // All but the first page of a walk are put in order by the scores of everything that matches.
        let mut sizes = [1].into_iter().chain(std::iter::repeat(1_000));
        let asked = format!("{text} in {} by {sort}", area.name);
        let whole = world.walk(&query, || sizes.next().unwrap_or(1_000), &asked);
        for size in [2, 1 + questions.random().below(30), 1 + questions.random().below(999)] {
            query.page_size = PageSize::new(size as u16).unwrap();
            let (page, _) = world.snapshot.find(&query, &Budget::unlimited()).unwrap();
            let page: Vec<u32> = page.iter().map(|id| id.number()).collect();
            assert_eq!(page, whole[..size.min(whole.len())], "the first {size} of {asked}");
        }
    }
}

#[test]
fn filters_and_post_filters_are_the_same_and_areas_go_by_their_parameters() {
    filters(9, ROUNDS);
}

fn filters(seed: u64, rounds: usize) {
    let mut questions = Questions::new(seed);
    let world = questions.world;
    let some_ids = |questions: &mut Questions| -> String {
        let ids = (0..20).map(|_| number(&world.studies[questions.random().below(world.studies.len())]));
        ids.map(|number| format!("nct{number}")).collect::<Vec<_>>().join(",")
    };
    for _ in 0..rounds {
        let ids = some_ids(&mut questions);
        let (text, found) = questions.next(false);
        let filters = [
            ("overallStatus", "RECRUITING|COMPLETED"),
            ("geo", "distance(42.36,-71.06,300mi)"),
            ("ids", ids.as_str()),
            ("advanced", text.as_str()),
        ];
        let (key, value) = filters[questions.random().below(4)];
        let (one, other) = (format!("filter.{key}"), format!("postFilter.{key}"));
        let filtered = world.api(&[(&one, value)]);
        assert_eq!(filtered, world.api(&[(&other, value)]), "{key} {value}");
        assert_eq!(
            world.api(&[(&one, value), ("postFilter.advanced", &text)]),
            &filtered & &found,
            "{key} {text}"
        );

        let (_, phrase, _) = questions.words(|_| true);
        let phrase = quote(&phrase);
        for area in areas::ALL {
            let Some(param) = area.param else { continue };
            let by_parameter = world.api(&[(&format!("query.{param}"), &phrase)]);
            let by_area = format!("AREA[{}]{phrase}", area.name);
            assert_eq!(by_parameter, world.found(&by_area), "{by_area}");
        }
    }
    let mut matching = Matching::default();
    matching.filter_ids([]);
    assert_eq!(world.snapshot.count(&matching, &Budget::unlimited()).unwrap(), 0);
}
