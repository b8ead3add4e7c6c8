//! What else has to be said of the results?

use crate::json::Json;
use crate::random::Random;
use crate::study::{Person, Study};
use crate::vocabulary::sentences::ANALYSED;

pub(super) fn write(json: &mut Json, study: &Study, random: &mut Random) {
    if random.chance(20) {
        json.object("limitationsAndCaveats", |json| {
            json.string("description", &study.topic.text(ANALYSED, 25, random));
        });
    }
    json.object("certainAgreement", |json| {
        let employee = random.chance(45);
        json.flag("piSponsorEmployee", employee);
        if !employee {
            let restricted =
                random.weighted(&[(50, None), (15, Some("LTE60")), (10, Some("GT60")), (25, Some("OTHER"))]);
            json.maybe("restrictionType", restricted);
            json.flag("restrictiveAgreement", restricted.is_some());
            if restricted == Some("OTHER") {
                json.string(
                    "otherDetails",
                    "The sponsor of this made-up study may see a text before it is published.",
                );
            }
        }
    });
    // Reaches nobody, as all contacts of the sample.
    json.object("pointOfContact", |json| {
        let Person { first, last } = study.investigator;
        json.plain("title", format_args!("{first} {last}, Principal Investigator"));
        json.plain("organization", format_args!("Synthetic {}", study.sponsor.name));
        json.plain("email", format_args!("results.{}@example.org", study.number));
        json.plain("phone", format_args!("202-555-01{:02}", study.number % 100));
    });
}
