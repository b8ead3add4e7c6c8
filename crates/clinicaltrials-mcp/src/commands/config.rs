//! `config check` and `config show`: what is set, before anything runs.

use crate::{
    cli::{CommonOptions, ConfigCommand, ConfigOptions},
    settings::{self, Environment},
};
use anyhow::Context as _;
use std::{
    fmt::Write as _,
    io::{Write as _, stdout},
};

/// Says that the settings, which were read before, are in order, or lists them.
///
/// # Errors
///
/// When standard output is closed.
pub fn run(common: &CommonOptions, options: &ConfigOptions, env: Environment<'_>) -> anyhow::Result<()> {
    let text = match options.what {
        ConfigCommand::Check => "These settings are in order.\n".to_owned(),
        ConfigCommand::Show => {
            let listed = settings::list(common, &options.serve, env);
            let name_chars = listed.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
            listed.iter().fold(String::new(), |mut lines, setting| {
                let _ = match &setting.set {
                    Some((value, by)) => writeln!(lines, "{:name_chars$}  {value}  ({by})", setting.name),
                    None => writeln!(lines, "{:name_chars$}  not set", setting.name),
                };
                lines
            })
        }
    };
    stdout().write_all(text.as_bytes()).context("standard output is closed")
}
