#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn echo<T: Clone>(ctx: &QueryCtx, value: T) -> Result<i64> {
    Ok(1)
}

#[edgepod::query]
async unsafe fn danger(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
