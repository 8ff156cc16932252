//! What the guards refuse: by the builder, by statements of sea-query, and as text.

use crate::kinds::{Kind, KindId};
use edgepod::{
    db::{
        Alias, Value,
        sea_query::{Expr, ExprTrait, Func, Query, SelectStatement, UnionType},
        without_where,
    },
    prelude::*,
};

/// Something with a name.
#[edgepod::table(name = "items")]
pub struct Item {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What is said of it.
    pub note: Option<String>,
}

/// A part of an item, which keeps the item from going.
#[edgepod::table(name = "parts")]
pub struct Part {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Whose part it is.
    #[references(Item::id)]
    pub item_id: i64,
}

/// Twenty columns that an insert fills.
#[edgepod::table(name = "wides")]
#[allow(missing_docs)]
pub struct Wide {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub a: i64,
    pub b: String,
    pub c: bool,
    pub d: Option<f64>,
    pub e: i64,
    pub f: i64,
    pub g: i64,
    pub h: i64,
    pub i: i64,
    pub j: i64,
    pub k: i64,
    pub l: i64,
    pub m: i64,
    pub n: Bytes,
    pub o: Option<String>,
    pub p: String,
    pub q: i64,
    pub r: i64,
    pub s: i64,
    pub t: i64,
}

fn new(name: impl Into<String>) -> NewItem {
    NewItem {
        name: name.into(),
        note: None,
    }
}

/// Leaves this many items, `item 1` and so on, with ids from 1, and no parts.
#[edgepod::function]
pub async fn fill(ctx: &Ctx, items: i64) -> Result<()> {
    ctx.db.delete::<Part>().without_where().exec()?;
    ctx.db.delete::<Item>().without_where().exec()?;
    ctx.unsafe_raw_db
        .run("DELETE FROM sqlite_sequence WHERE name = 'items'", &[])?;
    for start in (1..=items).step_by(1000) {
        ctx.db
            .insert_many((start..=Ord::min(items, start + 999)).map(|i| new(format!("item {i}"))))
            .exec()?;
    }
    Ok(())
}

// Further appearances of tables in one statement.
type A = Alias<Kind, 'a'>;
type B = Alias<Kind, 'b'>;
type C = Alias<Kind, 'c'>;
type Two = Alias<Item, '2'>;
type Three = Alias<Item, '3'>;
type Four = Alias<Item, '4'>;
type Five = Alias<Item, '5'>;

/// A number of rows, and a sum of theirs.
type Fingerprint = (i64, Option<i64>);

/// The items' number, and a sum that changes with each of them.
#[edgepod::query]
pub async fn fingerprint(ctx: &QueryCtx) -> Result<Vec<Fingerprint>> {
    let sum = Expr::cust("sum(id * 7 + length(name) + coalesce(length(note), 0))");
    ctx.db.query(
        Query::select()
            .expr(Func::count(Expr::col("id")))
            .expr(sum)
            .from("items"),
    )
}

/// Makes two tables anew, the `first` one first, so that they change places in the database's file, and reads `swap_a`.
#[edgepod::function]
pub async fn swap_tables(ctx: &Ctx, first: String, second: String) -> Result<u64> {
    for table in [&first, &second] {
        ctx.unsafe_raw_db
            .run(&format!("DROP TABLE IF EXISTS {table}"), &[])?;
    }
    for table in [&first, &second] {
        ctx.unsafe_raw_db
            .run(&format!("CREATE TABLE {table} (n)"), &[])?;
    }
    let rows = ctx
        .db
        .query::<(i64,)>(Query::select().column("n").from("swap_a"))?;
    Ok(rows.len() as u64)
}

/// Runs what `what` names and commits, whatever becomes of it: the rows it returned or changed, or the error.
#[edgepod::function]
pub async fn attempt(ctx: &Ctx, what: String) -> Result<String> {
    Ok(match run(ctx, &what) {
        Ok(rows) => format!("{rows} rows"),
        Err(error) => said(&error),
    })
}

