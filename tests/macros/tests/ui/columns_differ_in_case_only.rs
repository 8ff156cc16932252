#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
#[allow(non_snake_case)]
pub struct User {
    #[primary_key]
    pub id: i64,
    pub Email: String,
    pub email: String,
}

fn main() {}
