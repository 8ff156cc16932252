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
async fn find(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.select::<User>().filter(User::id.like("1%")).all()
}

#[edgepod::query]
async fn search(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.select::<User>().filter(User::id.contains("1")).all()
}

fn main() {}
