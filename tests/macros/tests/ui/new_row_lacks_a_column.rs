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
async fn sign_up(ctx: &Ctx, name: String) -> Result<User> {
    ctx.db.insert(NewUser { name: Some(name) }).returning()
}

fn main() {}
