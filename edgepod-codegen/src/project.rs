//! The TypeScript project around a client's folder, and what it asks of the files.
//!
//! The files name each other without an extension, as every bundler understands it and none needs to be told; but with one where
//! TypeScript follows Node.js, which asks for it (`"module": "nodenext"` and its kin). And what a project emits declarations of
//! has no declarations of its own among its sources: TypeScript would not copy them to where it emits.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use jsonc_parser::ParseOptions;
use serde::Deserialize;

type Files = BTreeMap<PathBuf, String>;

/// What a TypeScript project asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Project {
    /// That files name each other with their extensions.
    pub(crate) extensions: bool,
    /// That TypeScript emits declarations of what is there.
    pub(crate) declarations: bool,
}

impl Project {
    /// The one that a folder is in: what its nearest configuration says, with those that it extends.
    pub(crate) fn around(folder: &Path) -> Self {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let nearest = folder.ancestors().find_map(|ancestor| {
            let projects: Vec<Self> = ["tsconfig.json", "tsconfig.app.json"]
                .into_iter()
                .map(|name| ancestor.join(name))
                .filter(|file| file.is_file())
                .map(|file| Self::of(&Options::read(&file, EXTENDS)))
                .collect();
            (!projects.is_empty()).then_some(projects)
        });
        nearest
            .into_iter()
            .flatten()
            .fold(Self::default(), |one, other| Self {
                extensions: one.extensions || other.extensions,
                declarations: one.declarations || other.declarations,
            })
    }

    fn of(options: &Options) -> Self {
        // TypeScript takes them in capitals, too. (`"moduleResolution": "node"` alone is an older way, without extensions.)
        let lower =
            |text: &Option<String>| text.as_deref().unwrap_or_default().to_ascii_lowercase();
        let is_newer = |way: &str| way == "nodenext" || way == "node16";
        let is = |option: Option<bool>| option == Some(true);
        Self {
            extensions: lower(&options.module).starts_with("node")
                || is_newer(&lower(&options.resolution)),
            // A composite project emits them unless it says that it does not.
            declarations: !is(options.no_emit)
                && options.declaration.or(options.composite) == Some(true),
        }
    }
}

/// How many configurations may extend each other, one after the other, before it is taken for a circle.
const EXTENDS: usize = 16;

/// What counts of a `tsconfig.json`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Configuration {
    #[serde(rename = "compilerOptions")]
    options: Options,
    extends: Extends,
}

/// One, or several of which the later ones count.
#[derive(Deserialize)]
#[serde(untagged)]
enum Extends {
    One(String),
    Several(Vec<String>),
}

impl Default for Extends {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    module: Option<String>,
    #[serde(rename = "moduleResolution")]
    resolution: Option<String>,
    declaration: Option<bool>,
    composite: Option<bool>,
    no_emit: Option<bool>,
}

impl Options {
    /// What a file says. One that cannot be read, which TypeScript complains of itself, says nothing.
    fn read(file: &Path, extends: usize) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        let read = jsonc_parser::parse_to_serde_value(&text, &ParseOptions::default());
        let Ok(Configuration {
            options,
            extends: others,
        }) = read
        else {
            return Self::default();
        };
        let others = match others {
            Extends::One(other) => vec![other],
            Extends::Several(others) => others,
        };
        let Some(extends) = extends.checked_sub(1) else {
            return options;
        };
        // Those of packages are about how strict TypeScript is; the project's own are paths.
        let others = others
            .iter()
            .rev()
            .filter(|other| other.starts_with('.') || Path::new(other).is_absolute());
        others.fold(options, |options, other| {
            let other = file.with_file_name("").join(other);
            let with_extension = other.with_added_extension("json");
            let other = if other.is_file() {
                other
            } else {
                with_extension
            };
            options.or(Self::read(&other, extends))
        })
    }

    fn or(self, other: Self) -> Self {
        Self {
            module: self.module.or(other.module),
            resolution: self.resolution.or(other.resolution),
            declaration: self.declaration.or(other.declaration),
            composite: self.composite.or(other.composite),
            no_emit: self.no_emit.or(other.no_emit),
        }
    }
}

