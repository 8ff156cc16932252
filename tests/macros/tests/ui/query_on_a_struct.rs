#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
struct Count {
    value: i64,
}

fn main() {}
