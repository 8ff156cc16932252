#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    #[references(users)]
    pub editor: i64,
    #[references(User::id, on_delete = explode)]
    pub reviewer: i64,
    #[references(User::id, on_update = cascade)]
    pub publisher: i64,
    #[references]
    pub author: i64,
}

fn main() {}
