//! How much one address and one identity may ask: so many requests a second, and so many at once.
//!
//! Addresses are counted before a token is looked at, so that guessing and flooding cost little; identities once they
//! are known, wherever their requests come from. Who asks from this machine is no address to be held off: a proxy there
//! that was not said to be one would make all callers the same.

use crate::settings::BoundSettings;
use governor::{Quota, clock::Clock as _};
use governor::{RateLimiter, clock::MonotonicClock, state::keyed::HashMapStateStore};
use ipnet::IpNet;
use mcp_sessions::{Caller, CallerKey};
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

/// How many seconds' worth of requests may come at once.
const BURST_SECONDS: u32 = 10;
/// How often what is known of those who were quiet is forgotten.
const FORGET_INTERVAL: Duration = Duration::from_secs(10);
/// When those may come back who have too much running: nobody knows, calls take milliseconds or seconds.
const AT_ONCE_RETRY: Duration = Duration::from_secs(1);
/// How many characters of what proxies say are read.
const FORWARDED_BYTES_MAX: usize = 4_096;

/// Keeps the counts.
pub(super) struct Bounds {
    addresses: Option<Rate<IpAddr>>,
    identities: Option<Rate<CallerKey>>,
    running: Option<Arc<Running>>,
    trusted_proxies: Vec<IpNet>,
}

/// Too much was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    /// By an address.
    #[error("too many requests from this address")]
    FromAddress {
        /// When it may ask again.
        retry_after: Duration,
    },
    /// By an identity.
    #[error("too many requests of this caller")]
    OfIdentity {
        /// When it may ask again.
        retry_after: Duration,
    },
    /// By an identity, all at once.
    #[error("too many requests of this caller are running")]
    AtOnce,
}

impl TooMuch {
    /// When to ask again.
    pub(super) fn retry_after(self) -> Duration {
        match self {
            Self::FromAddress { retry_after } | Self::OfIdentity { retry_after } => retry_after,
            Self::AtOnce => AT_ONCE_RETRY,
        }
    }
}

impl Bounds {
    /// Must be called within a Tokio runtime, which then forgets who was quiet.
    pub(super) fn start(settings: &BoundSettings) -> Self {
        Self {
            addresses: settings.per_address.map(Rate::start),
            identities: settings.per_identity.map(Rate::start),
            running: settings.at_once_per_identity.map(|most| Arc::new(Running::new(most.get()))),
            trusted_proxies: settings.trusted_proxies.clone(),
        }
    }

    /// Counts a request from a connection with `peer` at its other end; `forwarded` is what `X-Forwarded-For` says.
    ///
    /// # Errors
    ///
    /// When there were too many.
    pub(super) fn admit_address<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> Result<(), TooMuch> {
        let Some(rate) = &self.addresses else { return Ok(()) };
        let client = self.client(peer, forwarded);
        if client.is_loopback() {
            return Ok(());
        }
        rate.admit(&network(client)).map_err(|retry_after| TooMuch::FromAddress { retry_after })
    }

    /// Counts a request of `caller`, which runs until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When there were too many, or are.
    pub(super) fn admit(&self, caller: &Caller) -> Result<Option<Slot>, TooMuch> {
        let Ok(key @ CallerKey::Identified(_)) = caller.key() else { return Ok(None) };
        if let Some(rate) = &self.identities {
            rate.admit(&key).map_err(|retry_after| TooMuch::OfIdentity { retry_after })?;
        }
        self.running.as_ref().map(|running| running.enter(key)).transpose()
    }

    /// Where a request comes from: what the nearest proxies that are trusted say, and no other.
    fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let is_trusted =
            |address: IpAddr| self.trusted_proxies.iter().any(|proxies| proxies.contains(&address));
        let mut client = peer.to_canonical();
        let hops = forwarded.rev().flat_map(|line| line.rsplit(','));
        let mut bytes = 0;
        for hop in hops {
            bytes += hop.len() + 1;
            if !is_trusted(client) || bytes > FORWARDED_BYTES_MAX {
                break;
            }
            // What a trusted proxy says of an address that it does not know tells nothing.
            let Some(address) = address(hop.trim()) else { break };
            client = address;
        }
        client
    }
}

/// An address, with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// What one customer of a network has: of IPv6, 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// So many requests a second of each.
struct Rate<Key: Hash + Eq + Clone>(Arc<RateLimiter<Key, HashMapStateStore<Key>, MonotonicClock>>);

impl<Key: Hash + Eq + Clone + Send + Sync + 'static> Rate<Key> {
    fn start(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1));
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = Arc::new(RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock));
        tokio::spawn(forget_the_quiet(Arc::downgrade(&limiter)));
        Self(limiter)
    }

    fn admit(&self, key: &Key) -> Result<(), Duration> {
        self.0.check_key(key).map_err(|early| early.wait_time_from(self.0.clock().now()))
    }
}

