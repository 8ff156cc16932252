#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn search(ctx: &QueryCtx, name: impl Into<String>) -> Result<i64> {
    Ok(1)
}

fn main() {}
