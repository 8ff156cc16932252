//! A SELECT, whatever its rows become: the one implementation behind the typed ones.

use super::{
    Connection, MAX_ROWS, RowFormat, Rows, Value,
    clause::{self, Clause},
    column::{Direction, Key, Nulls},
    encode,
    expr::Expr,
    pins,
    source::Named,
    writer::{Sql, Writer},
};
use crate::{Error, Result};

/// The parts of a SELECT.
pub(super) struct Core<'db> {
    pub(super) connection: &'db Connection,
    pub(super) table: Named,
    pub(super) joins: Vec<Join>,
    pub(super) conditions: Vec<Clause>,
    pub(super) groups: Vec<Expr>,
    pub(super) having: Vec<Clause>,
    pub(super) order: Vec<Key>,
    pub(super) distinct: bool,
    pub(super) limit: Option<u64>,
    pub(super) offset: Option<u64>,
    pub(super) refused: Option<Error>,
}

/// A table that is joined.
pub(super) struct Join {
    pub(super) table: Named,
    pub(super) optional: bool,
    pub(super) on: Clause,
}

/// How a SELECT runs: [`Core::plain`] or [`Core::listed`]. Two functions, so that an app which only reads tables carries one.
pub(super) type Run<'db> = fn(&Core<'db>, &[Expr], u64) -> Result<Rows>;

impl<'db> Core<'db> {
    pub(super) fn new(connection: &'db Connection, table: Named) -> Self {
        Self {
            connection,
            table,
            joins: Vec::new(),
            conditions: Vec::new(),
            groups: Vec::new(),
            having: Vec::new(),
            order: Vec::new(),
            distinct: false,
            limit: None,
            offset: None,
            refused: None,
        }
    }

    pub(super) fn join(&mut self, table: Named, optional: bool, on: Result<Clause>) {
        match on {
            Ok(on) => self.joins.push(Join {
                table,
                optional,
                on,
            }),
            Err(error) => self.refused = Some(error),
        }
    }

    pub(super) fn filter(&mut self, clause: Result<Clause>) {
        match clause {
            Ok(clause) => self.conditions.push(clause),
            Err(error) => self.refused = Some(error),
        }
    }

    pub(super) fn having(&mut self, clause: Result<Clause>) {
        match clause {
            Ok(clause) => self.having.push(clause),
            Err(error) => self.refused = Some(error),
        }
    }

    pub(super) fn order_by(&mut self, key: Result<Key>) {
        match key {
            Ok(key) => self.order.push(key),
            Err(error) => self.refused = Some(error),
        }
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = Named> {
        std::iter::once(self.table).chain(self.joins.iter().map(|join| join.table))
    }

    /// Whether a column is the same in a whole group: its table's primary key is one of those that the groups are by.
    pub(super) fn follows_from_groups(&self, column: &Expr) -> bool {
        self.tables().any(|named| {
            let columns = named.table.columns;
            let mut key = columns.iter().filter(|c| c.primary_key);
            named.columns().any(|of| of == *column)
                && key.all(|c| self.groups.contains(&named.column(c)))
        })
    }

    /// The tables' names, for messages.
    pub(super) fn name(&self) -> String {
        let names: Vec<_> = self.tables().map(|named| named.table.name).collect();
        names.join(" and ")
    }

    /// All rows that one statement may return, with the warnings of that.
    pub(super) fn all(&self, run: Run<'db>, items: &[Expr]) -> Result<Rows> {
        let limit = self.limit.unwrap_or(MAX_ROWS);
        if limit > MAX_ROWS {
            self.connection.warn(format!(
                "The limit of {limit} rows for `{}` was lowered to {MAX_ROWS}. Page with .page(), or with .limit() and .offset().",
                self.name()
            ));
        }
        let rows = run(self, items, limit.min(MAX_ROWS))?;
        if rows.len() as u64 == MAX_ROWS {
            self.connection.warn(format!(
                "A select from `{}` returned exactly {MAX_ROWS} rows, the most that one may: there may be more. Page with \
                 .page(), or with .limit() and .offset().",
                self.name()
            ));
        }
        Ok(rows)
    }

    /// At most `rows` rows, for those that need one or two.
    pub(super) fn few(&self, run: Run<'db>, items: &[Expr], rows: u64) -> Result<Rows> {
        run(self, items, self.limit.unwrap_or(rows).min(rows))
    }

    /// The only one of some rows.
    pub(super) fn only<T>(&self, mut rows: Vec<T>) -> Result<T> {
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            (None, _) => Err(Error::not_found(format!(
                "There is no such row in `{}`.",
                self.name()
            ))),
            (Some(_), false) => Err(Error::internal(format!(
                "one() found several rows in `{}`",
                self.name()
            ))),
        }
    }

