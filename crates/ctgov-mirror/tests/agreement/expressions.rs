//! Random expressions about given records, made of what stands in them, so that most find something.

use crate::world::World;
use ctgov::{
    areas,
    essie::{literal, quote},
    pieces::{Kind, Measure, Order, Piece, sites},
};
use serde_json::Value;

/// Repeatable random numbers (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Makes expressions about the records of a world.
pub(crate) struct Expressions<'a> {
    studies: &'a [Value],
    /// Phrases that have synonyms.
    phrases: Vec<&'a str>,
    pub(crate) random: Random,
}

impl<'a> Expressions<'a> {
    pub(crate) fn new(world: &'a World, seed: u64) -> Self {
        let mut phrases: Vec<&str> = world.snapshot.synonyms().iter().map(|(phrase, _)| phrase).collect();
        phrases.sort_unstable();
        Self { studies: &world.studies, phrases, random: Random(seed) }
    }

    /// An expression, as text.
    pub(crate) fn next(&mut self) -> String {
        let depth = self.random.below(4);
        self.expression(depth, false)
    }

    /// An expression of at most this depth, that can be asked of a site or not.
    pub(crate) fn expression(&mut self, depth: usize, in_site: bool) -> String {
        if depth == 0 {
            return self.leaf(in_site);
        }
        let part = |this: &mut Self| this.expression(depth - 1, in_site);
        match self.random.below(8) {
            0 | 1 => format!("({} AND {})", part(self), part(self)),
            2 => format!("({} OR {})", part(self), part(self)),
            3 => format!("({} OR {} OR {})", part(self), part(self), part(self)),
            4 => format!("NOT {}", part(self)),
            5 => format!("({} AND NOT {})", part(self), part(self)),
            6 if !in_site => format!("SEARCH[Location]({})", self.expression(depth - 1, true)),
            6 => format!("SEARCH[Study]({})", self.expression(depth - 1, false)),
            _ => {
                let modifier = self.random.pick(&[
                    "EXPANSION[None]",
                    "EXPANSION[Term]",
                    "EXPANSION[Concept]",
                    "EXPANSION[Relaxation]",
                    "EXPANSION[Lossy]",
                    "EXPAND[Term]",
                    "COVER[StartsWith]",
                    "AREA[BriefTitle]",
                    "AREA[ConditionSearch]",
                    "AREA[LocationSearch]",
                    "TILT[StudyFirstPostDate]",
                    "TILT[Location:size]",
                    "TILT[NumArmGroups]NOT ",
                ]);
                format!("{modifier}({})", part(self))
            }
        }
    }