/// The same files, naming each other with their extensions.
pub(crate) fn with_extensions(files: &Files) -> Files {
    files
        .iter()
        .map(|(path, contents)| (path.clone(), in_file(files, path, contents)))
        .collect()
}

fn in_file(files: &Files, path: &Path, contents: &str) -> String {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut out = String::new();
    let mut rest = contents;
    // After `from` or `import(`, and nowhere else: examples in comments are not this client's files.
    while let Some(at) = ["from \"./", "from \"../", "import(\"./", "import(\"../"]
        .iter()
        .filter_map(|mark| {
            rest.find(mark)
                .map(|at| at + mark.find('"').unwrap_or(0) + 1)
        })
        .min()
    {
        let (before, from) = rest.split_at(at);
        let (module, after) = from.split_at(from.find('"').unwrap_or(from.len()));
        out.push_str(before);
        out.push_str(module);
        let target = normal(&folder.join(module));
        let is_there = |extension| files.contains_key(&target.with_extension(extension));
        if is_there("ts") || is_there("d.ts") {
            out.push_str(".js");
        } else if files.contains_key(&target.join("index.ts")) {
            out.push_str("/index.js");
        }
        rest = after;
    }
    out + rest
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(files: &[(&str, &str)]) -> Project {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("it is made");
            fs::write(file, text).expect("a file");
        }
        Project::around(&folder.path().join("web/src/edgepod"))
    }

    fn of(configuration: &str) -> Project {
        around(&[("web/tsconfig.json", configuration)])
    }

    #[test]
    fn only_nodes_own_ways_want_extensions() {
        for (text, wanted) in [
            (r#"{"compilerOptions": {"module": "NodeNext"}}"#, true),
            (r#"{"compilerOptions": {"module": "node20"}}"#, true),
            (
                r#"{"compilerOptions": {"moduleResolution" : "node16"}}"#,
                true,
            ),
            (
                r#"{"compilerOptions": {"module": "esnext", "moduleResolution": "node"}}"#,
                false,
            ),
            (
                "{\"compilerOptions\": {\n// \"module\": \"nodenext\",\n\"module\": \"preserve\"}}",
                false,
            ),
            (
                "{\"compilerOptions\": { /* \"module\": \"nodenext\" */ \"module\": \"node18\", }, }",
                true,
            ),
            (
                r#"{"$comment": "write \"module\": \"nodenext\" here"}"#,
                false,
            ),
            ("{}", false),
            ("", false),
            ("{\"compilerOptions\": ", false),
        ] {
            assert_eq!(of(text).extensions, wanted, "{text}");
        }
    }

    #[test]
    fn what_emits_declarations_is_told_from_what_does_not() {
        for (options, wanted) in [
            ("", false),
            (r#""declaration": true"#, true),
            (r#""declaration": true, "noEmit": true"#, false),
            (r#""composite": true"#, true),
            (r#""composite": true, "declaration": false"#, false),
            (r#""declaration": false"#, false),
        ] {
            let text = format!(r#"{{"compilerOptions": {{{options}}}}}"#);
            assert_eq!(of(&text).declarations, wanted, "{text}");
        }
    }

    #[test]
    fn what_a_configuration_extends_counts_where_it_says_nothing_itself() {
        let base = r#"{"compilerOptions": {"module": "nodenext", "composite": true}}"#;
        for (own, expected) in [
            (r#"{"extends": "../base.json"}"#, (true, true)),
            (r#"{"extends": "../base"}"#, (true, true)),
            (r#"{"extends": ["../base", "../other"]}"#, (false, true)),
            (
                r#"{"extends": "../base", "compilerOptions": {"module": "esnext", "noEmit": true}}"#,
                (false, false),
            ),
            (r#"{"extends": "../nowhere"}"#, (false, false)),
            (r#"{"extends": "@tsconfig/node20"}"#, (false, false)),
            (
                r#"{"extends": "./tsconfig.json", "compilerOptions": {"module": "node18"}}"#,
                (true, false),
            ),
        ] {
            let project = around(&[
                ("base.json", base),
                ("other.json", r#"{"compilerOptions": {"module": "esnext"}}"#),
                ("web/tsconfig.json", own),
            ]);
            assert_eq!(
                (project.extensions, project.declarations),
                expected,
                "{own}"
            );
        }
    }
}
