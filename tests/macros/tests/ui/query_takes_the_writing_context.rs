#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn count(ctx: &Ctx) -> Result<i64> {
    Ok(1)
}

fn main() {}
