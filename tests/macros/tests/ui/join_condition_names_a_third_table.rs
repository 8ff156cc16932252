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


#[edgepod::table(name = "comments")]
pub struct Comment {
    #[primary_key]
    pub id: i64,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx) -> Result<Vec<(User, Post)>> {
    ctx.db.select::<User>().join::<Post>(Post::author_id.eq(Comment::id)).all()
}

fn main() {}
