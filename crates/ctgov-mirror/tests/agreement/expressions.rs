//! Random expressions about given records, made of what stands in them, so that most find something.

use ctgov::{
    areas,
    essie::quote,
    pieces::{Kind, Order, Piece, sites},
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

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Makes expressions about `studies`.
pub(crate) struct Expressions<'a> {
    studies: &'a [Value],
    pub(crate) random: Random,
}

impl<'a> Expressions<'a> {
    pub(crate) fn new(studies: &'a [Value], seed: u64) -> Self {
        Self { studies, random: Random(seed) }
    }

    /// An expression, as text.
    pub(crate) fn next(&mut self) -> String {
        let depth = self.random.below(4);
        self.expression(depth, false)
    }

    fn expression(&mut self, depth: usize, in_site: bool) -> String {
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
                    "AREA[BriefTitle]",
                    "AREA[ConditionSearch]",
                    "TILT[StudyFirstPostDate]",
                ]);
                format!("{modifier}({})", part(self))
            }
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
        let leaf = match self.random.below(16) {
            0..=4 => self.words(in_site),
            5 | 6 => self.value(|piece| of_scope(piece) && matches!(piece.kind(), Kind::Enum(_))).map(
                |(piece, value)| {
                    let value = value.as_str().unwrap_or_default().to_owned();
                    format!("AREA[{}]\"{value}\"", piece.name())
                },
            ),
            7 => self
                .value(|piece| of_scope(piece) && matches!(piece.kind(), Kind::Boolean))
                .map(|(piece, value)| format!("AREA[{}]{value}", piece.name())),
            8 | 9 => self.range(in_site),
            10 => {
                let piece = loop {
                    let piece = Piece::all().nth(self.random.below(Piece::all().len()));
                    if let Some(piece) = piece.filter(|piece| of_scope(*piece) || self.random.one_in(8)) {
                        break piece;
                    }
                };
                Some(format!("AREA[{}]MISSING", piece.name()))
            }
            11 => self.size(in_site),
            12 => self.place(in_site),
            13 if !in_site => {
                Some(format!("AREA[{}]MISSING", areas::ALL[self.random.below(areas::ALL.len())].name))
            }
            14 if self.random.one_in(4) => Some("ALL".to_owned()),
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
        let plain = some.chars().all(|character| character.is_alphanumeric() || " -./&'".contains(character));
        let keyword =
            some.split(' ').any(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase()));
        let term = if plain && !keyword && self.random.one_in(2) { some } else { quote(&some) };
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
            _ => format!("AREA[{}]", piece.name()),
        };
        let coverage = match self.random.below(8) {
            0 => "COVERAGE[FullMatch]",
            1 => "COVERAGE[StartsWith]",
            2 => "COVERAGE[EndsWith]",
            _ => "",
        };
        let expansion = match self.random.below(8) {
            0 => "EXPANSION[None]",
            1 => "EXPANSION[Term]",
            2 => "EXPANSION[Concept]",
            3 if coverage.is_empty() => "EXPANSION[Lossy]",
            _ => "",
        };
        Some(format!("{area}{coverage}{expansion}{term}"))
    }

    fn range(&mut self, in_site: bool) -> Option<String> {
        let ordered = move |piece: Piece| {
            piece.kind().order().is_some() && (!in_site || piece.path_in_site().is_some())
        };
        let (piece, value) = self.value(ordered)?;
        let other = self.value(|other| other == piece).map_or_else(|| value.clone(), |(_, value)| value);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (mut from, mut to) = (text(&value), text(&other));
        if piece.kind().order() == Some(Order::Dates) {
            for bound in [&mut from, &mut to] {
                // Up to the minute, the day, the month or the year.
                let cut = self.random.pick::<[usize; 1]>(&[&[4], &[7], &[10], &[16]])[0];
                bound.truncate(cut.min(bound.len()));
            }
        }
        Some(match self.random.below(6) {
            0 => format!("AREA[{}]{}", piece.name(), if from.contains(' ') { quote(&from) } else { from }),
            1 => format!("AREA[{}]RANGE[MIN,{to}]", piece.name()),
            2 => format!("AREA[{}]RANGE[{from},MAX]", piece.name()),
            3 => format!("AREA[{}]RANGE[MIN,MAX]", piece.name()),
            _ => format!("AREA[{}]RANGE[{from}, {to}]", piece.name()),
        })
    }

    fn size(&mut self, in_site: bool) -> Option<String> {
        let lists = move |piece: Piece| piece.is_list() && (!in_site || piece.path_in_site().is_some());
        let piece = (0..60).find_map(|_| {
            Piece::all().nth(self.random.below(Piece::all().len())).filter(|piece| lists(*piece))
        })?;
        let (from, more) = (self.random.below(4), self.random.below(4));
        Some(match self.random.below(3) {
            0 => format!("AREA[{}:size]{from}", piece.name()),
            1 => format!("AREA[{}:size]RANGE[{from},MAX]", piece.name()),
            _ => format!("AREA[{}:size]RANGE[{from},{}]", piece.name(), from + more),
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
