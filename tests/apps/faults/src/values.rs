//! Values at the ends of what a column, a page or a reply holds.

use edgepod::{
    db::{Page, count},
    prelude::*,
};

use crate::kinds::Cents;

/// A number of one byte that is no other.
#[edgepod::data]
#[derive(Copy, edgepod::ColumnType)]
pub struct Level(pub u8);

/// A number of every type, at an end of its range.
#[edgepod::table(name = "gauges")]
#[allow(missing_docs)]
pub struct Gauge {
    #[primary_key]
    pub id: i64,
    pub tiny: i8,
    pub byte: u8,
    pub small: i16,
    pub port: u16,
    pub int: i32,
    pub left: u32,
    pub big: u64,
    pub whole: Int64,
    pub cents: Cents,
    pub level: Level,
    pub perhaps: Option<i32>,
    pub ratio: f64,
    pub half: f32,
}

fn gauge() -> Gauge {
    Gauge {
        id: 1,
        tiny: i8::MAX,
        byte: u8::MAX,
        small: i16::MIN,
        port: 0,
        int: i32::MAX,
        left: 0,
        big: 0,
        whole: Int64(i64::MAX),
        cents: Cents(0),
        level: Level(0),
        perhaps: None,
        ratio: f64::MAX,
        half: f32::MAX,
    }
}

/// Calculates past the end of a column, by an update or by an upsert.
#[edgepod::function]
pub async fn go_past(ctx: &Ctx, column: String, upsert: bool) -> Result<()> {
    ctx.db
        .insert(gauge())
        .on_conflict(Gauge::id)
        .do_nothing()
        .exec()?;
    macro_rules! past {
        ($($name:ident: $expr:expr),* $(,)?) => {
            match column.as_str() {
                $(stringify!($name) if upsert => {
                    ctx.db.insert(gauge()).on_conflict(Gauge::id).set(Gauge::$name, $expr).exec()
                }
                stringify!($name) => {
                    ctx.db.update::<Gauge>().set(Gauge::$name, $expr).filter(Gauge::id.eq(1)).exec().map(drop)
                })*
                _ => Err(Error::not_found(column)),
            }
        };
    }
    past! {
        tiny: Gauge::tiny + 1,
        byte: Gauge::byte + 1,
        small: Gauge::small - 1,
        port: Gauge::port - 1,
        int: Gauge::int * 2,
        left: Gauge::left - 1,
        big: Gauge::big - 1,
        // By way of floats and back.
        whole: Gauge::whole + Int64(1) - Int64(1000),
        cents: Gauge::cents - Cents(i64::MAX) - Cents(i64::MAX),
        level: Gauge::level - Level(1),
        perhaps: Gauge::int + 1,
        ratio: Gauge::ratio * 2.0,
        half: Gauge::half * 2.0,
    }
}

/// All of them.
#[edgepod::query]
pub async fn get_gauges(ctx: &QueryCtx) -> Result<Vec<Gauge>> {
    ctx.db.select::<Gauge>().all()
}

/// Gives back the times.
#[edgepod::query]
pub async fn same_times(
    _ctx: &QueryCtx,
    time: Option<Timestamp>,
    chrono: Option<chrono::DateTime<chrono::Utc>>,
    jiff: Option<jiff::Timestamp>,
) -> Result<(
    Option<Timestamp>,
    Option<chrono::DateTime<chrono::Utc>>,
    Option<jiff::Timestamp>,
)> {
    Ok((time, chrono, jiff))
}

/// What is sorted by values of every storage.
#[edgepod::table(name = "samples")]
#[allow(missing_docs)]
pub struct Sample {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub digest: Bytes,
    pub label: Option<Bytes>,
    pub text: String,
    pub weight: f64,
    pub whole: Int64,
    pub flag: bool,
    pub at: Timestamp,
    pub key: Uuid,
}

/// Nine rows, of which pairs are alike.
#[edgepod::function]
pub async fn fill_samples(ctx: &Ctx) -> Result<()> {
    ctx.db.delete::<Sample>().without_where().exec()?;
    let sample = |n: u8| NewSample {
        digest: Bytes::from(vec![n / 2, 0xff]),
        label: (!n.is_multiple_of(3)).then(|| Bytes::from(vec![n % 3])),
        // Longer than an index would hold, and alike for long.
        text: format!("{}{}\0\"\\", "ä\u{1}".repeat(2500), n / 2),
        weight: f64::from(n / 2) / 3.0,
        whole: Int64(i64::MAX - i64::from(n / 2)),
        flag: n.is_multiple_of(2),
        at: Timestamp::from_micros(i64::from(n / 2)).unwrap_or(ctx.now()),
        key: Uuid::from_u128(u128::from(n / 2)),
    };
    ctx.db.insert_many((0..9).map(sample)).exec().map(drop)
}

