//! The syntax of expressions: how text is read, what is refused with what words, and that printing is reading backwards.
//!
//! Tables follow the reference of the language. Counts in comments are the registry's.

use ctgov::{
    areas,
    essie::{
        Bound, Circle, Context, Coverage, EssieError, Expansion, Expr, LengthUnit, Problem, Scope, Span,
        Target, Term, literal, parse, quote,
    },
    pieces::{Measure, Piece},
};
use proptest::prelude::*;

fn term(text: &str) -> Expr {
    Expr::Term(Term { text: text.to_owned(), quoted: false, span: Span::default() })
}

fn phrase(text: &str) -> Expr {
    Expr::Term(Term { text: text.to_owned(), quoted: true, span: Span::default() })
}

fn and<const N: usize>(parts: [Expr; N]) -> Expr {
    Expr::And(parts.into())
}

fn or<const N: usize>(parts: [Expr; N]) -> Expr {
    Expr::Or(parts.into())
}

fn not(operand: Expr) -> Expr {
    Expr::Not(Box::new(operand))
}

fn within(context: Context, operand: Expr) -> Expr {
    Expr::In(context, Box::new(operand))
}

fn area(piece: &str, operand: Expr) -> Expr {
    within(Context::Area(Target::Piece(Piece::find(piece).expect(piece))), operand)
}

fn missing() -> Expr {
    Expr::Missing(Span::default())
}

fn range(from: Bound, to: Bound) -> Expr {
    Expr::Range { from, to, span: Span::default() }
}

fn value(text: &str) -> Bound {
    Bound::Value(text.to_owned())
}

fn distance(latitude: f64, longitude: f64, radius: f64, unit: LengthUnit) -> Expr {
    Expr::Distance { circle: Circle { latitude, longitude, radius, unit }, span: Span::default() }
}

#[track_caller]
fn check<const N: usize>(cases: [(&str, Expr); N]) {
    for (text, expected) in cases {
        assert_eq!(parse(text).as_ref(), Ok(&expected), "text: {text}");
        assert_eq!(parse(&expected.to_string()).as_ref(), Ok(&expected), "printed: {expected}");
    }
}

#[test]
fn words_side_by_side_are_one_term() {
    check([
        ("diabetes", term("diabetes")),
        ("  heart \t\n attack ", term("heart attack")),
        ("heart\u{a0}attack", term("heart attack")),
        (
            "AREA[LocationCountry]United States AND x",
            and([area("LocationCountry", term("United States")), term("x")]),
        ),
        ("AREA[LocationCity] Bethesda", area("LocationCity", term("Bethesda"))),
        ("-5 3.4 2020-01-01 18d", term("-5 3.4 2020-01-01 18d")),
    ]);
}

#[test]
fn only_brackets_are_illegal_in_free_text() {
    check([
        ("Alzheimer's disease", term("Alzheimer's disease")),
        ("Merck Sharp & Dohme LLC", term("Merck Sharp & Dohme LLC")),
        ("NS-065/NCNP-01", term("NS-065/NCNP-01")),
        ("a:b; c* d? {e} <f> ~g ^h = + | ! @", term("a:b; c* d? {e} <f> ~g ^h = + | ! @")),
        ("Ménière’s “disease” 糖尿病", term("Ménière’s “disease” 糖尿病")),
    ]);
}

#[test]
fn operators_are_upper_case() {
    check([
        // 35,800 and 1,662
        ("diabetes OR metformin", or([term("diabetes"), term("metformin")])),
        ("diabetes or metformin", term("diabetes or metformin")),
        ("diabetes And not metformin", term("diabetes And not metformin")),
        // 606,007 and three times 4,572
        ("ALL", Expr::All),
        (r"\ALL", term("ALL")),
        ("all", term("all")),
        ("\"ALL\"", phrase("ALL")),
        ("All", term("All")),
        // The operator and the value: 606,007 and 521,619
        ("AREA[Sex]ALL", area("Sex", Expr::All)),
        ("AREA[Sex]\"ALL\"", area("Sex", phrase("ALL"))),
        ("MISSING", missing()),
        // A keyword is a whole word.
        ("ALL. ALLERGY ORAL x-NOT /AND", term("ALL. ALLERGY ORAL x-NOT /AND")),
        // Words, where they are no bounds.
        ("MIN MAX", term("MIN MAX")),
    ]);
}

