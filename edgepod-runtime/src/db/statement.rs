//! Statements that the developer wrote with sea-query: the same road, the same guards.

use edgepod_sql::{TokenKind, outermost, tokens};
use sea_query::{DeleteStatement, InsertStatement, SelectStatement, UpdateStatement};

use std::ops::Range;

use super::{
    Connection, Db, FromRow, MAX_ROWS, ReadDb, ReadStatement, RowFormat, Value, always,
    checked::sealed::Reads, delete::rows_changed, encode, failure, pins_text, render, row,
    touch_text, writer,
};
use crate::{Error, Result, error::run_here};

impl ReadDb {
    /// Runs a SELECT: one of [`edgepod::sql!`](crate::db::CheckedSelect), whose rows have the columns as named fields, or one of
    /// sea-query, whose columns become a `T` by position: a table's struct, or a tuple of column types.
    ///
    /// Tracked as every statement; at most [`MAX_ROWS`] rows, with a warning at exactly so many.
    ///
    /// # Errors
    /// What SQLite says, such as an unknown column; columns that are no `T`.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn query<T>(&self, statement: impl ReadStatement<T>) -> Result<Vec<T>> {
        run_here(|| statement.read(self))
    }

    pub(super) fn read<T: FromRow>(&self, mut sql: writer::Sql) -> Result<Vec<T>> {
        let connection = &self.connection;
        sql.pins = pins_text::of_text(&sql.text, &sql.params);
        let rows = match connection.format() {
            RowFormat::Values => {
                sql.text = format!("SELECT * FROM ({}) LIMIT {MAX_ROWS}", sql.text);
                connection.run(&sql)?.0
            }
            RowFormat::Json => connection
                .read_json(&|rows| Ok(encode::wrap_any(&sql, T::WIDTH, MAX_ROWS, rows)))?,
        };
        let rows = row::decode(rows)?;
        if rows.len() as u64 == MAX_ROWS {
            connection.warn(format!(
                "A statement returned exactly {MAX_ROWS} rows, the most that one may: there may be more. Page with .limit() and \
                 .offset()."
            ));
        }
        Ok(rows)
    }
}

impl<T: FromRow> Reads<T> for &SelectStatement {
    fn read(self, db: &ReadDb) -> Result<Vec<T>> {
        db.read(render::statement(self)?)
    }
}

/// What sea-query's methods return.
impl<T: FromRow> Reads<T> for &mut SelectStatement {
    fn read(self, db: &ReadDb) -> Result<Vec<T>> {
        db.read(render::statement(self)?)
    }
}

impl Db {
    /// Runs an INSERT, UPDATE or DELETE of `edgepod::sql!` or of sea-query; how many rows it changed itself, and of a RETURNING in
    /// `edgepod::sql!` the rows.
    ///
    /// Tracked as every statement. An UPDATE or DELETE without a WHERE is refused before it runs, unless it is wrapped in
    /// [`without_where`]; so is an INSERT of more than [`MAX_ROWS`] rows of values.
    ///
    /// # Errors
    /// A guard's refusal; `CONFLICT` for a violated constraint; what SQLite says.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn execute<S: WriteStatement>(&self, statement: S) -> Result<S::Output> {
        run_here(|| statement.execute(&self.connection))
    }
}

/// A writing statement of sea-query.
pub trait WriteStatement: sealed::Statement {}

impl<S: sealed::Statement> WriteStatement for S {}

/// Says that an UPDATE or DELETE means every row of its table.
///
/// ```ignore
/// ctx.db.execute(without_where(Query::delete().from_table("drafts").to_owned()))?;
/// ```
pub fn without_where<S: MayLackWhere>(statement: S) -> WithoutWhere<S> {
    WithoutWhere(statement)
}

/// What [`without_where`] makes.
pub struct WithoutWhere<S>(S);

/// An UPDATE or a DELETE.
pub trait MayLackWhere: sealed::Statement {}

impl MayLackWhere for UpdateStatement {}
impl MayLackWhere for DeleteStatement {}

pub(super) mod sealed {
    use super::*;

    // Here, because what it gives is asked for first.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no statement that writes",
        note = "pass an `edgepod::sql!(…)` that writes, or a sea_query `InsertStatement`, `UpdateStatement` or `DeleteStatement`; what \
                reads goes to `ctx.db.query(…)`, and SQL that is only known at run time to `ctx.unsafe_raw_db.run(…)`"
    )]
    pub trait Statement {
        /// What it gives.
        type Output;

        fn execute(self, connection: &Connection) -> Result<Self::Output>;
    }
}

/// A statement of sea-query, which is checked as it runs.
trait Built {
    /// Whether it puts new values into columns that may reference other tables.
    const SETS: bool;

    fn write(&self) -> Result<writer::Sql>;

    /// Refuses what may not run.
    fn guard(&self, _connection: &Connection, _sql: &writer::Sql) -> Result<()> {
        Ok(())
    }

