//! Abbreviations and their long forms in running text, as Schwartz and Hearst (2003) find them: `long form (ABBR)`,
//! and `ABBR (long form)` where the long form is all there is between the brackets.

/// An abbreviation has at most so many characters and words.
const CHARS_MAX: usize = 10;
const WORDS_MAX: usize = 2;

/// How far before a bracket a long form may begin, in bytes.
const REACH_BYTES: usize = 300;

/// Calls `each` with every long form in `text` and its abbreviation.
pub(super) fn for_each(text: &str, mut each: impl FnMut(&str, &str)) {
    for (open, bracket) in text.match_indices(['(', '[']) {
        let rest = &text[open + bracket.len()..];
        let Some(end) = rest.find([')', ']', '(', '[']).filter(|end| rest[*end..].starts_with([')', ']']))
        else {
            continue;
        };
        let before = clause_before(&text[..open]);
        // `(ABBR, continued)` and `(ABBR; continued)` name the abbreviation first.
        let inside = rest[..end].trim();
        let first = inside.split([',', ';']).next().unwrap_or_default().trim();
        if is_abbreviation(first) {
            if let Some(long) = long_form(first, before) {
                each(long, first);
            }
        } else if let Some(short) = before.split_whitespace().next_back()
            && is_abbreviation(short)
            && long_form(short, inside) == Some(inside)
        {
            each(inside, short);
        }
    }
}

/// The end of `text` that a long form can stand in.
fn clause_before(text: &str) -> &str {
    let start = text.len().saturating_sub(REACH_BYTES);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let text = &text[start..];
    let cut = text
        .rfind(['.', ';', ':', '(', ')', '[', ']', '\n', '•'])
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    text[cut..].trim()
}

fn is_abbreviation(text: &str) -> bool {
    let chars = text.chars().count();
    let (capitals, digits) = text.chars().fold((0, 0), |(capitals, digits), character| {
        (capitals + usize::from(character.is_uppercase()), digits + usize::from(character.is_ascii_digit()))
    });
    let allowed =
        |character: char| character.is_alphanumeric() || matches!(character, '-' | '/' | ' ' | '&' | '.');
    (2..=CHARS_MAX).contains(&chars)
        && text.split_whitespace().count() <= WORDS_MAX
        && text.starts_with(char::is_alphanumeric)
        && text.chars().all(allowed)
        && (capitals >= 2 || capitals == 1 && digits >= 1)
        && !text.chars().all(|character| matches!(character, 'I' | 'V' | 'X'))
        // `NCT01234567`, `2A`, `Q12W`
        && digits <= 2
        && !text.starts_with(|first: char| first.is_ascii_digit() && chars <= 2)
}

/// Words that an abbreviation may pass over, and that no long form begins with.
const FUNCTION_WORDS: [&str; 16] =
    ["a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "that", "the", "to", "with"];

/// The end of `text` that `short` stands for.
fn long_form<'a>(short: &str, text: &'a str) -> Option<&'a str> {
    let letters: Vec<char> =
        short.chars().filter(|character| character.is_alphanumeric()).map(lower).collect();
    let start = initials(&letters, text).or_else(|| letters_within(&letters, text))?;
    // From the start of the word with hyphens in it.
    let start = text[..start]
        .rfind(char::is_whitespace)
        .map_or(0, |space| space + text[space..].chars().next().map_or(0, char::len_utf8));
    let long = text[start..].trim_start_matches(|character: char| !character.is_alphanumeric());
    let long = long.trim_end_matches([' ', ',', '"', '\'', '“', '”']);
    let names_itself = long.split_whitespace().any(|word| word.eq_ignore_ascii_case(short));
    let count = parts(long).len();
    let fits = count <= (letters.len() + 5).min(2 * letters.len());
    (fits && long.chars().count() >= letters.len() + 3 && !names_itself).then_some(long)
}

fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn is_gap(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '–' | '/')
}

