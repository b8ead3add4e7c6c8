//! The program: arguments → settings → logging → the subcommand → an exit code.

use clap::{CommandFactory as _, Parser as _};
use clinicaltrials_mcp::{
    cli::{Cli, Command, ConfigOptions, ServeOptions, StatusOptions},
    commands,
    settings::{HttpSettings, SettingError, Settings, Transport},
    telemetry,
};
use std::{
    io::{IsTerminal as _, Write as _, stderr, stdin},
    path::Path,
    process::ExitCode,
    time::Duration,
};

/// Done, but something of what was given was refused.
const EXIT_REFUSED: u8 = 2;
/// Wrong usage (`EX_USAGE` of sysexits).
const EXIT_USAGE: u8 = 64;
/// Wrong settings (`EX_CONFIG` of sysexits).
const EXIT_SETTINGS: u8 = 78;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            // Nobody reads the message if it cannot be printed.
            let _ = error.print();
            return if wrong { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the environment enters, as an argument"
    )]
    let env = |name: &str| std::env::var(name);
    let settings = Settings::read(&cli.options, &env);
    if let (
        Some(Command::Serve(options) | Command::Config(ConfigOptions { serve: options, .. })),
        Err(mistakes),
    ) = (&cli.command, &settings)
    {
        let more = HttpSettings::read(options, &env).err().unwrap_or_default();
        return wrong_settings(&[mistakes.as_slice(), more.as_slice()].concat());
    }
    let settings = match settings {
        Ok(settings) => settings,
        Err(mistakes) => return wrong_settings(&mistakes),
    };
    let command = match (cli.command, settings.transport) {
        (Some(command), _) => command,
        (None, Some(Transport::Http)) => Command::Serve(ServeOptions::default()),
        (None, None) if stdin().is_terminal() => {
            let _ = Cli::command().print_help();
            return ExitCode::SUCCESS;
        }
        (None, _) => Command::Stdio,
    };
    let done = |()| ExitCode::SUCCESS;
    let result = match command {
        Command::Serve(options) => match HttpSettings::read(&options, &env) {
            Ok(http) => {
                let read_again = || HttpSettings::read(&options, &env);
                let serving = commands::serve::run(&settings, &http, read_again);
                in_runtime(&settings, http.observe.audit_log.as_deref(), serving).map(done)
            }
            Err(mistakes) => return wrong_settings(&mistakes),
        },
        Command::Config(options) => match HttpSettings::read(&options.serve, &env) {
            Ok(_) => commands::config::run(&cli.options, &options, &env).map(done),
            Err(mistakes) => return wrong_settings(&mistakes),
        },
        Command::Stdio => in_runtime(&settings, None, commands::stdio::run(&settings)).map(done),
        Command::Demo => in_runtime(&settings, None, commands::demo::run(&settings)).map(done),
        Command::Import(options) => {
            let import = in_place(&settings, || commands::import::run(&settings, &options));
            import.map(|whole| if whole { ExitCode::SUCCESS } else { ExitCode::from(EXIT_REFUSED) })
        }
        Command::Verify => {
            let sound = in_place(&settings, || commands::verify::run(&settings));
            sound.map(|sound| if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Compact => in_place(&settings, || commands::compact::run(&settings)).map(done),
        Command::Sessions(options) => {
            in_runtime(&settings, None, commands::sessions::run(&settings, &options)).map(done)
        }
        Command::Status(StatusOptions { json }) => commands::status::run(&settings, json).map(done),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what needs no runtime, which sends no traces.
fn in_place<T>(settings: &Settings, command: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    telemetry::start(&Settings { traces: None, ..settings.clone() }, None)?;
    command()
}

fn in_runtime(
    settings: &Settings,
    audit_log: Option<&Path>,
    command: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let telemetry = {
        let _within = runtime.enter();
        telemetry::start(settings, audit_log)?
    };
    let result = runtime.block_on(command);
    telemetry.finish();
    // A thread may still be waiting for standard input, which only its other end can end.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

fn wrong_settings(mistakes: &[SettingError]) -> ExitCode {
    let mut lines = String::from("error: these settings are wrong:\n");
    lines.extend(mistakes.iter().map(|mistake| format!("  {mistake}\n")));
    let _ = stderr().write_all(lines.as_bytes());
    ExitCode::from(EXIT_SETTINGS)
}
