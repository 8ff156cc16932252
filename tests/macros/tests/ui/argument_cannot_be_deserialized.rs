#![allow(unused)]

use edgepod::prelude::*;

struct Filter {
    name: String,
}

#[edgepod::query]
async fn search(ctx: &QueryCtx, filter: Filter, page: Option<i64>) -> Result<i64> {
    Ok(1)
}

fn main() {}
