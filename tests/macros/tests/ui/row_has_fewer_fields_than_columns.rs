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


#[edgepod::row]
pub struct Summary {
    pub id: i64,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx) -> Result<Vec<Summary>> {
    ctx.db.select::<User>().columns((User::id, User::name)).into::<Summary>().all()
}

fn main() {}
