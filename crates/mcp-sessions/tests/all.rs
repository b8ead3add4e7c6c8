//! The tests of everything that a user of the crate can see, in one program.

mod attacks;
mod checklist;
mod concurrency;
mod examples;
mod file;
mod handles;
mod handshake;
mod hijack;
mod http;
mod logs;
mod model;
mod parity;
mod probes;
mod redis;
mod running;
mod stores;
mod support;