/// The parts of words between white space, hyphens and strokes, each with its place.
fn parts(text: &str) -> Vec<(usize, &str)> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, gap) in text.match_indices(is_gap).chain([(text.len(), "")]) {
        if start < at {
            parts.push((start, &text[start..at]));
        }
        start = at + gap.len();
    }
    parts
}

/// Where the words at the end of `text` begin whose first letters are `letters`.
fn initials(letters: &[char], text: &str) -> Option<usize> {
    let mut left = letters.iter().rev().peekable();
    for (at, part) in parts(text).into_iter().rev() {
        let first = part.chars().next().map(lower);
        if first.as_ref() == left.peek().copied() {
            left.next();
            if left.peek().is_none() {
                return (!is_function_word(part)).then_some(at);
            }
        } else if !is_function_word(part) {
            return None;
        }
    }
    None
}

fn is_function_word(part: &str) -> bool {
    FUNCTION_WORDS.iter().any(|word| word.eq_ignore_ascii_case(part))
}

/// Where the shortest end of `text` begins that has `letters` in order, the first of them at the start of a word.
fn letters_within(letters: &[char], text: &str) -> Option<usize> {
    let characters: Vec<(usize, char)> =
        text.char_indices().map(|(at, character)| (at, lower(character))).collect();
    let starts_word = |at: usize| {
        let first = at == 0 || !characters[at - 1].1.is_alphanumeric();
        first && text[characters[at].0..].split(is_gap).next().is_some_and(|part| !is_function_word(part))
    };
    let mut at = characters.len();
    for (place, letter) in letters.iter().enumerate().rev() {
        at = (0..at).rev().find(|at| characters[*at].1 == *letter && (place > 0 || starts_word(*at)))?;
    }
    characters.get(at).map(|(byte, _)| *byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for_each(text, |long, short| found.push(format!("{long} = {short}")));
        found
    }

    #[test]
    fn long_forms_are_found_with_their_abbreviations() {
        let cases: [(&str, &[&str]); 20] = [
            (
                "Patients with non-small cell lung cancer (NSCLC) were",
                &["non-small cell lung cancer = NSCLC"],
            ),
            (
                "Chronic Obstructive Pulmonary Disease (COPD)",
                &["Chronic Obstructive Pulmonary Disease = COPD"],
            ),
            (
                "COPD (Chronic Obstructive Pulmonary Disease)",
                &["Chronic Obstructive Pulmonary Disease = COPD"],
            ),
            ("glycated hemoglobin A1c (HbA1c) at week 24", &["hemoglobin A1c = HbA1c"]),
            ("the Oswestry Disability Index [ODI]", &["Oswestry Disability Index = ODI"]),
            ("Tuberculosis (TB)", &["Tuberculosis = TB"]),
            ("maximum tolerated dose (MTD; part 1)", &["maximum tolerated dose = MTD"]),
            (
                "for men. Progressive disease (PD) or partial response (PR)",
                &["Progressive disease = PD", "partial response = PR"],
            ),
            ("randomized controlled trials (RCTs)", &["randomized controlled trials = RCTs"]),
            ("adolescents and young adults (AYA)", &["adolescents and young adults = AYA"]),
            ("an environmental exposure unit (EEU)", &["environmental exposure unit = EEU"]),
            ("relapsed/refractory multiple myeloma (RRMM)", &["relapsed/refractory multiple myeloma = RRMM"]),
            ("Health-related quality of life (HRQoL)", &["Health-related quality of life = HRQoL"]),
            ("graft-versus-host disease (GVHD)", &["graft-versus-host disease = GVHD"]),
            // No abbreviation, or not of this.
            ("asthma (mild)", &[]),
            ("part two (II) and (A) and (12) and (2B)", &[]),
            ("breast cancer (HER2)", &[]),
            ("the drug (NCT01234567)", &[]),
            ("ends (with", &[]),
            ("COPD (a disease of the lung)", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text), expected, "text: {text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([A-Za-z]{1,6}[ -]?|[(\\[)\\]]|[éßİ•.,;0-9 ]){0,60}") {
            for_each(&text, |long, short| {
                assert!(text.contains(long) && text.contains(short));
            });
        }
    }
}
