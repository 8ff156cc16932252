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


#[edgepod::table(name = "notes")]
pub struct Note {
    #[primary_key]
    pub id: i64,
    pub text: String,
    pub draft: Option<String>,
}

#[edgepod::function]
async fn change(ctx: &Ctx) -> Result<u64> {
    ctx.db.update::<Note>().set(Note::text, Note::draft).filter(Note::id.eq(1)).exec()
}

fn main() {}
