#![allow(unused)]

use edgepod::prelude::*;
use edgepod::db::sea_query::{Expr, ExprTrait, Query};

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
async fn forget(ctx: &QueryCtx, id: i64) -> Result<u64> {
    ctx.db.execute(Query::delete().from_table("users").and_where(Expr::col("id").eq(id)).to_owned())
}

#[edgepod::query]
async fn add(ctx: &QueryCtx, users: Vec<NewUser>) -> Result<u64> {
    ctx.db.insert_many(users).exec()
}

fn main() {}
