#![allow(unused)]

use edgepod::prelude::*;
use edgepod::db::sea_query::Query;

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

#[edgepod::function]
async fn forget(ctx: &Ctx) -> Result<u64> {
    ctx.db.execute("DELETE FROM users")
}

#[edgepod::function]
async fn read(ctx: &Ctx) -> Result<u64> {
    ctx.db.execute(Query::select().column("id").from("users").to_owned())
}

#[edgepod::query]
async fn list(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.query("SELECT * FROM users")
}

#[edgepod::query]
async fn raw(ctx: &QueryCtx) -> Result<()> {
    ctx.unsafe_raw_db.run("SELECT 1", &[]).map(drop)
}

fn main() {}
