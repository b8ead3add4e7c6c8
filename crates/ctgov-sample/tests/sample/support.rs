//! A study to ask things, and the real data where they are at hand.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ctgov_sample::Sample;
use serde_json::Value;

/// A study and ways to ask it things.
pub(crate) struct Study(pub(crate) Value);

impl Study {
    /// The default sample.
    pub(crate) fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Study>> = LazyLock::new(|| {
            let parse = |text: String| Study(serde_json::from_str(&text).expect("it is JSON"));
            Sample::default().iter().map(parse).collect()
        });
        &ALL
    }

    /// The value at a path of the protocol section such as `/designModule/phases`.
    pub(crate) fn at(&self, path: &str) -> &Value {
        self.0["protocolSection"].pointer(path).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or("")
    }

    pub(crate) fn list(&self, path: &str) -> &[Value] {
        self.at(path).as_array().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn words(&self, path: &str) -> Vec<&str> {
        words(self.at(path))
    }

    pub(crate) fn id(&self) -> &str {
        self.text("/identificationModule/nctId")
    }

    pub(crate) fn status(&self) -> &str {
        self.text("/statusModule/overallStatus")
    }

    pub(crate) fn study_type(&self) -> &str {
        self.text("/designModule/studyType")
    }

    pub(crate) fn date(&self, name: &str) -> &str {
        self.text(&format!("/statusModule/{name}Struct/date"))
    }

    pub(crate) fn date_type(&self, name: &str) -> &str {
        self.text(&format!("/statusModule/{name}Struct/type"))
    }

    pub(crate) fn count(&self, path: &str) -> usize {
        self.list(path).len()
    }

    pub(crate) fn results(&self) -> Option<&Value> {
        self.0.get("resultsSection")
    }

    pub(crate) fn is_expanded_access(&self) -> bool {
        self.study_type() == "EXPANDED_ACCESS"
    }
}

pub(crate) fn words(list: &Value) -> Vec<&str> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter().map(|word| word.as_str().expect("text")).collect()
}

/// The objects of a list; none where there is no list.
pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// A file that lies next to the checkout of those who have the real data.
pub(crate) fn beside_the_checkout(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED: {name} is not next to the checkout");
    None
}
