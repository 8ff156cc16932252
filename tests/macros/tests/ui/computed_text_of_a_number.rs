#![allow(unused)]

use edgepod::{
    db::{date, length, lower},
    prelude::*,
};

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    pub name: Option<String>,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.select::<User>().filter(lower(User::id).eq("a")).all()
}

#[edgepod::query]
async fn measure(ctx: &QueryCtx) -> Result<Vec<i64>> {
    ctx.db.select::<User>().columns(length(User::id)).all()
}

#[edgepod::query]
async fn days(ctx: &QueryCtx) -> Result<Vec<Option<String>>> {
    ctx.db.select::<User>().columns(date(User::name)).all()
}

fn main() {}
