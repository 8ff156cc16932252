//! The house as it is: which room of the runtime uses which, read from its sources, and held to the arrows that may be.

mod arrows;
mod draw;
mod imports;
mod rules;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::workspace;

/// Options of `cargo xtask house`.
#[derive(Args)]
pub(crate) struct Options {
    /// List every place that makes an arrow
    #[arg(long)]
    places: bool,
}

/// Draws the house into docs/architecture.md, and says which arrows are wrong.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let root = workspace::root();
    let arrows = arrows::of_runtime(&root)?;
    draw::write(&root, &arrows)?;
    if options.places {
        for (arrow, places) in &arrows {
            println!("{arrow}");
            for place in places {
                println!("    {place}");
            }
        }
    }
    let mut wrong = rules::wrong(&arrows);
    wrong.extend(rules::wrong_crates(&root)?);
    wrong.extend(second_imports(&root)?);
    for message in &wrong {
        eprintln!("{message}");
    }
    Ok(match wrong.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Says of each import that it belongs into the one before it.
fn second_imports(root: &std::path::Path) -> Result<Vec<String>> {
    let places = imports::repeated(root)?;
    let say = |place| format!("{place} imports from a crate again: one `use` has all of its paths");
    Ok(places.into_iter().map(say).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_has_one_use() {
        let wrong = second_imports(&workspace::root()).unwrap();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn no_room_uses_one_that_it_may_not() {
        let arrows = arrows::of_runtime(&workspace::root()).unwrap();
        assert!(arrows.len() > 10, "{} arrows were found", arrows.len());
        let wrong = rules::wrong(&arrows);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_crates_depend_on_each_other_as_the_design_says() {
        let wrong = rules::wrong_crates(&workspace::root()).unwrap();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_house_in_the_docs_is_the_house_that_stands() {
        let root = workspace::root();
        let arrows = arrows::of_runtime(&root).unwrap();
        assert!(
            draw::is_drawn(&root, &arrows).unwrap(),
            "docs/architecture.md shows another house than the sources: run `cargo xtask house`"
        );
    }
}
