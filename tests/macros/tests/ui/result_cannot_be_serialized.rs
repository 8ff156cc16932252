#![allow(unused)]

use edgepod::prelude::*;

struct Secret(String);

#[edgepod::query]
async fn reveal(ctx: &QueryCtx) -> Result<Vec<Secret>> {
    Ok(Vec::new())
}

fn main() {}
