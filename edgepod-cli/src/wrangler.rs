//! The app's wrangler configuration, read as wrangler reads it: what it gives the Worker, and whether it gives it its database.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
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

/// What an environment does not inherit from the configuration around it.
const NOT_INHERITED: [&str; 32] = [
    "ai",
    "ai_search_namespaces",
    "analytics_engine_datasets",
    "browser",
    "cloudchamber",
    "containers",
    "d1_databases",
    "define",
    "dispatch_namespaces",
    "durable_objects",
    "hyperdrive",
    "images",
    "kv_namespaces",
    "media",
    "mtls_certificates",
    "pipelines",
    "queues",
    "r2_buckets",
    "ratelimits",
    "secrets",
    "secrets_store_secrets",
    "send_email",
    "services",
    "streaming_tail_consumers",
    "tail_consumers",
    "unsafe",
    "vars",
    "vectorize",
    "version_metadata",
    "vpc_services",
    "worker_loaders",
    "workflows",
];

/// The binding and the class of the Durable Object that holds the database.
const BINDING: &str = "EDGEPOD_DO";
const CLASS: &str = "EdgePodEngine";

/// The kind of a Durable Object among `exports`, and what stands there for the class.
const OBJECT: &str = "durable-object";
const EXPORT: &str = r#"{ "type": "durable-object", "storage": "sqlite" }"#;

/// A wrangler configuration as it counts for one environment.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Its file.
    pub path: PathBuf,
    members: Map<String, Value>,
}

impl Configuration {
    /// That of the app in `folder` for the environment of this name; `None` without a configuration.
    ///
    /// # Errors
    /// When it is not understood, or has no such environment.
    pub fn of_app(folder: &Path, environment: Option<&str>) -> Result<Option<Self>> {
        let Some(path) = find(folder) else {
            return Ok(None);
        };
        let text = fs::read_to_string(&path)?;
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        let members = parse(&text, is_toml)
            .and_then(|members| of_environment(members, environment))
            .with_context(|| format!("{} is not understood", path.display()))?;
        Ok(Some(Self { path, members }))
    }

    /// All of it, environments included.
    ///
    /// # Errors
    /// When the file is not understood any more.
    pub fn whole(&self) -> Result<Map<String, Value>> {
        let is_toml = self.path.extension().is_some_and(|it| it == "toml");
        parse(&fs::read_to_string(&self.path)?, is_toml)
            .with_context(|| format!("{} is not understood", self.path.display()))
    }

