#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User<T> {
    #[primary_key]
    pub id: i64,
    pub data: T,
}

fn main() {}
