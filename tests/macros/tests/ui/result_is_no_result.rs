#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn count(ctx: &QueryCtx) -> i64 {
    1
}

fn main() {}
