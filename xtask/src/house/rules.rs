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
pub(super) const TOOLS: [&str; 6] = ["error", "integers", "planted", "strict", "testing", "thin"];

/// Arrows that are wrong and still there, each with the reason. This list only shrinks.
pub(super) const STILL: &[(&str, &str, &str)] = &[];

/// The crates, and which of the others each may depend on.
const CRATES: [(&str, &[&str]); 7] = [
    ("edgepod-sql", &[]),
    ("edgepod-manifest", &[]),
    ("edgepod-macros", &["edgepod-manifest", "edgepod-sql"]),
    ("edgepod-runtime", &["edgepod-manifest", "edgepod-sql"]),
    ("edgepod-codegen", &["edgepod-manifest"]),
    (
        "edgepod-cli",
        &[
            "edgepod-codegen",
            "edgepod-manifest",
            "edgepod-runtime",
            "edgepod-sql",
        ],
    ),
    (".", &["edgepod-macros", "edgepod-runtime"]),
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

/// Says of each dependency between crates that may not be that it is there. Those of tests do not count: they build apps.
pub(super) fn wrong_crates(root: &Path) -> Result<Vec<String>> {
    let mut messages = Vec::new();
    for (name, dependencies) in crates(root)? {
        let allowed = CRATES.iter().find(|(known, _)| *known == name);
        let allowed = allowed.map_or(&[][..], |(_, allowed)| allowed);
        for dependency in dependencies {
            if !allowed.contains(&dependency.as_str()) {
                messages.push(format!(
                    "{name} depends on {dependency}, which is no arrow of the design"
                ));
            }
        }
    }
    Ok(messages)
}

/// The crates and the workspace's crates that they depend on.
pub(super) fn crates(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut found = BTreeMap::new();
    for (name, _) in CRATES {
        let file = root.join(name).join("Cargo.toml");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let manifest: toml::Table = text.parse()?;
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        let dependencies = dependencies
            .into_iter()
            .flat_map(toml::Table::keys)
            .filter(|name| name.starts_with("edgepod"))
            .cloned()
            .collect();
        found.insert(name.to_owned(), dependencies);
    }
    Ok(found)
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
