//! What SQLite computes of columns, and words that it finds.

use edgepod::{
    db::{coalesce, date, length, lower, upper, when, whole},
    prelude::*,
};

/// An entry of a diary.
#[edgepod::table(name = "entries")]
pub struct Entry {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// What it says.
    pub body: Option<String>,
    /// When it was written.
    pub at: Timestamp,
}

/// The words of the entries.
#[edgepod::table(name = "entry_words", fts5)]
pub struct EntryWords {
    /// The entry's number.
    #[primary_key]
    pub rowid: i64,
    /// The words of its title.
    pub title: String,
    /// And of its text.
    pub body: Option<String>,
}

/// An entry as what is computed of it.
#[edgepod::row]
pub struct Computed {
    /// Its number.
    pub id: i64,
    /// The title in lower case.
    pub lower: String,
    /// The same in upper case.
    pub upper: String,
    /// The text, or a dash.
    pub body: String,
    /// How long the text is.
    pub length: Option<i64>,
    /// The day.
    pub date: String,
    /// How it compares with a client's number and text.
    pub kind: String,
    /// A minute later.
    pub later: Timestamp,
}

/// Makes the index, with what keeps it in step.
#[edgepod::function]
pub async fn index_entries(ctx: &Ctx) -> Result<()> {
    for sql in [
        "CREATE VIRTUAL TABLE entry_words USING fts5(title, body, content = 'entries', content_rowid = 'id')",
        "CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN INSERT INTO entry_words (rowid, title, body) \
         VALUES (NEW.id, NEW.title, NEW.body); END",
    ] {
        ctx.unsafe_raw_db.run(sql, &[])?;
    }
    Ok(())
}

/// Adds an entry.
#[edgepod::function]
pub async fn add_entry(
    ctx: &Ctx,
    title: String,
    body: Option<String>,
    at: Timestamp,
) -> Result<Entry> {
    ctx.db.insert(NewEntry { title, body, at }).returning()
}

/// All that is computed of entries with this title.
#[edgepod::query]
pub async fn compute_entries(
    ctx: &QueryCtx,
    title: String,
    than: i64,
    name: String,
) -> Result<Vec<Computed>> {
    let kind = when(Entry::body.is_null(), "empty")
        .when(length(Entry::body).gt(than), name)
        .otherwise(Entry::title);
    ctx.db
        .select::<Entry>()
        .filter(lower(Entry::title).eq(lower(title)))
        .order_by(Entry::id)
        .columns((
            Entry::id,
            lower(Entry::title),
            upper(Entry::title),
            coalesce(Entry::body, "-"),
            length(Entry::body),
            date(Entry::at),
            kind,
            Entry::at + std::time::Duration::from_secs(60),
        ))
        .into::<Computed>()
        .all()
}

/// The entries that have these words, the best one first.
#[edgepod::query]
pub async fn search_entries(ctx: &QueryCtx, words: String) -> Result<Vec<(i64, String)>> {
    ctx.db
        .select::<Entry>()
        .join::<EntryWords>(EntryWords::rowid.eq(Entry::id))
        .filter(EntryWords::any.matches(&words))
        .order_by(EntryWords::rank)
        .columns((Entry::id, EntryWords::body.snippet("[", "]", 4)))
        .all()
}

/// Whole rows of the entries of which a word begins so.
#[edgepod::query]
pub async fn complete_entries(ctx: &QueryCtx, word: String) -> Result<Vec<Entry>> {
    ctx.db
        .select::<EntryWords>()
        .join::<Entry>(EntryWords::rowid.eq(Entry::id))
        .filter(EntryWords::title.matches_prefix(&word))
        .columns(whole::<Entry>())
        .order_by(Entry::id)
        .limit(2)
        .all()
}
