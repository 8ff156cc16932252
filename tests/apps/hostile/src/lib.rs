//! An app to be attacked: statements that never end, large replies, panics that lie.

use edgepod::{
    db::sea_query::{Expr, Query},
    prelude::*,
};

/// What clients write.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The words.
    pub text: String,
}

/// It counts and never comes to an end.
const ENDLESS: &str =
    "WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";

/// All notes.
#[edgepod::query]
pub async fn get_notes(ctx: &QueryCtx) -> Result<Vec<Note>> {
    ctx.db.select::<Note>().all()
}

/// How many notes have these words.
#[edgepod::query]
pub async fn count_notes(ctx: &QueryCtx, text: String) -> Result<u64> {
    ctx.db.select::<Note>().filter(Note::text.eq(&text)).count()
}

/// Adds one.
#[edgepod::function]
pub async fn add_note(ctx: &Ctx, text: String) -> Result<Note> {
    ctx.db.insert(NewNote { text }).returning()
}

/// Asks what has no answer.
#[edgepod::query]
pub async fn read_endlessly(ctx: &QueryCtx) -> Result<Vec<(i64,)>> {
    ctx.db
        .query(Query::select().expr(Expr::cust(format!("({ENDLESS})"))))
}

/// Counts this far, which takes a while.
#[edgepod::query]
pub async fn read_slowly(ctx: &QueryCtx, steps: i64) -> Result<Vec<(i64,)>> {
    let counted = format!(
        "(WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < {steps}) SELECT count(*) FROM c)"
    );
    ctx.db.query(Query::select().expr(Expr::cust(counted)))
}

/// Adds a note, asks what has no answer, and does not mind the error.
#[edgepod::function]
pub async fn write_endlessly(ctx: &Ctx, text: String) -> Result<()> {
    let note = |text: &str| NewNote {
        text: text.to_owned(),
    };
    ctx.db.insert(note(&text)).exec()?;
    let _ = ctx.unsafe_raw_db.run(ENDLESS, &[]);
    let _ = ctx.db.insert(note(&text)).exec();
    Ok(())
}

/// Runs for so long without a statement, as a loop would that has no end.
#[edgepod::query]
pub async fn compute(_ctx: &QueryCtx, milliseconds: u32) -> Result<()> {
    let began = std::time::Instant::now();
    while began.elapsed().as_millis() < u128::from(milliseconds) {
        std::hint::black_box(began);
    }
    Ok(())
}

/// A reply of this many bytes.
#[edgepod::query]
pub async fn get_large(_ctx: &QueryCtx, bytes: i64) -> Result<String> {
    Ok("x".repeat(bytes.clamp(0, 8 << 20) as usize))
}

/// Panics with a client's words.
#[edgepod::function]
pub async fn panic_with(_ctx: &Ctx, words: String) -> Result<()> {
    panic!("{words}");
}

/// A name that makes signals long.
fn long() -> String {
    "long_".repeat(2000)
}

/// Subscribes to what has a long name.
#[edgepod::query]
pub async fn watch_long(ctx: &QueryCtx) -> Result<()> {
    ctx.subscribe_to([&long()]);
    Ok(())
}

/// Tells who is subscribed to it.
#[edgepod::function]
pub async fn touch_long(ctx: &Ctx) -> Result<()> {
    ctx.invalidate([&long()]);
    Ok(())
}

/// Tells who is subscribed to this table.
#[edgepod::function]
pub async fn invalidate(ctx: &Ctx, table: String) -> Result<()> {
    ctx.invalidate([&table]);
    Ok(())
}

/// A header of the request.
#[edgepod::query]
pub async fn get_header(ctx: &QueryCtx, name: String) -> Result<Option<String>> {
    Ok(ctx.headers.get(&name).map(str::to_owned))
}

/// Where the caller is.
#[edgepod::query]
pub async fn where_am_i(ctx: &QueryCtx) -> Result<Option<String>> {
    Ok(ctx.client_address().map(str::to_owned))
}

edgepod::app!();
