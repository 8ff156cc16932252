#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    #[primary_key]
    pub email: String,
}

fn main() {}
