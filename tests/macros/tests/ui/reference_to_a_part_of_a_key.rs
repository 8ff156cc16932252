#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "post_tags")]
pub struct PostTag {
    #[primary_key]
    pub post_id: i64,
    #[primary_key]
    pub tag_id: i64,
}

#[edgepod::table(name = "votes")]
pub struct Vote {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    #[references(PostTag::post_id)]
    pub post_id: i64,
}

fn main() {}
