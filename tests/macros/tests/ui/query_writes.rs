#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub email: String,
}

#[edgepod::query]
async fn sign_up(ctx: &QueryCtx, email: String) -> Result<User> {
    ctx.db.insert(NewUser { email }).returning()
}

#[edgepod::query]
async fn forget(ctx: &QueryCtx, id: i64) -> Result<u64> {
    ctx.db.delete::<User>().filter(User::id.eq(id)).exec()
}

#[edgepod::action]
async fn rename(ctx: &ActionCtx, id: i64, email: String) -> Result<u64> {
    ctx.db.update::<User>().set(User::email, email).filter(User::id.eq(id)).exec()
}

fn main() {}
