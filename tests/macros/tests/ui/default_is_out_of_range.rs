#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    #[default(256)]
    pub age: u8,
    #[default(9223372036854775808)]
    pub visits: i64,
}

fn main() {}