    /// At most `limit` whole rows of one table.
    pub(super) fn plain(&self, _: &[Expr], limit: u64) -> Result<Rows> {
        let connection = self.connection;
        let columns = self.table.table.columns;
        if connection.format() != RowFormat::Json {
            let mut sql = Writer::new();
            self.push_select(&mut sql);
            return Ok(connection.run(&self.finish(sql, Some(limit))?)?.0);
        }
        // A few rows are not worth a subquery.
        if limit <= 2 {
            let mut sql = Writer::new();
            sql.push("SELECT ");
            encode::push_array(&mut sql, columns);
            let sql = self.finish(sql, Some(limit))?;
            return Ok(connection.run_json(&sql)?.0);
        }
        connection.read_json(&|rows| {
            let (open, close) = rows.around();
            let mut sql = Writer::new();
            sql.push("SELECT ");
            sql.push(open);
            encode::push_array(&mut sql, columns);
            sql.push(close);
            sql.push(" FROM (");
            self.push_select(&mut sql);
            let mut sql = self.finish(sql, Some(limit))?;
            sql.text.push(')');
            Ok(sql)
        })
    }

    fn push_select(&self, sql: &mut Writer) {
        sql.push("SELECT ");
        sql.push_names(self.table.table.columns.iter().map(|column| column.name));
    }

    /// At most `limit` rows of these expressions; of none, whole rows of all tables.
    pub(super) fn listed(&self, items: &[Expr], limit: u64) -> Result<Rows> {
        let connection = self.connection;
        let mut sql = Writer::new();
        self.push_list(&mut sql, items);
        let width = match items.len() {
            0 => self.push_columns(&mut sql),
            width => width,
        };
        if width > MAX_COLUMNS {
            return Err(Error::internal(format!(
                "the select from `{}` returns {width} columns, and the platform allows {MAX_COLUMNS}: name those that you need \
                 in .columns(…)",
                self.name()
            )));
        }
        let sql = self.finish(sql, Some(limit))?;
        let rows = if connection.format() == RowFormat::Json {
            connection.read_json(&|rows| Ok(encode::wrap_any(&sql, width, limit, rows)))
        } else {
            connection.run(&sql).map(|(rows, _)| rows)
        };
        rows.map_err(overflow)
    }

