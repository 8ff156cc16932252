#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::error]
enum Wrong {
    #[error(404, "No.")]
    Nothing,
}

#[edgepod::query]
fn parses(ctx: &QueryCtx, text: String) -> Result<i64, Wrong> {
    Ok(text.parse()?)
}

#[edgepod::error]
enum Outer {
    #[error(transparent)]
    Inner(#[from] std::fmt::Error),
    #[error(transparent)]
    Other(#[from] std::num::ParseIntError),
}

fn main() {}
