#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
fn count(ctx: &QueryCtx) -> impl Future<Output = Result<i64>> {
    async { Ok(1) }
}

fn main() {}
