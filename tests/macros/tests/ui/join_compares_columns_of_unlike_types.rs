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


#[edgepod::query]
async fn find(ctx: &QueryCtx) -> Result<Vec<(User, Post)>> {
    ctx.db.select::<User>().join::<Post>(Post::title.eq(User::id)).all()
}

fn main() {}
