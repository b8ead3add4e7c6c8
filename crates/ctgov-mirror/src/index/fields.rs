//! `Fields`: what the index keeps of a study and of a site, and under which names.
//!
//! In `studies/`, one document a study:
//!
//! | field | holds | answers |
//! |---|---|---|
//! | `nct` | the NCT number | the join key to documents and sites |
//! | `present` | the name of every piece that has a value, and the formats of its dates | `MISSING` |
//! | one a search area | every word of its pieces once, with a level for how much it counts there | words in an area |
//! | one a text piece | its words with positions, see [`Style`] | phrases, words in a piece |
//! | one a vocabulary or boolean piece | its values as they are | `AREA[Phase]PHASE3` |
//! | one a [`Measure`] | its keys as a column | ranges, sorting, sizes |
//! | `values:` and a piece | its values as a column, each once a study, see [`Form`] | tables |
//! | `pair` | every two neighbouring words of which one is frequent, see [`pairs`](super::pairs) | phrases |
//! | `synonym` | what the study says about words that mean the same | learning synonyms |
//!
//! In `sites/`, one document a site, the same for the pieces of a site, and besides
//!
//! | field | holds | answers |
//! |---|---|---|
//! | `position` | the site's place in its study | checking a site in the record |
//! | `point` | latitude and longitude, in the order of latitude | distances |

use ctgov::{
    areas::{self, Area},
    pieces::{Kind, Measure, Order, Piece},
};
use std::collections::HashMap;
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};

pub(crate) const NCT: &str = "nct";
pub(crate) const POSITION: &str = "position";

/// How the words of a text piece are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// With their positions.
    Positions,
    /// Only which words a study has: for the numbers and group ids of results tables, which are most of all values
    /// and which nobody asks phrases of. A phrase is looked up in the record.
    Bare,
}

/// The two kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kinds {
    Studies,
    Sites,
}

/// The schema of one of the two indexes and where everything is in it.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub schema: Schema,
    pub nct: Field,
    pub present: Field,
    pub pair: Option<Field>,
    pub synonym: Option<Field>,
    pub position: Option<Field>,
    pub point: Option<Field>,
    pub areas: Vec<(&'static Area, Field)>,
    /// The text pieces of these areas, with the place of each area in `areas` and what the piece weighs there.
    pub weights: Vec<(Piece, Vec<(usize, f32)>)>,
    pub texts: Vec<(Piece, Field, Style)>,
    pub values: Vec<(Piece, Field)>,
    pub measures: Vec<(Measure, Field)>,
    pub columns: Vec<(Piece, Field, Form)>,
    text_of: HashMap<Piece, (Field, Style)>,
    value_of: HashMap<Piece, Field>,
}

/// How the values of a piece stand in the column that tables are counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As numbers of a dictionary that has each value once: for names, codes, dates and whatever else recurs from study
    /// to study.
    Terms,
    /// As [`Print`](super::prints::Print)s: for what is written for one study. Its texts are in the records.
    Prints,
}

/// The form of the column of a piece's values. Numbers and vocabularies have none: measures and sets tell of them.
pub(crate) fn form(piece: Piece) -> Option<Form> {
    /// Besides all Markdown.
    const WRITTEN: [&str; 22] = [
        "ArmGroupInterventionName",
        "ArmGroupLabel",
        "BaselineGroupTitle",
        "BriefTitle",
        "EventGroupTitle",
        "EventsTimeFrame",
        "FlowGroupTitle",
        "IPDSharingURL",
        "InterventionArmGroupLabel",
        "OfficialTitle",
        "OtherOutcomeMeasure",
        "OtherOutcomeTimeFrame",
        "OutcomeCategoryTitle",
        "OutcomeClassTitle",
        "OutcomeGroupTitle",
        "OutcomeMeasureTimeFrame",
        "OutcomeMeasureTitle",
        "PrimaryOutcomeMeasure",
        "ReferenceCitation",
        "SecondaryOutcomeMeasure",
        "SecondaryOutcomeTimeFrame",
        "SeeAlsoLinkURL",
    ];
    match piece.kind() {
        Kind::Markup => Some(Form::Prints),
        Kind::Text if WRITTEN.contains(&piece.name()) => Some(Form::Prints),
        Kind::Duration | Kind::GeoPoint => Some(Form::Terms),
        kind if kind.is_text() || kind.order() == Some(Order::Dates) => Some(Form::Terms),
        _ => None,
    }
}

/// How the words of a text piece are kept.
pub(super) fn style(piece: Piece) -> Style {
    const TABLE_VALUES: [&str; 9] = [
        "GroupId",
        "Value",
        "Spread",
        "LowerLimit",
        "UpperLimit",
        "NumSubjects",
        "NumUnits",
        "CIPctValue",
        "FlowGroupId",
    ];
    let is_table_value = piece.path().starts_with("resultsSection.")
        && TABLE_VALUES.iter().any(|ending| piece.name().ends_with(ending));
    if is_table_value { Style::Bare } else { Style::Positions }
}

/// What the field `present` says of a date in a certain format.
pub(crate) fn format_term(piece: Piece, format: &str) -> String {
    format!("{} {format}", piece.name())
}

/// The column's name of the values of a piece.
pub(crate) fn column_name(piece: Piece) -> String {
    format!("values:{}", piece.name())
}

