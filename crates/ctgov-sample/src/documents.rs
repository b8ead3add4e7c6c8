//! Which documents belong to a study?
//!
//! Protocols, plans of analysis and consent forms, with most of the studies that have results and some
//! others. The files they name do not exist.

use crate::dates::Day;
use crate::json::Json;
use crate::random::Random;
use crate::study::Study;

/// What a document holds: its short form, its name, and whether that is a protocol, a plan of analysis, a
/// consent form.
struct Kind(&'static str, &'static str, [bool; 3]);

static BOTH: Kind = Kind("Prot_SAP", "Study Protocol and Statistical Analysis Plan", [true, true, false]);
static PROTOCOL: Kind = Kind("Prot", "Study Protocol", [true, false, false]);
static PLAN: Kind = Kind("SAP", "Statistical Analysis Plan", [false, true, false]);
static CONSENT: Kind = Kind("ICF", "Informed Consent Form", [false, false, true]);

/// The section of documents, if the study has any.
pub(crate) fn write(json: &mut Json, study: &Study, random: &mut Random) {
    // Documents have been asked for since 2017.
    let since = study.timeline.report.is_some_and(|report| report.submitted >= Day::FINAL_RULE);
    if !random.rarely(if since { 800 } else { 25 }) {
        return;
    }
    let mut kinds: Vec<&Kind> = Vec::with_capacity(4);
    match random.between(0, 9) {
        0..5 => kinds.extend([&PROTOCOL, &PLAN]),
        5..9 => kinds.push(&BOTH),
        _ => kinds.extend([&PROTOCOL, &PROTOCOL, &PLAN]),
    }
    if random.chance(25) {
        kinds.push(&CONSENT);
    }
    let upload = study.timeline.last_submitted;
    json.object("documentSection", |json| {
        json.object("largeDocumentModule", |json| {
            json.objects("largeDocs", kinds.into_iter().enumerate(), |json, (at, kind)| {
                let Kind(short, name, [protocol, plan, consent]) = *kind;
                json.string("typeAbbrev", short);
                json.flag("hasProtocol", protocol);
                json.flag("hasSap", plan);
                json.flag("hasIcf", consent);
                json.string("label", name);
                json.plain("date", upload.minus(random.between(30, 1_500)));
                let (hour, minute) = (random.between(0, 23), random.between(0, 59));
                json.plain("uploadDate", format_args!("{upload}T{hour:02}:{minute:02}"));
                json.plain("filename", format_args!("{short}_{at:03}.pdf"));
                json.number("size", random.between(40_000, 6_000_000).unsigned_abs());
            });
        });
    });
}
