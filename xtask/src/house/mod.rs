//! The house as it is: which room of the runtime uses which, read from its sources, and held to the arrows that may be.

mod arrows;
mod draw;
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
    for message in &wrong {
        eprintln!("{message}");
    }
    Ok(match wrong.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
