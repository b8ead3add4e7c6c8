//! The servers that tests start, from Debian's packages, unpacked into `target/tools`: nothing is installed.

use crate::steps::{self, available, output, say, target_dir};
use anyhow::{Context as _, bail, ensure};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// A program, and what it takes to have it.
struct Tool {
    program: &'static str,
    /// What makes it say its version and end.
    version: &'static str,
    /// The variable that tells tests where it is.
    variable: &'static str,
    packages: &'static [&'static str],
}

const TOOLS: [Tool; 2] = [
    Tool {
        program: "redis-server",
        version: "--version",
        variable: "REDIS_SERVER",
        packages: &["redis-server", "redis-tools"],
    },
    Tool { program: "haproxy", version: "-v", variable: "HAPROXY", packages: &["haproxy"] },
];

/// Where the tools are, by the variables that tell tests, and why others are not there.
#[derive(Default)]
pub(crate) struct Tools {
    pub(crate) found: Vec<(&'static str, PathBuf)>,
    pub(crate) missing: Vec<String>,
}

/// Finds each tool among the installed programs, or fetches it unless it is there already.
pub(crate) fn fetch(target: &Path) -> Tools {
    let mut tools = Tools::default();
    for tool in &TOOLS {
        if available(tool.program, tool.version) {
            tools.found.push((tool.variable, tool.program.into()));
            continue;
        }
        match tool.fetch(&target.join("tools")) {
            Ok(path) => tools.found.push((tool.variable, path)),
            Err(error) => tools.missing.push(format!("{}: {error:#}", tool.program)),
        }
    }
    tools
}

/// cargo-mutants, which changes the code to see whether a test notices; built into `tools` unless it is there.
pub(crate) fn cargo_mutants(target: &Path) -> anyhow::Result<PathBuf> {
    const VERSION: &str = "27.1.0";
    let root = target.join("tools").join(format!("cargo-mutants-{VERSION}"));
    let program = root.join("bin/cargo-mutants");
    if !program.exists() {
        let mut install =
            steps::cargo(["install", "cargo-mutants", "--version", VERSION, "--locked", "--quiet"]);
        steps::run(install.arg("--root").arg(&root))?;
    }
    Ok(program)
}

/// Fetches what is missing, and says where everything is.
pub(crate) fn run() -> anyhow::Result<()> {
    let Tools { found, missing } = fetch(&target_dir()?);
    found.iter().for_each(|(variable, path)| say(&format!("{variable}={}\n", path.display())));
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    Ok(())
}

impl Tool {
    /// The program in `tools/bin`, which tests look for as well: a script that tells it where its
    /// libraries are.
    fn fetch(&self, tools: &Path) -> anyhow::Result<PathBuf> {
        let starter = tools.join("bin").join(self.program);
        if available(&starter.to_string_lossy(), self.version) {
            say(&format!("{} is in {}\n", self.program, tools.display()));
            return Ok(starter);
        }
        ensure!(
            available("apt-get", "--version") && available("dpkg-deb", "--version"),
            "not installed, and there is no apt-get to fetch it with"
        );
        let folder = tools.join(self.program);
        let (packages, root) = (folder.join("packages"), folder.join("root"));
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
        }
        for folder in [&packages, &root, &tools.join("bin")] {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        unpack_with_libraries(self.packages, &packages, &root, &tools.join("apt"))?;
        write_starter(&starter, self.program, &root)?;
        ensure!(available(&starter.to_string_lossy(), self.version), "it was fetched but does not start");
        Ok(starter)
    }
}

/// Unpacks packages, and the libraries that they need and the system lacks.
fn unpack_with_libraries(names: &[&str], packages: &Path, root: &Path, apt: &Path) -> anyhow::Result<()> {
    let mut wanted: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let package = download(&name, packages, apt)?;
        steps::run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(root))?;
        let needed = output(Command::new("dpkg-deb").arg("-f").arg(&package).arg("Depends"))?;
        wanted.extend(libraries(&needed).filter(|library| !installed(library)).map(ToOwned::to_owned));
    }
    Ok(())
}

/// The libraries among dependencies as a package states them: `adduser, liblzf1 (>= 1.5) | liblzf2, …`.
fn libraries(depends: &str) -> impl Iterator<Item = &str> {
    let name = |dependency: &'_ str| -> Option<usize> {
        let end = dependency.find([' ', '(', '|', ':']).unwrap_or(dependency.len());
        dependency.starts_with("lib").then_some(end)
    };
    depends.split(',').map(str::trim).filter_map(move |dependency| Some(&dependency[..name(dependency)?]))
}

fn installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

/// Downloads a package into a folder, by the system's lists of packages or, if they do not have it, lists of our own.
fn download(name: &str, into: &Path, apt: &Path) -> anyhow::Result<PathBuf> {
    let mut by_system = Command::new("apt-get");
    by_system.args(["-qq", "download", name]).current_dir(into);
    if output(&mut by_system).is_err() {
        let with_own_lists = |arguments: &[&str]| -> anyhow::Result<()> {
            let (lists, cache) = (apt.join("lists"), apt.join("cache"));
            for folder in [lists.join("partial"), cache.join("archives/partial")] {
                fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
            }
            let mut command = Command::new("apt-get");
            command.arg("-o").arg(format!("Dir::State::Lists={}", lists.display()));
            command.arg("-o").arg(format!("Dir::Cache={}", cache.display()));
            output(command.arg("-qq").args(arguments).current_dir(into)).map(drop)
        };
        if !apt.exists() {
            with_own_lists(&["update"]).context("fetching lists of packages")?;
        }
        with_own_lists(&["download", name]).with_context(|| format!("fetching the package {name}"))?;
    }
    let start = format!("{name}_");
    for entry in fs::read_dir(into)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&start)) {
            return Ok(path);
        }
    }
    bail!("apt-get left no file of the package {name}")
}

fn write_starter(starter: &Path, program: &str, root: &Path) -> anyhow::Result<()> {
    let program = ["usr/bin", "usr/sbin"].map(|folder| root.join(folder).join(program));
    let program = program.iter().find(|program| program.exists()).context("no package has the program")?;
    // Debian has a folder of libraries for each architecture.
    let mut folders = Vec::new();
    for parent in ["usr/lib", "lib"].map(|folder| root.join(folder)) {
        for entry in fs::read_dir(parent).into_iter().flatten() {
            folders.push(entry?.path().display().to_string());
        }
    }
    let text =
        format!("#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n", folders.join(":"), program.display());
    fs::write(starter, text).with_context(|| format!("writing {}", starter.display()))?;
    fs::set_permissions(starter, fs::Permissions::from_mode(0o755)).context("making it a program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_from_other_dependencies() {
        let depends = "adduser, libatomic1 (>= 4.8), libc6:any (>= 2.34), liblzf1 | liblzf2, lsb-base";
        assert_eq!(libraries(depends).collect::<Vec<_>>(), ["libatomic1", "libc6", "liblzf1"]);
    }
}
