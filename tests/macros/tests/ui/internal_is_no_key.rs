#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::function(internal = true)]
async fn rename(ctx: &Ctx, id: i64) -> Result<()> {
    Ok(())
}

#[edgepod::function]
async fn rename_all(ctx: &Ctx, ids: Vec<i64>) -> Result<()> {
    // After a mistake it is still there.
    let call = rename::call(7);
    Ok(())
}

fn main() {}
