//! The MCP clients that the end-to-end tests drive, the authorization server that one of them gets its tokens from, and
//! the official conformance suite, fetched from PyPI and npm into `target/clients`.

use crate::steps::{available, output, run, say};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const PYTHON_PACKAGE: &str = "mcp==2.3.0";
const TYPESCRIPT_PACKAGE: &str = "@modelcontextprotocol/sdk@1.32.2";
const TYPESCRIPT_2_PACKAGE: &str = "@modelcontextprotocol/client@2.4.0";
const INSPECTOR_PACKAGE: &str = "@modelcontextprotocol/inspector@2.12.0";
const AUTHORIZATION_SERVER_PACKAGE: &str = "oidc-provider@9.13.3";
const CONFORMANCE_PACKAGE: &str = "@modelcontextprotocol/conformance";
/// What the Inspector and the conformance suite need; many systems have an older one.
const NODE_VERSION: &str = "22.23.3";

/// Fetches the clients of every change unless they are there already.
///
/// The tests look for them at the same places: `python/bin/python`, `typescript/node_modules` and
/// `authorization-server/node_modules`.
pub(crate) fn fetch(target: &Path) -> anyhow::Result<()> {
    let folder = target.join("clients");
    fetch_once(&folder.join("python"), PYTHON_PACKAGE, python)?;
    fetch_once(&folder.join("typescript"), TYPESCRIPT_PACKAGE, npm)?;
    fetch_once(&folder.join("authorization-server"), AUTHORIZATION_SERVER_PACKAGE, npm)
}

/// Fetches those that only the deep tests drive, 300 MB of them: `typescript2/node_modules`, `inspector/node_modules`
/// and `node/bin/node`.
pub(crate) fn fetch_more(target: &Path) -> anyhow::Result<()> {
    let folder = target.join("clients");
    fetch_once(&folder.join("typescript2"), TYPESCRIPT_2_PACKAGE, npm)?;
    fetch_once(&folder.join("inspector"), INSPECTOR_PACKAGE, npm)?;
    fetch_node(&folder).map(drop)
}

/// Fetches a version of the conformance suite, and returns what runs it: Node, and the script to give it.
pub(crate) fn fetch_conformance(target: &Path, version: &str) -> anyhow::Result<[PathBuf; 2]> {
    let folder = target.join("clients");
    let suite = folder.join(format!("conformance-{version}"));
    fetch_once(&suite, &format!("{CONFORMANCE_PACKAGE}@{version}"), npm)?;
    let script = suite.join("node_modules").join(CONFORMANCE_PACKAGE).join("dist/index.js");
    Ok([fetch_node(&folder)?, script])
}

fn fetch_node(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = folder.join("node");
    fetch_once(&folder, NODE_VERSION, node)?;
    Ok(folder.join("bin/node"))
}

/// Runs `install` in an emptied folder unless a finished one has this very package.
fn fetch_once(
    folder: &Path,
    package: &str,
    install: fn(&Path, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == package) {
        say(&format!("{package} is in {}\n", folder.display()));
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    install(folder, package)?;
    fs::write(&stamp, package).with_context(|| format!("writing {}", stamp.display()))
}

fn python(folder: &Path, package: &str) -> anyhow::Result<()> {
    if !available("python3", "--version") {
        bail!("python3 is needed (3.10 or newer, with venv); install it and run again");
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let pip: PathBuf = folder.join("bin/pip");
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", package]))
}

/// Node itself, whose package for each system has the program and nothing to run.
fn node(folder: &Path, version: &str) -> anyhow::Result<()> {
    let system = output(Command::new("node").args(["-p", "`${process.platform}-${process.arch}`"]))?;
    let name = format!("node-{}", system.trim());
    npm(folder, &format!("{name}@{version}"))?;
    std::os::unix::fs::symlink(Path::new("node_modules").join(name).join("bin"), folder.join("bin"))
        .context("linking to node")
}

fn npm(folder: &Path, package: &str) -> anyhow::Result<()> {
    if !available("node", "--version") || !available("npm", "--version") {
        bail!("node (18 or newer) and npm are needed; install them and run again");
    }
    fs::write(folder.join("package.json"), r#"{"private": true, "type": "module"}"#)
        .context("writing package.json")?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", package]);
    run(npm.current_dir(folder))
}
