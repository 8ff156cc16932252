#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "notes")]
pub struct Note {
    #[primary_key]
    pub id: i64,
    pub body: String,
}

#[edgepod::query]
async fn find(ctx: &QueryCtx, words: String) -> Result<Vec<Note>> {
    ctx.db.select::<Note>().filter(Note::body.matches(&words)).all()
}

fn main() {}