#[test]
fn what_stands_side_by_side_is_joined_by_and() {
    check([
        ("bethesda NOT maryland", and([term("bethesda"), not(term("maryland"))])),
        ("metformin NOT insulin", and([term("metformin"), not(term("insulin"))])),
        ("\"a b\" c", and([phrase("a b"), term("c")])),
        ("c \"a b\"\"d\"", and([term("c"), phrase("a b"), phrase("d")])),
        ("a (b OR c)", and([term("a"), or([term("b"), term("c")])])),
        ("a AND b c AND d", and([term("a"), term("b c"), term("d")])),
        ("a AREA[Phase]PHASE3", and([term("a"), area("Phase", term("PHASE3"))])),
        ("ALL MISSING", and([Expr::All, missing()])),
        // 296, the intersection
        ("(pembrolizumab) AND (nivolumab)", and([term("pembrolizumab"), term("nivolumab")])),
    ]);
}

#[test]
fn sources_bind_before_unary_operators_before_and_before_or() {
    check([
        ("a OR b AND c", or([term("a"), and([term("b"), term("c")])])),
        ("a b OR c NOT d", or([term("a b"), and([term("c"), not(term("d"))])])),
        ("NOT a AND b", and([not(term("a")), term("b")])),
        ("NOT a OR b", or([not(term("a")), term("b")])),
        ("NOT NOT a", not(not(term("a")))),
        (
            "(metformin OR insulin) AND diabetes",
            and([or([term("metformin"), term("insulin")]), term("diabetes")]),
        ),
        ("AREA[Phase](PHASE1 AND NOT PHASE2)", area("Phase", and([term("PHASE1"), not(term("PHASE2"))]))),
        (
            "EXPANSION[Concept] NOT (a OR b)",
            within(Context::Expansion(Expansion::Concept), not(or([term("a"), term("b")]))),
        ),
        (
            "NOT AREA[LeadSponsorName] EXPANSION[Term]COVERAGE[FullMatch] \"x\"",
            not(area(
                "LeadSponsorName",
                within(
                    Context::Expansion(Expansion::Term),
                    within(Context::Coverage(Coverage::FullMatch), phrase("x")),
                ),
            )),
        ),
        // Parentheses that are not needed are gone, those that say something stay.
        ("((a)) AND (((b)))", and([term("a"), term("b")])),
        ("(a AND b) AND c", and([and([term("a"), term("b")]), term("c")])),
        ("(a OR b) OR c", or([or([term("a"), term("b")]), term("c")])),
        ("a(b)c", and([term("a"), term("b"), term("c")])),
    ]);
}

#[test]
fn commas_separate_terms_that_must_all_be_found() {
    check([
        // 4,904 either way
        ("diabetes, hypertension", and([term("diabetes"), term("hypertension")])),
        ("diabetes AND hypertension", and([term("diabetes"), term("hypertension")])),
        ("a,b c,d", and([term("a"), term("b c"), term("d")])),
        ("x AND a, b OR c", or([and([term("x"), term("a"), term("b")]), term("c")])),
        // An operator covers the run of words, with or without commas.
        ("AREA[Condition]a, b", area("Condition", and([term("a"), term("b")]))),
        ("NOT a, b AND c", and([not(and([term("a"), term("b")])), term("c")])),
        // It detaches no operator word: nothing, 606,007, 4,572, 4,171 as `AML` alone, and 1,098.
        ("ALL,", and([Expr::All, term(",")])),
        ("NOT,", not(term(","))),
        (r"\ALL,", term("ALL")),
        ("AML,ALL", and([term("AML"), Expr::All])),
        (r"AML,\ALL", and([term("AML"), term("ALL")])),
        // Where there is nothing to separate.
        (",", term(",")),
        (", a ,, b ,", and([term("a"), term("b")])),
        ("\"a\", \"b\",", and([phrase("a"), phrase("b")])),
        (",\"a\"", phrase("a")),
        ("(a OR b), (c OR d)", and([or([term("a"), term("b")]), or([term("c"), term("d")])])),
        ("ALL, NOT a", and([Expr::All, not(term("a"))])),
        ("(a OR b),", and([or([term("a"), term("b")]), term(",")])),
        ("a AND , OR b", or([and([term("a"), term(",")]), term("b")])),
    ]);
}

