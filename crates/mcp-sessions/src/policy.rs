//! How long sessions live and how many there may be.

use std::time::Duration;

use crate::clock::millis;
use crate::{Binding, CallerKey};

/// The limits of sessions. Every part has a default; [`checked`](Self::checked) refuses parts that
/// contradict each other.
///
/// ```
/// use std::time::Duration;
/// use mcp_sessions::Policy;
///
/// let policy = Policy::default().with_idle_timeout(Duration::from_secs(600)).checked()?;
/// assert_eq!(policy.lifetime(), Duration::from_secs(24 * 60 * 60));
/// # Ok::<(), mcp_sessions::PolicyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    idle_timeout: Duration,
    unused_timeout: Duration,
    lifetime: Duration,
    max_sessions: usize,
    max_per_identity: usize,
    sweep_interval: Duration,
    lazy_binding: bool,
}

impl Default for Policy {
    /// 30 minutes idle, 5 minutes when never used, 24 hours in all; 10,000 sessions, 100 of one
    /// identity; swept every 60 seconds; a session belongs to whoever opened it, from the start.
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            idle_timeout: MINUTE.saturating_mul(30),
            unused_timeout: MINUTE.saturating_mul(5),
            lifetime: MINUTE.saturating_mul(24 * 60),
            max_sessions: 10_000,
            max_per_identity: 100,
            sweep_interval: MINUTE,
            lazy_binding: false,
        }
    }
}

impl Policy {
    /// Ends a session when more than this has passed since its last request.
    #[must_use]
    pub const fn with_idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// Ends a session when more than this has passed since it was made and it was never used:
    /// clients that initialise in a loop hold few records.
    #[must_use]
    pub const fn with_unused_timeout(mut self, unused_timeout: Duration) -> Self {
        self.unused_timeout = unused_timeout;
        self
    }

    /// Ends a session when more than this has passed since it was made, used or not.
    #[must_use]
    pub const fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Refuses a new session when there are this many.
    ///
    /// A session that is alive is never given up for a new one. Before it refuses, a store
    /// removes sessions that are past their time.
    #[must_use]
    pub const fn with_max_sessions(mut self, max_sessions: usize) -> Self {
        self.max_sessions = max_sessions;
        self
    }

    /// Refuses a new session when its identity has this many.
    ///
    /// Before it refuses, a store removes that identity's sessions that are past their time; it
    /// never touches another identity's. Anonymous sessions belong to nobody: only
    /// [`max_sessions`](Self::with_max_sessions) limits them.
    #[must_use]
    pub const fn with_max_per_identity(mut self, max_per_identity: usize) -> Self {
        self.max_per_identity = max_per_identity;
        self
    }

    /// Removes sessions that are past their time this often. No session is usable past its
    /// time, however seldom this is: it only decides when its memory is given back.
    #[must_use]
    pub const fn with_sweep_interval(mut self, sweep_interval: Duration) -> Self {
        self.sweep_interval = sweep_interval;
        self
    }

    /// Lets a session made by an anonymous caller go to the first identified caller that asks for
    /// it with [`get_or_create`](crate::Sessions::get_or_create).
    ///
    /// For hosts that learn who calls only after the session exists. Until it is claimed, such
    /// a session is open to everybody who knows its id.
    #[must_use]
    pub const fn with_lazy_binding(mut self, lazy_binding: bool) -> Self {
        self.lazy_binding = lazy_binding;
        self
    }

    /// Returns the policy if its parts agree.
    ///
    /// # Errors
    ///
    /// The first contradiction, as a [`PolicyError`].
    pub fn checked(self) -> Result<Self, PolicyError> {
        let positive = [
            ("idle timeout", !self.idle_timeout.is_zero()),
            ("unused timeout", !self.unused_timeout.is_zero()),
            ("lifetime", !self.lifetime.is_zero()),
            ("cap on all sessions", self.max_sessions > 0),
            ("cap on one identity's sessions", self.max_per_identity > 0),
            ("sweep interval", !self.sweep_interval.is_zero()),
        ];
        if let Some((what, _)) = positive.into_iter().find(|(_, positive)| !positive) {
            return Err(PolicyError::Zero { what });
        }
        let ordered = [
            ("unused timeout", "idle timeout", self.unused_timeout <= self.idle_timeout),
            ("idle timeout", "lifetime", self.idle_timeout <= self.lifetime),
            (
                "cap on one identity's sessions",
                "cap on all sessions",
                self.max_per_identity <= self.max_sessions,
            ),
        ];
        match ordered.into_iter().find(|(_, _, ordered)| !ordered) {
            Some((greater, lesser, _)) => Err(PolicyError::Greater { greater, lesser }),
            None => Ok(self),
        }
    }

    /// How long a session may rest between two requests.
    #[must_use]
    pub const fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// How long a session may wait for its first request.
    #[must_use]
    pub const fn unused_timeout(&self) -> Duration {
        self.unused_timeout
    }

