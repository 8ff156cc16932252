//! workerd's configuration, in the text form of Cap'n Proto.

use std::{
    fmt::{self, Display, Formatter},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use walkdir::WalkDir;

/// The behaviour that the generated Workers are written for and tested with. The workerd of the wrangler that is installed where
/// there is none must know it, too: it refuses later ones than 2026-05-03.
pub(crate) const COMPATIBILITY_DATE: &str = "2026-05-01";

const MAIN: &str = "entry.mjs";
const CLASS: &str = "EdgePodEngine";
const BINDING: &str = "EDGEPOD_DO";

pub(super) struct Config {
    /// In the order of the configuration: the main one first.
    pub modules: Vec<Module>,
    pub compatibility_date: String,
    /// Names only; the values come from the environment, so that secrets are in no file.
    pub vars: Vec<String>,
    /// Names and values as JSON.
    pub json: Vec<(String, String)>,
    /// Names by which the Worker calls itself.
    pub own: Vec<String>,
    pub storage: PathBuf,
    pub address: SocketAddr,
    pub v8_flags: Vec<String>,
}

pub(super) struct Module {
    /// Relative to the folder, with slashes: what `import` resolves against.
    name: String,
    kind: &'static str,
}

/// The modules in `folder`.
pub(super) fn modules(folder: &Path) -> Result<Vec<Module>> {
    let mut modules = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        let kind = match entry
            .path()
            .extension()
            .and_then(|extension| extension.to_str())
        {
            Some("js" | "mjs") => "esModule",
            Some("wasm") => "wasm",
            _ => continue,
        };
        let relative = entry.path().strip_prefix(folder)?;
        let name = relative
            .to_str()
            .with_context(|| format!("the name of {} is not Unicode", entry.path().display()))?;
        modules.push(Module {
            name: name.replace('\\', "/"),
            kind,
        });
    }
    let Some(main) = modules.iter().position(|module| module.name == MAIN) else {
        bail!(
            "there is no {MAIN} in {}: build the Worker first",
            folder.display()
        );
    };
    modules[..=main].rotate_right(1);
    Ok(modules)
}

/// [`COMPATIBILITY_DATE`], or the day of the workerd that calls itself `version` when that is older: it refuses later ones.
pub(super) fn compatibility_date(version: &str) -> String {
    let built = version.rsplit(' ').next().unwrap_or_default();
    let is_date = built.len() == COMPATIBILITY_DATE.len() && built.starts_with("20");
    // Days in this form sort like text.
    if is_date && built < COMPATIBILITY_DATE {
        built.to_owned()
    } else {
        COMPATIBILITY_DATE.to_owned()
    }
}

/// The port in workerd's message that it listens, if `line` is that message.
pub(super) fn listening_port(line: &str) -> Option<u16> {
    #[derive(Deserialize)]
    struct Listening {
        event: String,
        port: u16,
    }
    let message: Listening = serde_json::from_str(line).ok()?;
    (message.event == "listen").then_some(message.port)
}

impl Display for Config {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let storage = Quoted(self.storage.to_string_lossy());
        let address = self.address;
        let date = Quoted(&self.compatibility_date);
        let flags: Vec<_> = self
            .v8_flags
            .iter()
            .map(|flag| Quoted(flag).to_string())
            .collect();
        let flags = flags.join(", ");
        write!(
            f,
            r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "storage", disk = (path = {storage}, writable = true)),
    # A key server or another API may well run on this machine while developing.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "{address}", http = (), service = "main")],
  v8Flags = [{flags}],
);

const worker :Workerd.Worker = (
  compatibilityDate = {date},
  durableObjectNamespaces = [(className = "{CLASS}", uniqueKey = "{CLASS}", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [
    (name = "{BINDING}", durableObjectNamespace = "{CLASS}"),
"#
        )?;
        for name in self.vars.iter().map(Quoted) {
            writeln!(f, "    (name = {name}, fromEnvironment = {name}),")?;
        }
        for (name, json) in &self.json {
            writeln!(f, "    (name = {}, json = {}),", Quoted(name), Quoted(json))?;
        }
        for name in self.own.iter().map(Quoted) {
            writeln!(f, "    (name = {name}, service = \"main\"),")?;
        }
        writeln!(f, "  ],\n  modules = [")?;
        for Module { name, kind } in &self.modules {
            let file = Quoted(format!("/{name}"));
            writeln!(f, "    (name = {}, {kind} = embed {file}),", Quoted(name))?;
        }
        writeln!(f, "  ],\n);")
    }
}

/// A text literal of Cap'n Proto.
struct Quoted<T>(T);

impl<T: AsRef<str>> Display for Quoted<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\"",
            self.0.as_ref().replace('\\', "\\\\").replace('"', "\\\"")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/wrangler.rs` serves that app by the wrangler that is installed.
    #[test]
    fn the_app_that_wrangler_serves_in_the_tests_has_the_date_that_init_writes() {
        let configuration = include_str!("../../../tests/apps/tokens/wrangler.jsonc");
        assert!(configuration.contains(&format!("\"{COMPATIBILITY_DATE}\"")));
    }

    #[test]
    fn a_workerd_older_than_the_date_gets_its_own_date() {
        assert_eq!(compatibility_date("workerd 2025-03-04"), "2025-03-04");
        assert_eq!(compatibility_date("workerd 2031-01-01"), COMPATIBILITY_DATE);
        assert_eq!(
            compatibility_date("workerd from a branch"),
            COMPATIBILITY_DATE
        );
    }

    #[test]
    fn only_the_message_of_workerd_names_the_port() {
        assert_eq!(
            listening_port(r#"{"event":"listen","socket":"http","port":36621}"#),
            Some(36621)
        );
        assert_eq!(listening_port("hello"), None);
        assert_eq!(listening_port(r#"{"event":"other","port":1}"#), None);
    }

    #[test]
    fn the_main_module_comes_first_and_other_files_are_no_modules() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "core.js",
            "core_bg.wasm",
            "entry.mjs",
            "package.json",
            "snippets/a/inline0.js",
        ] {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let names: Vec<_> = modules(folder.path())
            .unwrap()
            .into_iter()
            .map(|module| module.name)
            .collect();
        assert_eq!(
            names,
            [
                "entry.mjs",
                "core.js",
                "core_bg.wasm",
                "snippets/a/inline0.js"
            ]
        );
    }

    #[test]
    fn a_quote_in_a_path_cannot_end_the_literal() {
        assert_eq!(Quoted(r#"a"b\c"#).to_string(), r#""a\"b\\c""#);
    }
}