async fn forget_the_quiet<Key: Hash + Eq + Clone>(
    limiter: Weak<RateLimiter<Key, HashMapStateStore<Key>, MonotonicClock>>,
) {
    loop {
        tokio::time::sleep(FORGET_INTERVAL).await;
        let Some(limiter) = limiter.upgrade() else { return };
        limiter.retain_recent();
        limiter.shrink_to_fit();
    }
}

/// How many requests of whom are running.
struct Running {
    counts: Mutex<HashMap<CallerKey, usize>>,
    most: usize,
}

/// A running request's place; free again when dropped.
pub(super) struct Slot {
    running: Arc<Running>,
    key: CallerKey,
}

impl Running {
    fn new(most: usize) -> Self {
        Self { counts: Mutex::default(), most }
    }

    fn enter(self: &Arc<Self>, key: CallerKey) -> Result<Slot, TooMuch> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        if *count >= self.most {
            return Err(TooMuch::AtOnce);
        }
        *count += 1;
        Ok(Slot { running: self.clone(), key })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.running.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_sessions::Identity;

    fn bounds(trusted: &[&str]) -> Bounds {
        let trusted_proxies = trusted.iter().map(|proxies| proxies.parse().unwrap()).collect();
        Bounds { addresses: None, identities: None, running: None, trusted_proxies }
    }

    #[test]
    fn only_trusted_proxies_say_whose_request_it_is() {
        let bounds = bounds(&["10.0.0.0/8", "fd00::/8"]);
        let client = |peer: &str, forwarded: &[&str]| {
            bounds.client(peer.parse().unwrap(), forwarded.iter().copied()).to_string()
        };
        // Whoever says so of himself is not believed.
        assert_eq!(client("198.51.100.7", &["192.0.2.1"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        // What stands before the first untrusted one was sent by it.
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "192.0.2.1, 10.2.3.4"]), "192.0.2.1");
        assert_eq!(client("::ffff:10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client("fd00::1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1:80"]), "192.0.2.1");
        for nonsense in ["", "unknown", "_hidden", "1.2.3", "192.0.2.1 192.0.2.2", "\u{7f}"] {
            assert_eq!(client("10.0.0.1", &["192.0.2.1", nonsense]), "10.0.0.1", "{nonsense:?}");
        }
        let long = "10.0.0.1, ".repeat(10_000) + "10.0.0.1";
        assert_eq!(client("10.0.0.1", &["192.0.2.1", &long]), "10.0.0.1");
    }

    #[test]
    fn a_network_of_the_new_protocol_is_one_caller() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8:0:1:ffff::1"), "2001:db8:0:1::");
    }

    #[tokio::test]
    async fn a_burst_is_let_through_and_then_so_many_a_second() {
        let settings = BoundSettings { per_address: NonZeroU32::new(2), ..BoundSettings::none() };
        let bounds = Bounds::start(&settings);
        let ask = |peer: &str| bounds.admit_address(peer.parse().unwrap(), std::iter::empty());
        let admitted = (0..100).take_while(|_| ask("192.0.2.1").is_ok()).count();
        assert!((20..=22).contains(&admitted), "{admitted}");
        let Err(refused @ TooMuch::FromAddress { .. }) = ask("192.0.2.1") else { panic!() };
        assert!(refused.retry_after() <= Duration::from_secs(1), "{refused:?}");
        assert_eq!(ask("192.0.2.2"), Ok(()));
        assert!((0..100).all(|_| ask("127.0.0.1").is_ok() && ask("::1").is_ok()));
    }

    #[tokio::test]
    async fn a_caller_has_so_many_places_and_gets_them_back() {
        let settings =
            BoundSettings { at_once_per_identity: std::num::NonZeroUsize::new(2), ..BoundSettings::none() };
        let bounds = Bounds::start(&settings);
        let caller = |subject: &str| Caller::Identified(Identity::default().with_subject(subject));
        let (ana, ben) = (caller("ana"), caller("ben"));
        let places: Vec<_> = (0..2).map(|_| bounds.admit(&ana).unwrap()).collect();
        assert_eq!(bounds.admit(&ana).err(), Some(TooMuch::AtOnce));
        assert!(bounds.admit(&ben).is_ok());
        drop(places);
        assert!(bounds.admit(&ana).is_ok());
        assert!((0..10).all(|_| bounds.admit(&Caller::Anonymous).unwrap().is_none()));
        assert!(bounds.running.as_ref().unwrap().counts.lock().unwrap().is_empty());
    }
}
