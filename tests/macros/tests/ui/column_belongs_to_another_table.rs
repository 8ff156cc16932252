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

#[edgepod::table(name = "posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx, id: i64) -> Result<Option<User>> {
    ctx.db.select::<User>().filter(Post::id.eq(id)).first()
}

fn main() {}
