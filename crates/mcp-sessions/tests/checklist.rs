//! The checklist of `docs/security.md` is kept: each of its rows names tests that exist, or says why there is none.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How many items the checklist has of each kind.
const ITEMS: [(&str, usize); 4] = [("T", 43), ("S", 12), ("H", 8), ("A", 24)];
const ATTACKS: usize = 21;

/// What stands above a test, by the test's file and name: `hijack::only_the_same_whole_identity_is_let_in`.
struct Tests(HashMap<String, String>);

impl Tests {
    fn of(folders: &[PathBuf]) -> Self {
        let mut tests = HashMap::new();
        for folder in folders {
            for entry in fs::read_dir(folder).expect("the tests are there") {
                let path = entry.expect("the folder is read").path();
                if path.extension().is_some_and(|extension| extension == "rs") {
                    let file = path.file_stem().expect("a name").to_string_lossy().into_owned();
                    let text = fs::read_to_string(&path).expect("sources are text");
                    tests.extend(functions(&text).map(|(name, above)| (format!("{file}::{name}"), above)));
                }
            }
        }
        Self(tests)
    }
}

/// Every function of a source, and the comment above it.
fn functions(source: &str) -> impl Iterator<Item = (String, String)> {
    let mut above = String::new();
    source.lines().filter_map(move |line| {
        let line = line.trim_start();
        if let Some(comment) = line.strip_prefix("///") {
            above.push_str(comment);
            return None;
        }
        if line.starts_with("#[") {
            return None;
        }
        let above = std::mem::take(&mut above);
        let (_, name) = line.split_once("fn ")?;
        let end = name.find(['(', '<'])?;
        Some((name[..end].to_owned(), above))
    })
}

/// What a row of a table is about, and by what it is shown.
fn row(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
    let (about, _, shown) = (cells.next()?, cells.next()?, cells.next()?);
    Some((about, shown))
}

/// The texts between back quotes that name a test.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2).filter(|name| name.contains("::"))
}

/// Whether a text has the number itself, and not as the beginning of a longer one.
fn has_number(text: &str, number: &str) -> bool {
    text.match_indices(number)
        .any(|(at, _)| !text[at + number.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

#[test]
fn every_item_and_every_attack_names_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Ok(page) = fs::read_to_string(root.join("docs/security.md")) else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: the checklist is not part of the packaged crate");
        return;
    };
    let folders =
        ["crates/mcp-sessions/tests", "crates/mcp-sessions/tests/redis", "crates/clinicaltrials-mcp/tests"];
    let tests = Tests::of(&folders.map(|folder| root.join(folder)));
    let rows: HashMap<_, _> = page.lines().filter_map(row).collect();
    let items =
        ITEMS.iter().flat_map(|(kind, count)| (1..=*count).map(move |number| format!("{kind}-{number}")));
    let attacks = (1..=ATTACKS).map(|number| format!("attack {number}"));
    let mut wrong = Vec::new();
    for item in items.chain(attacks) {
        let Some(shown) = rows.get(&*item) else {
            wrong.push(format!("{item} has no row"));
            continue;
        };
        if names(shown).next().is_none() && !shown.contains("absent:") {
            wrong.push(format!("{item} names no test and does not say why: {shown}"));
        }
        for name in names(shown) {
            match tests.0.get(name) {
                None => wrong.push(format!("{item} names `{name}`, which is no test")),
                Some(above) if item.contains('-') && !has_number(above, &item) => {
                    wrong.push(format!("`{name}` does not say that it shows {item}"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "in docs/security.md:\n{}", wrong.join("\n"));
}

#[test]
fn what_is_looked_for_is_found() {
    let source =
        "/// S-12: it.\n#[test]\nfn found() {}\n\n    async fn nothing_above<W: World>(world: &W) {}\n";
    let found: Vec<_> = functions(source).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], ("found".to_owned(), " S-12: it.".to_owned()));
    assert_eq!(found[1], ("nothing_above".to_owned(), String::new()));
    assert!(has_number(&found[0].1, "S-12") && !has_number(&found[0].1, "S-1"));
    assert_eq!(row("| S-1 | a demand | `a::b` |"), Some(("S-1", "`a::b`")));
    assert_eq!(names("`a::b`, `c` and `d::e`").collect::<Vec<_>>(), ["a::b", "d::e"]);
}
