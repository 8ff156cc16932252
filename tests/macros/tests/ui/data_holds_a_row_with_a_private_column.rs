#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "accounts")]
pub struct Account {
    #[primary_key]
    pub id: i64,
    #[private]
    pub password_hash: String,
}

#[edgepod::data]
pub struct Profile {
    pub account: Account,
    pub friends: i64,
}

#[edgepod::data(reply)]
pub struct Returned {
    pub account: Account,
}

#[edgepod::function]
async fn replace(ctx: &Ctx, it: Returned) -> Result<()> {
    Ok(())
}

fn main() {}
