//! Statements that the developer wrote with sea-query: the same road, the same guards.

use sea_query::{DeleteStatement, InsertStatement, SelectStatement, UpdateStatement};

use super::{
    Connection, Db, FromRow, MAX_ROWS, ReadDb, RowFormat, connection::JsonRows,
    delete::rows_changed, encode, row, writer,
};
use crate::{Error, Result};

impl ReadDb {
    /// Runs a SELECT of sea-query. Its columns become a `T` by position: a table's struct, or a tuple of column types.
    ///
    /// Tracked as every statement; at most [`MAX_ROWS`] rows, with a warning at exactly so many.
    ///
    /// # Errors
    /// What SQLite says, such as an unknown column; columns that are no `T`.
    pub fn query<T: FromRow>(&self, statement: &SelectStatement) -> Result<Vec<T>> {
        let connection = &self.connection;
        let mut sql = writer::write(statement)?;
        let (rows, _) = match connection.format() {
            RowFormat::Values => {
                sql.text = format!("SELECT * FROM ({}) LIMIT {MAX_ROWS}", sql.text);
                connection.run(&sql)?
            }
            RowFormat::Json => {
                sql.text = encode::wrap_any(&sql.text, T::WIDTH, MAX_ROWS);
                connection.run_json(&sql, JsonRows::Together)?
            }
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

impl Db {
    /// Runs an INSERT, UPDATE or DELETE of sea-query; how many rows it changed itself.
    ///
    /// Tracked as every statement. An UPDATE or DELETE without a WHERE is refused before it runs, unless it is wrapped in
    /// [`without_where`]; so is an INSERT of more than [`MAX_ROWS`] rows of values.
    ///
    /// # Errors
    /// A guard's refusal; `CONFLICT` for a violated constraint; what SQLite says.
    pub fn execute<S: WriteStatement>(&self, statement: S) -> Result<u64> {
        statement.execute(&self.connection)
    }
}

/// A writing statement of sea-query.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no statement that writes",
    note = "pass a sea_query `InsertStatement`, `UpdateStatement` or `DeleteStatement`; a `SelectStatement` goes to `ctx.db.query(…)`"
)]
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

mod sealed {
    use super::*;

    pub trait Statement {
        fn write(&self) -> Result<writer::Sql>;

        fn guard(&self, _sql: &str) -> Result<()> {
            Ok(())
        }

        fn execute(&self, connection: &Connection) -> Result<u64>
        where
            Self: Sized,
        {
            let sql = self.write()?;
            self.guard(&sql.text)?;
            connection.run(&sql)?;
            rows_changed(connection)
        }
    }
}

impl sealed::Statement for InsertStatement {
    fn write(&self) -> Result<writer::Sql> {
        writer::write(self)
    }

    fn guard(&self, sql: &str) -> Result<()> {
        let rows = top_level(sql)
            .into_iter()
            .skip_while(|token| !matches!(token, Token::Word(word) if *word == "VALUES"))
            .skip(1)
            .take_while(|token| matches!(token, Token::Group))
            .count();
        if rows as u64 > MAX_ROWS {
            return Err(Error::bad_request(format!(
                "An insert takes {MAX_ROWS} rows at most, and this one has {rows}: insert them in several parts."
            )));
        }
        Ok(())
    }
}

impl sealed::Statement for UpdateStatement {
    fn write(&self) -> Result<writer::Sql> {
        writer::write(self)
    }

    fn guard(&self, sql: &str) -> Result<()> {
        needs_where(sql)
    }
}

impl sealed::Statement for DeleteStatement {
    fn write(&self) -> Result<writer::Sql> {
        writer::write(self)
    }

    fn guard(&self, sql: &str) -> Result<()> {
        needs_where(sql)
    }
}

impl<S: sealed::Statement> sealed::Statement for WithoutWhere<S> {
    fn write(&self) -> Result<writer::Sql> {
        self.0.write()
    }
}

fn needs_where(sql: &str) -> Result<()> {
    if top_level(sql).contains(&Token::Word("WHERE")) {
        return Ok(());
    }
    Err(Error::internal(format!(
        "this statement has no WHERE and would change every row: add a condition, or wrap it in without_where(…) if you do \
         mean every row. {sql}"
    )))
}

/// What of a statement stands outside of parentheses, quotes and comments.
#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    /// `( … )`
    Group,
}

fn top_level(sql: &str) -> Vec<Token<'_>> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let rest = &sql.as_bytes()[at..];
        let skip_to = |end: &[u8], from: usize| {
            rest[from..]
                .windows(end.len())
                .position(|window| window == end)
                .map_or(rest.len(), |found| from + found + end.len())
        };
        at += match byte {
            b'\'' | b'"' | b'`' => skip_to(&[byte], 1),
            b'[' => skip_to(b"]", 1),
            b'-' if rest.starts_with(b"--") => skip_to(b"\n", 2),
            b'/' if rest.starts_with(b"/*") => skip_to(b"*/", 2),
            b'(' => {
                if depth == 0 {
                    tokens.push(Token::Group);
                }
                depth += 1;
                1
            }
            b')' => {
                depth = depth.saturating_sub(1);
                1
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                let length = rest
                    .iter()
                    .position(|b| !(b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80))
                    .unwrap_or(rest.len());
                if depth == 0 {
                    tokens.push(Token::Word(&sql[at..at + length]));
                }
                length
            }
            _ => 1,
        };
    }
    tokens
}

#[cfg(test)]
mod tests {
    use sea_query::{Expr, ExprTrait, Query};

    use super::{sealed::Statement, *};

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
            assert!(needs_where(sql).is_err(), "{sql}");
        }
        assert!(needs_where("DELETE FROM \"t\" WHERE \"a\" = 'it''s'").is_ok());
    }

    #[test]
    fn statements_of_sea_query_are_guarded() {
        let mut delete = Query::delete().from_table("t").to_owned();
        let text = |delete: &DeleteStatement| delete.write().unwrap().text;
        assert!(delete.guard(&text(&delete)).is_err());
        delete.and_where(Expr::col("id").eq(1));
        assert!(delete.guard(&text(&delete)).is_ok());

        let mut insert = Query::insert().into_table("t").columns(["a"]).to_owned();
        for i in 0..1000 {
            insert.values_panic([i.into()]);
        }
        assert!(insert.guard(&insert.write().unwrap().text).is_ok());
        insert.values_panic([1.into()]);
        assert!(insert.guard(&insert.write().unwrap().text).is_err());
    }
}