    /// How long a session may live in all.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// How many sessions there may be.
    #[must_use]
    pub const fn max_sessions(&self) -> usize {
        self.max_sessions
    }

    /// How many sessions one identity may have.
    #[must_use]
    pub const fn max_per_identity(&self) -> usize {
        self.max_per_identity
    }

    /// How often sessions past their time are removed.
    #[must_use]
    pub const fn sweep_interval(&self) -> Duration {
        self.sweep_interval
    }

    /// Whether an anonymous caller's session goes to the first identity that asks for it.
    #[must_use]
    pub const fn lazy_binding(&self) -> bool {
        self.lazy_binding
    }

    /// To whom a session belongs that `caller` opens.
    #[must_use]
    pub const fn binding_for(&self, caller: CallerKey) -> Binding {
        match caller {
            CallerKey::Identified(owner) => Binding::Bound(owner),
            CallerKey::Anonymous if self.lazy_binding => Binding::Unbound,
            CallerKey::Anonymous => Binding::Anonymous,
        }
    }

    /// What time has done to a session. A session lives *up to and including* its limits.
    #[must_use]
    pub fn age(&self, created_ms: u64, last_used_ms: Option<u64>, now_ms: u64) -> Age {
        let (since_ms, limit) = self.rest(created_ms, last_used_ms);
        if now_ms.saturating_sub(created_ms) > millis(self.lifetime) {
            Age::Expired
        } else if now_ms.saturating_sub(since_ms) > limit {
            Age::Stale
        } else {
            Age::Live
        }
    }

    /// The last millisecond at which a session that nobody uses again is alive.
    #[must_use]
    pub fn alive_until_ms(&self, created_ms: u64, last_used_ms: Option<u64>) -> u64 {
        let (since_ms, limit) = self.rest(created_ms, last_used_ms);
        since_ms.saturating_add(limit).min(created_ms.saturating_add(millis(self.lifetime)))
    }

    /// Since when the session rests, and for how long it may.
    fn rest(&self, created_ms: u64, last_used_ms: Option<u64>) -> (u64, u64) {
        last_used_ms
            .map_or((created_ms, millis(self.unused_timeout)), |used| (used, millis(self.idle_timeout)))
    }
}

/// What time has done to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Within all limits.
    Live,
    /// It rested for longer than it may.
    Stale,
    /// It is older than any session may be.
    Expired,
}

/// Two parts of a policy contradict each other, or one makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Nothing could live or be kept under such a limit.
    #[error("the {what} is zero")]
    Zero {
        /// The part at fault.
        what: &'static str,
    },
    /// The first limit would never take effect.
    #[error("the {greater} is greater than the {lesser}")]
    Greater {
        /// The part that is too great.
        greater: &'static str,
        /// The part that it may reach but not exceed.
        lesser: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_refused() {
        let hours = |n: u64| Duration::from_secs(n * 3600);
        let policy = Policy::default;
        let cases = [
            (policy(), None),
            (policy().with_idle_timeout(Duration::ZERO), Some("the idle timeout is zero")),
            (policy().with_unused_timeout(Duration::ZERO), Some("the unused timeout is zero")),
            (policy().with_sweep_interval(Duration::ZERO), Some("the sweep interval is zero")),
            (policy().with_lifetime(Duration::ZERO), Some("the lifetime is zero")),
            (policy().with_max_sessions(0), Some("the cap on all sessions is zero")),
            (policy().with_max_per_identity(0), Some("the cap on one identity's sessions is zero")),
            (policy().with_idle_timeout(hours(25)), Some("the idle timeout is greater than the lifetime")),
            (
                policy().with_unused_timeout(hours(1)),
                Some("the unused timeout is greater than the idle timeout"),
            ),
            (
                policy().with_max_per_identity(10_001),
                Some("the cap on one identity's sessions is greater than the cap on all sessions"),
            ),
        ];
        for (policy, message) in cases {
            let error = policy.clone().checked().err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), message, "{policy:?}");
        }
    }

    #[test]
    fn a_session_lives_up_to_and_including_its_limits() {
        let policy = Policy::default()
            .with_unused_timeout(Duration::from_millis(10))
            .with_idle_timeout(Duration::from_millis(20))
            .with_lifetime(Duration::from_millis(100));
        let cases = [
            // created, last used, now, age
            (0, None, 10, Age::Live),
            (0, None, 11, Age::Stale),
            (0, Some(0), 20, Age::Live),
            (0, Some(0), 21, Age::Stale),
            (0, Some(90), 100, Age::Live),
            (0, Some(90), 101, Age::Expired),
            (50, Some(60), 0, Age::Live), // the clock stepped back
        ];
        for (created, used, now, age) in cases {
            assert_eq!(policy.age(created, used, now), age, "{created} {used:?} {now}");
            let until = policy.alive_until_ms(created, used);
            assert_eq!(now <= until, age == Age::Live, "{created} {used:?} {now}: until {until}");
        }
    }
}
