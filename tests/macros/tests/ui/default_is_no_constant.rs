#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    #[default(today)]
    pub since: Timestamp,
    #[default]
    pub visits: i64,
    #[default(1 + 1)]
    pub age: i64,
}

fn main() {}
