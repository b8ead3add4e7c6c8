//! Doors for the fuzz targets to what reads a service's bytes.

use crate::answer::{self, PageBody, SizesBody, ValuesBody};

/// Reads `body` as every kind of answer.
pub fn answers(body: &[u8]) {
    if let Ok(page) = PageBody::read(body) {
        let (_, _) = (page.ids(), page.total());
        page.documents().for_each(drop);
    }
    let _ = answer::version(body);
    let _ = answer::record_sizes(body);
    let _ = answer::one::<ValuesBody>(body);
    let _ = answer::one::<SizesBody>(body);
    let _ = answer::moved_to(&String::from_utf8_lossy(body));
}
