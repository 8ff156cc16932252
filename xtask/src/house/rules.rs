//! Which arrows may be.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};

use super::arrows::{Arrow, Arrows};

/// The rooms of the runtime, from the ground up, and what each stands on. It may use what those stand on, too.
pub(super) const ROOMS: [(&str, &[&str]); 12] = [
    ("sqlite", &[]),
    ("schema", &["sqlite"]),
    ("tracking", &["sqlite"]),
    ("db", &["schema", "tracking"]),
    ("types", &["db"]),
    ("migrations", &["schema", "tracking"]),
    ("auth", &[]),
    ("engine", &["db", "migrations", "auth", "types"]),
    ("gateway", &["engine"]),
    ("manifest", &["engine"]),
    ("host", &["gateway", "engine", "manifest", "platform"]),
    // What the rooms' own tests run on.
    ("testing", &["host"]),
];

/// What is no room: every room may use it. `testing` is there in tests only, and is the one thing of theirs that names a host.
pub(super) const TOOLS: [&str; 7] = [
    "error", "integers", "linked", "planted", "strict", "testing", "thin",
];

/// Arrows that are wrong and still there, each with the reason. This list only shrinks.
pub(super) const STILL: &[(&str, &str, &str)] = &[(
    "linked",
    "platform",
    "an import is what the linker leaves out of a module, and only wasm-bindgen makes one",
)];

/// A crate, which of the others it may depend on, and which its tests may besides.
type Crate = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// The crates that users have.
const CRATES: [Crate; 7] = [
    ("edgepod-sql", &[], &[]),
    ("edgepod-manifest", &[], &[]),
    (
        "edgepod-macros",
        &["edgepod-manifest", "edgepod-sql"],
        // Nothing: cargo would compile it for the compiler, beside the same for apps. See tests/macros.
        &[],
    ),
    (
        "edgepod-runtime",
        &["edgepod-manifest", "edgepod-sql"],
        &["edgepod-samples"],
    ),
    (
        "edgepod-codegen",
        &["edgepod-manifest"],
        // The apps whose clients are compared.
        &["edgepod", "edgepod-runtime", "edgepod-samples"],
    ),
    (
        "edgepod-cli",
        &[
            "edgepod-codegen",
            "edgepod-manifest",
            "edgepod-runtime",
            "edgepod-sql",
        ],
        &["edgepod-samples"],
    ),
    (".", &["edgepod-macros", "edgepod-runtime"], &[]),
];

/// The crates around them, which nothing above depends on but for `edgepod-samples` in tests.
const AROUND: [Crate; 6] = [
    ("tests/samples", &["edgepod-runtime"], &[]),
    ("tests", &["edgepod-samples"], &["edgepod-runtime"]),
    (
        "tests/macros",
        &[],
        &["edgepod", "edgepod-runtime", "edgepod-samples"],
    ),
    ("bench", &["edgepod-cli"], &[]),
    (
        "fuzz",
        &[
            "edgepod",
            "edgepod-cli",
            "edgepod-runtime",
            "edgepod-samples",
            "edgepod-sql",
        ],
        &[],
    ),
    ("xtask", &[], &[]),
];

/// Whether a room may use another.
fn allowed(arrow: &Arrow) -> bool {
    TOOLS.contains(&arrow.to.as_str()) || stands_on(&arrow.from, &arrow.to)
}

fn stands_on(room: &str, other: &str) -> bool {
    let ground = ROOMS.iter().find(|(name, _)| *name == room);
    ground.is_some_and(|(_, ground)| {
        ground
            .iter()
            .any(|below| *below == other || stands_on(below, other))
    })
}

/// Says of each arrow that may not be where it is, and of each that is listed as still there that it is gone.
pub(super) fn wrong(arrows: &Arrows) -> Vec<String> {
    let is_listed = |arrow: &Arrow| {
        STILL
            .iter()
            .any(|(from, to, _)| *from == arrow.from && *to == arrow.to)
    };
    let mut messages: Vec<String> = arrows
        .iter()
        .filter(|(arrow, _)| !allowed(arrow) && !is_listed(arrow))
        .map(|(arrow, places)| {
            format!(
                "{arrow} is no arrow of the design: turn it around, or move what both need below them. {}",
                places.join(", ")
            )
        })
        .collect();
    for (from, to, _) in STILL {
        let arrow = Arrow {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        };
        if !arrows.contains_key(&arrow) {
            messages.push(format!("{arrow} is gone: remove it from the list STILL"));
        }
    }
    messages
}

/// Says of each dependency between crates that may not be that it is there.
pub(super) fn wrong_crates(root: &Path) -> Result<Vec<String>> {
    let mut messages = Vec::new();
    for (name, allowed, in_tests) in CRATES.into_iter().chain(AROUND) {
        let both: Vec<&str> = allowed.iter().chain(in_tests).copied().collect();
        for (table, allowed) in [
            ("dependencies", allowed),
            ("build-dependencies", allowed),
            ("dev-dependencies", &both[..]),
        ] {
            for dependency in dependencies(root, name, table)? {
                if !allowed.contains(&dependency.as_str()) {
                    messages.push(format!(
                        "{name} depends on {dependency} ({table}), which is no arrow of the design"
                    ));
                }
            }
        }
    }
    Ok(messages)
}

/// The crates that users have, and those of them that they depend on.
pub(super) fn crates(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    CRATES
        .into_iter()
        .map(|(name, ..)| Ok((name.to_owned(), dependencies(root, name, "dependencies")?)))
        .collect()
}

/// The workspace's crates in a table of a crate's manifest, whichever target it is for.
fn dependencies(root: &Path, name: &str, table: &str) -> Result<Vec<String>> {
    let file = root.join(name).join("Cargo.toml");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let manifest: toml::Table = text.parse()?;
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let of_targets = targets.into_iter().flat_map(toml::Table::values);
    let tables = [manifest.get(table)]
        .into_iter()
        .chain(of_targets.map(|target| target.get(table)));
    Ok(tables
        .flatten()
        .filter_map(toml::Value::as_table)
        .flat_map(toml::Table::keys)
        .filter(|name| name.starts_with("edgepod"))
        .cloned()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_may_use_what_it_stands_on_and_nothing_above_it() {
        let arrow = |from: &str, to: &str| Arrow {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        for (from, to) in [
            ("db", "sqlite"),
            ("host", "db"),
            ("engine", "auth"),
            ("sqlite", "error"),
        ] {
            assert!(allowed(&arrow(from, to)), "{from} {to}");
        }
        for (from, to) in [
            ("sqlite", "db"),
            ("db", "host"),
            ("auth", "engine"),
            ("tracking", "schema"),
            ("unknown", "db"),
        ] {
            assert!(!allowed(&arrow(from, to)), "{from} {to}");
        }
    }
}
