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
async fn find(ctx: &QueryCtx, name: Option<String>) -> Result<Option<User>> {
    ctx.db.select::<User>().filter(User::name.eq(name.as_deref())).first()
}

fn main() {}
