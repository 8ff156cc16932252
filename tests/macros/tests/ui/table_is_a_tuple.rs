#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User(#[primary_key] i64, String);

#[edgepod::table(name = "nothing")]
pub struct Nothing;

fn main() {}
