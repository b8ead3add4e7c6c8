//! The whole program from outside: through HTTP, standard input, its command line and real clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod answers;
mod api_v2;
mod authorization;
mod bounds;
mod cli;
mod clients;
mod cohorts;
mod coming_from;
mod comparing;
mod config;
mod counting;
mod discovery;
mod eligible;
mod generations;
mod inspector;
mod live;
mod load;
mod oauth;
mod observed;
mod protocol;
mod records;
mod replicas;
mod results;
mod session_stores;
mod sessions;
mod stdio;
mod support;
mod tasks;
mod tools;
mod transport;
