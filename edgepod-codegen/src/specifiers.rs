//! How the files of a client name each other.
//!
//! Without an extension, as every bundler understands it and none needs to be told; but with one where TypeScript follows
//! Node.js, which asks for it (`"module": "nodenext"` and its kin).

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use jsonc_parser::ParseOptions;
use serde::Deserialize;

type Files = BTreeMap<PathBuf, String>;

/// Whether the TypeScript project that a folder is in wants extensions: what its nearest configuration says.
pub(crate) fn are_wanted(folder: &Path) -> bool {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder
        .ancestors()
        .find_map(|ancestor| {
            let configurations: Vec<String> = ["tsconfig.json", "tsconfig.app.json"]
                .into_iter()
                .filter_map(|name| fs::read_to_string(ancestor.join(name)).ok())
                .collect();
            (!configurations.is_empty())
                .then(|| configurations.iter().any(|text| follows_node(text)))
        })
        .unwrap_or(false)
}

/// Whether a configuration names one of Node.js's ways. (`"moduleResolution": "node"` alone is an older one, without.) One that
/// cannot be read, which TypeScript complains of itself, names none.
fn follows_node(configuration: &str) -> bool {
    let read = jsonc_parser::parse_to_serde_value(configuration, &ParseOptions::default());
    let Ok(Configuration {
        options: Options { module, resolution },
    }) = read
    else {
        return false;
    };
    // TypeScript takes them in capitals, too.
    let is_newer = |way: &str| way == "nodenext" || way == "node16";
    module.to_ascii_lowercase().starts_with("node") || is_newer(&resolution.to_ascii_lowercase())
}

/// What counts of a `tsconfig.json`.
#[derive(Deserialize)]
struct Configuration {
    #[serde(rename = "compilerOptions", default)]
    options: Options,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Options {
    module: String,
    #[serde(rename = "moduleResolution")]
    resolution: String,
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
        if files.contains_key(&target.with_extension("ts")) {
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
            assert_eq!(follows_node(text), wanted, "{text}");
        }
    }
}
