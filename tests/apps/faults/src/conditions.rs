//! Conditions that a client lengthens, and values that it chooses.

use edgepod::{
    db::{
        Alias, Predicate, all, any,
        sea_query::{Cond, Expr, ExprTrait, Query},
    },
    prelude::*,
};

use crate::model;

/// A row of numbers and text.
#[edgepod::table(name = "cells")]
#[derive(PartialEq)]
pub struct Cell {
    /// Which one it is.
    #[primary_key]
    pub id: i64,
    /// A number.
    #[index]
    pub a: Option<i64>,
    /// Another number.
    pub b: Option<i64>,
    /// A number that is always there.
    pub c: i64,
    /// Some text.
    pub t: Option<String>,
}

/// Leaves the rows that the conditions are about.
#[edgepod::function]
pub async fn fill_cells(ctx: &Ctx) -> Result<u64> {
    ctx.db.delete::<Cell>().without_where().exec()?;
    ctx.db.insert_many(model::cells()).exec()
}

/// Which conditions mean something else than the model says: of each comparison and its negation, or of so many that the seed
/// makes.
#[edgepod::query]
pub async fn wrong_conditions(ctx: &QueryCtx, seed: u64, count: u64) -> Result<Vec<String>> {
    let cells = model::cells();
    let mut wrong = Vec::new();
    let mut check = |(words, predicate, model): model::Meaning| {
        let select = ctx.db.select::<Cell>().filter(predicate);
        match select.order_by(Cell::id.asc()).all() {
            Ok(found) => {
                let right = cells.iter().filter(|cell| model(cell));
                if !found.iter().eq(right) {
                    wrong.push(words);
                }
            }
            Err(error) => wrong.push(format!("{words}: {error}")),
        }
    };
    if count == 0 {
        model::every_leaf(&mut check);
    }
    let mut random = model::Random::new(seed);
    for _ in 0..count {
        check(model::tree(4, &mut random));
    }
    Ok(wrong)
}

/// The ids in parts of so many: of the rows, of a column, and of groups by a column that may be NULL, whose values they are.
#[edgepod::query]
pub async fn cells_in_parts(ctx: &QueryCtx, size: u64) -> Result<[Vec<Vec<Option<i64>>>; 3]> {
    let cells = || ctx.db.select::<Cell>();
    let mut rows = Vec::new();
    for part in cells().order_by(Cell::t.desc()).chunks(size) {
        rows.push(part?.iter().map(|cell| Some(cell.id)).collect());
    }
    let mut ids = Vec::new();
    for part in cells()
        .columns(Cell::id)
        .order_by(Cell::a.asc())
        .chunks(size)
    {
        ids.push(part?.into_iter().map(Some).collect());
    }
    let groups = cells().columns(Cell::a).group_by(Cell::a).chunks(size);
    Ok([rows, ids, groups.collect::<Result<_>>()?])
}

/// How many rows have one of the ids, asked in the way that `how` names.
#[edgepod::query]
pub async fn count_cells(ctx: &QueryCtx, how: String, ids: Vec<i64>) -> Result<u64> {
    let each = || ids.iter().map(|id| Cell::id.eq(id));
    let chain = |join: fn(Predicate<Cell>, Predicate<Cell>) -> Predicate<Cell>| {
        each().fold(Cell::id.lt(0), join)
    };
    let eq = |id: &i64| Expr::col("id").eq(*id);
    let condition = match how.as_str() {
        "any" => any(each()),
        "not all" => !all(ids.iter().map(|id| Cell::id.ne(id))),
        "or" => chain(|chain, one| chain.or(one)),
        "or before" => chain(|chain, one| one.or(chain)),
        "pairs" => any(ids.iter().map(|id| Cell::id.eq(id).and(Cell::c.ge(0)))),
        "nested" => chain(|chain, one| chain.or(one).and(Cell::c.ge(0))),
        "sum" => (ids.iter().fold(Cell::c + 0, |sum, id| sum + *id)).ge(0),
        "statement any" | "statement or" => {
            let select = Query::select().column("id").from("cells").to_owned();
            let select = match how.as_str() {
                "statement any" => {
                    let any = ids.iter().fold(Cond::any(), |any, id| any.add(eq(id)));
                    select.clone().cond_where(any).to_owned()
                }
                _ => {
                    let or = ids.iter().map(eq).reduce(Expr::or);
                    select.clone().and_where_option(or).to_owned()
                }
            };
            return Ok(ctx.db.query::<(i64,)>(&select)?.len() as u64);
        }
        _ => return Err(Error::not_found("There is no such way to ask.")),
    };
    ctx.db.select::<Cell>().filter(condition).count()
}

