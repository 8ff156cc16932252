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
async fn put(ctx: &Ctx, user: NewUser) -> Result<()> {
    ctx.db.insert(user).on_conflict(Post::id).update(User::name).exec()
}

fn main() {}
