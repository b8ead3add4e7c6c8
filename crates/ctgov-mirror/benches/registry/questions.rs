//! Questions about the records of a mirror, made of what stands in them, the same ones every time.

use ctgov::{
    Budget, Matching, NctId, PAGE_SIZE_MAX, PageSize, Snapshot, StudyQuery,
    api::StudiesRequest,
    areas,
    essie::Target,
    pieces::Piece,
    tabulate::{Dimension, Period},
};
use serde_json::{Value, json};

/// The kinds of questions, as the figures name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    RareTerm,
    FrequentTerm,
    CommonTerm,
    TermWithRecords,
    Typical,
    Site,
    Geo,
    PhraseOfFew,
    Phrase,
    TableOfAll,
    TableOfHits,
    CountriesOfHits,
    Months,
    Sorted,
    SortedWithRecords,
}

impl Kind {
    pub(crate) const ALL: [Self; 15] = [
        Self::RareTerm,
        Self::FrequentTerm,
        Self::CommonTerm,
        Self::TermWithRecords,
        Self::Typical,
        Self::Site,
        Self::Geo,
        Self::PhraseOfFew,
        Self::Phrase,
        Self::TableOfAll,
        Self::TableOfHits,
        Self::CountriesOfHits,
        Self::Months,
        Self::Sorted,
        Self::SortedWithRecords,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RareTerm => "one term in up to 0.1 % of the studies, top 10, count",
            Self::FrequentTerm => "one term in 0.1 to 5 % of the studies, top 10, count",
            Self::CommonTerm => "one term in more than 5 % of the studies, top 10, count",
            Self::TermWithRecords => "any term, top 10, count, with the records",
            Self::Typical => "condition, intervention, status, phase, place",
            Self::Site => "SEARCH[Location] of city and status",
            Self::Geo => "place alone",
            Self::PhraseOfFew => "phrase with stop words in up to 5 % of the studies",
            Self::Phrase => "phrase with stop words, any",
            Self::TableOfAll => "Phase × OverallStatus of everything",
            Self::TableOfHits => "Phase × OverallStatus of a term's hits",
            Self::CountriesOfHits => "LocationCountry of a term's hits",
            Self::Months => "StudyFirstPostDate by month of a term's hits",
            Self::Sorted => "newest 100 of a term's hits",
            Self::SortedWithRecords => "newest 100 of a term's hits, with the records",
        }
    }
}

/// A question.
pub(crate) struct Question {
    /// As the API takes it.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) query: StudyQuery,
    /// What is counted, for tables.
    pub(crate) by: Vec<Dimension>,
    pub(crate) with_records: bool,
    /// What it is made of, for other engines.
    made_of: Value,
}

impl Question {
    /// As a request to `/api/v2`.
    pub(crate) fn to_json(&self) -> Value {
        json!({"parameters": self.parameters, "withRecords": self.with_records})
    }
}

/// A question, and how many studies it found.
pub(crate) struct Asked {
    pub(crate) kind: Kind,
    pub(crate) question: Question,
    pub(crate) studies: u64,
}

impl Asked {
    pub(crate) fn to_json(&self) -> Value {
        let by: Vec<&str> = self.question.by.iter().map(|dimension| dimension.piece.name()).collect();
        json!({
            "kind": self.kind.name(),
            "parameters": self.question.parameters,
            "of": self.question.made_of,
            "by": by,
            "studies": self.studies,
        })
    }
}

/// Repeatable random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).cloned()
    }
}

/// The numbers of `count` studies, here and there.
pub(crate) fn some_ids(snapshot: &dyn Snapshot, count: usize) -> Vec<NctId> {
    let ids = all_ids(snapshot);
    let mut random = Random(1);
    (0..count).map(|_| ids[random.below(ids.len())]).collect()
}

fn all_ids(snapshot: &dyn Snapshot) -> Vec<NctId> {
    let mut query = StudyQuery { page_size: PageSize::new(PAGE_SIZE_MAX).unwrap(), ..StudyQuery::default() };
    let mut ids = Vec::new();
    loop {
        let (page, next) = snapshot.find(&query, &Budget::unlimited()).unwrap();
        ids.extend(page);
        query.page_token = next.next;
        if query.page_token.is_none() {
            return ids;
        }
    }
}

const STOP_WORDS: [&str; 12] = ["the", "of", "and", "in", "to", "with", "for", "a", "is", "or", "by", "on"];

/// How many records are looked at for what a question is made of.
const TRIES: usize = 10_000;

/// Makes questions of random records.
pub(crate) struct Questions<'a> {
    snapshot: &'a dyn Snapshot,
    ids: Vec<NctId>,
    random: Random,
}

