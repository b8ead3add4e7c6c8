//! How much one address and one identity may ask, and which proxies are believed about addresses.

use super::Reader;
use ipnet::IpNet;
use std::{
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
};

/// How much one address and one identity may ask; without a number, as much as they like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundSettings {
    /// Requests a second from an address, before it is known whose they are; ten seconds' worth may come at once.
    pub per_address: Option<NonZeroU32>,
    /// Requests a second of an identity; ten seconds' worth may come at once.
    pub per_identity: Option<NonZeroU32>,
    /// Requests of an identity that run at once.
    pub at_once_per_identity: Option<NonZeroUsize>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl BoundSettings {
    /// Everybody may ask as much as they like, and no proxy is trusted.
    pub const fn none() -> Self {
        Self {
            per_address: None,
            per_identity: None,
            at_once_per_identity: None,
            trusted_proxies: Vec::new(),
        }
    }
}

const PER_ADDRESS_DEFAULT: u32 = 100;
const PER_IDENTITY_DEFAULT: u32 = 100;
const AT_ONCE_DEFAULT: usize = 64;

impl Reader<'_> {
    pub(super) fn bounds(&mut self, trusted_proxies: &[String]) -> BoundSettings {
        let mut rate = |variable, default| {
            let expected = "a number from 0 (no limit) to 1000000";
            let rate = self.parsed(None, variable, expected, |rate: &u32| *rate <= 1_000_000);
            NonZeroU32::new(rate.unwrap_or(default))
        };
        let per_address = rate("MCP_RATE_LIMIT_PER_ADDRESS", PER_ADDRESS_DEFAULT);
        let per_identity = rate("MCP_RATE_LIMIT_PER_IDENTITY", PER_IDENTITY_DEFAULT);
        let expected = "a number from 0 (no limit) to 100000";
        let at_once =
            self.parsed(None, "MCP_REQUESTS_AT_ONCE_PER_IDENTITY", expected, |most: &usize| *most <= 100_000);
        BoundSettings {
            per_address,
            per_identity,
            at_once_per_identity: NonZeroUsize::new(at_once.unwrap_or(AT_ONCE_DEFAULT)),
            trusted_proxies: self.trusted_proxies(trusted_proxies),
        }
    }

    fn trusted_proxies(&mut self, options: &[String]) -> Vec<IpNet> {
        let (setting, proxies) = match options {
            [] => ("MCP_TRUSTED_PROXIES", self.list("MCP_TRUSTED_PROXIES")),
            options => {
                self.given_instead("MCP_TRUSTED_PROXIES", "--trusted-proxy", &options.join(","));
                ("--trusted-proxy", options.to_vec())
            }
        };
        let mut networks = Vec::with_capacity(proxies.len());
        for proxy in proxies {
            let one = || proxy.parse::<IpAddr>().ok().map(IpNet::from);
            match proxy.parse::<IpNet>().ok().or_else(one) {
                Some(network) => networks.push(network),
                None => self
                    .mistake(setting, format!("`{proxy}` is not an address or a network such as 10.0.0.0/8")),
            }
        }
        networks
    }
}
