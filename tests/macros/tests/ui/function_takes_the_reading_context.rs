#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::function]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
