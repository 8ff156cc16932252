//! The crate's Cargo.toml: a new one, or what a crate that is there needs to become an app.

use std::path::Path;

use anyhow::Result;
use fs_err as fs;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use super::answers::{Answers, Authentication};
use super::layout::{self, Kind, Layout};
use crate::args::FrontEnd;
use crate::term;

const NEW: &str = r#"[package]
name = ""
version = "0.1.0"
edition = "2024"
publish = false
"#;

/// Quick to link, and SQLite is unbearable without optimisation.
const PROFILES: &str = r#"
[profile.dev]
debug = "line-tables-only"

[profile.dev.package]
libsqlite3-sys = { opt-level = 2 }
"#;

pub(super) fn write(layout: &Layout, answers: &Answers, checkout: Option<&Path>) -> Result<()> {
    let path = layout.krate.join("Cargo.toml");
    let before = if layout.kind == Kind::Crate {
        layout::read(&path)?
    } else {
        NEW.parse()?
    };
    let mut manifest = before.clone();
    change(&mut manifest, layout, answers, checkout);
    let mut text = manifest.to_string();
    if layout.kind != Kind::Crate {
        text.push_str(PROFILES);
        if layout.is_inside_a_workspace() {
            text.push_str(
                "\n# A workspace of its own: the one around it has not been asked.\n[workspace]\n",
            );
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
fn change(manifest: &mut DocumentMut, layout: &Layout, answers: &Answers, checkout: Option<&Path>) {
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
        if layout.kind == Kind::FrontEnd || answers.front_end == FrontEnd::React {
            settings["web"].or_insert(value(web));
        }
        settings["client"].or_insert(value(client));
        if answers.authentication == Authentication::Local {
            settings["auth"].or_insert(value("local"));
        }
        if let Some((name, place)) = answers.residency.setting() {
            settings[name].or_insert(value(place));
        }
    }

    let dependencies = manifest["dependencies"].or_insert(Item::Table(Table::new()));
    dependencies["edgepod"].or_insert(match checkout {
        Some(checkout) => {
            let mut table = InlineTable::new();
            table.insert("path", checkout.to_string_lossy().as_ref().into());
            value(table)
        }
        None => value(env!("CARGO_PKG_VERSION")),
    });
}
