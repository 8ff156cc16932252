#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn search(ctx: &QueryCtx, (a, b): (i64, i64), _: String) -> Result<i64> {
    Ok(1)
}

fn main() {}
