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

#[edgepod::function]
async fn rename(ctx: &Ctx, id: i64) -> Result<u64> {
    ctx.db.update::<User>().set(User::email, id).filter(User::id.eq(id)).exec()
}

fn main() {}
