#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::data]
fn shape() {}

#[edgepod::data(rename_all = "camelCase")]
pub struct Shape {
    pub sides: i64,
}

fn main() {}
