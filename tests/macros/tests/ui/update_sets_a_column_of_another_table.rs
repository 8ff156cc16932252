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
async fn rename(ctx: &Ctx, name: String) -> Result<u64> {
    ctx.db.update::<Post>().set(User::name, name).filter(Post::id.eq(1)).exec()
}

#[edgepod::function]
async fn put(ctx: &Ctx, user: NewUser) -> Result<()> {
    ctx.db.insert(user).on_conflict(User::id).update(Post::title).exec()
}

fn main() {}
