#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    #[default(now)]
    pub since: String,
    #[default(0)]
    pub active: bool,
    #[default("none")]
    pub visits: Option<i64>,
    #[default(0)]
    pub weight: f64,
}

fn main() {}
