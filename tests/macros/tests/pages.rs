//! Pages and tuples of joined tables in TypeScript.

use edgepod::{db::Page, prelude::*};
use edgepod_runtime::manifest::manifest;
use serde_json::Value;

/// A writer.
#[edgepod::table(name = "users")]
pub struct User {
    /// The number.
    #[primary_key]
    pub id: i64,
}

/// A text.
#[edgepod::table(name = "posts")]
pub struct Post {
    /// The number.
    #[primary_key]
    pub id: i64,
    /// By whom.
    pub author: i64,
}

/// Numbers of a post.
#[edgepod::row]
pub struct Line {
    /// The post.
    pub id: i64,
    /// The writer.
    pub author: Option<i64>,
}

/// Writers.
#[edgepod::query]
pub async fn get_users(ctx: &QueryCtx, cursor: Option<String>) -> Result<Page<User>> {
    ctx.db.select::<User>().page(cursor.as_deref(), 10)
}

/// Lines.
#[edgepod::query]
pub async fn get_lines(ctx: &QueryCtx, cursor: Option<String>) -> Result<Page<Line>> {
    ctx.db
        .select::<User>()
        .left_join::<Post>(Post::author.eq(User::id))
        .columns((User::id, Post::author))
        .into::<Line>()
        .page(cursor.as_deref(), 10)
}

/// Pairs.
#[edgepod::query]
pub async fn get_pairs(
    ctx: &QueryCtx,
    cursor: Option<String>,
) -> Result<Page<(User, Option<Post>)>> {
    ctx.db
        .select::<User>()
        .left_join::<Post>(Post::author.eq(User::id))
        .page(cursor.as_deref(), 10)
}

edgepod::app!();

#[test]
fn a_page_is_one_generic_type() {
    let manifest: Value = serde_json::from_str(&manifest().unwrap()).unwrap();
    let functions: Vec<_> = manifest["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["name"].as_str().unwrap(), f["returns"].as_str().unwrap()))
        .collect();
    assert_eq!(
        functions,
        [
            ("getLines", "Page<Line>"),
            ("getPairs", "Page<[User, Post | null]>"),
            ("getUsers", "Page<User>"),
        ]
    );
    let types: Vec<_> = manifest["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| without_comments(t["declaration"].as_str().unwrap()))
        .collect();
    assert_eq!(
        types,
        [
            "type Line = { id: number, author: number | null, };",
            "type Page<T> = { items: Array<T>, next: string | null, };",
            "type Post = { id: number, author: number, };",
            "type User = { id: number, };",
        ]
    );
}

fn without_comments(declaration: &str) -> String {
    let mut text = String::new();
    for (i, part) in declaration.split("/**").enumerate() {
        text += match part.split_once("*/") {
            Some((_, code)) if i > 0 => code,
            _ => part,
        };
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
