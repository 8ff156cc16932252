#![allow(unused)]

use edgepod::db::count;
use edgepod::prelude::*;

#[edgepod::table(name = "posts")]
pub struct Post {
    #[primary_key]
    pub id: i64,
    pub author_id: i64,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx) -> Result<Vec<(i64, i64)>> {
    ctx.db.select::<Post>().columns((Post::author_id, count())).all()
}

fn main() {}
