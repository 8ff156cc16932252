#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query(cached = true, names = "count")]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
