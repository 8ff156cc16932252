//! What the app's wrangler configuration gives the Worker, as far as it is there on a developer's machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::env::Vars;

/// wrangler's configuration, by the names that it looks for.
pub(crate) const CONFIGURATIONS: [&str; 3] = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"];

/// The configuration of the app in `folder`, if there is one.
pub(crate) fn find(folder: &Path) -> Option<PathBuf> {
    CONFIGURATIONS
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

/// The bindings of a Worker beside its Durable Object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bindings {
    /// `vars` that are texts: on every host.
    pub texts: Vars,
    /// `vars` that are other JSON: on Workers.
    pub json: BTreeMap<String, Value>,
    /// `services` that are this Worker itself, by their binding: on Workers.
    pub own: Vec<String>,
    /// What is not there in `edgepod dev`: the binding and its kind.
    pub absent: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Configuration {
    name: Option<String>,
    #[serde(default)]
    vars: BTreeMap<String, Value>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct Service {
    binding: String,
    service: String,
}

impl Bindings {
    /// Those of the app in `folder`; none without a wrangler configuration.
    ///
    /// # Errors
    /// When the configuration is not understood.
    pub fn of_app(folder: &Path) -> Result<Self> {
        let Some(path) = find(folder) else {
            return Ok(Self::default());
        };
        let text = fs::read_to_string(&path)?;
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        Self::parse(&text, is_toml).with_context(|| format!("{} is not understood", path.display()))
    }

    fn parse(text: &str, is_toml: bool) -> Result<Self> {
        let configuration: Configuration = if is_toml {
            toml_edit::de::from_str(text)?
        } else {
            jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default())?
        };
        let mut bindings = Self::default();
        for (name, value) in configuration.vars {
            match value {
                Value::String(text) => drop(bindings.texts.insert(name, text)),
                value => drop(bindings.json.insert(name, value)),
            }
        }
        for Service { binding, service } in configuration.services {
            if Some(service) == configuration.name {
                bindings.own.push(binding);
            } else {
                bindings.absent.push((binding, "services".to_owned()));
            }
        }
        for (kind, value) in configuration.others {
            let named = |value: &Value| Some(value.get("binding")?.as_str()?.to_owned());
            let found: Vec<String> = match &value {
                // `kv_namespaces`, `r2_buckets`, `d1_databases` and their like.
                Value::Array(list) => list.iter().filter_map(named).collect(),
                // `ai` and its like; `queues` has a list within.
                Value::Object(members) => members
                    .get("producers")
                    .and_then(Value::as_array)
                    .map(|list| list.iter().filter_map(named).collect())
                    .unwrap_or_else(|| named(&value).into_iter().collect()),
                _ => Vec::new(),
            };
            let found = found.into_iter().map(|binding| (binding, kind.clone()));
            bindings.absent.extend(found);
        }
        Ok(bindings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_configuration_binds_is_told_apart() {
        let jsonc = r#"{
            // A comment, and a comma too many.
            "name": "shop",
            "main": "entry.mjs",
            "vars": { "GREETING": "hello", "LIMITS": { "notes": 3 }, "DEBUG": true },
            "services": [{ "binding": "SELF", "service": "shop" }, { "binding": "MAIL", "service": "mail" }],
            "kv_namespaces": [{ "binding": "CACHE", "id": "0f" }],
            "queues": { "producers": [{ "binding": "JOBS", "queue": "jobs" }] },
            "ai": { "binding": "AI" },
            "durable_objects": { "bindings": [{ "name": "EDGEPOD_DO", "class_name": "EdgePodEngine" }] },
            "migrations": [{ "tag": "v1" }],
        }"#;
        let toml = r#"
            name = "shop"
            [vars]
            GREETING = "hello"
            DEBUG = true
            LIMITS = { notes = 3 }
            [[services]]
            binding = "SELF"
            service = "shop"
            [[services]]
            binding = "MAIL"
            service = "mail"
            [[kv_namespaces]]
            binding = "CACHE"
            id = "0f"
            [[queues.producers]]
            binding = "JOBS"
            queue = "jobs"
            [ai]
            binding = "AI"
        "#;
        for bindings in [Bindings::parse(jsonc, false), Bindings::parse(toml, true)] {
            let mut bindings = bindings.unwrap();
            assert_eq!(bindings.texts["GREETING"], "hello");
            assert_eq!(bindings.texts.len(), 1);
            assert_eq!(bindings.json["LIMITS"], serde_json::json!({"notes": 3}));
            assert_eq!(bindings.json["DEBUG"], true);
            assert_eq!(bindings.own, ["SELF"]);
            bindings.absent.sort();
            let absent = [
                ("AI", "ai"),
                ("CACHE", "kv_namespaces"),
                ("JOBS", "queues"),
                ("MAIL", "services"),
            ];
            assert_eq!(
                bindings.absent,
                absent.map(|(binding, kind)| (binding.to_owned(), kind.to_owned()))
            );
        }
    }

    #[test]
    fn a_configuration_that_is_broken_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            Bindings::of_app(folder.path()).unwrap(),
            Bindings::default()
        );
        fs::write(folder.path().join("wrangler.jsonc"), "{ \"vars\": ").unwrap();
        let error = Bindings::of_app(folder.path()).unwrap_err();
        assert!(error.to_string().contains("wrangler.jsonc"), "{error:#}");
    }
}
