#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "accounts")]
pub struct Account {
    #[primary_key]
    pub id: i64,
    #[private]
    pub password_hash: String,
}

#[edgepod::function]
async fn replace(ctx: &Ctx, account: Account) -> Result<()> {
    Ok(())
}

#[edgepod::function]
async fn insert(ctx: &Ctx, account: NewAccount) -> Result<()> {
    Ok(())
}

fn main() {}