/// Deletes the rows whose text matches, in the way that `how` names; how many they were.
#[edgepod::function]
pub async fn delete_cells(ctx: &Ctx, how: String, text: String) -> Result<u64> {
    let condition = match how.as_str() {
        "contains" => Cell::t.contains(&text),
        "starts_with" => Cell::t.starts_with(&text),
        "like" => Cell::t.like(&text),
        "eq" => Cell::t.eq(text.as_str()),
        "is_in" => Cell::t.is_in([text.as_str(), "nothing"]),
        "statement like" => {
            let condition = Expr::col("t").like(text);
            let delete = Query::delete()
                .from_table("cells")
                .and_where(condition)
                .to_owned();
            return ctx.db.execute(delete);
        }
        _ => return Err(Error::not_found("There is no such way to delete.")),
    };
    ctx.db.delete::<Cell>().filter(condition).exec()
}

/// A table whose name is short.
#[edgepod::table(name = "q")]
pub struct Question {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it is worth.
    pub c0: i64,
}

type Small = Alias<Question, 'a'>;
type Large = Alias<Question, 'A'>;

/// Adds a question; what all are worth, by columns, by pages, and joined to themselves.
#[edgepod::function]
pub async fn ask_question(ctx: &Ctx, c0: i64) -> Result<Vec<i64>> {
    ctx.db.insert_many([NewQuestion { c0 }]).exec()?;
    let columns = ctx.db.select::<Question>().columns(Question::c0).all()?;
    let page = ctx.db.select::<Question>().page(None, 5)?;
    let joined = ctx
        .db
        .select::<Question>()
        .join::<Small>(Question::id.eq(Question::id.of::<Small>()))
        .join::<Large>(Question::id.eq(Question::id.of::<Large>()))
        .all()?;
    let pages = page.items.into_iter().map(|question| question.c0);
    let joined = joined.into_iter().map(|(_, _, question)| question.c0);
    Ok(columns.into_iter().chain(pages).chain(joined).collect())
}

/// A parent whose rows take others with them.
#[edgepod::table(name = "g0")]
pub struct Trunk {
    /// Which one it is.
    #[primary_key]
    pub id: i64,
}

/// A child, called as a part of a statement might be.
#[edgepod::table(name = "g1")]
pub struct Branch {
    /// Which one it is.
    #[primary_key]
    pub id: i64,
    /// Its parent.
    #[references(Trunk::id, on_delete = cascade)]
    pub trunk_id: i64,
}

/// Another child.
#[edgepod::table(name = "g2")]
pub struct Leaf {
    /// Which one it is.
    #[primary_key]
    pub id: i64,
    /// Its parent.
    #[references(Trunk::id, on_delete = cascade)]
    pub trunk_id: i64,
}

/// Plants a trunk with a branch.
#[edgepod::function]
pub async fn plant(ctx: &Ctx, id: i64) -> Result<()> {
    ctx.db.insert(NewTrunk { id }).exec()?;
    ctx.db
        .insert_many([NewBranch { id, trunk_id: id }])
        .exec()?;
    Ok(())
}

/// Deletes a trunk, and what goes with it.
#[edgepod::function]
pub async fn fell(ctx: &Ctx, id: i64) -> Result<u64> {
    ctx.db.delete::<Trunk>().filter(Trunk::id.eq(id)).exec()
}

/// Sets a number of a cell to how many questions there are.
#[edgepod::function]
pub async fn count_into_cell(ctx: &Ctx, id: i64) -> Result<u64> {
    let questions = Query::select()
        .expr(Expr::cust("count(*)"))
        .from("q")
        .to_owned();
    let update = Query::update()
        .table("cells")
        .value("c", questions)
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    ctx.db.execute(update)
}

/// Anything that JSON can say.
#[edgepod::data]
pub struct Free(#[ts(type = "unknown")] pub serde_json::Value);

/// The value as it came.
#[edgepod::query]
pub async fn echo_free(_ctx: &QueryCtx, value: Free) -> Result<Free> {
    Ok(value)
}
