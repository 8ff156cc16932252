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

#[edgepod::query]
async fn find(ctx: &QueryCtx, id: String) -> Result<Option<User>> {
    ctx.db.select::<User>().filter(User::id.eq(id)).first()
}

fn main() {}
