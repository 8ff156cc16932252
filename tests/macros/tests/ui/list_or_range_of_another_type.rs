#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    pub name: Option<String>,
}

#[edgepod::table(name = "posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
    pub author_id: i64,
    pub title: String,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx, ids: Vec<String>) -> Result<Vec<User>> {
    ctx.db.select::<User>().filter(User::id.is_in(ids)).all()
}

#[edgepod::query]
async fn range(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.select::<User>().filter(User::id.between(1, "9")).all()
}

#[edgepod::query]
async fn nothing(ctx: &QueryCtx, id: Option<i64>) -> Result<Vec<User>> {
    ctx.db.select::<User>().filter(User::id.eq(id)).all()
}

fn main() {}
