//! The scripts that run inside the server, each of them one atomic step.

use std::sync::LazyLock;

use redis::{Cmd, cmd};

use super::keys::Key;
use crate::clock::millis;
use crate::{Policy, Record};

/// How long a session past its time is kept, so that who asks for it learns that it ended rather than
/// that there never was one.
const GRACE_MS: u64 = 60_000;

/// More than any policy means, and small enough for sums of it to be exact in a script's numbers.
const LONGEST_MS: u64 = 1 << 50;

/// A script, and the name under which a server knows it once it ran there.
pub(super) struct Script {
    text: &'static str,
    sha1: String,
}

impl Script {
    fn new(text: &'static str) -> Self {
        Self { text, sha1: redis::Script::new(text).get_hash().to_owned() }
    }
}

macro_rules! script {
    ($($part:literal)+) => {
        LazyLock::new(|| Script::new(concat!($(include_str!(concat!("lua/", $part))),+)))
    };
}

pub(super) static LOOK: LazyLock<Script> = script!("clock.lua" "age.lua" "look.lua");
pub(super) static MAKE: LazyLock<Script> = script!("clock.lua" "age.lua" "make.lua");
pub(super) static LOOK_OPEN: LazyLock<Script> = script!("clock.lua" "age.lua" "look_open.lua");
pub(super) static MAKE_OPEN: LazyLock<Script> = script!("clock.lua" "age.lua" "make_open.lua");
pub(super) static CLAIM: LazyLock<Script> = script!("clock.lua" "age.lua" "claim.lua");
pub(super) static SETTLE: LazyLock<Script> = script!("clock.lua" "age.lua" "settle.lua");
pub(super) static MARK: LazyLock<Script> = script!("clock.lua" "mark.lua");
pub(super) static UNMARK: LazyLock<Script> = script!("clock.lua" "unmark.lua");
pub(super) static REVOKE: LazyLock<Script> = script!("clock.lua" "revoke.lua");
pub(super) static INDEX: LazyLock<Script> = script!("clock.lua" "index.lua");
pub(super) static READ: LazyLock<Script> = script!("clock.lua" "read.lua");
pub(super) static LIVE: LazyLock<Script> = script!("clock.lua" "live.lua");
pub(super) static COUNT: LazyLock<Script> = script!("clock.lua" "count.lua");

/// One run of a script.
pub(super) struct Call {
    script: &'static Script,
    keys: Vec<Key>,
    arguments: Vec<Vec<u8>>,
}

impl Call {
    pub(super) fn new(script: &'static Script, keys: impl IntoIterator<Item = Key>) -> Self {
        Self { script, keys: keys.into_iter().collect(), arguments: Vec::new() }
    }

    /// With the four times that the rules of age take.
    pub(super) fn times(mut self, policy: &Policy) -> Self {
        let times = [policy.unused_timeout(), policy.idle_timeout(), policy.lifetime()].map(millis);
        for time in times.into_iter().chain([GRACE_MS]) {
            self = self.number(time.min(LONGEST_MS));
        }
        self
    }

    pub(super) fn bytes(mut self, argument: impl Into<Vec<u8>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(super) fn number(self, number: u64) -> Self {
        self.bytes(number.to_string())
    }

    pub(super) fn flag(self, flag: bool) -> Self {
        self.bytes(if flag { "1" } else { "0" })
    }

    /// The command for a server that has run the script before.
    pub(super) fn by_name(&self) -> Cmd {
        self.command("EVALSHA", &self.script.sha1)
    }

    /// The command for one that has not: it brings the script along, and goes to the very server that
    /// has the keys.
    pub(super) fn with_text(&self) -> Cmd {
        self.command("EVAL", self.script.text)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(script).arg(self.keys.len());
        for part in self.keys.iter().map(Key::as_bytes).chain(self.arguments.iter().map(Vec::as_slice)) {
            command.arg(part);
        }
        command
    }
}

/// How long what is kept about one session is kept from its last use on: longer than the session itself, which is
/// [kept](GRACE_MS) past its time.
pub(super) fn rest_ms(record: &Record, policy: &Policy) -> u64 {
    let since_ms = record.last_used_ms.unwrap_or(record.created_ms);
    let until_ms = policy.alive_until_ms(record.created_ms, record.last_used_ms);
    until_ms.saturating_sub(since_ms).min(LONGEST_MS) + 2 * GRACE_MS
}

/// How long a key that stands for sessions is kept: longer than any session that is made now.
pub(super) fn longest_ms(policy: &Policy) -> u64 {
    millis(policy.lifetime()).min(LONGEST_MS) + 2 * GRACE_MS
}
