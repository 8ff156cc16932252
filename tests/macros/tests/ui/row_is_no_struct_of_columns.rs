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


#[edgepod::data]
pub struct Plain {
    pub id: i64,
}

#[edgepod::row]
pub struct Pair(i64, i64);

#[edgepod::query]
async fn find(ctx: &QueryCtx) -> Result<Vec<Plain>> {
    ctx.db.select::<User>().columns((User::id,)).into::<Plain>().all()
}

fn main() {}