/// What a page of samples is made of.
#[edgepod::data]
#[derive(Copy)]
pub enum Shape {
    /// Rows, of which the ids are shown.
    Rows,
    /// Groups, of which the sizes are shown.
    Groups,
    /// Different values, of which there is nothing to show.
    Distinct,
}

/// Pages of two, sorted by a column.
#[edgepod::query]
pub async fn sample_pages(
    ctx: &QueryCtx,
    column: String,
    descending: bool,
    shape: Shape,
    cursor: Option<String>,
) -> Result<Page<i64>> {
    let cursor = cursor.as_deref();
    let select = || ctx.db.select::<Sample>();
    macro_rules! sorted {
        ($($name:ident)*) => {
            match column.as_str() {
                $(stringify!($name) => {
                    macro_rules! order {
                        () => {
                            if descending { Sample::$name.desc() } else { Sample::$name.asc() }
                        };
                    }
                    match shape {
                        Shape::Rows => Ok(select().order_by(order!()).page(cursor, 2)?.map(|row| row.id)),
                        Shape::Groups => Ok(select()
                            .columns((Sample::$name, count()))
                            .group_by(Sample::$name)
                            .order_by(order!())
                            .page(cursor, 2)?
                            .map(|(_, size)| size)),
                        Shape::Distinct => Ok(select()
                            .columns(Sample::$name)
                            .distinct()
                            .order_by(order!())
                            .page(cursor, 2)?
                            .map(|_| 0)),
                    }
                })*
                _ => Err(Error::not_found(column)),
            }
        };
    }
    sorted!(id digest label text weight whole flag at key)
}

/// What a trigger completes.
#[edgepod::table(name = "headings")]
#[allow(missing_docs)]
pub struct Heading {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    #[unique]
    pub text: String,
    #[default(0)]
    pub length: i64,
}

/// Writes headings in every way that returns rows; the lengths that came back.
#[edgepod::function]
pub async fn write_headings(ctx: &Ctx) -> Result<Vec<i64>> {
    for event in ["INSERT", "UPDATE OF text"] {
        ctx.unsafe_raw_db.run(
            &format!(
                "CREATE TRIGGER IF NOT EXISTS \"heading {event}\" AFTER {event} ON headings BEGIN
                    UPDATE headings SET length = length(NEW.text) WHERE id = NEW.id; END"
            ),
            &[],
        )?;
    }
    ctx.db.delete::<Heading>().without_where().exec()?;
    let new = |text: &str| NewHeading {
        text: text.to_owned(),
    };
    let mut lengths = vec![ctx.db.insert(new("a")).returning()?.length];
    let rows = ctx.db.insert_many(["bc", "def"].map(new)).returning()?;
    lengths.extend(rows.iter().map(|row| row.length));
    let upserted = ctx
        .db
        .insert(new("a"))
        .on_conflict(Heading::text)
        .set(Heading::text, "four");
    lengths.push(upserted.returning()?.length);
    let updated = ctx.db.update::<Heading>().set(Heading::text, "fives");
    lengths.extend(
        updated
            .filter(Heading::text.eq("four"))
            .returning()?
            .iter()
            .map(|row| row.length),
    );
    Ok(lengths)
}

/// A row that the database fills alone.
#[edgepod::table(name = "tickets")]
#[allow(missing_docs)]
pub struct Ticket {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    #[default(now)]
    pub drawn_at: Timestamp,
}

/// Draws a ticket, and another two: how many there are then.
#[edgepod::function]
pub async fn draw_tickets(ctx: &Ctx) -> Result<u64> {
    ctx.db.delete::<Ticket>().without_where().exec()?;
    ctx.db
        .insert(NewTicket {})
        .on_conflict(Ticket::id)
        .do_nothing()
        .exec()?;
    ctx.db.insert_many([NewTicket {}, NewTicket {}]).exec()?;
    ctx.db.select::<Ticket>().count()
}

/// Adds a heading whose letters another has, where an index over an expression forbids it.
#[edgepod::function]
pub async fn add_heading_twice(ctx: &Ctx) -> Result<()> {
    ctx.unsafe_raw_db.run(
        "CREATE UNIQUE INDEX IF NOT EXISTS headings_lower ON headings (lower(text))",
        &[],
    )?;
    for text in ["Once", "ONCE"] {
        ctx.db
            .insert(NewHeading {
                text: text.to_owned(),
            })
            .exec()?;
    }
    Ok(())
}

