//! Measures sessions from within one process: `cargo bench -p mcp-sessions --bench sessions -- FOLDER PART…`.
//!
//! ```text
//! memory            a million sessions: what a request costs, on one thread and on two
//! bytes             a million sessions: what one takes up, when its client said nothing
//! bytes-with-state  the same, when its client said what clients say
//! expiry            a million sessions end at once: how long others wait meanwhile
//! file              sessions in a file beside sessions in memory
//! foreign           ids of others and ids of nobody: what they cost, and whether time tells them apart
//! redis URL         sessions on the Redis server of the URL, which is left with them
//! ```
//!
//! Each part is a process of its own, so that none finds the memory that another one left behind. It writes
//! `FOLDER/PART.json`: tables, whose figures stand beside what is aimed at.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on should end, and say where"
)]

mod bytes;
mod expiry;
mod file;
mod foreign;
mod measure;
mod memory;
mod people;
#[cfg(feature = "redis")]
mod redis;

use measure::Table;
use serde_json::json;
use std::{fs, path::Path};

fn main() {
    // Cargo adds its own flag.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some((folder, part)) = arguments.split_first() else {
        println!("usage: sessions FOLDER PART");
        return;
    };
    let folder = Path::new(folder);
    let tables: Vec<Table> = match part.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["memory"] => memory::measure(),
        ["bytes"] => bytes::measure(false),
        ["bytes-with-state"] => bytes::measure(true),
        ["expiry"] => expiry::measure(),
        ["file"] => file::measure(folder),
        ["foreign"] => foreign::measure(),
        #[cfg(feature = "redis")]
        ["redis", url] => redis::measure(url),
        _ => {
            println!("there is no part `{}`", part.join(" "));
            std::process::exit(64);
        }
    };
    let tables: Vec<_> = tables.iter().map(Table::to_json).collect();
    fs::write(folder.join(format!("{}.json", part[0])), format!("{:#}\n", json!(tables))).unwrap();
}
