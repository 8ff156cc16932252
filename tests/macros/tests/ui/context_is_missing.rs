#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn count() -> Result<i64> {
    Ok(1)
}

#[edgepod::function]
async fn add(amount: i64) -> Result<i64> {
    Ok(amount)
}

fn main() {}
