//! Statements of `edgepod::sql!` over columns of every type.

use edgepod::prelude::*;

use crate::kinds::{Cents, KindId, Role, Settings};

/// A row of `kinds`, read by a statement that is a text.
#[edgepod::row]
#[allow(missing_docs)]
pub struct CheckedKind {
    pub id: KindId,
    pub int64: Int64,
    pub i64: i64,
    pub i32: i32,
    pub i16: i16,
    pub i8: i8,
    pub u64: u64,
    pub u32: u32,
    pub u16: u16,
    pub u8: u8,
    pub flag: bool,
    pub f64: f64,
    pub f32: f32,
    pub text: String,
    pub bytes: Bytes,
    pub time: Timestamp,
    pub chrono: chrono::DateTime<chrono::Utc>,
    pub chrono_date: chrono::NaiveDate,
    pub jiff: jiff::Timestamp,
    pub jiff_date: jiff::civil::Date,
    pub uuid: Uuid,
    pub json: Json<Settings>,
    pub role: Role,
    pub cents: Cents,
    pub maybe_int64: Option<Int64>,
    pub maybe_text: Option<String>,
    pub maybe_bytes: Option<Bytes>,
    pub maybe_uuid: Option<Uuid>,
    pub maybe_role: Option<Role>,
    pub maybe_json: Option<Json<Settings>>,
}

/// One row.
#[edgepod::query]
pub async fn get_checked_kind(ctx: &QueryCtx, id: KindId) -> Result<Vec<CheckedKind>> {
    let one = edgepod::sql!("SELECT k.* FROM kinds k WHERE k.id = {id}");
    ctx.db.query(one.into::<CheckedKind>())
}

/// Sets two columns of a row, and says what is there then.
#[edgepod::function]
pub async fn set_checked_kind(
    ctx: &Ctx,
    id: KindId,
    text: String,
    bytes: Bytes,
) -> Result<Vec<CheckedKind>> {
    let set = edgepod::sql!(
        "UPDATE kinds SET text = {text}, bytes = {bytes} WHERE id = {id} RETURNING *"
    );
    ctx.db.execute(set.into::<CheckedKind>())
}

/// How many rows have this text, and how many have none in a column that may be empty.
#[edgepod::query]
pub async fn count_checked_kinds(ctx: &QueryCtx, text: String) -> Result<Vec<i64>> {
    let rows = ctx.db.query(edgepod::sql!(
        "WITH same AS (SELECT id, maybe_text FROM kinds WHERE text = {text})
         SELECT count(*) AS all_of_them, count(*) - count(maybe_text) AS without FROM same"
    ))?;
    Ok(rows
        .into_iter()
        .flat_map(|row| [row.all_of_them, row.without])
        .collect())
}

/// Notes something, or something else where that is there already, and forgets it; the ids.
#[edgepod::function]
pub async fn pass_checked_note(ctx: &Ctx, text: String) -> Result<Vec<i64>> {
    let added = ctx.db.execute(edgepod::sql!(
        "INSERT INTO notes (text) VALUES ({text}), ({text} || '!') RETURNING id"
    ))?;
    let ids: Vec<i64> = added.iter().map(|note| note.id).collect();
    let gone = ctx.db.execute(edgepod::sql!(
        "DELETE FROM notes WHERE text = {text} || '!'"
    ))?;
    assert_eq!(gone, 1);
    Ok(ids)
}
