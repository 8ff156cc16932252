//! Tables that change each other, and functions that stop at any statement.

use std::{future::poll_fn, task::Poll};

use edgepod::{
    db::sea_query::{Expr, ExprTrait, Func, Query},
    prelude::*,
};

/// A shop. What is its own goes with it, and its remarks stay.
#[edgepod::table(name = "shops")]
pub struct Shop {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
}

/// What a shop sells.
#[edgepod::table(name = "goods")]
pub struct Good {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// Who sells it.
    #[index]
    #[references(Shop::id, on_delete = cascade)]
    pub shop_id: i64,
    /// What it costs.
    pub price: i64,
}

/// What was ordered.
#[edgepod::table(name = "orders")]
pub struct Order {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// What of it.
    #[references(Good::id, on_delete = cascade)]
    pub good_id: i64,
}

/// What was said of a shop.
#[edgepod::table(name = "remarks")]
pub struct Remark {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// Of whom, where it is still there.
    #[references(Shop::id, on_delete = set_null)]
    pub shop_id: Option<i64>,
}

/// A number that a trigger watches.
#[edgepod::table(name = "gauges")]
pub struct Gauge {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// The number.
    pub level: i64,
}

/// What the trigger saw: levels above 5.
#[edgepod::table(name = "alarms")]
pub struct Alarm {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The level.
    pub level: i64,
}

/// Makes the trigger.
#[edgepod::function]
pub async fn build_world(ctx: &Ctx) -> Result<()> {
    for event in ["INSERT", "UPDATE OF level"] {
        let name = event.split(' ').next().unwrap_or_default();
        ctx.unsafe_raw_db.run(
            &format!(
                "CREATE TRIGGER IF NOT EXISTS watch_{name} AFTER {event} ON gauges WHEN new.level > 5 BEGIN INSERT INTO alarms \
                 (level) VALUES (new.level); END"
            ),
            &[],
        )?;
    }
    Ok(())
}

/// The rows of these tables, without the ids that the database chose, sorted.
#[edgepod::query]
pub async fn look(ctx: &QueryCtx, tables: Vec<String>) -> Result<Vec<Vec<Vec<i64>>>> {
    tables
        .iter()
        .map(|table| {
            let mut rows: Vec<Vec<i64>> = match table.as_str() {
                "shops" => rows(ctx.db.select::<Shop>().all()?, |row| vec![row.id]),
                "goods" => rows(ctx.db.select::<Good>().all()?, |row| {
                    vec![row.id, row.shop_id, row.price]
                }),
                "orders" => rows(ctx.db.select::<Order>().all()?, |row| {
                    vec![row.id, row.good_id]
                }),
                "remarks" => rows(ctx.db.select::<Remark>().all()?, |row| {
                    vec![row.id, row.shop_id.unwrap_or(-1)]
                }),
                "gauges" => rows(ctx.db.select::<Gauge>().all()?, |row| {
                    vec![row.id, row.level]
                }),
                "alarms" => rows(ctx.db.select::<Alarm>().all()?, |row| vec![row.level]),
                _ => return Err(Error::not_found("There is no such table.")),
            };
            rows.sort_unstable();
            Ok(rows)
        })
        .collect()
}

fn rows<T>(rows: Vec<T>, row: impl Fn(T) -> Vec<i64>) -> Vec<Vec<i64>> {
    rows.into_iter().map(row).collect()
}

/// A name and three numbers: see `step`.
type Step = (String, i64, i64, i64);

/// Takes the steps, and ends as it is told.
#[edgepod::function]
pub async fn live(ctx: &Ctx, steps: Vec<Step>) -> Result<()> {
    for step in &steps {
        if step.0 == "wait" {
            std::future::pending::<()>().await;
        }
        take(ctx, step)?;
    }
    Ok(())
}

/// Takes the steps of each part in a transaction of its own, and awaits something between them.
#[edgepod::action]
pub async fn live_on(ctx: &ActionCtx, parts: Vec<Vec<Step>>) -> Result<()> {
    for steps in &parts {
        later().await;
        ctx.transaction(|tx| {
            for step in steps {
                if step.0 == "nest" {
                    ctx.transaction(|_| Ok(()))?;
                }
                take(tx, step)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Is ready when it is asked for the second time.
async fn later() {
    let mut asked = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Takes a step; one that begins with `try ` lets its error pass.
fn take(ctx: &Ctx, (name, id, other, n): &Step) -> Result<()> {
    match name.strip_prefix("try ") {
        Some(name) => {
            let _ = step(ctx, name, *id, *other, *n);
            Ok(())
        }
        None => step(ctx, name, *id, *other, *n),
    }
}

fn step(ctx: &Ctx, name: &str, id: i64, other: i64, n: i64) -> Result<()> {
    let db = &ctx.db;
    match name {
        "shop" => db.insert(NewShop { id }).exec(),
        "good" => db
            .insert(NewGood {
                id,
                shop_id: other,
                price: n,
            })
            .exec(),
        "order" => db
            .insert(NewOrder { id, good_id: other })
            .returning()
            .map(drop),
        "remark" => db
            .insert(NewRemark {
                id,
                shop_id: (other >= 0).then_some(other),
            })
            .exec(),
        "offer" => db
            .insert(NewGood {
                id,
                shop_id: other,
                price: n,
            })
            .on_conflict(Good::id)
            .update(Good::price)
            .exec(),
        "gauges" => db
            .insert_many((0..n).map(|i| NewGauge {
                id: id + i,
                level: other + i,
            }))
            .exec()
            .map(drop),
        "raise" => db
            .update::<Gauge>()
            .set(Gauge::level, Gauge::level + n)
            .filter(Gauge::id.ge(id))
            .returning()
            .map(drop),
        "close" => db.delete::<Shop>().filter(Shop::id.eq(id)).exec().map(drop),
        "close many" => db
            .execute(
                Query::delete()
                    .from_table("shops")
                    .and_where(Expr::col("id").is_in([id, other, n]))
                    .to_owned(),
            )
            .map(drop),
        "drop" => db
            .delete::<Good>()
            .filter(Good::id.eq(id))
            .returning()
            .map(drop),
        "cancel" => db
            .delete::<Order>()
            .filter(Order::good_id.eq(other))
            .exec()
            .map(drop),
        "reprice" => db
            .execute(
                Query::update()
                    .table("goods")
                    .value("price", n)
                    .and_where(Expr::col("shop_id").eq(other))
                    .to_owned(),
            )
            .map(drop),
        "clear" => {
            db.delete::<Gauge>().without_where().exec()?;
            db.delete::<Alarm>().without_where().exec().map(drop)
        }
        "fail" => Err(Error::bad_request("It was told to fail.")),
        "panic" => panic!("it was told to panic"),
        // Refused before it runs, and after.
        "guard" => db
            .execute(Query::delete().from_table("shops").to_owned())
            .map(drop),
        "flood" => {
            let mut many = Query::select();
            let numbers: Vec<i64> = (1_000_000..1_001_001).collect();
            many.expr(Expr::cust("value")).from_function(
                Func::cust("json_each").arg(format!("{numbers:?}")),
                "numbers",
            );
            let mut insert = Query::insert()
                .into_table("shops")
                .columns(["id"])
                .to_owned();
            insert
                .select_from(many)
                .map_err(|error| Error::internal(error.to_string()))?;
            db.execute(insert).map(drop)
        }
        "nest" => Ok(()),
        _ => Err(Error::not_found("There is no such step.")),
    }
}
