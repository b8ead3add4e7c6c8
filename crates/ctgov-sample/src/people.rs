//! Whom does a study admit?
//!
//! [`People`] holds sex and age limits that suit the condition, and finds the words for them.

use std::fmt;

use crate::random::Random;
use crate::terms::Sex;
use crate::vocabulary::conditions::Who;

/// An age limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Age {
    number: i32,
    unit: &'static str,
}

impl Age {
    const fn years(number: i32) -> Self {
        Self { number, unit: "Years" }
    }

    const fn months(number: i32) -> Self {
        Self { number, unit: "Months" }
    }

    const fn weeks(number: i32) -> Self {
        Self { number, unit: "Weeks" }
    }

    const fn days(number: i32) -> Self {
        Self { number, unit: "Days" }
    }

    /// Whole years; zero below the first birthday.
    fn whole_years(self) -> i32 {
        if self.unit == "Years" { self.number } else { 0 }
    }
}

/// `18 Years`, `1 Year`
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.number == 1 { self.unit.trim_end_matches('s') } else { self.unit };
        write!(f, "{} {unit}", self.number)
    }
}

/// Those who may take part.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) who: Who,
    pub(crate) sex: Sex,
    /// The study is limited to one sex although the condition is not.
    pub(crate) limited_by_choice: bool,
    pub(crate) minimum: Option<Age>,
    pub(crate) maximum: Option<Age>,
}

impl People {
    /// A choice among those whom the condition concerns.
    pub(crate) fn of(who: Who, random: &mut Random) -> Self {
        let by_choice = match who {
            Who::Adults | Who::Healthy | Who::Older => {
                random.weighted(&[(92, None), (5, Some(Sex::Female)), (3, Some(Sex::Male))])
            }
            _ => None,
        };
        let sex = by_choice.unwrap_or(match who {
            Who::Women | Who::YoungWomen | Who::OlderWomen | Who::Pregnant | Who::NewMothers => Sex::Female,
            Who::Males | Who::OlderMen => Sex::Male,
            _ => Sex::All,
        });
        let (minimum, maximum) = Self::ages(who, random);
        Self { who, sex, limited_by_choice: by_choice.is_some(), minimum, maximum }
    }

    fn ages(who: Who, random: &mut Random) -> (Option<Age>, Option<Age>) {
        // Zero stands for no limit.
        let years = |numbers: &[i32], random: &mut Random| {
            Some(random.pick(numbers)).filter(|&number| number > 0).map(Age::years)
        };
        match who {
            Who::Anyone => match random.between(0, 99) {
                0..45 => Self::ages(Who::Adults, random),
                45..65 => Self::ages(Who::Children, random),
                65..80 => (Some(Age::years(12)), None),
                80..90 => (Some(Age::years(6)), None),
                _ => (None, None),
            },
            Who::Young => (years(&[12, 13, 15, 16, 18], random), years(&[0, 0, 24, 35, 64], random)),
            Who::Adults => {
                (years(&[18, 18, 18, 18, 20, 21, 40], random), years(&[0, 0, 0, 65, 70, 75, 80, 85], random))
            }
            Who::Older => (years(&[45, 50, 55, 60, 65], random), years(&[0, 0, 80, 85, 90], random)),
            Who::Children => match random.between(0, 99) {
                0..20 => (Some(Age::months(random.pick(&[1, 6, 6, 12, 18]))), years(&[5, 5, 11], random)),
                20..25 => (Some(Age::weeks(6)), Some(Age::months(random.pick(&[12, 24])))),
                _ => (years(&[1, 2, 4, 6], random), years(&[11, 12, 15, 17, 17], random)),
            },
            Who::Newborns if random.chance(50) => (None, Some(Age::days(28))),
            Who::Newborns if random.chance(40) => (Some(Age::weeks(1)), Some(Age::weeks(12))),
            Who::Newborns => (Some(Age::days(random.pick(&[1, 2]))), Some(Age::months(6))),
            Who::Women => (years(&[18, 18, 21], random), years(&[0, 0, 70, 75, 80], random)),
            Who::YoungWomen => (years(&[18, 18, 20], random), years(&[38, 40, 45, 49], random)),
            Who::OlderWomen => (years(&[50, 55, 60, 65], random), years(&[0, 0, 80, 85], random)),
            Who::Pregnant | Who::NewMothers => {
                (years(&[15, 18, 18, 18], random), years(&[0, 40, 45, 50], random))
            }
            Who::Males => (years(&[0, 2, 12, 18], random), years(&[0, 0, 65], random)),
            Who::OlderMen => (years(&[40, 45, 50], random), years(&[0, 0, 80, 85], random)),
            Who::Healthy => (years(&[18, 18, 18, 21], random), years(&[45, 50, 55, 60], random)),
        }
    }

