//! How are days counted and written?
//!
//! A [`Day`] is a number of days, so a study's course is plain arithmetic. A [`Moment`] is a day as
//! a registrant gives it: sometimes by its month only, and marked as past or planned.

use std::fmt;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i32);

impl Day {
    /// The day at which the sample stands still, in place of the system clock: what lies before it
    /// has happened, what lies after it is planned.
    pub(crate) const TODAY: Self = Self::new(2026, 6, 30);

    /// Since this day the registry marks the start of a study and its own posting dates as actual;
    /// before it, starts are unmarked and posting dates are estimates.
    pub(crate) const FINAL_RULE: Self = Self::new(2017, 1, 18);

    /// A day of the calendar. Years are counted from March, so that the leap day comes last.
    pub(crate) const fn new(year: i32, month: i32, day: i32) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// The calendar's year, month and day: [`Day::new`] backwards.
    pub(crate) const fn calendar(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = (shifted + 2) % 12 + 1;
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
    }

    pub(crate) const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    pub(crate) const fn minus(self, days: i32) -> Self {
        Self(self.0 - days)
    }

    /// How many days lie between an earlier day and this one.
    pub(crate) const fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The day's month, `2024-03`.
    pub(crate) fn month(self) -> impl fmt::Display {
        Moment { day: self, month_only: true, mark: None }
    }
}

/// `2024-03-15`
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.calendar();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Whether a date has come to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Actual,
    Estimated,
}

impl Mark {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Actual => "ACTUAL",
            Self::Estimated => "ESTIMATED",
        }
    }
}

/// A day as a record states it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) day: Day,
    /// Only the month is stated.
    pub(crate) month_only: bool,
    pub(crate) mark: Option<Mark>,
}

/// `2024-03` or `2024-03-15`
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.month_only {
            return self.day.fmt(f);
        }
        let (year, month, _) = self.day.calendar();
        write!(f, "{year:04}-{month:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_calendar() {
        let cases = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_782, "2024-02-29"),
            (20_634, "2026-06-30"),
        ];
        for (number, text) in cases {
            let day = Day(number);
            let (year, month, date) = day.calendar();
            assert_eq!((day.to_string().as_str(), Day::new(year, month, date)), (text, day));
        }
        assert_eq!(Day::TODAY.month().to_string(), "2026-06");
    }
}