    fn push_list(&self, sql: &mut Writer, items: &[Expr]) {
        sql.push(if self.distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        });
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                sql.push(", ");
            }
            item.write(sql);
        }
    }

    fn push_columns(&self, sql: &mut Writer) -> usize {
        let mut width = 0;
        for named in self.tables() {
            let alias = named.alias();
            for column in named.table.columns {
                if width > 0 {
                    sql.push(", ");
                }
                sql.push_name(alias.as_deref().unwrap_or(named.table.name));
                sql.push(".");
                sql.push_name(column.name);
                width += 1;
            }
        }
        width
    }

    /// A number that the statement returns which begins so, and ends so after this one's tables and conditions.
    fn scalar(&self, sql: Writer, limit: Option<u64>, after: &str) -> Result<i64> {
        let mut sql = self.finish(sql, limit)?;
        sql.text.push_str(after);
        let (rows, _) = self.connection.run(&sql)?;
        match rows.into_values().pop() {
            Some(Value::Integer(n)) => Ok(n),
            Some(Value::Real(x)) => Ok(x as i64),
            _ => Err(Error::internal("the statement returned no number")),
        }
    }

    pub(super) fn count(&self) -> Result<u64> {
        let mut sql = Writer::new();
        sql.push("SELECT count(*) FROM (SELECT 1");
        self.counted(sql)
    }

    /// How many rows of these expressions there are.
    pub(super) fn count_of(&self, items: &[Expr]) -> Result<u64> {
        let mut sql = Writer::new();
        sql.push("SELECT count(*) FROM (");
        self.push_list(&mut sql, items);
        self.counted(sql)
    }

    fn counted(&self, sql: Writer) -> Result<u64> {
        let counted = self.scalar(sql, self.limit, ")")?;
        u64::try_from(counted).map_err(|_| Error::internal("SQLite counted fewer than no rows"))
    }

    pub(super) fn exists(&self) -> Result<bool> {
        let mut sql = Writer::new();
        sql.push("SELECT EXISTS (SELECT 1");
        Ok(self.scalar(sql, self.limit.or(Some(1)), ")")? != 0)
    }

    /// Appends the tables.
    pub(super) fn push_from(&self, sql: &mut Writer) {
        sql.push(" FROM ");
        sql.push_name(self.table.table.name);
        for join in &self.joins {
            sql.push(if join.optional {
                " LEFT JOIN "
            } else {
                " JOIN "
            });
            sql.push_name(join.table.table.name);
            if let Some(alias) = join.table.alias() {
                sql.push(" AS ");
                sql.push_name(&alias);
            }
            sql.push(" ON ");
            join.on.write(sql);
        }
    }

    /// Appends what follows the list of columns.
    fn finish(&self, mut sql: Writer, limit: Option<u64>) -> Result<Sql> {
        if let Some(error) = &self.refused {
            return Err(error.clone());
        }
        self.push_from(&mut sql);
        clause::push_all(&mut sql, " WHERE ", &self.conditions);
        for (i, group) in self.groups.iter().enumerate() {
            sql.push(if i == 0 { " GROUP BY " } else { ", " });
            group.write(&mut sql);
        }
        clause::push_all(&mut sql, " HAVING ", &self.having);
        for (i, key) in self.order.iter().enumerate() {
            sql.push(if i == 0 { " ORDER BY " } else { ", " });
            push_key(&mut sql, key);
        }
        match (limit, self.offset) {
            (None, None) => {}
            // The usual limits are constants of the program: as text they keep to one statement and cost no parameter.
            (Some(1), None) => sql.push(" LIMIT 1"),
            (Some(2), None) => sql.push(" LIMIT 2"),
            (Some(MAX_ROWS), None) => sql.push(" LIMIT 1000"),
            (limit, offset) => {
                sql.push(" LIMIT ");
                sql.push_integer(limit.map_or(-1, saturate));
                if let Some(offset) = offset {
                    sql.push(" OFFSET ");
                    sql.push_integer(saturate(offset));
                }
            }
        }
        Ok(Sql {
            pins: pins::of_select(self),
            ..sql.finish()?
        })
    }
}

/// The most columns that a statement returns.
pub(super) const MAX_COLUMNS: usize = 100;

pub(super) fn push_key(sql: &mut Writer, key: &Key) {
    key.expr.write(sql);
    sql.push(match key.direction {
        Direction::Ascending => " ASC",
        Direction::Descending => " DESC",
    });
    match key.nulls {
        None => {}
        Some(Nulls::First) => sql.push(" NULLS FIRST"),
        Some(Nulls::Last) => sql.push(" NULLS LAST"),
    }
}

/// SQLite's words for a sum beyond 64 bits are two.
fn overflow(error: Error) -> Error {
    if error.to_string().contains("integer overflow") {
        return Error::internal(
            "a sum of integers leaves 64 bits: add up fewer rows, or columns of f64. (SQLite: integer overflow)",
        );
    }
    error
}

/// SQLite counts rows in 64 bits with a sign.
fn saturate(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