    /// One of the names that a piece goes by.
    fn name(&mut self, piece: Piece) -> &'static str {
        let also = piece.also();
        match self.random.below(6) {
            0 => piece.path(),
            1 | 2 if !also.is_empty() => also[self.random.below(also.len())],
            _ => piece.name(),
        }
    }

    /// A piece with a value, from a random study, and the value.
    fn value(&mut self, wanted: impl Fn(Piece) -> bool) -> Option<(Piece, Value)> {
        for _ in 0..40 {
            let study = &self.studies[self.random.below(self.studies.len())];
            let piece = Piece::all().nth(self.random.below(Piece::all().len()))?;
            if !wanted(piece) {
                continue;
            }
            let mut values = Vec::new();
            piece.for_each_value(study, |value| values.push(value));
            if !values.is_empty() {
                return Some((piece, values[self.random.below(values.len())].clone()));
            }
        }
        None
    }

    fn leaf(&mut self, in_site: bool) -> String {
        let of_scope = move |piece: Piece| !in_site || piece.path_in_site().is_some();
        let leaf = match self.random.below(18) {
            0..=3 => self.words(in_site),
            4 => self.some_words(in_site),
            5 | 6 => self.value(|piece| of_scope(piece) && matches!(piece.kind(), Kind::Enum(_))).map(
                |(piece, value)| {
                    let value = value.as_str().unwrap_or_default();
                    let known = piece.enumeration().and_then(|known| known.find(value));
                    let value = match (self.random.below(4), known) {
                        (0, Some(known)) => known.label.to_owned(),
                        (1, _) => value.to_lowercase(),
                        _ => value.to_owned(),
                    };
                    format!("AREA[{}]\"{value}\"", self.name(piece))
                },
            ),
            7 => self
                .value(|piece| of_scope(piece) && matches!(piece.kind(), Kind::Boolean))
                .map(|(piece, value)| format!("AREA[{}]{value}", self.name(piece))),
            8 | 9 => self.range(in_site),
            10 => {
                let piece = loop {
                    let piece = Piece::all().nth(self.random.below(Piece::all().len()));
                    if let Some(piece) = piece.filter(|piece| of_scope(*piece) || self.random.one_in(8)) {
                        break piece;
                    }
                };
                let size = if piece.is_list() && self.random.one_in(4) { ":size" } else { "" };
                Some(format!("AREA[{}{size}]MISSING", self.name(piece)))
            }
            11 => self.size(in_site),
            12 => self.place(in_site),
            13 if !in_site => {
                Some(format!("AREA[{}]MISSING", areas::ALL[self.random.below(areas::ALL.len())].name))
            }
            14 if self.random.one_in(4) => Some("ALL".to_owned()),
            15 if !in_site => self.known_phrase(),
            16 => self.range(in_site),
            _ => self.words(in_site),
        };
        leaf.unwrap_or_else(|| "ALL".to_owned())
    }

    fn words(&mut self, in_site: bool) -> Option<String> {
        let texts =
            move |piece: Piece| piece.kind().is_text() && (!in_site || piece.path_in_site().is_some());
        let (piece, value) = self.value(texts)?;
        let text: Vec<&str> = value.as_str()?.split_whitespace().collect();
        let most = if self.random.one_in(5) { 6 } else { 3 };
        let count = 1 + self.random.below(most);
        let start = self.random.below(text.len());
        let whole = self.random.one_in(5) && text.len() < 12;
        let some = if whole { &text[..] } else { &text[start..text.len().min(start + count)] };
        let mut some = some.join(" ");
        if self.random.one_in(4) {
            some = match self.random.below(3) {
                0 => some.to_uppercase(),
                1 => some.to_lowercase(),
                _ => format!("{some}s"),
            };
        }
        let term = self.term(&some);
        let area = match self.random.below(6) {
            0 => String::new(),
            1 | 2 => {
                let area = areas::ALL[self.random.below(areas::ALL.len())];
                if area.parts.iter().all(|part| part.pieces[0].enumeration().is_some()) {
                    String::new()
                } else {
                    format!("AREA[{}]", area.name)
                }
            }
            _ => format!("AREA[{}]", self.name(piece)),
        };
        let coverage = match self.random.below(8) {
            0 => "COVERAGE[FullMatch]",
            1 => "COVERAGE[StartsWith]",
            2 => "COVER[EndsWith]",
            3 => "COVER[Contains]",
            _ => "",
        };
        let expansion = match self.random.below(8) {
            0 => "EXPANSION[None]",
            1 => "EXPANSION[Term]",
            2 => "EXPANSION[Concept]",
            3 if matches!(coverage, "" | "COVER[Contains]") => "EXPANSION[Lossy]",
            4 => "EXPAND[Relaxation]",
            _ => "",
        };
        Some(format!("{area}{coverage}{expansion}{term}"))
    }

    /// Words as a term: bare where that is possible, escaped, or in quotes.
    fn term(&mut self, words: &str) -> String {
        let plain =
            words.chars().all(|character| character.is_alphanumeric() || " -./&'".contains(character));
        let keyword =
            words.split(' ').any(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase()));
        match self.random.below(4) {
            0 | 1 if plain && !keyword => words.to_owned(),
            2 => literal(words).unwrap_or_else(|| quote(words)),
            _ => quote(words),
        }
    }

    /// A phrase that has synonyms, where they are looked for.
    fn known_phrase(&mut self) -> Option<String> {
        let phrase = *self.phrases.get(self.random.below(self.phrases.len()))?;
        let area = self.random.pick(&[
            "",
            "AREA[ConditionSearch]",
            "AREA[InterventionSearch]",
            "AREA[Condition]",
            "AREA[Keyword]",
            "AREA[InterventionName]",
            "AREA[LeadSponsorName]",
        ]);
        let reading = self.random.pick(&[
            "",
            "",
            "EXPANSION[Concept]",
            "EXPANSION[Term]",
            "EXPANSION[Lossy]",
            "COVERAGE[FullMatch]",
            "COVERAGE[StartsWith]EXPANSION[Concept]",
        ]);
        let term = self.term(phrase);
        Some(format!("{area}{reading}{term}"))
    }

    /// Several terms with commas between, one of them perhaps an operator's word.
    fn some_words(&mut self, in_site: bool) -> Option<String> {
        let texts =
            move |piece: Piece| piece.kind().is_text() && (!in_site || piece.path_in_site().is_some());
        let (piece, value) = self.value(texts)?;
        let words: Vec<&str> = value.as_str()?.split_whitespace().collect();
        let mut terms = Vec::new();
        for _ in 0..2 + self.random.below(2) {
            terms.push(literal(words[self.random.below(words.len())])?);
        }
        if self.random.one_in(5) {
            terms.push(self.random.pick(&["\\ALL", "\\AND", "\\NOT of", "and"]).to_owned());
        }
        let area = if self.random.one_in(2) { format!("AREA[{}]", self.name(piece)) } else { String::new() };
        Some(format!("{area}{}", terms.join(self.random.pick(&[", ", ",", " , "]))))
    }

    /// Something that has an order, and what it compares by in some study, as people write it.
    fn bound(&mut self, measure: Measure, key: i64) -> String {
        match measure.order() {
            Some(Order::Dates) => {
                let (day, time) = (key / 10_000, key % 10_000);
                let (year, month, day) = (day / 10_000, day / 100 % 100, day % 100);
                match self.random.below(7) {
                    0 => format!("{year:04}"),
                    1 => format!("{year:04}-{month:02}"),
                    2 => format!("{month:02}/{year:04}"),
                    3 => format!("{month:02}/{day:02}/{year:04}"),
                    4 => format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}", time / 100, time % 100),
                    _ => format!("{year:04}-{month:02}-{day:02}"),
                }
            }
            Some(Order::Durations) => {
                const DAY: i64 = 24 * 60;
                const UNITS: [(i64, [&str; 4]); 6] = [
                    (365 * DAY, [" Years", " year", "y", " YEARS"]),
                    (365 * DAY / 12, [" Months", " Month", "m", " months"]),
                    (7 * DAY, [" Weeks", " week", "w", "  weeks"]),
                    (DAY, [" Days", " day", "d", "days"]),
                    (60, [" Hours", " hour", "h", " HOUR"]),
                    (1, [" Minutes", " minute", "min", " minutes"]),
                ];
                // In units that it is a whole number of, or about so many.
                let (minutes, names) = UNITS[self.random.below(UNITS.len())];
                format!("{}{}", key / minutes, names[self.random.below(4)])
            }
            _ => match self.random.below(6) {
                0 => format!("{key}.0"),
                1 => format!("+{key}"),
                2 => format!("{key}.5"),
                _ => key.to_string(),
            },
        }
    }

    /// A measure, by a name that `AREA` takes, and two keys that studies have.
    fn keys(&mut self, in_site: bool) -> Option<(Measure, i64, i64)> {
        let fits = |piece: Piece| !in_site || piece.path_in_site().is_some();
        let mut found: Option<(Measure, i64)> = None;
        for _ in 0..200 {
            let study = &self.studies[self.random.below(self.studies.len())];
            let piece = Piece::all().nth(self.random.below(Piece::all().len()))?;
            let measure = match found {
                Some((measure, _)) => measure,
                None => Measure::Values(piece),
            };
            if !fits(measure.piece()) || measure.order().is_none() {
                continue;
            }
            let mut keys = Vec::new();
            measure.for_each_key(study, |key| keys.push(key));
            if keys.is_empty() {
                continue;
            }
            let key = keys[self.random.below(keys.len())];
            match found {
                None => found = Some((measure, key)),
                Some((measure, first)) => return Some((measure, first, key)),
            }
        }
        found.map(|(measure, key)| (measure, key, key))
    }

    fn range(&mut self, in_site: bool) -> Option<String> {
        let (measure, from, to) = self.keys(in_site)?;
        let (from, to) = (self.bound(measure, from), self.bound(measure, to));
        let name = self.name(measure.piece());
        Some(match self.random.below(7) {
            0 => format!("AREA[{name}]{}", quote(&from)),
            1 => format!("AREA[{name}]RANGE[MIN,{to}]"),
            2 => format!("AREA[{name}]RANGE[{from},MAX]"),
            3 => format!("AREA[{name}]RANGE[MIN,MAX]"),
            4 => format!("AREA[{name}]RANGE[{}, {to} ]", quote(&from)),
            _ => format!("AREA[{name}]RANGE[{from}, {to}]"),
        })
    }

    fn size(&mut self, in_site: bool) -> Option<String> {
        let lists = move |piece: Piece| piece.is_list() && (!in_site || piece.path_in_site().is_some());
        let piece = (0..60).find_map(|_| {
            Piece::all().nth(self.random.below(Piece::all().len())).filter(|piece| lists(*piece))
        })?;
        let (from, more) = (self.random.below(4), self.random.below(4));
        Some(match self.random.below(3) {
            0 => format!("AREA[{}:size]{from}", self.name(piece)),
            1 => format!("AREA[{}:size]RANGE[{from},MAX]", self.name(piece)),
            _ => format!("AREA[{}:size]RANGE[{from},{}]", self.name(piece), from + more),
        })
    }

    fn place(&mut self, in_site: bool) -> Option<String> {
        let study = &self.studies[self.random.below(self.studies.len())];
        let sites = sites(study);
        let site = sites.get(self.random.below(sites.len()))?;
        let point = site.get("geoPoint")?;
        let (lat, lon) = (point["lat"].as_f64()?, point["lon"].as_f64()?);
        let radius = self.random.pick(&["0mi", "5km", "50mi", "300km", "2500mi", "21000km"]);
        let near = format!("AREA[LocationGeoPoint]DISTANCE[{lat},{lon},{radius}]");
        let status = site.get("status").and_then(Value::as_str);
        Some(match (self.random.below(3), status) {
            (0, Some(status)) if !in_site => {
                format!("SEARCH[Location]({near} AND AREA[LocationStatus]\"{status}\")")
            }
            (1, _) if !in_site => {
                let city = site.get("city").and_then(Value::as_str).unwrap_or("Boston");
                format!("SEARCH[Location](AREA[LocationCity]{} AND NOT {near})", quote(city))
            }
            _ => near,
        })
    }
}
