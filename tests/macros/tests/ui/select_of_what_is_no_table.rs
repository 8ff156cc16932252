#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub email: String,
    pub name: Option<String>,
}

struct Guest;

#[edgepod::query]
async fn count(ctx: &QueryCtx) -> Result<u64> {
    ctx.db.select::<Guest>().count()
}

fn main() {}
