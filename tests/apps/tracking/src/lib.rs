//! An app that says what statements touch, and that stops anywhere it is told to.
//!
//! The tests in `tests/tracking` call it on both hosts.

mod kept;
mod selects;
mod triples;
mod world;

use std::cell::RefCell;

use edgepod::prelude::*;
use edgepod_runtime::{
    db::{Database, JsonOutput, Output, RawDb, RowFormat, SqlError, Value},
    tracking::{TableSet, Tracker},
};

/// A list of numbers.
#[edgepod::table(name = "ones")]
pub struct One {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The number.
    pub value: i64,
}

/// Another list of numbers.
#[edgepod::table(name = "twos")]
pub struct Two {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The number.
    pub value: i64,
}

/// All numbers of both lists, each list in ascending order.
#[edgepod::query]
pub async fn get_numbers(ctx: &QueryCtx) -> Result<Vec<Vec<i64>>> {
    let ones = ctx.db.select::<One>().order_by(One::value.asc()).all()?;
    let twos = ctx.db.select::<Two>().order_by(Two::value.asc()).all()?;
    Ok(vec![
        ones.into_iter().map(|row| row.value).collect(),
        twos.into_iter().map(|row| row.value).collect(),
    ])
}

/// Changes the lists step by step, and ends as it is told: `ok`, `fail`, `panic` or `wait`.
///
/// A step is `[list, value]`: a value above zero is added to the list 1 or 2, one below zero is taken out.
#[edgepod::function]
pub async fn change(ctx: &Ctx, steps: Vec<Vec<i64>>, end: String) -> Result<()> {
    take(ctx, &steps)?;
    match end.as_str() {
        "fail" => return Err(Error::bad_request("It was told to fail.")),
        "panic" => panic!("it was told to panic"),
        "wait" => std::future::pending::<()>().await,
        _ => {}
    }
    Ok(())
}

/// The same in a transaction of an action; `nest` tries a second one within.
#[edgepod::action]
pub async fn act(ctx: &ActionCtx, steps: Vec<Vec<i64>>, end: String) -> Result<()> {
    ctx.transaction(|tx| {
        take(tx, &steps)?;
        match end.as_str() {
            "fail" => Err(Error::bad_request("It was told to fail.")),
            "panic" => panic!("it was told to panic"),
            "nest" => ctx.transaction(|_| Ok(())),
            _ => Ok(()),
        }
    })
}

fn take(ctx: &Ctx, steps: &[Vec<i64>]) -> Result<()> {
    for step in steps {
        let [list, value] = step[..] else {
            return Err(Error::bad_request("A step is a list and a value."));
        };
        match (list, value > 0) {
            (1, true) => {
                ctx.db.insert(NewOne { value }).returning()?;
            }
            (1, false) => {
                ctx.db
                    .delete::<One>()
                    .filter(One::value.eq(-value))
                    .returning()?;
            }
            (_, true) => {
                ctx.db.insert(NewTwo { value }).returning()?;
            }
            (_, false) => {
                ctx.db
                    .delete::<Two>()
                    .filter(Two::value.eq(-value))
                    .returning()?;
            }
        }
    }
    Ok(())
}

/// What the statements touch in a database with this schema: for each `reads>writes`, tables separated by `|`, or `!` and
/// SQLite's error. The schema is gone afterwards.
#[edgepod::action]
pub async fn plans(
    ctx: &ActionCtx,
    schema: Vec<String>,
    statements: Vec<String>,
) -> Result<Vec<String>> {
    let mut plans = None;
    let undone = ctx.transaction(|tx| {
        for sql in &schema {
            tx.unsafe_raw_db.run(sql, &[])?;
        }
        RAW.set(Some(tx.unsafe_raw_db.clone()));
        let tracker = Tracker::default();
        plans = Some(
            statements
                .iter()
                .map(|sql| match tracker.plan(&Through, sql, &[]) {
                    Ok(plan) => format!("{}>{}", joined(&plan.reads), joined(&plan.writes)),
                    Err(error) => format!("!{error}"),
                })
                .collect(),
        );
        RAW.set(None);
        Err::<(), _>(Error::bad_request("This is only to undo the schema."))
    });
    match (plans, undone) {
        (Some(plans), _) => Ok(plans),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(Error::internal("the transaction did not run")),
    }
}

fn joined(tables: &TableSet) -> String {
    let names: Vec<&str> = tables.iter().map(|table| table.as_str()).collect();
    names.join("|")
}

thread_local! {
    static RAW: RefCell<Option<RawDb>> = const { RefCell::new(None) };
}

/// The database of the transaction that runs on this thread, for a tracker of its own.
struct Through;

impl Database for Through {
    fn row_format(&self) -> RowFormat {
        RowFormat::Values
    }

    fn run(&self, sql: &str, _: &[Value]) -> std::result::Result<Output, SqlError> {
        // The statements of the tests write no question mark but as a parameter.
        let params = vec![Value::Null; sql.matches('?').count()];
        let rows = RAW.with_borrow(|raw| {
            raw.as_ref()
                .expect("set by `plans`")
                .run(sql, &params)
                .map_err(|error| SqlError {
                    message: error.message().to_owned(),
                })
        })?;
        Ok(Output { rows, changes: 0 })
    }

    fn run_json(&self, _: &str, _: &[Value]) -> std::result::Result<JsonOutput, SqlError> {
        unreachable!("the tracker reads values")
    }
}

edgepod::app!();
