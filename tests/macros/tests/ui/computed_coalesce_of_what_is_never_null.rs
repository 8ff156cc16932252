#![allow(unused)]

use edgepod::{db::coalesce, prelude::*};

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    pub email: String,
    pub name: Option<String>,
}

#[edgepod::query]
async fn emails(ctx: &QueryCtx) -> Result<Vec<String>> {
    ctx.db.select::<User>().columns(coalesce(User::email, "none")).all()
}

#[edgepod::query]
async fn names(ctx: &QueryCtx) -> Result<Vec<String>> {
    ctx.db.select::<User>().columns(coalesce(User::name, 0)).all()
}

fn main() {}