    /// Refuses what has changed this many rows.
    fn guard_rows(&self, _rows: u64) -> Result<()> {
        Ok(())
    }
}

/// No `impl` for all that are `Built`: what is none would be told of that, and not of what to pass.
macro_rules! built {
    ($($statement:ty),*) => {$(
        impl sealed::Statement for $statement {
            type Output = u64;

            fn execute(self, connection: &Connection) -> Result<u64> {
                execute(&self, connection)
            }
        }
    )*};
}

built!(InsertStatement, UpdateStatement, DeleteStatement);

impl<S: Built> sealed::Statement for WithoutWhere<S> {
    type Output = u64;

    fn execute(self, connection: &Connection) -> Result<u64> {
        execute(&self, connection)
    }
}

fn execute<S: Built>(statement: &S, connection: &Connection) -> Result<u64> {
    let sql = statement.write()?;
    statement.guard(connection, &sql)?;
    run_write(connection, sql, S::SETS, |rows| statement.guard_rows(rows))
}

/// Runs what writes; `guard` refuses what has changed so many rows.
pub(super) fn run_write(
    connection: &Connection,
    mut sql: writer::Sql,
    sets: bool,
    guard: impl FnOnce(u64) -> Result<()>,
) -> Result<u64> {
    touch_text::run(connection, &mut sql)
        .map_err(|error| failure::of_tables(error, || connection.written_by(&sql), sets))?;
    let rows = rows_changed(connection)?;
    guard(rows).map_err(|error| connection.refuse(error))?;
    Ok(rows)
}

impl Built for InsertStatement {
    const SETS: bool = true;

    fn write(&self) -> Result<writer::Sql> {
        render::statement(self)
    }

    fn guard(&self, _: &Connection, sql: &writer::Sql) -> Result<()> {
        let rows = outermost(&sql.text)
            .skip_while(|token| !token.is("VALUES"))
            .skip(1)
            .take_while(|token| token.kind == TokenKind::Symbol)
            .filter(|token| token.is_symbol('('))
            .count();
        too_many(rows as u64)
    }

    /// How many rows a SELECT inserts is known once it has run.
    fn guard_rows(&self, rows: u64) -> Result<()> {
        too_many(rows)
    }
}

pub(super) fn too_many(rows: u64) -> Result<()> {
    if rows > MAX_ROWS {
        return Err(Error::bad_request(format!(
            "An insert takes {MAX_ROWS} rows at most, and this one has {rows}: insert them in several parts. Nothing was written."
        )));
    }
    Ok(())
}

impl Built for UpdateStatement {
    const SETS: bool = true;

    fn write(&self) -> Result<writer::Sql> {
        render::statement(self)
    }

    fn guard(&self, connection: &Connection, sql: &writer::Sql) -> Result<()> {
        needs_where(sql, |condition| holds(connection, condition))
    }
}

impl Built for DeleteStatement {
    const SETS: bool = false;

    fn write(&self) -> Result<writer::Sql> {
        render::statement(self)
    }

    fn guard(&self, connection: &Connection, sql: &writer::Sql) -> Result<()> {
        needs_where(sql, |condition| holds(connection, condition))
    }
}

impl<S: Built> Built for WithoutWhere<S> {
    const SETS: bool = S::SETS;

    fn write(&self) -> Result<writer::Sql> {
        self.0.write()
    }
}

/// Whether a condition without columns is true. Where SQLite cannot say, it may be.
fn holds(connection: &Connection, condition: writer::Sql) -> bool {
    let value = connection
        .database()
        .run(&condition.text, &condition.params)
        .ok()
        .and_then(|output| output.rows.into_values().pop());
    match value {
        Some(Value::Integer(n)) => n != 0,
        Some(Value::Real(x)) => x != 0.0,
        _ => true,
    }
}

/// Refuses a statement for every row: one without a WHERE, and one whose WHERE names no column and `holds`.
fn needs_where(sql: &writer::Sql, holds: impl FnOnce(writer::Sql) -> bool) -> Result<()> {
    let why = match condition(&sql.text) {
        None => "has no WHERE",
        Some(range)
            if always::holds(&tokens(&sql.text[range.clone()]).collect::<Vec<_>>())
                || !names_a_column(&sql.text[range.clone()])
                    && holds(alone(sql, range.clone())) =>
        {
            "has a WHERE that holds for every row"
        }
        Some(_) => return Ok(()),
    };
    Err(Error::internal(format!(
        "this statement {why} and would change every row: add a condition on a column, or wrap it in without_where(…) if you \
         do mean every row. Nothing was written. {}",
        sql.text
    )))
}

/// Where the condition of a statement's own WHERE stands.
fn condition(sql: &str) -> Option<Range<usize>> {
    let mut tokens = outermost(sql);
    let start = tokens.find(|token| token.is("WHERE"))?.end();
    let end = tokens.find(|token| token.is_any(&["ORDER", "LIMIT", "RETURNING"]));
    Some(start..end.map_or(sql.len(), |token| token.start))
}

