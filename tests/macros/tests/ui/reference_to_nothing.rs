#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
}

#[edgepod::table(name = "posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
    #[references(User::handle)]
    pub author: String,
    #[references(Guest::id)]
    pub guest: i64,
}

fn main() {}
