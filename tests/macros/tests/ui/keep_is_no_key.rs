#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::function(keep = false)]
async fn rename(ctx: &Ctx, id: i64) -> Result<()> {
    Ok(())
}

#[edgepod::query(keep = "never")]
async fn count(ctx: &QueryCtx) -> Result<u64> {
    Ok(0)
}

fn main() {}
