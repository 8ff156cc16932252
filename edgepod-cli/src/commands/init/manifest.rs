//! The crate's Cargo.toml: a new one, or what a crate that is there needs to become an app.

use anyhow::Result;
use edgepod_codegen::Framework;
use fs_err as fs;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use super::{
    answers::{Answers, Authentication},
    around::{Source, Workspace},
    layout::{self, Kind, Layout},
};
use crate::term;

const NEW: &str = r#"[package]
name = ""
version = "0.1.0"
edition = "2024"
publish = false
"#;

/// Quick to link, and SQLite is unbearable without optimisation. What macros depend on is built once: unless it is said, cargo gives it
/// debug information or none by what else is built, so that `cargo test` would compile all that `edgepod dev` has once more.
const PROFILES: &str = r#"
[profile.dev]
debug = "line-tables-only"

[profile.dev.build-override]
debug = "line-tables-only"

[profile.dev.package]
libsqlite3-sys = { opt-level = 2 }
"#;

pub(super) fn write(
    layout: &Layout,
    answers: &Answers,
    source: &Source,
    workspace: &Workspace,
) -> Result<()> {
    let path = layout.krate.join("Cargo.toml");
    let before = if layout.kind == Kind::Crate {
        layout::read(&path)?
    } else {
        NEW.parse()?
    };
    let mut manifest = before.clone();
    change(&mut manifest, layout, answers, source);
    let mut text = manifest.to_string();
    if layout.kind != Kind::Crate {
        match workspace {
            Workspace::None => text.push_str(PROFILES),
            Workspace::Foreign => {
                text.push_str(PROFILES);
                text.push_str(
                    "\n# A workspace of its own: the one around it has not been asked.\n[workspace]\n",
                );
            }
            // Cargo reads profiles in the workspace's Cargo.toml only.
            Workspace::Member(_) => {}
        }
    }
    fs::create_dir_all(&layout.krate)?;
    if text != before.to_string() {
        fs::write(&path, text)?;
        term::status(
            if layout.kind == Kind::Crate {
                "Changed"
            } else {
                "Wrote"
            },
            super::files::short(&path),
        );
    }
    Ok(())
}

/// Adds what is missing, and touches nothing else.
fn change(manifest: &mut DocumentMut, layout: &Layout, answers: &Answers, source: &Source) {
    if layout.kind != Kind::Crate {
        manifest["package"]["name"] = value(answers.name.as_str());
    }

    let library = manifest["lib"].or_insert(Item::Table(Table::new()));
    let kinds = library["crate-type"].or_insert(value(Array::new()));
    if let Some(kinds) = kinds.as_array_mut() {
        for kind in ["cdylib", "rlib"] {
            if !kinds.iter().any(|other| other.as_str() == Some(kind)) {
                kinds.push(kind);
            }
        }
    }

    if let Some(package) = manifest["package"].as_table_mut() {
        let mut metadata = Table::new();
        metadata.set_implicit(true);
        let metadata = package.entry("metadata").or_insert(Item::Table(metadata));
        let settings = metadata["edgepod"].or_insert(Item::Table(Table::new()));
        let (web, client) = layout.settings();
        if answers.has_page(layout) {
            settings["web"].or_insert(value(web));
        }
        settings["client"].or_insert(value(client));
        if answers.framework != Framework::React {
            settings["framework"].or_insert(value(answers.framework.as_str()));
        }
        if answers.authentication == Authentication::Local {
            settings["auth"].or_insert(value("local"));
        }
        if let Some((name, place)) = answers.residency.setting() {
            settings[name].or_insert(value(place));
        }
    }

    let dependencies = manifest["dependencies"].or_insert(Item::Table(Table::new()));
    let mut table = InlineTable::new();
    dependencies["edgepod"].or_insert(match source {
        Source::Version(version) => value(*version),
        Source::Path(path) => {
            table.insert("path", path.to_string_lossy().as_ref().into());
            value(table)
        }
        Source::Git { address, commit } => {
            table.insert("git", address.as_str().into());
            table.insert("rev", commit.as_str().into());
            value(table)
        }
    });
}
