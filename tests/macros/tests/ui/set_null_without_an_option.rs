#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub email: String,
    pub name: Option<String>,
}

#[edgepod::table(name = "posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
    #[references(User::id, on_delete = set_null)]
    pub author: i64,
    #[references(User::id, on_delete = set_default)]
    pub editor: i64,
}

fn main() {}
