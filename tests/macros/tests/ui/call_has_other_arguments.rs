#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::function(internal)]
async fn rename(ctx: &Ctx, id: i64, name: String) -> Result<()> {
    Ok(())
}

fn main() {
    rename::call("7", "Ada");
    rename::call(7);
    rename::call(7, None);
}
