#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table]
pub struct User {
    #[primary_key]
    pub id: i64,
}

#[edgepod::table(nam = "posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
}

fn main() {}
