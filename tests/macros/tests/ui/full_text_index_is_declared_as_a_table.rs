#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "note_words", fts5)]
#[index(title, body)]
pub struct NoteWords {
    #[primary_key]
    pub id: i64,
    #[unique]
    pub title: String,
    pub body: String,
    pub rank: f64,
}

fn main() {}
