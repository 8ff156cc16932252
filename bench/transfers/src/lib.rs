//! Accounts, and money that goes from one to another.

use edgepod::{
    db::{count, sum},
    prelude::*,
};

/// Somebody's money.
#[edgepod::table(name = "accounts")]
pub struct Account {
    /// Counted up from 1.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What is there, never less than nothing.
    pub balance: i64,
}

/// Opens so many accounts, with so much money each.
#[edgepod::function]
pub async fn open_accounts(ctx: &Ctx, count: u32, balance: i64) -> Result<()> {
    let accounts = (0..count).map(|_| NewAccount { balance });
    ctx.db.insert_many(accounts).exec().map(drop)
}

/// Takes money from one account and gives it to another, where it is there. Whether it was.
#[edgepod::function]
pub async fn transfer(ctx: &Ctx, from: i64, to: i64, amount: i64) -> Result<bool> {
    let payer = account(ctx, from)?;
    account(ctx, to)?;
    if payer.balance < amount {
        return Ok(false);
    }
    add(ctx, from, -amount)?;
    add(ctx, to, amount)?;
    Ok(true)
}

/// All the money.
#[edgepod::query]
pub async fn get_total(ctx: &QueryCtx) -> Result<i64> {
    let (_, total) = ctx
        .db
        .select::<Account>()
        .columns((count(), sum(Account::balance)))
        .one()?;
    Ok(total.unwrap_or_default())
}

fn account(ctx: &Ctx, id: i64) -> Result<Account> {
    let account = ctx.db.select::<Account>().filter(Account::id.eq(id));
    account
        .first()?
        .ok_or_else(|| Error::not_found(format!("There is no account {id}.")))
}

fn add(ctx: &Ctx, id: i64, amount: i64) -> Result<()> {
    ctx.db
        .update::<Account>()
        .set(Account::balance, Account::balance + amount)
        .filter(Account::id.eq(id))
        .exec()
        .map(drop)
}

edgepod::app!();