    /// What it lacks for the Worker to have its database: each a sentence with what is to be added.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if !self.has_binding() {
            missing.push(format!(
                "it does not bind the object that holds the database: add \"durable_objects\": {{ \"bindings\": [{{ \"name\": \
                 \"{BINDING}\", \"class_name\": \"{CLASS}\" }}] }}"
            ));
        }
        missing.extend(self.unregistered());
        missing
    }

    /// Why the class that holds the database is not registered, with SQLite, as wrangler takes it.
    fn unregistered(&self) -> Option<String> {
        if self.has_migrations() && self.exports_objects() {
            return Some(
                "it has both \"migrations\" and \"exports\", and wrangler takes one of them: keep the one that is deployed"
                    .to_owned(),
            );
        }
        if self.is_migrated("new_sqlite_classes") || self.is_exported() {
            return None;
        }
        Some(if self.is_migrated("new_classes") {
            format!(
                "it registers the class that holds the database without SQLite: name \"{CLASS}\" in \"new_sqlite_classes\" and not in \
                 \"new_classes\". Where it is deployed as it is, a class cannot gain SQLite: name it in \"deleted_classes\", \
                 deploy, and register it in a step after that"
            )
        } else if self.export().is_some() {
            format!(
                "its \"exports\" do not have the class that holds the database alive and with SQLite: there, \"{CLASS}\" is {EXPORT}"
            )
        } else {
            format!(
                "it does not register the class that holds the database, with SQLite: add \"migrations\": [{{ \"tag\": \"v1\", \
                 \"new_sqlite_classes\": [\"{CLASS}\"] }}], or, where there is \"exports\" already, \"{CLASS}\": {EXPORT} in it"
            )
        })
    }

    fn has_migrations(&self) -> bool {
        let steps = self.members.get("migrations").and_then(Value::as_array);
        steps.is_some_and(|steps| !steps.is_empty())
    }

    /// Whether `exports` declare a Durable Object of any class: other kinds go together with `migrations`.
    fn exports_objects(&self) -> bool {
        let exports = self.members.get("exports").and_then(Value::as_object);
        exports.is_some_and(|it| it.values().any(|export| export["type"] == OBJECT))
    }

    fn has_binding(&self) -> bool {
        let bindings = self
            .members
            .get("durable_objects")
            .map(|it| &it["bindings"]);
        let bindings = bindings.and_then(Value::as_array).into_iter().flatten();
        bindings.into_iter().any(|binding| {
            binding["name"] == BINDING
                && binding["class_name"] == CLASS
                && binding.get("script_name").is_none()
        })
    }

    /// Whether the class is there after all `migrations`, of those that came by lists of this name.
    fn is_migrated(&self, new: &str) -> bool {
        let steps = self.members.get("migrations").and_then(Value::as_array);
        let mut classes: Vec<&str> = Vec::new();
        for step in steps.into_iter().flatten() {
            let list = |name: &str| step[name].as_array().into_iter().flatten();
            classes.extend(list(new).filter_map(Value::as_str));
            for renamed in list("renamed_classes") {
                for class in &mut classes {
                    if renamed["from"] == **class
                        && let Some(to) = renamed["to"].as_str()
                    {
                        *class = to;
                    }
                }
            }
            for deleted in list("deleted_classes") {
                classes.retain(|class| deleted != class);
            }
        }
        classes.contains(&CLASS)
    }

    /// What `exports` say of the class.
    fn export(&self) -> Option<&Value> {
        self.members.get("exports")?.get(CLASS)
    }

    /// Whether the class is declared in `exports`, with SQLite and alive.
    fn is_exported(&self) -> bool {
        let Some(class) = self.export() else {
            return false;
        };
        let is_alive = match class.get("state").and_then(Value::as_str) {
            None => true,
            Some(state) => ["created", "expecting-transfer"].contains(&state),
        };
        class["type"] == OBJECT && class["storage"] == "sqlite" && is_alive
    }
}

fn parse(text: &str, is_toml: bool) -> Result<Map<String, Value>> {
    Ok(if is_toml {
        toml_edit::de::from_str(text)?
    } else {
        jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default())?
    })
}

/// What counts for an environment: its own members, and those around it that it inherits.
fn of_environment(
    mut members: Map<String, Value>,
    name: Option<&str>,
) -> Result<Map<String, Value>> {
    let environments = members.remove("env");
    let Some(name) = name else {
        return Ok(members);
    };
    let Some(Value::Object(own)) = environments.and_then(|mut all| Some(all.get_mut(name)?.take()))
    else {
        bail!("it has no environment `{name}` (`env.{name}`)");
    };
    if let Some(Value::String(worker)) = members.get_mut("name") {
        *worker = format!("{worker}-{name}");
    }
    members.retain(|member, _| !NOT_INHERITED.contains(&member.as_str()));
    members.extend(own);
    Ok(members)
}