impl<'a> Questions<'a> {
    pub(crate) fn of(snapshot: &'a dyn Snapshot) -> Self {
        Self { snapshot, ids: all_ids(snapshot), random: Random(2) }
    }

    /// The number of a study.
    pub(crate) fn id(&mut self) -> NctId {
        self.ids[self.random.below(self.ids.len())]
    }

    /// The next question of a kind.
    pub(crate) fn next(&mut self, kind: Kind) -> Question {
        for _ in 0..TRIES {
            let id = self.ids[self.random.below(self.ids.len())];
            let document = self.snapshot.study(id, &Budget::unlimited()).unwrap().unwrap();
            let study: Value = serde_json::from_str(document.json()).unwrap();
            // A record that lacks what the question is made of is passed over.
            if let Some(question) = self.of_study(kind, &study) {
                return question;
            }
        }
        panic!("no record has what `{}` is made of", kind.name())
    }

    fn of_study(&mut self, kind: Kind, study: &Value) -> Option<Question> {
        let dimension = |name: &str| Dimension { piece: Piece::find(name).unwrap(), period: None };
        let phase_and_status = || vec![dimension("Phase"), dimension("OverallStatus")];
        let mut question = match kind {
            Kind::RareTerm => self.term_in(study, 0.0, 0.001)?,
            Kind::FrequentTerm => self.term_in(study, 0.001, 0.05)?,
            Kind::CommonTerm => self.term_in(study, 0.05, 1.0)?,
            Kind::TermWithRecords => self.term(study)?,
            Kind::Typical => self.typical(study)?,
            Kind::Site => self.site(study)?,
            Kind::Geo => self.place(study)?,
            Kind::PhraseOfFew => self.phrase_of_few(study)?,
            Kind::Phrase => self.phrase(study)?,
            Kind::TableOfAll => Question { by: phase_and_status(), ..question(&[], Value::Null) },
            Kind::TableOfHits => Question { by: phase_and_status(), ..self.condition(study)? },
            Kind::CountriesOfHits => {
                Question { by: vec![dimension("LocationCountry")], ..self.condition(study)? }
            }
            Kind::Months => {
                let piece = Piece::find("StudyFirstPostDate").unwrap();
                Question {
                    by: vec![Dimension { piece, period: Some(Period::Month) }],
                    ..self.condition(study)?
                }
            }
            Kind::Sorted | Kind::SortedWithRecords => self.sorted(study)?,
        };
        question.with_records = matches!(kind, Kind::TermWithRecords | Kind::SortedWithRecords);
        Some(question)
    }

