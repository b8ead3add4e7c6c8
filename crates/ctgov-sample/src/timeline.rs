//! Which dates does a study in a given status have?
//!
//! ```text
//!                      first submitted ─▶ posted          last submitted ─▶ posted
//! ──────────────────────────┴──────────────┴───────────────────┴─────────────┴──▶ today
//!                                start ─────────▶ primary completion ─▶ completion
//! ```
//!
//! The status decides where today cuts the lower line: behind the completion of a completed study,
//! before the start of one that is not yet recruiting, in between for the rest.

use crate::dates::{Day, Mark, Moment};
use crate::random::Random;
use crate::terms::Status;

const YEAR: i32 = 365;

/// The dates of a study.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) first_submitted: Day,
    pub(crate) first_checked: Day,
    pub(crate) first_posted: Day,
    pub(crate) last_submitted: Day,
    pub(crate) last_posted: Day,
    pub(crate) start: Option<Moment>,
    pub(crate) primary_completion: Option<Moment>,
    pub(crate) completion: Option<Moment>,
    /// What was last heard of a study whose status is unknown.
    pub(crate) last_known: Option<Status>,
    /// When the results came, if they did.
    pub(crate) report: Option<Report>,
}

/// The days on which results were handed in, accepted and published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) submitted: Day,
    pub(crate) checked: Day,
    pub(crate) posted: Day,
}

/// The course of a study: three days in this order.
struct Course {
    start: Day,
    primary: Day,
    end: Day,
}

impl Timeline {
    /// Dates that agree with the status.
    pub(crate) fn of(status: Status, random: &mut Random) -> Self {
        let last_known = (status == Status::Unknown).then(|| {
            random.weighted(&[
                (60, Status::Recruiting),
                (20, Status::NotYetRecruiting),
                (14, Status::ActiveNotRecruiting),
                (6, Status::EnrollingByInvitation),
            ])
        });
        let Some(course) = Course::of(status, random) else {
            return Self::without_course(random);
        };
        let first_submitted = course.first_submitted(status, last_known, random);
        let first_checked = first_submitted.plus(random.between(0, 9));
        let first_posted = first_checked.plus(random.between(1, 5));
        let last_submitted = course.last_submitted(status, last_known, first_posted, random);
        let mut timeline = Self {
            first_submitted,
            first_checked,
            first_posted,
            last_submitted,
            last_posted: last_submitted.plus(random.between(1, 6)),
            start: None,
            primary_completion: None,
            completion: None,
            last_known,
            report: None,
        };
        timeline.state(&course, status, random);
        timeline
    }

    /// The dates of a record that is about no course of study: expanded access, withheld studies.
    fn without_course(random: &mut Random) -> Self {
        let first_submitted = Day::TODAY.minus(random.between(60, 8 * YEAR));
        let first_checked = first_submitted.plus(random.between(0, 9));
        let first_posted = first_checked.plus(random.between(1, 5));
        let last_submitted = until(first_posted, Day::TODAY.minus(10), random);
        Self {
            first_submitted,
            first_checked,
            first_posted,
            last_submitted,
            last_posted: last_submitted.plus(random.between(1, 6)),
            start: None,
            primary_completion: None,
            completion: None,
            last_known: None,
            report: None,
        }
    }

    /// Reports results, some months or years after the main part of the study was complete. Does nothing
    /// where that is too recent, or planned, or not stated.
    pub(crate) fn report(&mut self, random: &mut Random) {
        let Some(Moment { day: complete, mark: Some(Mark::Actual), .. }) = self.primary_completion else {
            return;
        };
        let lag =
            random.weighted(&[(10, (100, 300)), (50, (300, 480)), (25, (480, 1_000)), (15, (1_000, 2_600))]);
        let earliest = complete.plus(60).max(self.first_posted.plus(1));
        let latest = Day::TODAY.minus(100);
        if earliest > latest {
            return;
        }
        let submitted = complete.plus(random.between(lag.0, lag.1)).max(earliest).min(latest);
        let checked = submitted.plus(random.between(0, 60));
        let posted = checked.plus(random.between(1, 20));
        self.report = Some(Report { submitted, checked, posted });
        if self.last_submitted < checked {
            self.last_submitted = checked;
        }
        // Whatever comes after the results, the record is not older than they are.
        self.last_posted = self.last_submitted.plus(random.between(1, 6)).max(posted);
    }

    /// States the course: to the day or the month, as past or planned, with the gaps of old records.
    fn state(&mut self, course: &Course, status: Status, random: &mut Random) {
        let month_only = random.chance(if course.start < Day::FINAL_RULE { 65 } else { 25 });
        let moment = |day, mark| Some(Moment { day, month_only, mark });
        let begun = !matches!(status, Status::NotYetRecruiting | Status::Withdrawn)
            && self.last_known != Some(Status::NotYetRecruiting);
        let mark = |happened| if happened { Mark::Actual } else { Mark::Estimated };
        let reported = !matches!(status, Status::Unknown | Status::Withdrawn);
        let is_past = |day| reported && day <= Day::TODAY;

        let start_mark = (course.start >= Day::FINAL_RULE).then_some(mark(begun));
        self.start = moment(course.start, start_mark);
        self.primary_completion = moment(course.primary, Some(mark(is_past(course.primary))));
        self.completion = moment(course.end, Some(mark(is_past(course.end))));

        if course.start < Day::new(2010, 1, 1) {
            if random.chance(6) {
                self.start = None;
            }
            if random.chance(20) {
                self.primary_completion = None;
            }
        }
        match status {
            Status::Withdrawn if random.chance(12) => {
                (self.start, self.primary_completion, self.completion) = (None, None, None);
            }
            Status::Terminated | Status::Unknown if random.chance(5) => self.completion = None,
            _ => {}
        }
    }
}

