//! A small app that cannot fail: whatever comes, it has an answer that is not 500.

use std::time::Duration;

use edgepod::prelude::*;

/// What somebody wrote.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it says.
    pub text: String,
    /// A figure.
    pub weight: Option<f64>,
}

/// Arguments of many shapes.
#[edgepod::data]
pub struct Shape {
    label: String,
    sides: Vec<u8>,
    inner: Option<Box<Shape>>,
}

/// All notes that hold a text.
#[edgepod::query]
pub async fn find_notes(ctx: &QueryCtx, text: String, limit: Option<u32>) -> Result<Vec<Note>> {
    ctx.db
        .select::<Note>()
        .filter(Note::text.eq(text))
        .limit(u64::from(limit.unwrap_or(10)))
        .all()
}

/// Writes a note, and forgets all others.
#[edgepod::function]
pub async fn add_note(ctx: &Ctx, text: String, weight: Option<f64>) -> Result<Note> {
    ctx.db.delete::<Note>().without_where().exec()?;
    ctx.db.insert(NewNote { text, weight }).returning()
}

/// Gives back what came.
#[edgepod::query]
pub async fn echo(
    _ctx: &QueryCtx,
    shape: Shape,
    number: i64,
    flag: Option<bool>,
) -> Result<Option<Shape>> {
    Ok(flag.unwrap_or(number > 0).then_some(shape))
}

/// Who calls.
#[edgepod::query]
pub async fn who_am_i(ctx: &QueryCtx) -> Result<Option<Claims>> {
    Ok(ctx.user().cloned())
}

/// A token.
#[edgepod::function]
pub async fn sign_in(ctx: &Ctx, name: String) -> Result<String> {
    ctx.sign_jwt(serde_json::json!({ "sub": name }), Duration::from_secs(60))
}

/// Awaits.
#[edgepod::action]
pub async fn wait(_ctx: &ActionCtx, word: String) -> Result<String> {
    Ok(word)
}

edgepod::app!();
