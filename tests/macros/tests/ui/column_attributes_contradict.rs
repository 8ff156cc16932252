#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    #[unique]
    pub id: i64,
    #[unique]
    #[index]
    pub email: String,
    #[index]
    #[index]
    pub name: String,
    #[auto_inc]
    pub number: i64,
    #[unique(email)]
    pub other: i64,
}

#[edgepod::table(name = "posts")]
pub struct Post {
    #[primary_key]
    #[auto_inc]
    #[default(1)]
    pub id: i64,
}

fn main() {}