/// The same of what reads, in a query.
#[edgepod::query]
pub async fn attempt_read(ctx: &QueryCtx, what: String) -> Result<String> {
    Ok(match read(ctx, &what) {
        Some(Ok(rows)) => format!("{rows} rows"),
        Some(Err(error)) => said(&error),
        None => "no such read".to_owned(),
    })
}

fn said(error: &Error) -> String {
    let columns = match error.data() {
        Some(data) => data["columns"].to_string(),
        None => String::new(),
    };
    format!("{}: {}{columns}", error.code().as_str(), error.message())
}

fn items() -> SelectStatement {
    Query::select()
        .columns(["id", "name", "note"])
        .from("items")
        .to_owned()
}

/// `1 + 1 + …`, this deep.
fn deep(levels: usize) -> String {
    vec!["1"; levels].join(" + ")
}

fn ones(count: usize) -> String {
    vec!["1"; count].join(", ")
}

fn read(ctx: &QueryCtx, what: &str) -> Option<Result<u64>> {
    let count = |rows: Result<Vec<Item>>| rows.map(|rows| rows.len() as u64);
    let one = |expr: String| {
        let rows = ctx
            .db
            .query::<(i64,)>(Query::select().expr(Expr::cust(expr)));
        rows.map(|rows| rows.len() as u64)
    };
    Some(match what {
        "builder: all" => count(ctx.db.select::<Item>().all()),
        "builder: limit 5000" => count(ctx.db.select::<Item>().limit(5000).all()),
        "statement: all" => count(ctx.db.query(&items())),
        "statement: limit 5000" => count(ctx.db.query(items().limit(5000))),
        "builder: long pattern" => count(
            ctx.db
                .select::<Item>()
                .filter(Item::name.like(&"x".repeat(60)))
                .all(),
        ),
        "statement: long pattern" => count(
            ctx.db
                .query(items().and_where(Expr::col("name").like("x".repeat(60)))),
        ),
        "builder: 300 filters" => {
            let mut select = ctx.db.select::<Item>();
            for i in 0..300 {
                select = select.filter(Item::id.ne(-i));
            }
            count(select.all())
        }
        "builder: 1000 in a list" => count(
            ctx.db
                .select::<Item>()
                .filter(
                    Item::id
                        .is_in(1..=1000)
                        .and(Item::name.not_in((0..1000).map(|n| n.to_string()))),
                )
                .all(),
        ),
        "builder: 300 in a list" => count(
            ctx.db
                .select::<Item>()
                .filter(Item::id.is_in(1..=300))
                .all(),
        ),
        "statement: 300 parameters" => count(
            ctx.db
                .query(items().and_where(Expr::col("id").is_in(1..=300))),
        ),
        "builder: deep" => {
            let mut sum = Item::id + 1;
            for _ in 0..150 {
                sum = sum + 1;
            }
            let rows = ctx.db.select::<Item>().columns(sum).all();
            rows.map(|rows| rows.len() as u64)
        }
        "builder: 120 columns" => {
            let kinds = ctx
                .db
                .select::<Kind>()
                .join::<A>(Kind::id.of::<A>().eq(Kind::id));
            let kinds = kinds.join::<B>(Kind::id.of::<B>().eq(Kind::id));
            let kinds = kinds.join::<C>(Kind::id.of::<C>().eq(Kind::id));
            kinds.all().map(|rows| rows.len() as u64)
        }
        "builder: 90 columns" => {
            let kinds = ctx
                .db
                .select::<Kind>()
                .join::<A>(Kind::id.of::<A>().eq(Kind::id));
            let kinds = kinds
                .join::<B>(Kind::id.of::<B>().eq(Kind::id))
                .filter(Kind::id.eq(KindId(-1)));
            kinds.all().map(|rows| rows.len() as u64)
        }
        "builder: row too large" => {
            let same = || {
                Item::id
                    .of::<Two>()
                    .eq(Item::id)
                    .and(Item::id.of::<Three>().eq(Item::id))
            };
            let items = ctx
                .db
                .select::<Item>()
                .join::<Two>(Item::id.of::<Two>().eq(Item::id));
            let items = items
                .join::<Three>(same())
                .join::<Four>(Item::id.of::<Four>().eq(Item::id));
            let items = items.join::<Five>(Item::id.of::<Five>().eq(Item::id));
            items.all().map(|rows| rows.len() as u64)
        }
        "statement: row too large" => {
            let wide = Query::select()
                .columns(["name", "name", "name", "name", "name"])
                .from("items")
                .to_owned();
            let rows = ctx
                .db
                .query::<(String, String, String, String, String)>(&wide);
            rows.map(|rows| rows.len() as u64)
        }
        "statement: value too large" => one("hex(zeroblob(5000000))".to_owned()),
        "statement: deep" => one(deep(150)),
        "statement: not too deep" => one(deep(90)),
        "statement: 101 columns" => one(format!("(SELECT count(*) FROM (SELECT {}))", ones(101))),
        "statement: 100 columns" => one(format!("(SELECT count(*) FROM (SELECT {}))", ones(100))),
        "statement: 6 selects" | "statement: 5 selects" => {
            let more = if what.contains('6') { 5 } else { 4 };
            let unions = (0..more).map(|_| (UnionType::All, items()));
            count(ctx.db.query(items().unions(unions)))
        }
        "statement: long text" => one(format!("1 -- {}\n", "x".repeat(100_000))),
        "statement: writes" => one("1); DELETE FROM items; --".to_owned()),
        "builder: large rows" => count(ctx.db.select::<Item>().order_by(Item::id.desc()).all()),
        "statement: large rows" => count(
            ctx.db
                .query(items().order_by("id", edgepod::db::sea_query::Order::Desc)),
        ),
        _ => return None,
    })
}