/// Words of conditions that are no names.
const WORDS: [&str; 38] = [
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "AND",
    "AS",
    "BETWEEN",
    "BINARY",
    "BLOB",
    "CASE",
    "CAST",
    "COLLATE",
    "DISTINCT",
    "ELSE",
    "END",
    "ESCAPE",
    "EXISTS",
    "FALSE",
    "FROM",
    "GLOB",
    "IN",
    "INTEGER",
    "IS",
    "ISNULL",
    "LIKE",
    "NOCASE",
    "NOT",
    "NOTNULL",
    "NULL",
    "NUMERIC",
    "OR",
    "REAL",
    "RTRIM",
    "SELECT",
    "TEXT",
    "THEN",
    "TRUE",
    "VALUES",
    "WHEN",
];

/// Whether a condition depends on a row: it has a name that is no function's.
fn names_a_column(condition: &str) -> bool {
    let mut tokens = tokens(condition).peekable();
    while let Some(token) = tokens.next() {
        let named = match token.kind {
            TokenKind::Name => true,
            TokenKind::Word => {
                !tokens.peek().is_some_and(|next| next.is_symbol('(')) && !token.is_any(&WORDS)
            }
            _ => false,
        };
        if named {
            return true;
        }
    }
    false
}

/// A part of a statement as a SELECT of its own, 1 where it is true, with its parameters.
fn alone(sql: &writer::Sql, range: Range<usize>) -> writer::Sql {
    let parameters = |text| tokens(text).filter(|token| token.kind == TokenKind::Parameter);
    let text = &sql.text[range.clone()];
    let params = match parameters(text).next() {
        None => Vec::new(),
        // They travel as one.
        Some(first) if first.text == "?1" => sql.params.clone(),
        Some(_) => {
            let before = parameters(&sql.text[..range.start]).count();
            let params = sql.params.iter().skip(before);
            params.take(parameters(text).count()).cloned().collect()
        }
    };
    writer::Sql {
        text: format!("SELECT CASE WHEN {text} THEN 1 ELSE 0 END"),
        params,
        ..writer::Sql::default()
    }
}

#[cfg(test)]
mod tests {
    use sea_query::{Expr, ExprTrait, Query, QueryStatementBuilder};

    use super::*;

    fn refused(sql: &str) -> bool {
        let sql = writer::Sql::without_params(sql);
        needs_where(&sql, |_| true).is_err()
    }

    #[test]
    fn a_where_in_a_name_a_text_a_comment_or_a_subquery_is_none() {
        for sql in [
            "DELETE FROM \"a WHERE b\"",
            "UPDATE t SET a = ' WHERE '",
            "UPDATE t SET a = (SELECT 1 FROM u WHERE x)",
            "DELETE FROM t -- WHERE",
            "DELETE FROM t /* WHERE x */",
            "WITH w AS (SELECT 1 WHERE 1) DELETE FROM t",
        ] {
            assert!(refused(sql), "{sql}");
        }
        assert!(!refused("DELETE FROM \"t\" WHERE \"a\" = 'it''s'"));
    }

    #[test]
    fn a_condition_that_names_no_column_means_every_row() {
        for condition in [
            "1",
            "TRUE",
            "NOT false",
            "1 = 1 ",
            "'a' = 'a' OR 1e3 > 2",
            "CAST(1 AS INTEGER) IS NOT NULL",
            "random() IN (SELECT 1)",
            "(1) RETURNING \"id\"",
            "x'31'",
            "1 /* id */",
            "current_timestamp IS NOT NULL",
            "id = id",
            "(\"t\".\"id\" = \"t\".\"id\")",
        ] {
            assert!(
                refused(&format!("DELETE FROM t WHERE {condition}")),
                "{condition}"
            );
        }
        for condition in [
            "id",
            "\"a\" = 1",
            "EXISTS (SELECT 1 FROM u)",
            "date() > due",
        ] {
            assert!(
                !refused(&format!("DELETE FROM t WHERE {condition}")),
                "{condition}"
            );
        }
    }

    fn asked(statement: &impl QueryStatementBuilder) -> Option<writer::Sql> {
        let mut asked = None;
        let _ = needs_where(&render::statement(statement).unwrap(), |sql| {
            asked = Some(sql);
            false
        });
        asked
    }

    #[test]
    fn a_condition_is_asked_with_its_own_parameters() {
        let update = Query::update()
            .table("t")
            .value("a", "what is set")
            .and_where(Expr::val("x").eq("y"))
            .to_owned();
        let sql = asked(&update).unwrap();
        assert_eq!(sql.text, "SELECT CASE WHEN  ? = ? THEN 1 ELSE 0 END");
        assert_eq!(
            sql.params,
            [Value::Text("x".into()), Value::Text("y".into())]
        );
        assert!(
            asked(
                Query::delete()
                    .from_table("t")
                    .and_where(Expr::col("id").eq(1))
            )
            .is_none()
        );
    }
}