    /// A word of a condition, of a title or of a summary, a third each.
    fn word(&mut self, study: &Value) -> Option<String> {
        let text = match self.random.below(3) {
            0 => self
                .random
                .pick(study.pointer("/protocolSection/conditionsModule/conditions")?.as_array()?)?,
            1 => study.pointer("/protocolSection/identificationModule/briefTitle")?.clone(),
            _ => study.pointer("/protocolSection/descriptionModule/briefSummary")?.clone(),
        };
        let is_word = |word: &&str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase());
        let text = text.as_str()?.to_ascii_lowercase();
        let words: Vec<&str> =
            text.split_whitespace().filter(is_word).filter(|word| !STOP_WORDS.contains(word)).collect();
        self.random.pick(&words).map(str::to_owned)
    }

    fn term(&mut self, study: &Value) -> Option<Question> {
        let word = self.word(study)?;
        Some(question(&[("query.term", &word), ("countTotal", "true")], json!({"word": word})))
    }

    /// A term that this share of all studies has.
    fn term_in(&mut self, study: &Value, more_than: f64, up_to: f64) -> Option<Question> {
        let term = self.term(study)?;
        let share = self.share(term.made_of["word"].as_str()?);
        (share > more_than && share <= up_to).then_some(term)
    }

    /// The share of all studies that have a text. They are counted in another area, which leaves questions new.
    fn share(&self, text: &str) -> f64 {
        let mut matching = Matching::default();
        matching.search(Target::Area(&areas::PATIENT), text).unwrap();
        let studies = self.snapshot.count(&matching, &Budget::unlimited()).unwrap();
        studies as f64 / self.ids.len() as f64
    }

    fn condition(&mut self, study: &Value) -> Option<Question> {
        let condition = self.of_list(study, "/protocolSection/conditionsModule/conditions")?;
        Some(question(&[("query.cond", &condition)], json!({"condition": condition})))
    }

    fn sorted(&mut self, study: &Value) -> Option<Question> {
        let word = self.word(study)?;
        let parameters = [
            ("query.term", word.as_str()),
            ("sort", "LastUpdatePostDate:desc"),
            ("pageSize", "100"),
            ("countTotal", "true"),
        ];
        Some(question(&parameters, json!({"word": word})))
    }

    /// A text of a list that stands for itself in an expression.
    fn of_list(&mut self, study: &Value, list: &str) -> Option<String> {
        plain(self.random.pick(study.pointer(list)?.as_array()?)?.as_str()?)
    }

    fn site_of(&mut self, study: &Value) -> Option<Value> {
        self.random.pick(study.pointer("/protocolSection/contactsLocationsModule/locations")?.as_array()?)
    }

    fn typical(&mut self, study: &Value) -> Option<Question> {
        let condition = self.of_list(study, "/protocolSection/conditionsModule/conditions")?;
        let interventions = study.pointer("/protocolSection/armsInterventionsModule/interventions")?;
        let intervention = plain(self.random.pick(interventions.as_array()?)?["name"].as_str()?)?;
        let status = study.pointer("/protocolSection/statusModule/overallStatus")?.as_str()?.to_owned();
        let phase = self.random.pick(study.pointer("/protocolSection/designModule/phases")?.as_array()?)?;
        let phase = phase.as_str()?.to_owned();
        let site = self.site_of(study)?;
        let (lat, lon) = (site["geoPoint"]["lat"].as_f64()?, site["geoPoint"]["lon"].as_f64()?);
        let parameters = [
            ("query.cond", condition.as_str()),
            ("query.intr", &intervention),
            ("filter.overallStatus", &status),
            ("filter.advanced", &format!("AREA[Phase]{phase}")),
            ("filter.geo", &format!("distance({lat},{lon},50mi)")),
            ("countTotal", "true"),
        ];
        let of = json!({
            "condition": condition, "intervention": intervention, "status": status, "phase": phase,
            "lat": lat, "lon": lon, "miles": 50,
        });
        Some(question(&parameters, of))
    }

    fn site(&mut self, study: &Value) -> Option<Question> {
        let site = self.site_of(study)?;
        let city = site["city"].as_str()?;
        let status = site["status"].as_str().unwrap_or("RECRUITING");
        let advanced = format!(
            "SEARCH[Location](AREA[LocationCity]{} AND AREA[LocationStatus]{status})",
            ctgov::essie::quote(city)
        );
        let parameters = [("filter.advanced", advanced.as_str()), ("countTotal", "true")];
        Some(question(&parameters, json!({"city": city, "status": status})))
    }

    fn place(&mut self, study: &Value) -> Option<Question> {
        let site = self.site_of(study)?;
        let (lat, lon) = (site["geoPoint"]["lat"].as_f64()?, site["geoPoint"]["lon"].as_f64()?);
        let miles = self.random.pick(&[10, 50, 100, 250])?;
        let geo = format!("distance({lat},{lon},{miles}mi)");
        let parameters = [("filter.geo", geo.as_str()), ("countTotal", "true")];
        Some(question(&parameters, json!({"lat": lat, "lon": lon, "miles": miles})))
    }

    /// A phrase that up to a twentieth of all studies have.
    fn phrase_of_few(&mut self, study: &Value) -> Option<Question> {
        let phrase = self.phrase(study)?;
        let share = self.share(&format!("\"{}\"", phrase.made_of["phrase"].as_str()?));
        (share <= 0.05).then_some(phrase)
    }

    /// Two to four words that follow each other in a summary, a stop word among them.
    fn phrase(&mut self, study: &Value) -> Option<Question> {
        let summary = study.pointer("/protocolSection/descriptionModule/briefSummary")?.as_str()?;
        let words: Vec<&str> = summary.split_whitespace().collect();
        let count = 2 + self.random.below(3);
        let start = self.random.below(words.len().saturating_sub(count));
        let phrase = words.get(start..start + count)?;
        let plain = phrase.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
        let stops = phrase.iter().filter(|word| STOP_WORDS.contains(word)).count();
        if !plain || stops == 0 {
            return None;
        }
        let phrase = phrase.join(" ");
        let quoted = format!("\"{phrase}\"");
        Some(question(&[("query.term", &quoted), ("countTotal", "true")], json!({"phrase": phrase})))
    }
}

/// The text if it stands for itself in an expression.
fn plain(text: &str) -> Option<String> {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-');
    let keyword = text.split(' ').any(|word| word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase()));
    (plain && !keyword && !text.is_empty()).then(|| text.to_owned())
}

fn question(parameters: &[(&str, &str)], made_of: Value) -> Question {
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query =
        StudiesRequest::read(&parameters).unwrap_or_else(|error| panic!("{parameters:?}: {error:?}")).query;
    Question { parameters, query, by: Vec::new(), with_records: false, made_of }
}
