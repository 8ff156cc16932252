//! The house in docs/architecture.md: a block between two marks, made from the sources.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result};

use super::{
    arrows::{self, Arrows},
    rules::{ROOMS, STILL, TOOLS, crates},
};

const PAGE: &str = "docs/architecture.md";
const BEGIN: &str = "<!-- The house, drawn by `cargo xtask house`: -->\n";
const END: &str = "<!-- The end of the house. -->\n";

/// Writes the block.
pub(super) fn write(root: &Path, arrows: &Arrows) -> Result<()> {
    let page = root.join(PAGE);
    let text = fs::read_to_string(&page)?;
    let drawn = drawn(&text, &block(root, arrows)?)?;
    if drawn != text {
        fs::write(page, drawn)?;
    }
    Ok(())
}

/// Whether the page has this block.
#[cfg(test)]
pub(super) fn is_drawn(root: &Path, arrows: &Arrows) -> Result<bool> {
    let text = fs::read_to_string(root.join(PAGE))?.replace("\r\n", "\n");
    Ok(drawn(&text, &block(root, arrows)?)? == text)
}

fn drawn(page: &str, block: &str) -> Result<String> {
    let marks = || format!("{PAGE} has no place for the house: {BEGIN}{END}");
    let (before, rest) = page.split_once(BEGIN).with_context(marks)?;
    let (_, after) = rest.split_once(END).with_context(marks)?;
    Ok(format!("{before}{BEGIN}{block}{END}{after}"))
}

/// Two tables: the crates, and the runtime's rooms from the top down.
fn block(root: &Path, arrows: &Arrows) -> Result<String> {
    let mut block = String::from("\n| crate | what it is | uses |\n|---|---|---|\n");
    for (name, uses) in crates(root)? {
        let file = root.join(&name).join("Cargo.toml");
        let manifest: toml::Table = fs::read_to_string(&file)?.parse()?;
        let about = manifest["package"]["description"]
            .as_str()
            .unwrap_or_default();
        let shown = if name == "." { "edgepod" } else { &name };
        writeln!(block, "| `{shown}` | {about} | {} |", list(uses.iter()))?;
    }
    block += "\n| room of `edgepod-runtime/src` | what it is | uses |\n|---|---|---|\n";
    for (room, _) in ROOMS.iter().rev() {
        let uses = arrows
            .keys()
            .filter(|arrow| arrow.from == *room && !TOOLS.contains(&arrow.to.as_str()))
            .map(|arrow| &arrow.to);
        writeln!(
            block,
            "| `{room}` | {} | {} |",
            about(root, room)?,
            list(uses)
        )?;
    }
    writeln!(
        block,
        "\nNo rooms, and used by all of them: `{}`.",
        TOOLS.join("`, `")
    )?;
    for (from, to, reason) in STILL {
        writeln!(block, "\nStill wrong: {from} → {to}, {reason}.")?;
    }
    block.push('\n');
    Ok(block)
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    match names.is_empty() {
        true => "–".to_owned(),
        false => names.join(", "),
    }
}

/// The first sentence that a room says of itself, on its first line.
fn about(root: &Path, room: &str) -> Result<String> {
    let folder = arrows::sources(root).join(room);
    let mut file = folder.join("mod.rs");
    if !file.is_file() {
        file = folder.with_extension("rs");
    }
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let docs: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim)
        .collect();
    let docs = docs.join(" ");
    let sentence = docs
        .split_once(". ")
        .map_or(docs.as_str(), |(first, _)| first);
    Ok(sentence.trim_end_matches(['.', ':']).to_owned())
}
