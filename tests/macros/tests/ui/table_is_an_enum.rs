#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub enum User {
    Admin {
        #[primary_key]
        id: i64,
    },
    Guest,
}

fn main() {}
