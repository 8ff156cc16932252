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

#[edgepod::function]
async fn forget(ctx: &Ctx, id: i64) -> Result<u64> {
    ctx.db.delete::<User>().filter(Post::author_id.eq(id)).exec()
}

#[edgepod::function]
async fn rename(ctx: &Ctx, id: i64) -> Result<u64> {
    ctx.db.update::<User>().set(User::name, "Ada").filter(Post::author_id.eq(id)).exec()
}

fn main() {}
