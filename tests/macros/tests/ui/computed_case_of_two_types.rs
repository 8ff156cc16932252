#![allow(unused)]

use edgepod::{db::when, prelude::*};

#[edgepod::table(name = "posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
    pub votes: i64,
}

#[edgepod::query]
async fn heat(ctx: &QueryCtx) -> Result<Vec<String>> {
    let heat = when(Post::votes.gt(100), "hot").otherwise(0);
    ctx.db.select::<Post>().columns(heat).all()
}

fn main() {}