/// Any JSON.
#[edgepod::data]
pub struct Free(#[ts(type = "unknown")] pub serde_json::Value);

/// One of several, told by what it is.
#[edgepod::data]
#[serde(untagged)]
pub enum Loose {
    /// A number.
    Whole(i64),
    /// Words.
    Text(String),
}

/// What was reported.
#[edgepod::table(name = "reports")]
#[allow(missing_docs)]
pub struct Report {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub body: Json<Free>,
}

/// Keeps any JSON.
#[edgepod::function]
pub async fn file_report(ctx: &Ctx, body: Json<Free>) -> Result<()> {
    ctx.db.insert(NewReport { body }).exec()
}

/// Keeps a number that no client has sent, within any JSON.
#[edgepod::function]
pub async fn file_number(ctx: &Ctx, number: Int64) -> Result<()> {
    let body = Json(Free(serde_json::json!({ "number": number.0 })));
    ctx.db.insert(NewReport { body }).exec()
}

/// Puts text into the column for JSON, as SQL of one's own may.
#[edgepod::function]
pub async fn plant_report(ctx: &Ctx, text: String) -> Result<()> {
    let values = [edgepod::db::Value::Text(text)];
    ctx.unsafe_raw_db
        .run("INSERT INTO reports (body) VALUES (?)", &values)
        .map(drop)
}

/// All that was reported.
#[edgepod::query]
pub async fn get_reports(ctx: &QueryCtx) -> Result<Vec<Report>> {
    ctx.db.select::<Report>().order_by(Report::id.asc()).all()
}

/// Gives back what came.
#[edgepod::query]
pub async fn same_values(
    _ctx: &QueryCtx,
    free: Option<Free>,
    loose: Option<Vec<Loose>>,
    pair: Option<(i64, i64)>,
    half: Option<f32>,
) -> Result<(
    Option<Free>,
    Option<Vec<Loose>>,
    Option<(i64, i64)>,
    Option<f32>,
)> {
    Ok((free, loose, pair, half))
}

/// Fails, with a number in the error's data.
#[edgepod::query]
pub async fn fail_with(_ctx: &QueryCtx, number: Int64) -> Result<()> {
    Err(Error::conflict("It is taken.").with_data(serde_json::json!({ "number": number.0 })))
}

/// Much text.
#[edgepod::table(name = "blocks")]
#[allow(missing_docs)]
pub struct Block {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub text: String,
}

/// Keeps a text of so many bytes.
#[edgepod::function]
pub async fn add_block(ctx: &Ctx, bytes: u32) -> Result<()> {
    ctx.db
        .insert(NewBlock {
            text: "x".repeat(bytes as usize),
        })
        .exec()
}

/// How many there are, once all are gone that were there.
#[edgepod::function]
pub async fn drop_blocks(ctx: &Ctx) -> Result<u64> {
    ctx.db.delete::<Block>().without_where().exec()
}

/// All of them.
#[edgepod::query]
pub async fn get_blocks(ctx: &QueryCtx) -> Result<Vec<Block>> {
    ctx.db.select::<Block>().all()
}

/// Some of them.
#[edgepod::query]
pub async fn block_pages(ctx: &QueryCtx, cursor: Option<String>) -> Result<Page<Block>> {
    ctx.db.select::<Block>().page(cursor.as_deref(), 4)
}

/// Reads all of them, and says how many in place of the error.
#[edgepod::query]
pub async fn count_blocks(ctx: &QueryCtx) -> Result<u64> {
    match ctx.db.select::<Block>().all() {
        Ok(blocks) => Ok(blocks.len() as u64),
        Err(_) => ctx.db.select::<Block>().count(),
    }
}

/// Writes a block, and answers with much text.
#[edgepod::function]
pub async fn add_and_say(ctx: &Ctx, bytes: u32) -> Result<String> {
    ctx.db
        .insert(NewBlock {
            text: String::new(),
        })
        .exec()?;
    Ok("y".repeat(bytes as usize))
}

/// Runs statements, tells of each what became of it, and leaves nothing of them.
#[edgepod::function]
pub async fn try_sql(ctx: &Ctx, statements: Vec<String>) -> Result<()> {
    let outcomes: Vec<Option<String>> = statements
        .iter()
        .map(|sql| {
            ctx.unsafe_raw_db
                .run(sql, &[])
                .err()
                .map(|error| error.message().to_owned())
        })
        .collect();
    Err(Error::conflict("It was only tried.").with_data(serde_json::json!(outcomes)))
}

/// A list of one column, read as two.
#[edgepod::query]
pub async fn misread(ctx: &QueryCtx, how: String) -> Result<usize> {
    use edgepod::db::sea_query::{Expr, Query};
    let select = |expr: &'static str| Query::select().expr(Expr::cust(expr)).to_owned();
    Ok(match how.as_str() {
        "blob as text" => ctx.db.query::<(String,)>(&select("x'6162'"))?.len(),
        "text as blob" => ctx.db.query::<(Bytes,)>(&select("'6162'"))?.len(),
        "width" => {
            let none = select("1").and_where(Expr::cust("0 = 1")).to_owned();
            ctx.db.query::<(i64, i64)>(&none)?.len()
        }
        "infinity" => ctx.db.query::<(f64,)>(&select("9e999"))?.len(),
        _ => ctx.db.query::<(Bytes,)>(&select("x'6162'"))?.len(),
    })
}
