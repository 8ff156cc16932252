//! Every type that a column can have.

use edgepod::{db::Page, prelude::*};

/// A word.
#[edgepod::data]
#[derive(Copy, edgepod::ColumnType)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// `admin`
    Admin,
    /// `team-member`
    TeamMember,
    /// `it's "quoted"`
    #[serde(rename = "it's \"quoted\"")]
    Quoted,
}

/// A number that is no other number.
#[edgepod::data]
#[derive(Copy, edgepod::ColumnType)]
pub struct Cents(pub i64);

/// An id that the database counts up.
#[edgepod::data]
#[derive(Copy, edgepod::ColumnType)]
pub struct KindId(pub i64);

/// What goes into a column as a whole.
#[edgepod::data]
pub struct Settings {
    /// Words.
    pub tags: Vec<String>,
    /// A choice with data, which is no column of its own.
    pub limit: Limit,
    /// A float.
    pub factor: f64,
}

/// How much.
#[edgepod::data]
pub enum Limit {
    /// No end.
    Open,
    /// Up to here.
    UpTo(u32),
}

/// A column of every type.
#[edgepod::table(name = "kinds")]
#[allow(missing_docs)]
pub struct Kind {
    #[primary_key]
    #[auto_inc]
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

/// What stands in columns that an insert leaves out.
#[edgepod::table(name = "defaults")]
#[allow(missing_docs)]
pub struct Defaulted {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    #[unique]
    pub uuid: Uuid,
    #[default("team-member")]
    pub role: Role,
    #[default(-5)]
    pub cents: Cents,
    #[default(9223372036854775807)]
    pub int64: Int64,
    #[default(0.1)]
    pub f32: f32,
    #[default(b"\x00\xff")]
    pub bytes: Bytes,
    #[default(now)]
    pub chrono: chrono::DateTime<chrono::Utc>,
    #[default(now)]
    pub jiff: jiff::Timestamp,
}

/// Keeps a row, and returns what the insert returned.
#[edgepod::function]
pub async fn keep_kind(ctx: &Ctx, kind: NewKind) -> Result<Kind> {
    ctx.db.insert(kind).returning()
}

/// Keeps rows by one statement.
#[edgepod::function]
pub async fn keep_kinds(ctx: &Ctx, kinds: Vec<NewKind>) -> Result<Vec<Kind>> {
    ctx.db.insert_many(kinds).returning()
}

/// One row.
#[edgepod::query]
pub async fn get_kind(ctx: &QueryCtx, id: KindId) -> Result<Kind> {
    ctx.db.select::<Kind>().filter(Kind::id.eq(id)).one()
}

/// Rows, by a statement that reads many.
#[edgepod::query]
pub async fn get_kinds(ctx: &QueryCtx, ids: Vec<KindId>) -> Result<Vec<Kind>> {
    ctx.db
        .select::<Kind>()
        .filter(Kind::id.is_in(ids))
        .order_by(Kind::id.asc())
        .all()
}

/// Whether each column finds the row by its own value: compared, in a list, and in order.
#[edgepod::query]
pub async fn finds_kind(ctx: &QueryCtx, id: KindId) -> Result<Vec<String>> {
    let kind = ctx.db.select::<Kind>().filter(Kind::id.eq(id)).one()?;
    let mut missed = Vec::new();
    macro_rules! find {
        ($($column:ident)*) => {$(
            let same = [
                Kind::$column.eq(&kind.$column),
                Kind::$column.is_in([kind.$column.clone()]),
                Kind::$column.ge(&kind.$column).and(Kind::$column.le(&kind.$column)),
                !Kind::$column.ne(&kind.$column),
            ];
            for (i, same) in same.into_iter().enumerate() {
                if !ctx.db.select::<Kind>().filter(Kind::id.eq(id)).filter(same).exists()? {
                    missed.push(format!("{} {i}", Kind::$column.name()));
                }
            }
            let other = [
                Kind::$column.lt(&kind.$column),
                Kind::$column.gt(&kind.$column),
                Kind::$column.not_in([kind.$column.clone()]),
            ];
            for (i, other) in other.into_iter().enumerate() {
                if ctx.db.select::<Kind>().filter(Kind::id.eq(id)).filter(other).exists()? {
                    missed.push(format!("{} other {i}", Kind::$column.name()));
                }
            }
        )*};
    }
    find!(
        id int64 i64 i32 i16 i8 u64 u32 u16 u8 flag f64 f32 text bytes time chrono chrono_date jiff jiff_date uuid json
        role cents
    );
    Ok(missed)
}

/// Sets a row's text and bytes.
#[edgepod::function]
pub async fn set_kind(ctx: &Ctx, id: KindId, text: String, bytes: Bytes) -> Result<Kind> {
    ctx.db
        .update::<Kind>()
        .set(Kind::text, text)
        .set(Kind::bytes, bytes)
        .filter(Kind::id.eq(id))
        .exec()?;
    ctx.db.select::<Kind>().filter(Kind::id.eq(id)).one()
}

/// Adds to a row's number, in the type of the column.
#[edgepod::function]
pub async fn add_cents(ctx: &Ctx, id: KindId, cents: Cents) -> Result<Cents> {
    ctx.db
        .update::<Kind>()
        .set(Kind::cents, Kind::cents + cents)
        .filter(Kind::id.eq(id))
        .exec()?;
    Ok(ctx.db.select::<Kind>().filter(Kind::id.eq(id)).one()?.cents)
}

/// Keeps a row of defaults under a new id.
#[edgepod::function]
pub async fn keep_defaults(ctx: &Ctx, uuid: Option<Uuid>) -> Result<Defaulted> {
    let uuid = uuid.unwrap_or_else(Uuid::new_v4);
    ctx.db.insert(NewDefaulted { uuid }).returning()
}

/// Keeps a row that has a value of its own where there is a default, by one statement.
#[edgepod::function]
pub async fn keep_chosen(ctx: &Ctx, role: Role, cents: Cents) -> Result<Defaulted> {
    let row = NewDefaulted {
        uuid: Uuid::new_v4(),
    };
    ctx.db
        .insert(row)
        .set(Defaulted::role, Role::Admin)
        .set(Defaulted::cents, cents)
        // What is set last holds.
        .set(Defaulted::role, role)
        .returning()
}

/// Deletes rows.
#[edgepod::function]
pub async fn drop_kinds(ctx: &Ctx, ids: Vec<KindId>) -> Result<u64> {
    ctx.db.delete::<Kind>().filter(Kind::id.is_in(ids)).exec()
}

/// A page of one row, sorted by what may be long.
#[edgepod::query]
pub async fn sorted_by_text(
    ctx: &QueryCtx,
    ids: Vec<KindId>,
    cursor: Option<String>,
) -> Result<Page<KindId>> {
    ctx.db
        .select::<Kind>()
        .columns(Kind::id)
        .filter(Kind::id.is_in(ids))
        .order_by(Kind::text.asc())
        .page(cursor.as_deref(), 1)
}

/// Tries to keep what is no number.
#[edgepod::function]
pub async fn keep_no_number(ctx: &Ctx, kind: NewKind, which: String) -> Result<Kind> {
    let kind = match which.as_str() {
        "f64" => NewKind {
            f64: f64::NAN,
            ..kind
        },
        "f32" => NewKind {
            f32: f32::INFINITY,
            ..kind
        },
        _ => {
            let mut kind = kind;
            kind.json.factor = f64::NEG_INFINITY;
            kind
        }
    };
    ctx.db.insert(kind).returning()
}

/// Writes a text into the column of an enum, as another program might.
#[edgepod::function]
pub async fn spoil_kind(ctx: &Ctx, id: KindId, column: String, text: String) -> Result<u64> {
    use edgepod::db::sea_query::{Expr, ExprTrait, Query};
    ctx.db.execute(
        Query::update()
            .table("kinds")
            .value(column, text)
            .and_where(Expr::col("id").eq(id.0))
            .to_owned(),
    )
}