/// Runs an insert into the items while it sets off so many triggers as `what` ends with, one the next.
fn with_triggers(ctx: &Ctx, what: &str, insert: impl FnOnce() -> Result<u64>) -> Result<u64> {
    let ddl = |sql: String| ctx.unsafe_raw_db.run(&sql, &[]);
    let triggers = if what.contains("11") { 11 } else { 10 };
    for i in 0..triggers {
        let (table, next) = match i {
            0 => ("items".to_owned(), "deep_1".to_owned()),
            i => (format!("deep_{i}"), format!("deep_{}", i + 1)),
        };
        ddl(format!("CREATE TABLE {next} (n)"))?;
        ddl(format!(
            "CREATE TRIGGER after_{table} AFTER INSERT ON {table} BEGIN INSERT INTO {next} VALUES (1); END"
        ))?;
    }
    let inserted = insert();
    ddl("DROP TRIGGER after_items".to_owned())?;
    for i in 1..=triggers {
        ddl(format!("DROP TABLE deep_{i}"))?;
    }
    inserted
}

fn run(ctx: &Ctx, what: &str) -> Result<u64> {
    let delete = |condition: &'static str| {
        Query::delete()
            .from_table("items")
            .and_where(Expr::cust(condition))
            .to_owned()
    };
    let update = || {
        Query::update()
            .table("items")
            .value("note", "changed")
            .to_owned()
    };
    let raw = |sql: &str, params: &[Value]| {
        ctx.unsafe_raw_db
            .run(sql, params)
            .map(|rows| rows.len() as u64)
    };
    match what {
        "statement: delete" => ctx
            .db
            .execute(Query::delete().from_table("items").to_owned()),
        "statement: delete where true" => ctx.db.execute(
            Query::delete()
                .from_table("items")
                .cond_where(edgepod::db::sea_query::Cond::all())
                .to_owned(),
        ),
        "statement: delete where TRUE" => ctx.db.execute(delete("TRUE")),
        "statement: delete where 1" => ctx.db.execute(delete("1")),
        "statement: delete where 1 = 1" => ctx.db.execute(delete("1 = 1")),
        "statement: delete where 1 = 2" => ctx.db.execute(delete("1 = 2")),
        "statement: delete where not in nothing" => ctx.db.execute(
            Query::delete()
                .from_table("items")
                .and_where(Expr::col("id").is_not_in(Vec::<i64>::new()))
                .to_owned(),
        ),
        "statement: update" => ctx.db.execute(update()),
        "statement: update where ? = ?" => ctx
            .db
            .execute(update().and_where(Expr::val("x").eq("x")).to_owned()),
        "statement: update where ? = another" => ctx
            .db
            .execute(update().and_where(Expr::val("x").eq("y")).to_owned()),
        "statement: update without_where" => ctx.db.execute(without_where(update())),
        "builder: insert 1000" | "builder: insert 1001" => {
            let rows = if what.ends_with('1') { 1001 } else { 1000 };
            ctx.db
                .insert_many((0..rows).map(|i| new(format!("new {i}"))))
                .exec()
        }
        "builder: insert 1000 of 20 columns" => {
            let rows = (0..1000).map(|n| NewWide {
                a: n,
                b: format!("text {n}"),
                c: n % 2 == 0,
                d: Some(0.5),
                e: n,
                f: n,
                g: n,
                h: n,
                i: n,
                j: n,
                k: n,
                l: n,
                m: n,
                n: Bytes::from(vec![0, 255]),
                o: None,
                p: "\0".to_owned(),
                q: n,
                r: n,
                s: n,
                t: n,
            });
            ctx.db.insert_many(rows).exec()?;
            let back = ctx
                .db
                .delete::<Wide>()
                .filter(Wide::t.lt(1000))
                .returning()?;
            let same =
                |row: &&Wide| row.a == row.t && row.b == format!("text {}", row.a) && row.p == "\0";
            Ok(back.iter().filter(same).count() as u64)
        }
        "statement: insert 1000" | "statement: insert 1001" => {
            let rows = if what.ends_with('1') { 1001 } else { 1000 };
            let mut insert = Query::insert()
                .into_table("items")
                .columns(["name"])
                .to_owned();
            for i in 0..rows {
                insert.values_panic([i.to_string().into()]);
            }
            ctx.db.execute(insert)
        }
        "statement: insert select" | "statement: insert select 1000" => {
            let mut select = Query::select().column("name").from("items").to_owned();
            if what.ends_with('0') {
                select.limit(1000);
            }
            let mut insert = Query::insert()
                .into_table("items")
                .columns(["name"])
                .to_owned();
            insert
                .select_from(select)
                .map_err(|error| Error::internal(error.to_string()))?;
            ctx.db.execute(insert)
        }
        "builder: update returning" => ctx
            .db
            .update::<Item>()
            .set(Item::note, "changed")
            .filter(Item::id.gt(0))
            .returning()
            .map(|rows| rows.len() as u64),
        "builder: large value" => ctx.db.insert(new("x".repeat(2_000_001))).exec().map(|()| 1),
        "builder: large row" => ctx
            .db
            .insert(NewItem {
                name: "x".repeat(1_200_000),
                note: Some("y".repeat(1_200_000)),
            })
            .exec()
            .map(|()| 1),
        "statement: large value" => ctx.db.execute(
            update()
                .value("note", "x".repeat(2_000_001))
                .and_where(Expr::col("id").eq(1))
                .to_owned(),
        ),
        "statement: large row" => ctx.db.execute(
            Query::insert()
                .into_table("items")
                .columns(["name", "note"])
                .values_panic(["x".repeat(1_200_000).into(), "y".repeat(1_200_000).into()])
                .to_owned(),
        ),
        "builder: part of nothing" => ctx.db.insert(NewPart { item_id: -1 }).exec().map(|()| 1),
        "statement: part of nothing" => ctx.db.execute(
            Query::insert()
                .into_table("parts")
                .columns(["item_id"])
                .values_panic([(-1).into()])
                .to_owned(),
        ),
        "statement: part moves to nothing" => {
            ctx.db.insert(NewPart { item_id: 1 }).exec()?;
            ctx.db.execute(
                Query::update()
                    .table("parts")
                    .value("item_id", -1)
                    .and_where(Expr::col("item_id").eq(1))
                    .to_owned(),
            )
        }
        "builder: delete with parts" => ctx.db.delete::<Item>().filter(Item::id.eq(1)).exec(),
        "statement: delete with parts" => ctx.db.execute(
            Query::delete()
                .from_table("items")
                .and_where(Expr::col("id").eq(1))
                .to_owned(),
        ),
        "text: 101 parameters" => raw(
            &format!(
                "SELECT {}",
                vec!["?"; 90].join(" || ") + &" || ?".repeat(11)
            ),
            &vec![Value::Integer(1); 101],
        ),
        "text: long" => raw(&format!("SELECT 1 -- {}", "x".repeat(100_000)), &[]),
        "builder: 11 triggers" | "builder: 10 triggers" => {
            with_triggers(ctx, what, || ctx.db.insert(new("deep")).exec().map(|()| 1))
        }
        "statement: 11 triggers" | "statement: 10 triggers" => with_triggers(ctx, what, || {
            ctx.db.execute(
                Query::insert()
                    .into_table("items")
                    .columns(["name"])
                    .values_panic(["deep".into()])
                    .to_owned(),
            )
        }),
        "text: 11 triggers" | "text: 10 triggers" => with_triggers(ctx, what, || {
            raw("INSERT INTO items (name) VALUES ('deep') RETURNING id", &[])
        }),
        "text: deep" => raw(&format!("SELECT {}", deep(150)), &[]),
        "text: not too deep" => raw(&format!("SELECT {}", deep(90)), &[]),
        "text: 6 selects" => raw(&["SELECT 1"; 6].join(" UNION ALL "), &[]),
        "text: 5 selects" => raw(&["SELECT 1"; 5].join(" UNION ALL "), &[]),
        "text: long pattern" => raw("SELECT 1 WHERE 'x' LIKE ?", &[Value::Text("x".repeat(51))]),
        "text: 100 columns" => raw(&format!("SELECT {}", ones(100)), &[]),
        "text: 100 parameters" => raw(
            &format!("SELECT max({})", vec!["?"; 100].join(", ")),
            &vec![Value::Integer(1); 100],
        ),
        "text: value too large" => raw("SELECT hex(zeroblob(5000000))", &[]),
        "text: row too large" => raw("SELECT name, name, name, name, name FROM items", &[]),
        "large row" => ctx.db.insert(new("€".repeat(660_000))).exec().map(|()| 1),
        "text: 101 columns" => raw(&format!("SELECT {}", ones(101)), &[]),
        "text: table of 101 columns" => raw(
            &format!(
                "CREATE TABLE wide ({})",
                (0..101)
                    .map(|i| format!("c{i}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            &[],
        ),
        "text: large value" => raw("SELECT ?", &[Value::Text("x".repeat(2_000_001))]),
        "text: 128 arguments" => raw(&format!("SELECT max({})", ones(128)), &[]),
        "text: pragma" => raw("PRAGMA foreign_keys = OFF", &[]),
        "text: several" => raw("SELECT 1; DELETE FROM items", &[]),
        "large rows" => {
            for i in 0..1000 {
                ctx.db
                    .insert(new(format!("{i}{}", "€".repeat(3000))))
                    .exec()?;
            }
            Ok(1000)
        }
        what => read(ctx, what)
            .unwrap_or_else(|| Err(Error::not_found(format!("{what}: no such attempt")))),
    }
}
