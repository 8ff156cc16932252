#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query(name = "a", name = "b")]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
