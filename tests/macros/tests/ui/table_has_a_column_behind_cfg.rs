#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    #[cfg(debug_assertions)]
    pub note: String,
}

fn main() {}