impl Course {
    /// A course that today cuts where the status says; none where there is no course.
    fn of(status: Status, random: &mut Random) -> Option<Self> {
        let today = Day::TODAY;
        Some(match status {
            Status::Completed | Status::Terminated => {
                let longest = if status == Status::Completed { 6 * YEAR } else { 3 * YEAR };
                let end = today.minus(recently(60, 20 * YEAR, random));
                Self::ending(end, random.between(90, longest), random)
            }
            Status::Unknown => {
                let end = today.minus(recently(2 * YEAR + 1, 16 * YEAR, random));
                Self::ending(end, random.between(180, 5 * YEAR), random)
            }
            Status::Recruiting | Status::EnrollingByInvitation | Status::Suspended => {
                let start = today.minus(random.between(20, 4 * YEAR));
                let primary = today.plus(random.between(30, 4 * YEAR));
                Self { start, primary, end: primary.plus(random.between(0, 2 * YEAR)) }
            }
            Status::ActiveNotRecruiting => {
                let start = today.minus(random.between(YEAR, 7 * YEAR));
                let end = today.plus(random.between(30, 3 * YEAR));
                let primary = if random.chance(45) {
                    until(start.plus(90), today.minus(15), random)
                } else {
                    until(today.plus(1), end, random)
                };
                Self { start, primary, end }
            }
            Status::NotYetRecruiting => {
                let start = today.plus(random.between(1, 400));
                let primary = start.plus(random.between(90, 5 * YEAR));
                Self { start, primary, end: primary.plus(random.between(0, YEAR)) }
            }
            Status::Withdrawn => {
                let end = today.minus(recently(-YEAR, 15 * YEAR, random));
                Self::ending(end, random.between(90, 4 * YEAR), random)
            }
            Status::Withheld
            | Status::Available
            | Status::NoLongerAvailable
            | Status::TemporarilyNotAvailable
            | Status::ApprovedForMarketing => return None,
        })
    }

    fn ending(end: Day, days: i32, random: &mut Random) -> Self {
        let follow_up = random.between(0, (days / 3).min(YEAR));
        let follow_up = if random.chance(35) { 0 } else { follow_up };
        Self { start: end.minus(days), primary: end.minus(follow_up), end }
    }

    /// Mostly before the start, sometimes late; always some weeks ago.
    fn first_submitted(&self, status: Status, last_known: Option<Status>, random: &mut Random) -> Day {
        let latest = Day::TODAY.minus(40);
        let ahead = self.start.minus(random.between(5, 180));
        match status {
            Status::NotYetRecruiting => latest.min(ahead).minus(random.between(0, 200)),
            Status::Unknown if last_known == Some(Status::NotYetRecruiting) => {
                self.start.minus(random.between(60, 240))
            }
            Status::Unknown | Status::Withdrawn => ahead.min(latest),
            _ if random.chance(25) => latest.min(self.start.plus(random.between(1, 900))),
            _ => ahead.min(latest),
        }
    }

    /// Late enough to know what the record says, and early enough that nothing newer is missing.
    fn last_submitted(
        &self,
        status: Status,
        last_known: Option<Status>,
        first_posted: Day,
        random: &mut Random,
    ) -> Day {
        let latest = Day::TODAY.minus(10);
        match status {
            Status::Completed | Status::Terminated => {
                let report = self.end.plus(random.between(10, 500));
                report.max(first_posted).min(latest)
            }
            Status::Unknown if last_known == Some(Status::NotYetRecruiting) => {
                first_posted.plus(random.between(0, 20))
            }
            Status::Unknown => until(self.start.max(first_posted), self.primary, random),
            Status::Withdrawn => {
                until(first_posted, first_posted.plus(random.between(20, 900)), random).min(latest)
            }
            Status::NotYetRecruiting => until(first_posted, latest, random),
            _ => {
                // A study that is under way is confirmed within two years, or it becomes unknown.
                let known = if self.primary < latest { self.primary } else { self.start };
                until(known.max(first_posted).max(Day::TODAY.minus(700)), latest, random)
            }
        }
    }
}

/// A day from `first` to `last`; `first` where they are the wrong way round.
fn until(first: Day, last: Day, random: &mut Random) -> Day {
    first.plus(random.between(0, last.since(first)))
}

/// A number of days ago, recent ones more often: the registry grows every year.
fn recently(low: i32, high: i32, random: &mut Random) -> i32 {
    random.between(low, high).min(random.between(low, high))
}
