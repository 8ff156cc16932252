#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn search(ctx: &QueryCtx, until: Vec<std::time::Instant>) -> Result<i64> {
    Ok(1)
}

fn main() {}
