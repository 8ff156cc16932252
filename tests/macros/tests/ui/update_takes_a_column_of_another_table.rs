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
async fn change(ctx: &Ctx) -> Result<u64> {
    ctx.db.update::<Post>().set(Post::author_id, User::id).filter(Post::id.eq(1)).exec()
}

fn main() {}
