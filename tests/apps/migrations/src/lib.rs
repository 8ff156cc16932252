//! Four migrations, each of which touches many rows: a process that is killed meanwhile must leave what one of them made.

use edgepod::{db::Value, prelude::*};

/// Who writes.
#[edgepod::table(name = "authors")]
pub struct Author {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The name.
    pub name: String,
}

/// What is written.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The text.
    pub body: String,
    /// Since the third migration.
    pub slug: String,
    /// Who wrote it.
    #[index]
    #[references(Author::id, on_delete = cascade)]
    pub author_id: i64,
}

/// Gives each note its slug, a hundred at a time.
#[edgepod::migration("0003_fill_slugs")]
fn fill_slugs(db: &edgepod::MigrationDb<'_>) -> Result<()> {
    db.run("ALTER TABLE notes ADD COLUMN slug TEXT", &[])?;
    for first in (1..=20_000_i64).step_by(100) {
        db.run(
            "UPDATE notes SET slug = 'note-' || id WHERE id >= CAST(? AS INTEGER) AND id < CAST(? AS INTEGER) + 100",
            &[Value::Integer(first), Value::Integer(first)],
        )?;
    }
    Ok(())
}

/// How many notes have the slug that they should have.
#[edgepod::query]
pub async fn count_notes(ctx: &QueryCtx) -> Result<u64> {
    ctx.db.select::<Note>().filter(Note::slug.ne("")).count()
}

edgepod::app!();
