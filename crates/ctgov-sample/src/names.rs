//! Under which other names does something go?
//!
//! Abbreviations are made as people make them, from the initials: `Non-small Cell Lung Cancer (NSCLC)`.
//! Trade names, company codes and proper names of houses are invented and depend on the name they
//! belong to only, so that all studies of a medicine use the same ones.

use crate::words;

/// The initials of a name of several words, numbers kept: `T2D` for `Type 2 Diabetes`.
pub(crate) fn initials(name: &str) -> Option<String> {
    if !name.contains(' ') || name.contains(['(', ',', '/']) {
        return None;
    }
    let mut short = String::new();
    for word in name.split([' ', '-']) {
        match word.chars().next() {
            _ if ["of", "the", "and", "in", "with", "to", "for", "after"].contains(&word) => {}
            Some(digit) if digit.is_ascii_digit() => short.push_str(word),
            Some(letter) => short.push(letter.to_ascii_uppercase()),
            None => {}
        }
    }
    (2..=6).contains(&short.len()).then_some(short)
}

/// An invented trade name: `Velcorin` for every study of one medicine.
pub(crate) fn brand(name: &str) -> String {
    let mut text = String::new();
    words::coin_noun(hash(name, "brand"), &mut text);
    capital(text)
}

/// An invented company code, the consonants of the name and a number: `MTF-4821`.
pub(crate) fn code(name: &str) -> String {
    let consonants =
        name.chars().filter(|letter| letter.is_ascii_alphabetic() && !"aeiouAEIOU".contains(*letter));
    let letters: String = consonants.take(3).map(|letter| letter.to_ascii_uppercase()).collect();
    format!("{letters}-{}", 1_000 + hash(name, "code") % 9_000)
}

/// An invented proper name, such as a house or a founder has; each series of one place differs.
pub(crate) fn proper(place: &str, series: usize) -> String {
    let mut text = String::new();
    words::coin_noun(hash(place, "house").wrapping_add(series), &mut text);
    capital(text)
}

pub(crate) fn capital(mut text: String) -> String {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// FNV-1a of the name and what it is asked for.
fn hash(name: &str, purpose: &str) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes().chain(purpose.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash >> 24) as u32 as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::conditions::CONDITIONS;

    #[test]
    fn initials_are_what_people_write() {
        let cases = [
            ("Non-small Cell Lung Cancer", Some("NSCLC")),
            ("Chronic Obstructive Pulmonary Disease", Some("COPD")),
            ("Type 2 Diabetes", Some("T2D")),
            ("Prevention of Surgical Site Infection", Some("PSSI")),
            ("Asthma", None),
            ("COVID-19", None),
            ("Depression, Postpartum", None),
        ];
        for (name, short) in cases {
            assert_eq!(initials(name).as_deref(), short, "{name}");
        }
    }

    #[test]
    fn invented_names_differ_from_medicine_to_medicine() {
        let mut names: Vec<_> = CONDITIONS
            .iter()
            .flat_map(|condition| condition.products)
            .flat_map(|treatment| {
                [(brand(treatment.name), treatment.name), (code(treatment.name), treatment.name)]
            })
            .collect();
        names.sort();
        names.dedup();
        for pair in names.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{pair:?}");
        }
        assert_eq!(brand("Metformin"), brand("Metformin"));
    }
}
