#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    pub tags: Vec<String>,
}

#[edgepod::query]
async fn all(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.select::<User>().all()
}

fn main() {}