/// The column's name of a measure's keys.
pub(crate) fn measure_name(measure: Measure) -> String {
    match measure {
        Measure::Values(piece) => piece.name().to_owned(),
        Measure::Size(piece) => format!("{}:size", piece.name()),
    }
}

/// Whether words in the area are kept in a field of its own: areas of texts that are not asked of each site.
fn has_field(area: &Area) -> bool {
    !area.is_of_sites() && area.pieces().any(|(piece, _)| piece.kind().is_text())
}

/// What a piece weighs in each of `areas` that has it.
fn weights_of(piece: Piece, areas: &[(&'static Area, Field)]) -> Vec<(usize, f32)> {
    let weight = |area: &Area| area.pieces().find(|(known, _)| *known == piece).map(|(_, part)| part.weight);
    let having = areas.iter().enumerate();
    having.filter_map(|(at, (area, _))| weight(area).map(|weight| (at, weight))).collect()
}

/// Every measure that is kept, each once whatever names it has.
fn measures() -> impl Iterator<Item = Measure> {
    let values = Piece::all().filter(|piece| piece.kind().order().is_some()).map(Measure::Values);
    let sizes = Piece::all().filter(|piece| piece.is_list()).map(Measure::Size);
    values.chain(sizes).filter(|measure| measure.canonical() == *measure)
}

impl Fields {
    pub(crate) fn new(kinds: Kinds) -> Self {
        let mut schema = Schema::builder();
        let of_site = kinds == Kinds::Sites;
        let belongs = |piece: Piece| piece.path_in_site().is_some() == of_site;
        let text = |tokenizer: &str, option| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing.set_index_option(option))
        };
        let value = text("raw", IndexRecordOption::Basic);
        let bare = text(super::write::BARE_WORDS, IndexRecordOption::Basic);
        let positions = text(super::write::FOLDED_WORDS, IndexRecordOption::WithFreqsAndPositions);
        let fast = NumericOptions::default().set_fast();
        let nct = schema.add_u64_field(NCT, fast.clone().set_indexed());
        let present = schema.add_text_field("present", value.clone());
        let (mut pair, mut synonym, mut position, mut point) = (None, None, None, None);
        let mut areas = Vec::new();
        if of_site {
            position = Some(schema.add_u64_field(POSITION, fast.clone()));
            point = Some(schema.add_bytes_field("point", BytesOptions::default().set_indexed()));
        } else {
            let lines = text(super::write::LINES, IndexRecordOption::Basic);
            pair = Some(schema.add_text_field("pair", lines));
            synonym = Some(schema.add_text_field("synonym", value.clone()));
            let own = areas::ALL.into_iter().filter(|area| has_field(area));
            areas.extend(own.map(|area| (area, schema.add_text_field(area.name, bare.clone()))));
        }
        let weights = Piece::all().filter(|piece| piece.kind().is_text());
        let weights = weights
            .map(|piece| (piece, weights_of(piece, &areas)))
            .filter(|(_, weights)| !weights.is_empty());
        let weights = weights.collect();
        let (mut texts, mut values) = (Vec::new(), Vec::new());
        for piece in Piece::all().filter(|piece| belongs(*piece)) {
            match piece.kind() {
                kind if kind.is_text() => {
                    let style = style(piece);
                    let options = if style == Style::Bare { &bare } else { &positions };
                    texts.push((piece, schema.add_text_field(piece.name(), options.clone()), style));
                }
                Kind::Enum(_) | Kind::Boolean => {
                    values.push((piece, schema.add_text_field(piece.name(), value.clone())));
                }
                _ => {}
            }
        }
        let measures = measures().filter(|measure| belongs(measure.piece()));
        let measures: Vec<_> = measures
            .map(|measure| (measure, schema.add_i64_field(&measure_name(measure), fast.clone())))
            .collect();
        let columns = Piece::all().filter(|piece| belongs(*piece));
        let columns = columns.filter_map(|piece| form(piece).map(|form| (piece, form)));
        let columns: Vec<_> = columns
            .map(|(piece, form)| {
                let name = column_name(piece);
                let field = match form {
                    Form::Terms => schema.add_text_field(&name, TextOptions::default().set_fast("raw")),
                    Form::Prints => schema.add_u64_field(&name, fast.clone()),
                };
                (piece, field, form)
            })
            .collect();
        let text_of = texts.iter().map(|(piece, field, style)| (*piece, (*field, *style))).collect();
        let value_of = values.iter().copied().collect();
        Self {
            schema: schema.build(),
            nct,
            present,
            pair,
            synonym,
            position,
            point,
            areas,
            weights,
            texts,
            values,
            measures,
            columns,
            text_of,
            value_of,
        }
    }

    /// The field of an area's words, if it has one.
    pub(crate) fn area(&self, area: &Area) -> Option<Field> {
        self.areas.iter().find(|(known, _)| *known == area).map(|(_, field)| *field)
    }

    /// The field of a text piece that these documents have.
    pub(crate) fn text(&self, piece: Piece) -> Option<(Field, Style)> {
        self.text_of.get(&piece).copied()
    }

    /// The field of a vocabulary or boolean piece that these documents have.
    pub(crate) fn value(&self, piece: Piece) -> Option<Field> {
        self.value_of.get(&piece).copied()
    }

    /// Whether a measure has a column here.
    pub(crate) fn has_measure(&self, measure: Measure) -> bool {
        self.measures.iter().any(|(known, _)| *known == measure)
    }
}
