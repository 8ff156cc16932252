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
async fn clear(ctx: &Ctx) -> Result<u64> {
    ctx.db.delete::<User>().exec()
}

fn main() {}
