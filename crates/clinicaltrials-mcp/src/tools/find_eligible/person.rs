//! Who is looking for a study: what is asked of records for it, and what a record says to it.

use super::super::{ToolError, criteria::unreadable};
use ctgov::{Matching, RegistryError, areas, essie::Target, pieces::Piece};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What is known of a person.
pub(super) struct Person {
    /// In years.
    pub(super) age: Option<f64>,
    pub(super) sex: Sex,
    pub(super) conditions: Vec<String>,
    pub(super) is_healthy: bool,
    pub(super) recruiting_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Sex {
    Female,
    Male,
    All,
}

/// Something that is asked of every study.
pub(super) struct Criterion {
    pub(super) name: &'static str,
    text: String,
    is_search: bool,
}

impl Criterion {
    /// A criterion that must hold and says nothing about which study fits better.
    pub(super) fn filter(name: &'static str, text: String) -> Self {
        Self { name, text, is_search: false }
    }

    /// Asks it of studies, too.
    pub(super) fn add_to(&self, matching: &mut Matching) -> Result<(), RegistryError> {
        if self.is_search {
            matching.search(Target::Area(&areas::CONDITION), &self.text)?;
        } else {
            matching.filter(&self.text)?;
        }
        Ok(())
    }

    /// The expression of a filter.
    pub(super) fn as_filter(&self) -> Option<String> {
        (!self.is_search).then(|| format!("({})", self.text))
    }

    /// The text of a search.
    pub(super) fn as_search(&self) -> Option<String> {
        self.is_search.then(|| self.text.clone())
    }
}

impl Person {
    /// What is asked of studies, in the order of the funnel.
    ///
    /// # Errors
    ///
    /// [`ToolError`] when there is nothing to look for, or a condition that cannot be searched.
    pub(super) fn criteria(&self) -> Result<Vec<Criterion>, ToolError> {
        let mut criteria = Vec::new();
        if self.conditions.is_empty() && !self.is_healthy {
            let hint = "give what the person has, e.g. [\"asthma\"], or healthyVolunteer: true";
            return Err(ToolError::new("`conditions` is missing", hint));
        }
        if !self.conditions.is_empty() {
            let any: Vec<String> = self.conditions.iter().map(|condition| format!("({condition})")).collect();
            let text = if let [only] = self.conditions.as_slice() { only.clone() } else { any.join(" OR ") };
            let criterion = Criterion { name: "condition", text, is_search: true };
            let mut search = Matching::default();
            let readable = search.search(Target::Area(&areas::CONDITION), &criterion.text);
            readable.map_err(|error| unreadable("conditions", &criterion.text, &error))?;
            if !search.is_scored() {
                let hint = "read studies by number with clinicaltrials_get_study_record";
                return Err(ToolError::new("`conditions`: study numbers are no conditions", hint));
            }
            criteria.push(criterion);
        }
        let mut filter = |name, text: &str| criteria.push(Criterion::filter(name, text.to_owned()));
        if self.recruiting_only {
            filter("recruiting", "AREA[OverallStatus]RECRUITING");
        }
        if let Some(age) = self.age {
            let (reached, completed) = ages(age);
            // A greatest age is that of its unit: who is 18 months old is not above `1 Year`, but above `15 Months`.
            // Where units meet, a limit is taken for the wider one: `12 Months` for `1 Year`.
            let completed: String =
                completed.iter().map(|age| format!("AREA[MaximumAge]RANGE[{age}, {age}] OR ")).collect();
            filter(
                "age",
                &format!(
                    "(AREA[MinimumAge]RANGE[MIN, {reached}] OR AREA[MinimumAge]MISSING) AND \
                     ({completed}AREA[MaximumAge]RANGE[{reached}, MAX] OR AREA[MaximumAge]MISSING)"
                ),
            );
        }
        match self.sex {
            Sex::All => {}
            Sex::Female => filter("sex", r#"AREA[Sex]("FEMALE" OR "ALL") OR AREA[Sex]MISSING"#),
            Sex::Male => filter("sex", r#"AREA[Sex]("MALE" OR "ALL") OR AREA[Sex]MISSING"#),
        }
        if self.is_healthy {
            filter("healthyVolunteer", "AREA[HealthyVolunteers]true OR AREA[HealthyVolunteers]MISSING");
        }
        Ok(criteria)
    }

    /// What a record that matches says to each criterion but the condition, or what it leaves open.
    pub(super) fn found_in(&self, record: &Value) -> Vec<(&'static str, Result<String, String>)> {
        let text = |piece: Piece| piece.text(record);
        let mut found = Vec::new();
        if let Some(status) = text(Piece::named("OverallStatus")).filter(|_| self.recruiting_only) {
            found.push(("recruiting", Ok(format!("OverallStatus: {status}"))));
        }
        if self.age.is_some() {
            let ages = (text(Piece::named("MinimumAge")), text(Piece::named("MaximumAge")));
            found.push(match ages {
                (None, None) => ("age", Err("the age: the record states no limits".to_owned())),
                (least, most) => {
                    let (least, most) = (least.unwrap_or("no minimum"), most.unwrap_or("no maximum"));
                    ("age", Ok(format!("MinimumAge: {least}, MaximumAge: {most}")))
                }
            });
        }
        if self.sex != Sex::All {
            found.push(match text(Piece::named("Sex")) {
                Some(sex) => ("sex", Ok(format!("Sex: {sex}"))),
                None => ("sex", Err("the sex: the record does not say".to_owned())),
            });
        }
        if let Some(gender) = text(Piece::named("GenderDescription")) {
            found.push(("sex", Err(format!("gender: {gender}"))));
        }
        if self.is_healthy {
            let mut accepts = None;
            Piece::named("HealthyVolunteers").for_each_value(record, |value| accepts = value.as_bool());
            found.push(match accepts {
                Some(accepts) => ("healthyVolunteer", Ok(format!("HealthyVolunteers: {accepts}"))),
                None => (
                    "healthyVolunteer",
                    Err("healthy volunteers: the record does not say whether they are taken".to_owned()),
                ),
            });
        }
        found
    }
}

/// An age as a limit is compared with it, and as what was completed of units in which a greatest age may be stated.
fn ages(years: f64) -> (String, Vec<String>) {
    let whole = years.floor();
    if whole == years {
        return (format!("{whole} years"), Vec::new());
    }
    let units = [("years", 1.0), ("months", 12.0), ("weeks", 365.0 / 7.0)];
    let completed = units.map(|(unit, in_a_year)| format!("{} {unit}", (years * in_a_year).floor()));
    (format!("{} days", (years * 365.0).floor()), completed.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_counts_by_what_was_reached_and_by_what_was_completed() {
        for (years, reached, completed) in [
            (40.0, "40 years", &[][..]),
            (17.5, "6387 days", &["17 years", "210 months", "912 weeks"]),
            (1.5, "547 days", &["1 years", "18 months", "78 weeks"]),
            (0.5, "182 days", &["0 years", "6 months", "26 weeks"]),
            (0.0, "0 years", &[]),
        ] {
            let expected = (reached.to_owned(), completed.iter().map(|&age| age.to_owned()).collect());
            assert_eq!(ages(years), expected, "{years}");
        }
    }
}
