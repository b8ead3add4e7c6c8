//! Literals: what a date, a number or a duration written in an expression stands for.

use crate::{
    essie::Interval,
    pieces::{Order, duration_key},
};

/// The keys that `text` stands for: a date every minute of its period, anything else itself.
///
/// As a bound, the lower one is where the keys start and the upper one where they end. A number with a fraction is
/// no key, so its interval is empty: it starts at the whole number above and ends at the one below.
pub(super) fn keys(order: Order, text: &str) -> Option<Interval> {
    match order {
        Order::Dates => period(text),
        Order::Numbers => number(text),
        Order::Durations => duration_key(text).map(|key| Interval { from: key, to: key }),
    }
}

/// What [`keys`] reads, for whoever wrote something else.
pub(super) const fn expected(order: Order) -> &'static str {
    match order {
        Order::Dates => "give a date as `2022`, `2022-03`, `2022-03-15` or `03/15/2022`",
        Order::Numbers => "give a number as `100`",
        Order::Durations => {
            "give a number and a unit as `18 Years`, `6 Months`, `2 Weeks`, `10 Days` or `18y`"
        }
    }
}

/// The minutes from the first to the last of a year, a month, a day or a minute.
fn period(text: &str) -> Option<Interval> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split(['-', '/']).collect();
    let (year, month, day) = match (&parts[..], date.contains('/'), date.contains('-')) {
        (&[year], ..) => (year, None, None),
        (&[year, month], false, _) => (year, Some(month), None),
        (&[year, month, day], false, _) => (year, Some(month), Some(day)),
        (&[month, year], true, false) => (year, Some(month), None),
        (&[month, day, year], true, false) => (year, Some(month), Some(day)),
        _ => return None,
    };
    let year = digits(year, 4)?;
    let month = month.map(|month| digits(month, 2).filter(|month| (1..=12).contains(month)));
    let last_month = month.unwrap_or(Some(12))?;
    let days = days_in(year, last_month);
    let day = day.map(|day| digits(day, 2).filter(|day| (1..=days).contains(day)));
    let key = |month: i64, day: i64, time: i64| ((year * 100 + month) * 100 + day) * 10_000 + time;
    let (first, last) = match time {
        None => (0, 2_359),
        Some(time) => {
            // Without a day there is no time of day.
            day?;
            let (hour, minute) = time.split_once(':')?;
            let hour = digits(hour, 2).filter(|hour| *hour < 24)?;
            let time = hour * 100 + digits(minute, 2).filter(|minute| *minute < 60)?;
            (time, time)
        }
    };
    Some(Interval {
        from: key(month.unwrap_or(Some(1))?, day.unwrap_or(Some(1))?, first),
        to: key(last_month, day.unwrap_or(Some(days))?, last),
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A decimal number, as the whole numbers around it.
fn number(text: &str) -> Option<Interval> {
    /// Beyond every number in a record, and no open end.
    const LARGEST: i64 = i64::MAX / 2;
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    let below = whole.parse().unwrap_or(LARGEST).min(LARGEST);
    let is_whole = fraction.bytes().all(|digit| digit == b'0');
    let above = if is_whole { below } else { below + 1 };
    Some(if negative { Interval { from: -below, to: -above } } else { Interval { from: above, to: below } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_stands_for_every_minute_of_its_period() {
        let cases = [
            ("2022", Some((202_201_010_000, 202_212_312_359))),
            ("2020-02", Some((202_002_010_000, 202_002_292_359))),
            ("2021-02", Some((202_102_010_000, 202_102_282_359))),
            ("02/2021", Some((202_102_010_000, 202_102_282_359))),
            ("2021-04-30", Some((202_104_300_000, 202_104_302_359))),
            ("04/30/2021", Some((202_104_300_000, 202_104_302_359))),
            ("2021-04-30T08:15", Some((202_104_300_815, 202_104_300_815))),
            ("2021-04-31", None),
            ("1900-02-29", None),
            ("13/2021", None),
            ("2021-4-3", None),
            ("04-30-2021", None),
            ("2021/04/30", None),
            ("04/30-2021", None),
            ("04/30/21", None),
            ("2021-04T08:15", None),
            ("2021-04-30T24:00", None),
            ("2021-04-30T", None),
            ("2021-", None),
            ("-2021", None),
            ("２０２１", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(from, to)| Interval { from, to });
            assert_eq!(keys(Order::Dates, text), expected, "{text}");
        }
    }

    #[test]
    fn a_number_stands_for_itself_and_a_fraction_for_none() {
        const FAR: i64 = i64::MAX / 2;
        let cases = [
            ("0", Some((0, 0))),
            ("100", Some((100, 100))),
            ("+100.00", Some((100, 100))),
            ("-3", Some((-3, -3))),
            ("1.5", Some((2, 1))),
            ("-1.5", Some((-1, -2))),
            ("99999999999999999999999", Some((FAR, FAR))),
            ("-99999999999999999999999", Some((-FAR, -FAR))),
            ("1e3", None),
            ("1.", None),
            (".5", None),
            ("ten", None),
            ("--1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(from, to)| Interval { from, to });
            assert_eq!(keys(Order::Numbers, text), expected, "{text}");
        }
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        const YEAR: i64 = 525_600;
        let cases = [
            ("16 years", Some(16 * YEAR)),
            ("6 Months", Some(YEAR / 2)),
            ("3 Weeks", Some(30_240)),
            ("18d", Some(25_920)),
            ("64y", Some(64 * YEAR)),
            ("12 months", Some(YEAR)),
            ("5 HOURS", Some(300)),
            ("30 minute", Some(30)),
            ("18", None),
            ("18 fortnights", None),
            ("18.5 Years", None),
            ("Years", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                keys(Order::Durations, text).map(|keys| (keys.from, keys.to)),
                expected.map(|key| (key, key))
            );
        }
    }
}
