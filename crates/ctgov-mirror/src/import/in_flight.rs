//! `InFlight`: how many bytes of records are under way between the reader and the caller.
//!
//! One thread takes and waits, the others only give back by dropping. Whatever the reader waits for was sent on
//! before, and nobody between it and the caller waits for bytes: so it is taken or dropped, and the reader goes on.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A number of bytes that records under way may take together.
#[derive(Debug)]
pub(super) struct InFlight {
    bytes_max: usize,
    bytes: Mutex<usize>,
    given_back: Condvar,
}

impl InFlight {
    pub(super) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes_max, bytes: Mutex::default(), given_back: Condvar::new() })
    }

    /// Waits until `bytes` more fit. A record that never would goes alone.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Share {
        let full = |taken: &mut usize| *taken > 0 && taken.saturating_add(bytes) > self.bytes_max;
        let waited = self.given_back.wait_while(self.lock(), full);
        *waited.unwrap_or_else(PoisonError::into_inner) += bytes;
        Share { of: self.clone(), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of one record. Given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    of: Arc<InFlight>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.of.lock() -= self.bytes;
        self.of.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, thread, time::Duration};

    #[test]
    fn what_does_not_fit_waits_and_what_never_fits_goes_alone() {
        let in_flight = InFlight::new(10);
        let (sent, taken) = mpsc::channel();
        thread::spawn(move || {
            for bytes in [6, 4, 1, 25, 0, 10] {
                sent.send(in_flight.take(bytes)).unwrap();
            }
        });
        let next = || taken.recv_timeout(Duration::from_secs(10)).unwrap();
        let none_yet = || taken.recv_timeout(Duration::from_millis(50)).is_err();
        let (six, four) = (next(), next());
        assert!(none_yet());
        drop(four);
        let one = next();
        drop(one);
        assert!(none_yet(), "25 do not go with 6");
        drop(six);
        let alone = next();
        assert!(none_yet());
        drop(alone);
        assert_eq!([next(), next()].map(|share| share.bytes), [0, 10]);
    }
}
