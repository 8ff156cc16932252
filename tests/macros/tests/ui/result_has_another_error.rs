#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn count(ctx: &QueryCtx) -> Result<i64, String> {
    Err("no".to_owned())
}

fn main() {}
