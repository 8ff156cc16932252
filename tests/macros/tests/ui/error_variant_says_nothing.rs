#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::error]
enum Wrong {
    NoMessage,
    #[error(not_found)]
    OnlyStatus,
    #[error("It is gone.")]
    OnlyMessage,
    #[error(teapot, "I am.")]
    UnknownStatus,
    #[error(200, "All is well.")]
    NoErrorStatus,
    #[error(404, "There is no {}.", id)]
    Positional { id: i64 },
    #[error(404, "One.")]
    #[error(404, "Two.")]
    Twice,
    #[error(transparent)]
    Nothing,
    #[error(502, "It failed.")]
    TwoFields(#[from] std::fmt::Error, i64),
}

#[edgepod::error]
enum Taken {
    #[error(404, "No.")]
    NotFound,
    #[error(404, "No.")]
    System,
    #[error(404, "No.")]
    Twofold,
    #[error(404, "No.")]
    TWOFOLD,
}

#[edgepod::error]
struct NoEnum {
    message: String,
}

#[edgepod::error]
enum Generic<T> {
    #[error(404, "{0:?}")]
    Variant(T),
}

#[edgepod::query]
fn fails(ctx: &QueryCtx) -> Result<(), Wrong> {
    Ok(())
}

fn main() {}
