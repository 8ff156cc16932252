#![allow(unused)]

use edgepod::db::sum;
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
async fn find(ctx: &QueryCtx) -> Result<Option<i64>> {
    ctx.db.select::<Post>().columns(sum(Post::title)).one()
}

fn main() {}
