#![allow(unused)]

use edgepod::prelude::*;
use edgepod::db::{count, sum};

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
async fn group(ctx: &QueryCtx) -> Result<Vec<i64>> {
    ctx.db.select::<Post>().columns(count()).group_by(User::id).all()
}

#[edgepod::query]
async fn filter(ctx: &QueryCtx) -> Result<Vec<i64>> {
    ctx.db.select::<Post>().columns(count()).group_by(Post::author_id).having(sum(User::id).gt(1)).all()
}

#[edgepod::query]
async fn sort(ctx: &QueryCtx) -> Result<Vec<i64>> {
    ctx.db.select::<Post>().columns(count()).group_by(Post::author_id).order_by(User::id.asc()).all()
}

fn main() {}
