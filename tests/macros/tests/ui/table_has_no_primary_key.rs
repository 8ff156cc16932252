#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
pub struct User {
    pub id: i64,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx, id: i64) -> Result<Option<User>> {
    ctx.db.select::<User>().filter(User::id.eq(id)).first()
}

fn main() {}
