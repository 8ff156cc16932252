#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn search(ctx: &QueryCtx, name: &str, ids: &[i64], tags: Vec<&str>) -> Result<i64> {
    Ok(1)
}

fn main() {}