#[test]
fn a_backslash_takes_the_meaning_from_what_follows() {
    check([
        (r"\NOT \AND \MISSING \AREA", term("NOT AND MISSING AREA")),
        (r"\MIN", term("MIN")),
        (r#"say \"yes\""#, term(r#"say "yes""#)),
        (r#""say \"yes\"""#, phrase(r#"say "yes""#)),
        // Harmless before anything else: 1,841 either way
        (r#""\Merck Sharp & Dohme LLC""#, phrase("Merck Sharp & Dohme LLC")),
        (r"\Merck S\harp", term("Merck Sharp")),
        (r"\FullMatch", term("FullMatch")),
        (r"\[177Lu\]Lu\, \(x\)", term("[177Lu]Lu, (x)")),
        (r"a\\b", term(r"a\b")),
        (r#""a\\b""#, phrase(r"a\b")),
        (r"a \ b\", term("a b")),
    ]);
    assert!(matches!(parse(r"\"), Err(EssieError { problem: Problem::NoOperand, .. })));
}

#[test]
fn phrases_keep_what_is_in_them() {
    check([
        ("\"breast cancer\"", phrase("breast cancer")),
        ("\"  breast \n cancer \"", phrase("breast cancer")),
        ("\"a [b] (c), d AND e\"", phrase("a [b] (c), d AND e")),
        ("\"\"", phrase("")),
        ("a\"b c\"d", and([term("a"), phrase("b c"), term("d")])),
    ]);
}

#[test]
fn an_area_goes_by_all_its_names() {
    let sex = || Target::Piece(Piece::named("Sex"));
    let phases = Target::Size(Piece::named("Phase"));
    let locations = Target::Size(Piece::named("Location"));
    let cases = [
        ("ConditionSearch", Target::Area(&areas::CONDITION)),
        ("BasicSearch", Target::Area(&areas::BASIC)),
        ("Sex", sex()),
        ("Gender", sex()),
        ("GENDER", sex()),
        ("protocolSection.eligibilityModule.sex", sex()),
        ("LOCATION-CITY", Target::Piece(Piece::named("LocationCity"))),
        ("NumArmGroups", Target::Piece(Piece::named("NumArmGroups"))),
        ("Phase:size", phases),
        ("PHASE:size", phases),
        ("protocolSection.designModule.phases:size", phases),
        ("Location:size", locations),
        ("protocolSection.contactsLocationsModule.locations:size", locations),
    ];
    for (name, target) in cases {
        let expected = within(Context::Area(target), term("2"));
        for text in [format!("AREA[{name}]2"), format!("AREA[ {name} ] 2"), format!("AREA [{name}]\n2")] {
            assert_eq!(parse(&text).as_ref(), Ok(&expected), "{text}");
        }
        assert_eq!(parse(&expected.to_string()), Ok(expected), "{name}");
    }
}

#[test]
fn every_piece_and_area_can_be_named() {
    for piece in Piece::all() {
        for target in [Target::Piece(piece), Target::Size(piece)] {
            let expected = within(Context::Area(target), missing());
            assert_eq!(parse(&expected.to_string()), Ok(expected));
        }
    }
    for found in areas::ALL {
        let expected = within(Context::Area(Target::Area(found)), missing());
        assert_eq!(parse(&expected.to_string()), Ok(expected));
    }
}

#[test]
fn operators_have_other_names() {
    let full = || within(Context::Coverage(Coverage::FullMatch), phrase("x"));
    let relaxed = || within(Context::Expansion(Expansion::Relaxation), term("x"));
    check([
        // 1,841 either way
        ("COVERAGE[FullMatch]\"x\"", full()),
        ("COVER[FullMatch]\"x\"", full()),
        ("EXPANSION[Relaxation]x", relaxed()),
        ("EXPAND[Relaxation]x", relaxed()),
        (
            "EXPAND[Term] COVER[FullMatch] x",
            within(
                Context::Expansion(Expansion::Term),
                within(Context::Coverage(Coverage::FullMatch), term("x")),
            ),
        ),
        ("COVERAGE[Contains]x", within(Context::Coverage(Coverage::Contains), term("x"))),
        ("COVERAGE[StartsWith]x", within(Context::Coverage(Coverage::StartsWith), term("x"))),
        ("COVERAGE[EndsWith]x", within(Context::Coverage(Coverage::EndsWith), term("x"))),
        ("EXPANSION[None]x", within(Context::Expansion(Expansion::None), term("x"))),
        ("EXPANSION[Concept]x", within(Context::Expansion(Expansion::Concept), term("x"))),
        ("EXPANSION[Lossy]x", within(Context::Expansion(Expansion::Lossy), term("x"))),
        ("SEARCH[Study]x", within(Context::Search(Scope::Study), term("x"))),
        (
            "SEARCH[Location](AREA[LocationCity]Boston AND AREA[LocationStatus]RECRUITING)",
            within(
                Context::Search(Scope::Location),
                and([area("LocationCity", term("Boston")), area("LocationStatus", term("RECRUITING"))]),
            ),
        ),
        (
            "TILT[StudyFirstPostDate]x",
            within(Context::Tilt(Measure::Values(Piece::named("StudyFirstPostDate"))), term("x")),
        ),
        ("TILT[Location:size]x", within(Context::Tilt(Measure::Size(Piece::named("Location"))), term("x"))),
    ]);
}

#[test]
fn ranges_have_two_bounds() {
    let from_2020 = || range(value("2020-01-01"), Bound::Max);
    check([
        ("RANGE[2020-01-01,MAX]", from_2020()),
        ("RANGE [ 2020-01-01 , MAX ]", from_2020()),
        ("RANGE[MIN,MAX]", range(Bound::Min, Bound::Max)),
        ("RANGE[01/02/2020,2021]", range(value("01/02/2020"), value("2021"))),
        ("RANGE[16 years, 6  Months]", range(value("16 years"), value("6 Months"))),
        ("RANGE[18d,-64.5]", range(value("18d"), value("-64.5"))),
        ("RANGE[AMBIG, NIH]", range(value("AMBIG"), value("NIH"))),
        ("RANGE[\"a, b\",\"\"]", range(value("a, b"), value(""))),
        (r"RANGE[\MIN,\MAX]", range(value("MIN"), value("MAX"))),
        ("AREA[EnrollmentCount]RANGE[500,MAX]", area("EnrollmentCount", range(value("500"), Bound::Max))),
        (
            "AREA[MinimumAge]RANGE[MIN, 18 years] AND x",
            and([area("MinimumAge", range(Bound::Min, value("18 years"))), term("x")]),
        ),
    ]);
}

#[test]
fn distances_are_circles() {
    check([
        ("DISTANCE[42.36,-71.06,50mi]", distance(42.36, -71.06, 50.0, LengthUnit::Miles)),
        ("DISTANCE[ -90 , 180 , 0.5km ]", distance(-90.0, 180.0, 0.5, LengthUnit::Kilometers)),
        (
            "AREA[LocationGeoPoint]DISTANCE[40.7128,-74.0060,80km]",
            area("LocationGeoPoint", distance(40.7128, -74.006, 80.0, LengthUnit::Kilometers)),
        ),
    ]);
}

/// What can follow an operand, as the registry lists it.
const ANYTHING: &str = "{<EOF>, '(', ',', 'NOT', 'AND', 'OR', 'SEARCH', 'AREA', 'RANGE', 'DISTANCE', Coverage, Expansion, \
     'TILT', 'ALL', 'MISSING', 'MIN', 'MAX', EscapedKeyword, BooleanLiteral, DecimalLiteral, DateLiteral, TimeLiteral, \
     RadiusLiteral, StringLiteral, Term}";

#[test]
fn mistakes_are_named_as_the_registry_names_them() {
    let start = ANYTHING.replace(" 'AND', 'OR',", "");
    let in_parentheses = ANYTHING.replace("<EOF>, '(',", "'(', ')',");
    let cases = [
        // On record, body by body.
        ("AREA[NotARealField]value", 5..18, "Unknown area name: `NotARealField`".to_owned()),
        ("AREA[LeadSponsorName]COVERAGE[FullMatc]\"Merck\"", 30..38, "Invalid coverage: FullMatc".to_owned()),
        ("diabetes [bracket]", 9..10, format!("mismatched input '[' expecting {ANYTHING}")),
        ("AREA[LeadSponsorName]COV[FullMatch]\"x\"", 24..25, format!("mismatched input '[' expecting {ANYTHING}")),
        ("AREA[LeadSponsorName]COVERAGEX[FullMatch]\"x\"", 30..31, format!("mismatched input '[' expecting {ANYTHING}")),
        (
            "rosuvastatin BCRP OATP1B1 [x]",
            26..27,
            format!(
                "no viable alternative at input 'rosuvastatin BCRP OATP1B1 ['\nmismatched input '[' expecting {ANYTHING}"
            ),
        ),
        ("diabetes (unmatched", 19..19, "missing ')' at '<EOF>'".to_owned()),
        (
            "exampleitis (early onset",
            24..24,
            "no viable alternative at input 'onset'\nmissing ')' at '<EOF>'".to_owned(),
        ),
        ("(a OR (b", 8..8, format!("mismatched input '<EOF>' expecting {in_parentheses}")),
        ("diabetes)", 8..9, "extraneous input ')' expecting <EOF>".to_owned()),
        (
            "[diabetes]",
            0..1,
            format!("extraneous input '[' expecting {start}\nextraneous input ']' expecting <EOF>"),
        ),
        ("AREA[Phase", 10..10, "mismatched input '<EOF>' expecting ']'".to_owned()),
        ("\"unterminated", 0..13, "token recognition error at: '\"unterminated'".to_owned()),
        ("AREA[ConditionSearch]\"bad\"quote\"", 31..32, "token recognition error at: '\"'".to_owned()),
        ("NOT", 0..3, "inner bool query clause cannot be null".to_owned()),
        ("(diabetes AND", 10..13, "inner bool query clause cannot be null".to_owned()),
        // Ours, in the same manner.
        ("", 0..0, "inner bool query clause cannot be null".to_owned()),
        (" \n ", 0..3, "inner bool query clause cannot be null".to_owned()),
        ("a ()", 2..3, "inner bool query clause cannot be null".to_owned()),
        ("a OR", 2..4, "inner bool query clause cannot be null".to_owned()),
        ("a AND OR b", 2..5, "inner bool query clause cannot be null".to_owned()),
        ("x AREA[Phase]", 2..13, "inner bool query clause cannot be null".to_owned()),
        ("(NOT) a", 1..4, "inner bool query clause cannot be null".to_owned()),
        ("AND a", 0..3, format!("extraneous input 'AND' expecting {start}")),
        ("]", 0..1, format!("extraneous input ']' expecting {start}")),
        ("[[a]]", 0..1, format!("mismatched input '[' expecting {start}")),
        ("a) b", 1..2, "mismatched input ')' expecting <EOF>".to_owned()),
        ("(a])", 2..3, "extraneous input ']' expecting ')'".to_owned()),
        ("(a [b])", 3..4, format!("mismatched input '[' expecting {in_parentheses}")),
        ("AREA", 4..4, "mismatched input '<EOF>' expecting '['".to_owned()),
        ("AREA(Phase)x", 4..5, "mismatched input '(' expecting '['".to_owned()),
        ("AREA[]x", 5..6, "mismatched input ']' expecting Term".to_owned()),
        ("AREA[Phase b]x", 11..12, "extraneous input 'b' expecting ']'".to_owned()),
        ("AREA[Phase PHASE1", 11..17, "missing ']' at 'PHASE1'".to_owned()),
        ("AREA[phase]x", 5..10, "Unknown area name: `phase`".to_owned()),
        ("AREA[ConditionSearch:size]2", 5..25, "Unknown area name: `ConditionSearch:size`".to_owned()),
        ("AREA[Phase:length]2", 5..17, "Unknown area name: `Phase:length`".to_owned()),
        ("EXPANSION[term]x", 10..14, "Invalid expansion: term".to_owned()),
        ("COVERAGE[fullmatch]x", 9..18, "Invalid coverage: fullmatch".to_owned()),
        ("SEARCH[Site]x", 7..11, "Invalid search document: Site".to_owned()),
        ("TILT[Nope]x", 5..9, "Unknown area name: `Nope`".to_owned()),
        (
            "TILT[BriefTitle]x",
            5..15,
            "TILT does not work on `BriefTitle`: it needs a date, a number, a duration or a `:size`, as in \
             TILT[StudyFirstPostDate]"
                .to_owned(),
        ),
        ("RANGE[1]", 7..8, "mismatched input ']' expecting ','".to_owned()),
        (
            "RANGE[,1]",
            6..7,
            "mismatched input ',' expecting {'MIN', 'MAX', EscapedKeyword, BooleanLiteral, DecimalLiteral, DateLiteral, \
             TimeLiteral, RadiusLiteral, StringLiteral, Term}"
                .to_owned(),
        ),
        ("RANGE[1,2", 9..9, "missing ']' at '<EOF>'".to_owned()),
        ("RANGE[1,2,3]", 9..10, "missing ']' at ','\nextraneous input ']' expecting <EOF>".to_owned()),
        ("DISTANCE(1,2,3mi)", 8..9, "mismatched input '(' expecting '['".to_owned()),
        ("DISTANCE[x,2,3mi]", 9..10, "mismatched input 'x' expecting DecimalLiteral".to_owned()),
        ("DISTANCE[1e3,2,3mi]", 9..12, "mismatched input '1e3' expecting DecimalLiteral".to_owned()),
        ("DISTANCE[NaN,2,3mi]", 9..12, "mismatched input 'NaN' expecting DecimalLiteral".to_owned()),
        ("DISTANCE[1,2,3]", 13..14, "mismatched input '3' expecting RadiusLiteral".to_owned()),
        ("DISTANCE[1,2,3 mi]", 13..14, "mismatched input '3' expecting RadiusLiteral".to_owned()),
        ("DISTANCE[90.5,2,3mi]", 9..13, "Invalid distance: latitude 90.5 is not between -90 and 90".to_owned()),
        ("DISTANCE[1,-181,3mi]", 11..15, "Invalid distance: longitude -181 is not between -180 and 180".to_owned()),
        ("DISTANCE[1,2,-3km]", 13..17, "Invalid distance: radius -3km is not a length".to_owned()),
        ("a \"b\nc", 2..6, r#"token recognition error at: '"b\nc'"#.to_owned()),
        ("é [x]", 3..4, format!("mismatched input '[' expecting {ANYTHING}")),
    ];
    for (text, span, message) in cases {
        let error = parse(text).expect_err(text);
        assert_eq!((error.span.range(), error.to_string()), (span, message), "text: {text:?}");
    }
}

#[test]
fn mistakes_that_can_be_passed_over_are_listed_up_to_ten() {
    let error = parse(&"NOT [a AND ".repeat(100)).unwrap_err();
    assert!(matches!(error.problem, Problem::Syntax(_)), "{error}");
    assert_eq!(error.to_string().lines().count(), 10);
    assert_eq!(error.span.range(), 4..5);
}

#[test]
fn an_infinite_radius_is_refused() {
    let digits = "9".repeat(400);
    for text in [format!("DISTANCE[1,2,{digits}km]"), format!("DISTANCE[{digits},2,3km]")] {
        assert!(matches!(parse(&text).unwrap_err().problem, Problem::InvalidDistance(_)), "{text}");
    }
}

#[test]
fn terms_know_where_they_stand() {
    let text = "é, heart  attack AREA[Phase]\"PHASE3\" MISSING RANGE[1, 2]";
    let mut found = Vec::new();
    fn collect(expr: &Expr, found: &mut Vec<Span>) {
        match expr {
            Expr::Term(Term { span, .. })
            | Expr::Missing(span)
            | Expr::Range { span, .. }
            | Expr::Distance { span, .. } => found.push(*span),
            Expr::Not(operand) | Expr::In(_, operand) => collect(operand, found),
            Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| collect(part, found)),
            Expr::All => {}
        }
    }
    collect(&parse(text).unwrap(), &mut found);
    let found: Vec<_> = found.into_iter().map(|span| &text[span.range()]).collect();
    assert_eq!(found, ["é", "heart  attack", "\"PHASE3\"", "MISSING", "RANGE[1, 2]"]);
}

#[test]
fn limits_are_kept() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    let terms = |count: usize| "a,".repeat(count);
    let operators = |count: usize| format!("{}a", "NOT ".repeat(count));
    let cases = [
        ("characters", "a".repeat(20_000), "a".repeat(20_001)),
        ("characters", "é".repeat(20_000), "é".repeat(20_001)),
        ("nested parentheses and operators", nested(64), nested(65)),
        ("nested parentheses and operators", operators(64), operators(65)),
        ("nested parentheses and operators", operators(63) + ", b", operators(64) + ", b"),
        ("terms", terms(512), terms(513)),
        ("terms", "ALL ".repeat(512), "ALL ".repeat(513)),
        ("terms", "RANGE[1,2]".repeat(512), "RANGE[1,2]".repeat(513)),
    ];
    for (what, most, more) in cases {
        assert!(parse(&most).is_ok(), "{what}");
        let error = parse(&more).unwrap_err();
        assert!(matches!(error.problem, Problem::TooComplicated(_)), "{error}");
        assert!(error.to_string().starts_with("Too complicated query: more than "), "{error}");
        assert!(error.to_string().ends_with(what), "{error}");
    }
}

#[test]
fn bombs_are_refused_at_once() {
    let started = std::time::Instant::now();
    for part in [
        "(",
        "NOT ",
        "AREA[Phase]",
        "a ",
        "a,",
        ",",
        "[",
        "]",
        ")",
        "\"",
        "\\",
        "NOT [",
        "(a ",
        "é",
        "RANGE[",
    ] {
        for size in [4_000, 19_999, 100_000, 1_000_000] {
            let text = part.repeat(size / part.len());
            let error = parse(&text).err();
            assert!(error.is_none_or(|error| error.to_string().len() < 10_000), "{part:?} {size}");
        }
    }
    assert!(started.elapsed().as_secs() < 5, "took {:?}", started.elapsed());
}

#[test]
fn any_text_can_be_quoted() {
    let cases = [
        ("Merck Sharp & Dohme LLC", r#""Merck Sharp & Dohme LLC""#),
        // An injection otherwise: 49,659 studies
        (r#"Merck" OR AREA[Phase]PHASE3"#, r#""Merck\" OR AREA[Phase]PHASE3""#),
        (r"a\", r#""a\\""#),
        ("", r#""""#),
    ];
    for (text, quoted) in cases {
        assert_eq!(quote(text), quoted);
        assert_eq!(parse(quoted), Ok(phrase(text)));
    }
}

#[test]
fn any_text_can_be_made_plain_words() {
    let cases = [
        ("ALL", Some(r"\ALL")),
        ("ALL,", Some(r"\ALL,")),
        ("AML,ALL", Some(r"AML,\ALL")),
        ("heart attack OR stroke", Some(r"heart attack \OR stroke")),
        ("AREA[Phase]PHASE4", Some(r"\AREA Phase PHASE4")),
        ("(a \"b\" c\\d)", Some("a b c d")),
        ("COVER/EXPAND or all", Some(r"\COVER/\EXPAND or all")),
        ("Alzheimer's disease", Some("Alzheimer's disease")),
        ("Merck KGaA, Darmstadt, Germany", Some("Merck KGaA, Darmstadt, Germany")),
        ("NS-065/NCNP-01", Some("NS-065/NCNP-01")),
        // Compatibility forms of what is special are special.
        ("ＡＬＬ ［x］ ＂y＂", Some(r"\ALL x y")),
        ("a\u{0}b\tc", Some("ab c")),
        ("", None),
        (" []\n\u{7}", None),
        (", ,", None),
    ];
    for (text, expected) in cases {
        assert_eq!(literal(text).as_deref(), expected, "text: {text:?}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let words = prop_oneof![
        "[a-z]{1,6}",
        "[A-Za-z0-9\"\\\\()\\[\\],.:/&' é糖-]{1,8}",
        prop::sample::select(vec![
            "AND",
            "OR",
            "NOT",
            "ALL",
            "AREA",
            "SEARCH",
            "RANGE",
            "MISSING",
            "MIN",
            "MAX",
            "COVERAGE",
            "COVER",
            "EXPANSION",
            "EXPAND",
            "TILT",
            "DISTANCE",
            "FullMatch",
            "AREA[Phase]",
            "\\ALL",
            ",",
            "\\",
            "\"",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    prop::collection::vec(words, 1..4)
        .prop_map(|words| words.join(" ").split_whitespace().collect::<Vec<_>>().join(" "))
        .prop_filter("a term has a text", |text| !text.is_empty())
}

fn pieces() -> impl Strategy<Value = Piece> {
    prop::sample::select(Piece::all().collect::<Vec<_>>())
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        prop::sample::select(areas::ALL.to_vec()).prop_map(Target::Area),
        pieces().prop_map(Target::Piece),
        pieces().prop_map(Target::Size),
    ]
}

fn measures() -> impl Strategy<Value = Measure> {
    prop_oneof![
        pieces()
            .prop_map(Measure::Values)
            .prop_filter("it has an order", |measure| measure.order().is_some()),
        pieces().prop_map(Measure::Size),
    ]
}

fn contexts() -> impl Strategy<Value = Context> {
    prop_oneof![
        targets().prop_map(Context::Area),
        prop::sample::select(vec![Scope::Study, Scope::Location]).prop_map(Context::Search),
        prop::sample::select(vec![
            Coverage::Contains,
            Coverage::FullMatch,
            Coverage::StartsWith,
            Coverage::EndsWith
        ])
        .prop_map(Context::Coverage),
        prop::sample::select(vec![
            Expansion::None,
            Expansion::Term,
            Expansion::Concept,
            Expansion::Relaxation,
            Expansion::Lossy
        ])
        .prop_map(Context::Expansion),
        measures().prop_map(Context::Tilt),
    ]
}

fn bounds() -> impl Strategy<Value = Bound> {
    prop_oneof![Just(Bound::Min), Just(Bound::Max), texts().prop_map(Bound::Value)]
}

fn circles() -> impl Strategy<Value = Circle> {
    let units = prop::sample::select(vec![LengthUnit::Kilometers, LengthUnit::Miles]);
    let radius = prop_oneof![0.0..20_000.0, Just(f64::MAX), Just(f64::MIN_POSITIVE)];
    (-90.0..=90.0, -180.0..=180.0, radius, units).prop_map(|(latitude, longitude, radius, unit)| Circle {
        latitude,
        longitude,
        radius,
        unit,
    })
}

fn expressions() -> impl Strategy<Value = Expr> {
    let span = Span::default();
    let leaves = prop_oneof![
        1 => Just(Expr::All),
        1 => Just(Expr::Missing(span)),
        6 => (texts(), any::<bool>()).prop_map(move |(text, quoted)| Expr::Term(Term { text, quoted, span })),
        1 => (bounds(), bounds()).prop_map(move |(from, to)| Expr::Range { from, to, span }),
        1 => circles().prop_map(move |circle| Expr::Distance { circle, span }),
    ];
    leaves.prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(not),
            (contexts(), inner.clone()).prop_map(|(context, operand)| within(context, operand)),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner, 2..4).prop_map(Expr::Or),
        ]
    })
}

/// Text that is nearly an expression.
fn scribbles() -> impl Strategy<Value = String> {
    let tokens = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        ",",
        "\"",
        "\\",
        " ",
        "AND ",
        "OR ",
        "NOT ",
        "ALL",
        "MISSING",
        "AREA[Phase]",
        "AREA[",
        "MIN",
        "MAX",
        "RANGE[",
        "RANGE[1,MAX]",
        "DISTANCE[",
        "DISTANCE[1,2,3km]",
        "TILT[StartDate]",
        "SEARCH[Location]",
        "COVER[FullMatch]",
        "EXPAND[None]",
        "a",
        "b c",
        "\"d\"",
        "é",
        "-1.5",
        "\n",
    ]);
    prop::collection::vec(tokens, 0..24).prop_map(|tokens| tokens.concat())
}

fn all_terms(expr: &Expr) -> bool {
    match expr {
        Expr::Term(term) => !term.quoted && !term.text.is_empty(),
        Expr::And(parts) => parts.iter().all(|part| matches!(part, Expr::Term(term) if !term.quoted)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn printing_then_reading_gives_the_same_expression(expr in expressions()) {
        let printed = expr.to_string();
        prop_assert_eq!(parse(&printed), Ok(expr), "{}", printed);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        stays_the_same(&text)?;
    }

    #[test]
    fn whatever_is_read_stays_the_same_when_printed(text in scribbles()) {
        stays_the_same(&text)?;
    }

    #[test]
    fn quoted_text_is_one_phrase(text in prop_oneof![texts(), any::<String>(), scribbles()]) {
        let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(parse(&quote(&text)), Ok(phrase(&spaced)));
        prop_assert_eq!(
            parse(&format!("AREA[Condition]COVER[FullMatch]{}", quote(&text))),
            Ok(area("Condition", within(Context::Coverage(Coverage::FullMatch), phrase(&spaced))))
        );
    }

    #[test]
    fn literal_text_is_words_and_nothing_else(text in prop_oneof![texts(), any::<String>(), scribbles()]) {
        if let Some(words) = literal(&text) {
            let expr = parse(&words).unwrap();
            prop_assert!(all_terms(&expr), "{} {:?}", words, expr);
            // An operator in front covers all of it.
            prop_assert_eq!(parse(&format!("AREA[Condition]{words}")), Ok(area("Condition", expr)));
        }
    }
}

fn stays_the_same(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(expr) => {
            let printed = expr.to_string();
            prop_assert_eq!(parse(&printed), Ok(expr), "{} printed as {}", text, printed);
        }
        Err(error) => {
            prop_assert!(text.get(error.span.range()).is_some(), "{:?}: {:?}", text, error);
            prop_assert!(!error.to_string().is_empty());
        }
    }
    Ok(())
}
