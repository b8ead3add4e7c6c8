//! From a record to its index entry, and the writer that adds and replaces them.

use super::{DIRECTORY, Fields};
use crate::error::{At, MirrorError};
use ctgov::{NctId, pieces, text::for_each_word};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tantivy::{
    Index, IndexWriter, TantivyDocument, Term,
    directory::MmapDirectory,
    tokenizer::{Token, TokenStream, Tokenizer},
};

/// The tokenizer's name in the schema.
pub(super) const FOLDED_WORDS: &str = "folded words";

/// Splits text that [`for_each_word`] has folded already: words with single spaces between.
///
/// A record's text belongs to several fields. Folding it once, on whichever thread reads the record, and leaving
/// only this to tantivy halves the work; the words are the same, as folding again changes nothing.
#[derive(Clone)]
struct FoldedWords;

struct FoldedWordStream<'a> {
    words: std::str::Split<'a, char>,
    token: Token,
}

impl Tokenizer for FoldedWords {
    type TokenStream<'a> = FoldedWordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> FoldedWordStream<'a> {
        FoldedWordStream { words: text.split(' '), token: Token::default() }
    }
}

impl TokenStream for FoldedWordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.find(|word| !word.is_empty()) else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        self.token.text.push_str(word);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// What the index keeps of a study.
pub(crate) fn entry(fields: &Fields, id: NctId, study: &Value) -> TantivyDocument {
    let mut entry = TantivyDocument::new();
    entry.add_u64(fields.nct, id.number().into());
    for (piece, field) in [(pieces::OVERALL_STATUS, fields.status), (pieces::PHASE, fields.phase)] {
        piece.for_each_value(study, |value| {
            value.as_str().into_iter().for_each(|text| entry.add_text(field, text));
        });
    }
    for (sort, field) in &fields.sorts {
        if let Some(key) = sort.key(study) {
            entry.add_i64(*field, key);
        }
    }
    let folded: Vec<String> = fields.pieces.iter().map(|(piece, _)| folded_text(*piece, study)).collect();
    for ((_, field), text) in fields.pieces.iter().zip(&folded) {
        if !text.is_empty() {
            entry.add_text(*field, text);
        }
    }
    for (field, text) in area_texts(fields, &folded) {
        entry.add_text(field, text);
    }
    entry
}

/// Every word of the piece's values, with spaces between.
fn folded_text(piece: pieces::Piece, study: &Value) -> String {
    let mut folded = String::new();
    piece.for_each_value(study, |value| {
        for_each_word(value.as_str().unwrap_or_default(), |word| {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(word);
        });
    });
    folded
}

/// For each area the words of its pieces, each once: matching asks no more.
fn area_texts(fields: &Fields, folded: &[String]) -> Vec<(tantivy::schema::Field, String)> {
    let mut areas_of: HashMap<&str, u32> = HashMap::new();
    for ((piece, _), text) in fields.pieces.iter().zip(folded) {
        let searched_by = |(at, (area, _)): (usize, &(&ctgov::areas::Area, _))| {
            u32::from(area.pieces().any(|(known, _)| known == *piece)) << at
        };
        let areas: u32 = fields.areas.iter().enumerate().map(searched_by).sum();
        text.split(' ').for_each(|word| *areas_of.entry(word).or_default() |= areas);
    }
    let mut texts: Vec<_> = fields.areas.iter().map(|(_, field)| (*field, String::new())).collect();
    for (word, areas) in areas_of {
        for (at, (_, text)) in texts.iter_mut().enumerate() {
            if areas & (1 << at) != 0 {
                text.push_str(word);
                text.push(' ');
            }
        }
    }
    texts
}

/// Reading and writing for everybody whom the directory admits.
const SHARED_FILE_MODE: u32 = 0o666;

fn mode(path: &Path) -> Result<u32, MirrorError> {
    Ok(fs::metadata(path).at("look at", path)?.permissions().mode())
}

/// Adds and replaces studies in a generation in the making.
pub(crate) struct StudyWriter {
    path: PathBuf,
    nct: tantivy::schema::Field,
    writer: IndexWriter,
}

impl StudyWriter {
    /// Opens the index under `directory`, or makes an empty one where there is none.
    pub(crate) fn open(
        directory: &Path,
        fields: &Fields,
        threads: usize,
        memory_bytes: usize,
    ) -> Result<Self, MirrorError> {
        let path = directory.join(DIRECTORY);
        fs::create_dir_all(&path).at("create", &path)?;
        let open = || {
            let index = Index::open_or_create(MmapDirectory::open(&path)?, fields.schema.clone())?;
            index.tokenizers().register(FOLDED_WORDS, FoldedWords);
            index.writer_with_num_threads(threads, memory_bytes)
        };
        Ok(Self { writer: open().at("open", &path)?, nct: fields.nct, path })
    }

    pub(crate) fn remove(&self, id: NctId) {
        self.writer.delete_term(Term::from_field_u64(self.nct, id.number().into()));
    }

    pub(crate) fn add(&self, entry: TantivyDocument) -> Result<(), MirrorError> {
        self.writer.add_document(entry).map(drop).at("write", &self.path)
    }

    /// Writes everything, waits until nothing is merged any more, and leaves only files that belong to the index.
    pub(crate) fn finish(mut self) -> Result<(), MirrorError> {
        self.writer.commit().at("write", &self.path)?;
        self.writer.garbage_collect_files().wait().at("write", &self.path)?;
        self.writer.wait_merging_threads().at("write", &self.path)?;
        for entry in fs::read_dir(&self.path).at("list", &self.path)? {
            let path = entry.at("list", &self.path)?.path();
            if path.extension().is_some_and(|ending| ending == "lock") {
                fs::remove_file(&path).at("remove", &path)?;
            } else if path.extension().is_some_and(|ending| ending == "json") {
                // tantivy makes these for their owner only; the server may run as somebody else.
                let readable = Permissions::from_mode(SHARED_FILE_MODE & mode(&self.path)?);
                fs::set_permissions(&path, readable).at("share", &path)?;
            }
        }
        Ok(())
    }
}
