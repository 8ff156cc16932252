#![allow(unused)]

use edgepod::prelude::*;

struct Context;

#[edgepod::query]
async fn count(ctx: &Context) -> Result<i64> {
    Ok(1)
}

fn main() {}