    /// The registry's three age groups, as far as the limits reach into them.
    pub(crate) fn standard_ages(&self) -> impl Iterator<Item = &'static str> {
        let from = self.minimum.map_or(0, Age::whole_years);
        let to = self.maximum.map_or(i32::MAX, Age::whole_years);
        [("CHILD", 0, 17), ("ADULT", 18, 64), ("OLDER_ADULT", 65, i32::MAX)]
            .into_iter()
            .filter(move |&(_, first, last)| from <= last && first <= to)
            .map(|(name, ..)| name)
    }

    /// The youngest and the oldest in years, where nobody sets a limit those who usually come.
    pub(crate) fn years(&self) -> (i32, i32) {
        let from = self.minimum.map_or(0, Age::whole_years);
        let to = self.maximum.map_or(88, Age::whole_years);
        (from, to.max(from))
    }

    /// The people in a title: `Older Adults`.
    pub(crate) fn words(&self) -> &'static str {
        let from = self.minimum.map_or(0, Age::whole_years);
        let to = self.maximum.map_or(i32::MAX, Age::whole_years);
        match (self.who, self.sex) {
            (Who::Pregnant, _) => "Pregnant Women",
            (Who::NewMothers, _) => "New Mothers",
            (Who::Newborns, _) => "Infants",
            (Who::Healthy, Sex::All) => "Healthy Adults",
            (Who::Healthy, Sex::Female) => "Healthy Women",
            (Who::Healthy, Sex::Male) => "Healthy Men",
            (_, Sex::Female) => "Women",
            (_, Sex::Male) if from < 18 => "Boys and Men",
            (_, Sex::Male) => "Men",
            (_, Sex::All) if to < 18 => "Children",
            (_, Sex::All) if from >= 45 => "Older Adults",
            (_, Sex::All) if from >= 18 => "Adults",
            (_, Sex::All) if from >= 12 => "Adolescents and Adults",
            (_, Sex::All) => "Children and Adults",
        }
    }

    /// The age limits in a sentence: `aged 18 Years to 75 Years`.
    pub(crate) fn age_words(&self) -> String {
        match (self.minimum, self.maximum) {
            (Some(from), Some(to)) => format!("aged {from} to {to}"),
            (Some(from), None) => format!("aged {from} or older"),
            (None, Some(to)) => format!("aged up to {to}"),
            (None, None) => "of any age".to_owned(),
        }
    }

    /// Whether pregnancy is possible and not what the study is about.
    pub(crate) fn may_not_be_pregnant(&self) -> bool {
        self.sex != Sex::Male
            && self.standard_ages().any(|ages| ages == "ADULT")
            && !matches!(self.who, Who::Pregnant | Who::NewMothers | Who::OlderWomen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_ages_follow_the_limits() {
        let cases = [
            // from, to, groups
            (None, None, "CHILD ADULT OLDER_ADULT"),
            (Some(Age::years(18)), None, "ADULT OLDER_ADULT"),
            (Some(Age::years(18)), Some(Age::years(64)), "ADULT"),
            (Some(Age::years(65)), None, "OLDER_ADULT"),
            (Some(Age::months(6)), Some(Age::years(17)), "CHILD"),
            (Some(Age::years(12)), Some(Age::years(65)), "CHILD ADULT OLDER_ADULT"),
            (None, Some(Age::days(28)), "CHILD"),
        ];
        for (minimum, maximum, groups) in cases {
            let people =
                People { who: Who::Anyone, sex: Sex::All, limited_by_choice: false, minimum, maximum };
            let found: Vec<_> = people.standard_ages().collect();
            assert_eq!(found.join(" "), groups, "{minimum:?} to {maximum:?}");
        }
    }
}
