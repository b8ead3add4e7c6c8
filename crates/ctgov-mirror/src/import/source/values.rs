//! JSON texts: pages, arrays and records, read record by record without holding the whole.

use super::{Item, Sink, cut_short};
use crate::import::RefusalPlace;
use ctgov::DOCUMENT_BYTES_MAX;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use std::{
    cell::Cell,
    fmt,
    io::{self, BufRead, Read},
    ops::ControlFlow,
    rc::Rc,
    sync::Arc,
};

/// Reads JSON values one after the other. A value that is no JSON ends the source: nothing tells where the next
/// one would start.
pub(super) fn read(
    source: &Arc<str>,
    mut reader: impl BufRead,
    pages: bool,
    sink: Sink<'_>,
) -> ControlFlow<()> {
    let mut elements = Elements { source, sink, record: 0, left: Rc::default(), stopped: false };
    loop {
        let first = match next_token(&mut reader) {
            Ok(Some(first)) => first,
            Ok(None) => return ControlFlow::Continue(()),
            Err(error) => return elements.cut_short(&error),
        };
        let bounded = Bounded { reader: &mut reader, left: elements.left.clone() };
        let mut json = serde_json::Deserializer::from_reader(bounded);
        elements.begin();
        let read = match first {
            b'[' => json.deserialize_seq(Array(&mut elements)),
            _ if pages => json.deserialize_map(Page(&mut elements)),
            _ => Box::<RawValue>::deserialize(&mut json).and_then(|record| elements.take(&record)),
        };
        if let Err(error) = read {
            if elements.stopped {
                return ControlFlow::Break(());
            }
            return elements.cut_short(&error);
        }
    }
}

/// The first byte of the next value; it stays in the reader.
fn next_token(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            return Ok(None);
        }
        let spaces = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let first = buffer.get(spaces).copied();
        reader.consume(spaces);
        if first.is_some() {
            return Ok(first);
        }
    }
}

/// Passes records on as they are found in a JSON text.
struct Elements<'a> {
    source: &'a Arc<str>,
    sink: Sink<'a>,
    /// How many were found.
    record: u64,
    /// How many more bytes may be read before the next record is complete.
    left: Rc<Cell<u64>>,
    /// Whether the sink wants no more.
    stopped: bool,
}

impl Elements<'_> {
    fn begin(&mut self) {
        // A record that is too large is refused by its size where its size is known; this only bounds memory.
        self.left.set(DOCUMENT_BYTES_MAX as u64 + 4_096);
    }

    fn take<E: serde::de::Error>(&mut self, record: &RawValue) -> Result<(), E> {
        self.record += 1;
        self.begin();
        let bytes = record.get().as_bytes().to_vec();
        let place = RefusalPlace::Record(self.record);
        match (self.sink)(Item::Record { bytes, source: self.source.clone(), place }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                self.stopped = true;
                Err(E::custom("no more is wanted"))
            }
        }
    }

    fn cut_short(&mut self, error: &dyn std::error::Error) -> ControlFlow<()> {
        (self.sink)(cut_short(self.source, RefusalPlace::Record(self.record + 1), error))
    }
}

struct Array<'a, 'b>(&'a mut Elements<'b>);

impl<'de> DeserializeSeed<'de> for Array<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Array<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of study records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element::<Box<RawValue>>()? {
            self.0.take(&record)?;
        }
        Ok(())
    }
}

struct Page<'a, 'b>(&'a mut Elements<'b>);

impl<'de> Visitor<'de> for Page<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of studies")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut has_studies = false;
        while let Some(key) = entries.next_key::<String>()? {
            if key == "studies" {
                has_studies = true;
                entries.next_value_seed(Array(self.0))?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        if has_studies { Ok(()) } else { Err(A::Error::custom("a page without `studies`")) }
    }
}

/// Ends reading when a single record takes too much.
struct Bounded<R> {
    reader: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!("the record is larger than the {DOCUMENT_BYTES_MAX} bytes accepted"))
        })?;
        self.left.set(left);
        Ok(read)
    }
}
