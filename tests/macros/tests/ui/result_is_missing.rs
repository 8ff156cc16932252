#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn count(ctx: &QueryCtx) {}

fn main() {}
