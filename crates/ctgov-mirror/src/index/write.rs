//! The writers that add and replace entries in a generation in the making.

use super::{
    SITES, STUDIES,
    entry::{Entry, Schemas},
    fields::Fields,
};
use crate::error::{At, MirrorError};
use ctgov::NctId;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tantivy::{
    Index, IndexWriter, Term,
    directory::MmapDirectory,
    indexer::{LogMergePolicy, UserOperation},
    schema::Field,
    tokenizer::{Token, TokenStream, Tokenizer},
};

/// The tokenizer's name in the schema.
pub(super) const FOLDED_WORDS: &str = "folded words";

/// Marks a word as the first of its value, before it; as the last, after it. No word has them in it.
pub(super) const FIRST: char = '^';
pub(super) const LAST: char = '$';

/// A segment of more studies than this is not rewritten by an ordinary import: only `compact` does that.
const MERGED_STUDIES_MAX: usize = 150_000;

/// Splits text that [`ctgov::text::for_each_word`] has folded already: words with single spaces between, values with
/// line breaks between.
///
/// Positions leave a gap between values, so that no phrase reaches from one into the next. Where there are several
/// positions, the first and the last word of a value are given again with a mark, at the same position: a phrase can
/// ask for the beginning, the end or all of a value.
#[derive(Clone)]
struct FoldedWords;

struct FoldedWordStream<'a> {
    values: std::str::Split<'a, char>,
    words: std::iter::Peekable<std::str::Split<'a, char>>,
    /// Forms of the word just given that stand at its position, too.
    forms: [Option<Form>; 3],
    word: &'a str,
    first: bool,
    /// Whether values are told apart: not for the words of an area, which have no order.
    token: Token,
}

#[derive(Clone, Copy)]
enum Form {
    First,
    Last,
    Whole,
}

impl Tokenizer for FoldedWords {
    type TokenStream<'a> = FoldedWordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> FoldedWordStream<'a> {
        FoldedWordStream {
            values: text.split('\n'),
            words: "".split(' ').peekable(),
            forms: [None; 3],
            word: "",
            first: false,
            token: Token::default(),
        }
    }
}

impl TokenStream for FoldedWordStream<'_> {
    fn advance(&mut self) -> bool {
        if let Some(form) = self.forms.iter_mut().find_map(Option::take) {
            self.token.text.clear();
            if matches!(form, Form::First | Form::Whole) {
                self.token.text.push(FIRST);
            }
            self.token.text.push_str(self.word);
            if matches!(form, Form::Last | Form::Whole) {
                self.token.text.push(LAST);
            }
            return true;
        }
        loop {
            let Some(word) = self.words.next() else {
                let Some(value) = self.values.next() else { return false };
                self.words = value.split(' ').peekable();
                self.first = true;
                // The gap between values.
                self.token.position = self.token.position.wrapping_add(1);
                continue;
            };
            if word.is_empty() {
                continue;
            }
            let last = self.words.peek().is_none();
            self.forms = [
                self.first.then_some(Form::First),
                last.then_some(Form::Last),
                (self.first && last).then_some(Form::Whole),
            ];
            self.first = false;
            self.word = word;
            self.token.position = self.token.position.wrapping_add(1);
            self.token.text.clear();
            self.token.text.push_str(word);
            return true;
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Splits text at any of some characters, where only the presence of what stands between them counts.
#[derive(Clone)]
struct Bare(&'static [char]);

struct BareStream<'a> {
    terms: std::str::Split<'a, &'static [char]>,
    token: Token,
}

impl Tokenizer for Bare {
    type TokenStream<'a> = BareStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> BareStream<'a> {
        BareStream { terms: text.split(self.0), token: Token::default() }
    }
}

impl TokenStream for BareStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.find(|term| !term.is_empty()) else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        self.token.text.push_str(term);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The tokenizers' names in the schema, for fields that keep no positions: words, and lines of several words.
pub(super) const BARE_WORDS: &str = "bare words";
pub(super) const LINES: &str = "lines";

/// Reading and writing for everybody whom the directory admits.
const SHARED_FILE_MODE: u32 = 0o666;

fn mode(path: &Path) -> Result<u32, MirrorError> {
    Ok(fs::metadata(path).at("look at", path)?.permissions().mode())
}

/// Adds and replaces studies and their sites.
pub(crate) struct EntryWriter {
    pub(super) studies: Writer,
    pub(super) sites: Writer,
}

impl EntryWriter {
    /// Opens the indexes under `directory`, or makes empty ones where there are none.
    pub(crate) fn open(
        directory: &Path,
        schemas: &Schemas,
        threads: usize,
        memory_bytes: usize,
    ) -> Result<Self, MirrorError> {
        Ok(Self {
            studies: Writer::open(directory.join(STUDIES), &schemas.studies, threads, memory_bytes)?,
            sites: Writer::open(directory.join(SITES), &schemas.sites, 1, memory_bytes / threads.max(1))?,
        })
    }

    /// Takes out a study and its sites.
    pub(crate) fn remove(&self, id: NctId) {
        self.studies.remove(id);
        self.sites.remove(id);
    }

    /// Adds a study and its sites.
    pub(crate) fn add(&self, entry: Entry) -> Result<(), MirrorError> {
        self.studies.writer.add_document(entry.study).map(drop).at("write", &self.studies.path)?;
        if !entry.sites.is_empty() {
            // One batch, so that a study's sites stand together.
            let sites = entry.sites.into_iter().map(UserOperation::Add);
            self.sites.writer.run(sites).map(drop).at("write", &self.sites.path)?;
        }
        Ok(())
    }

    /// Writes everything, waits until nothing is merged any more, and leaves only files that belong to the indexes.
    pub(crate) fn finish(self) -> Result<(), MirrorError> {
        self.studies.finish()?;
        self.sites.finish()
    }
}

pub(super) struct Writer {
    pub(super) path: PathBuf,
    nct: Field,
    pub(super) writer: IndexWriter,
}

impl Writer {
    fn open(
        path: PathBuf,
        fields: &Fields,
        threads: usize,
        memory_bytes: usize,
    ) -> Result<Self, MirrorError> {
        fs::create_dir_all(&path).at("create", &path)?;
        let open = || -> tantivy::Result<_> {
            let index = Index::open_or_create(MmapDirectory::open(&path)?, fields.schema.clone())?;
            index.tokenizers().register(FOLDED_WORDS, FoldedWords);
            index.tokenizers().register(BARE_WORDS, Bare(&[' ', '\n']));
            index.tokenizers().register(LINES, Bare(&['\n']));
            let writer: IndexWriter = index.writer_with_num_threads(threads, memory_bytes)?;
            let mut merging = LogMergePolicy::default();
            merging.set_max_docs_before_merge(MERGED_STUDIES_MAX);
            writer.set_merge_policy(Box::new(merging));
            Ok(writer)
        };
        let writer = open().at("open", &path)?;
        Ok(Self { path, nct: fields.nct, writer })
    }

    fn remove(&self, id: NctId) {
        self.writer.delete_term(Term::from_field_u64(self.nct, id.number().into()));
    }

    fn finish(mut self) -> Result<(), MirrorError> {
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
