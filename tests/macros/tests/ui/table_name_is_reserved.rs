#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "sqlite_users")]
pub struct User {
    #[primary_key]
    pub id: i64,
}

#[edgepod::table(name = "_CF_posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
}

#[edgepod::table(name = "")]
pub struct Tag {
    #[primary_key]
    pub id: i64,
}

#[edgepod::table(name = "Json_Each")]
pub struct Item {
    #[primary_key]
    pub id: i64,
}

fn main() {}
