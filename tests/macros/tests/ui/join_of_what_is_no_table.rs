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


struct Guest;

#[edgepod::query]
async fn find(ctx: &QueryCtx) -> Result<u64> {
    ctx.db.select::<User>().join::<Guest>(User::id.eq(1)).count()
}

fn main() {}
