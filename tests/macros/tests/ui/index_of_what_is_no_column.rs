#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "seats")]
#[unique(row, numbr)]
#[unique(row, row)]
#[index(row)]
#[index]
#[index("row", "number")]
#[index(number, row)]
#[unique(number, row)]
pub struct Seat {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub row: i64,
    pub number: i64,
}

fn main() {}
