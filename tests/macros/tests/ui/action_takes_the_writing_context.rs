#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::action]
async fn count(ctx: &Ctx) -> Result<i64> {
    Ok(1)
}

fn main() {}
