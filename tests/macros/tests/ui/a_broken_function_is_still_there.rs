#![allow(unused)]

use edgepod::prelude::*;

/// One message, for the wrong context; nothing about callers or the type of the result.
#[edgepod::query]
pub async fn count(ctx: &Ctx) -> Result<i64> {
    Ok(1)
}

#[edgepod::function]
async fn double(ctx: &Ctx) -> Result<i64> {
    Ok(2 * count(ctx).await?)
}

fn main() {}