/// The part of a configuration that binds.
#[derive(Deserialize)]
struct Bound {
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
        let Some(configuration) =
            Configuration::of_app(folder, crate::env::environment().as_deref())?
        else {
            return Ok(Self::default());
        };
        Self::of(configuration.members)
            .with_context(|| format!("{} is not understood", configuration.path.display()))
    }

    fn of(members: Map<String, Value>) -> Result<Self> {
        let configuration: Bound = serde_json::from_value(Value::Object(members))?;
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
        for members in [parse(jsonc, false), parse(toml, true)] {
            let mut bindings = Bindings::of(members.unwrap()).unwrap();
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

    fn missing(text: &str, is_toml: bool, environment: Option<&str>) -> Vec<String> {
        let members = parse(text, is_toml).unwrap();
        Configuration {
            path: PathBuf::new(),
            members: of_environment(members, environment).unwrap(),
        }
        .missing()
    }

    const BOUND: &str = r#""durable_objects": { "bindings": [{ "name": "EDGEPOD_DO", "class_name": "EdgePodEngine" }] }"#;

    const BOUND_TOML: &str =
        "[[durable_objects.bindings]]\nname = \"EDGEPOD_DO\"\nclass_name = \"EdgePodEngine\"\n";

    #[test]
    fn the_object_is_bound_and_its_class_registered_one_way_or_the_other() {
        for class in [
            r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }]"#,
            r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["Old"] },
                { "tag": "v2", "renamed_classes": [{ "from": "Old", "to": "EdgePodEngine" }] }]"#,
            r#""exports": { "EdgePodEngine": { "type": "durable-object", "storage": "sqlite" } }"#,
            r#""exports": { "Old": { "type": "durable-object", "state": "renamed", "renamed_to": "EdgePodEngine" },
                "EdgePodEngine": { "type": "durable-object", "state": "created", "storage": "sqlite" } }"#,
            // Exports of other kinds go together with migrations.
            r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }],
                "exports": { "default": { "type": "worker" } }"#,
            // No migrations are none.
            r#""migrations": [], "exports": { "EdgePodEngine": { "type": "durable-object", "storage": "sqlite" } }"#,
        ] {
            let text = format!("{{ {BOUND}, {class}, }}");
            assert_eq!(missing(&text, false, None), [""; 0], "{class}");
        }
        for class in [
            "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"EdgePodEngine\"]\n",
            "[exports.EdgePodEngine]\ntype = \"durable-object\"\nstorage = \"sqlite\"\n",
        ] {
            let toml = format!("{BOUND_TOML}{class}");
            assert_eq!(missing(&toml, true, None), [""; 0], "{class}");
        }
    }

    #[test]
    fn exports_are_read_in_each_file_that_wrangler_reads() {
        let json = format!(
            r#"{{ {BOUND}, "exports": {{ "EdgePodEngine": {{ "type": "durable-object", "storage": "sqlite" }} }} }}"#
        );
        let toml = format!(
            "{BOUND_TOML}[exports]\nEdgePodEngine = {{ type = \"durable-object\", storage = \"sqlite\" }}\n"
        );
        for (name, text) in [
            ("wrangler.jsonc", format!("// Ours.\n{json}")),
            ("wrangler.json", json),
            ("wrangler.toml", toml),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), &text).unwrap();
            let missing = || {
                let read = Configuration::of_app(folder.path(), None).unwrap();
                read.unwrap().missing()
            };
            assert_eq!(missing(), [""; 0], "{name}");
            // What is exported of another name is not our class.
            let other = text.replace("\"EdgePodEngine\": {", "\"Other\": {");
            let other = other.replace("EdgePodEngine = {", "Other = {");
            fs::write(folder.path().join(name), other).unwrap();
            assert_eq!(missing().len(), 1, "{name}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not_taken_for_it() {
        let (neither, kv) = ("does not register the class", "not in \"new_classes\"");
        let (dead, both) = ("\"exports\" do not have the class", "both \"migrations\"");
        for (class, words) in [
            (
                r#"/* "migrations": [{ "new_sqlite_classes": ["EdgePodEngine"] }] */ "a": 1"#,
                neither,
            ),
            (r#""exports": { "default": { "type": "worker" } }"#, neither),
            (
                r#""migrations": [{ "tag": "new_sqlite_classes", "new_sqlite_classes": ["EdgePodEngine2"] }]"#,
                neither,
            ),
            (
                r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] },
                    { "tag": "v2", "deleted_classes": ["EdgePodEngine"] }]"#,
                neither,
            ),
            (
                r#""migrations": [{ "tag": "v1", "new_classes": ["EdgePodEngine"] }]"#,
                kv,
            ),
            (
                r#""migrations": [{ "tag": "v1", "new_classes": ["Old"] },
                    { "tag": "v2", "renamed_classes": [{ "from": "Old", "to": "EdgePodEngine" }] }]"#,
                kv,
            ),
            (
                r#""exports": { "EdgePodEngine": { "type": "durable-object", "state": "deleted" } }"#,
                dead,
            ),
            (
                r#""exports": { "EdgePodEngine": { "type": "durable-object", "storage": "legacy-kv" } }"#,
                dead,
            ),
            (
                r#""exports": { "EdgePodEngine": { "type": "worker", "storage": "sqlite" } }"#,
                dead,
            ),
            (
                r#""exports": { "EdgePodEngine": { "type": "durable-object" } }"#,
                dead,
            ),
            (
                r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }],
                    "exports": { "EdgePodEngine": { "type": "durable-object", "storage": "sqlite" } }"#,
                both,
            ),
            (
                r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }],
                    "exports": { "Counter": { "type": "durable-object", "storage": "sqlite" } }"#,
                both,
            ),
        ] {
            let missing = missing(&format!("{{ {class}, {BOUND} }}"), false, None);
            assert_eq!(missing.len(), 1, "{class}");
            assert!(missing[0].contains(words), "{class}: {missing:?}");
        }
        let unbound = r#"{ "migrations": [{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }],
            "durable_objects": { "bindings": [{ "name": "EDGEPOD_DO", "class_name": "EdgePodEngine", "script_name": "other" }] } }"#;
        let missing = missing(unbound, false, None);
        assert!(
            missing.len() == 1 && missing[0].contains("\"EDGEPOD_DO\""),
            "{missing:?}"
        );
    }

    #[test]
    fn an_environment_inherits_the_class_and_not_the_binding() {
        let class = r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }]"#;
        let text = format!(
            r#"{{ "name": "shop", {BOUND}, {class}, "vars": {{ "A": "1" }}, "env": {{
            "bare": {{}}, "whole": {{ {BOUND}, "vars": {{ "A": "2" }} }} }} }}"#
        );
        assert_eq!(missing(&text, false, None), [""; 0]);
        assert_eq!(missing(&text, false, Some("bare")).len(), 1);
        assert_eq!(missing(&text, false, Some("whole")), [""; 0]);
        let of = |name| of_environment(parse(&text, false).unwrap(), name);
        assert_eq!(of(Some("whole")).unwrap()["name"], "shop-whole");
        assert_eq!(
            Bindings::of(of(Some("whole")).unwrap()).unwrap().texts["A"],
            "2"
        );
        assert!(
            Bindings::of(of(Some("bare")).unwrap())
                .unwrap()
                .texts
                .is_empty()
        );
        assert!(
            of(Some("none"))
                .unwrap_err()
                .to_string()
                .contains("env.none")
        );
    }

    #[test]
    fn an_environment_may_register_the_class_another_way() {
        let jsonc = format!(
            r#"{{ {BOUND}, "exports": {{ "EdgePodEngine": {{ "type": "durable-object", "storage": "sqlite" }} }}, "env": {{
            "inherits": {{ {BOUND} }},
            "deletes": {{ {BOUND}, "exports": {{ "EdgePodEngine": {{ "type": "durable-object", "state": "deleted" }} }} }},
            "migrates": {{ {BOUND}, "exports": {{}}, "migrations": [{{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }}] }},
            "both": {{ {BOUND}, "migrations": [{{ "tag": "v1", "new_sqlite_classes": ["EdgePodEngine"] }}] }} }} }}"#
        );
        let toml = toml_edit::ser::to_string(&parse(&jsonc, false).unwrap()).unwrap();
        for (text, is_toml) in [(&jsonc, false), (&toml, true)] {
            let missing = |name| missing(text, is_toml, name);
            assert_eq!(missing(None), [""; 0]);
            assert_eq!(missing(Some("inherits")), [""; 0]);
            assert!(missing(Some("deletes"))[0].contains("alive"));
            assert_eq!(missing(Some("migrates")), [""; 0]);
            assert!(missing(Some("both"))[0].contains("both"));
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
