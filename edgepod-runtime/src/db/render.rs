//! sea-query's statements as SQL for SQLite, however deep their authors built them.
//!
//! sea-query makes of every list of conditions a tree that leans to the left, and walks through it by recursion: a client that
//! lengthens a list would choose how deep the stack grows. Here AND and OR are written side by side, and what nests deeper than
//! SQLite takes is refused at that depth. (A tree that a function builds itself is also dropped by recursion, and that is out of
//! reach here: lists of conditions belong into `Cond::any()` and `Cond::all()`, which are flat.)

use std::{
    cell::{Cell, RefCell},
    fmt::{self, Write as _},
};

use sea_query::{
    BinOper, Condition, EscapeBuilder, ExplainStatement, Expr, LockClause, Oper,
    OperLeftAssocDecider, OrderExpr, PrecedenceDecider, QueryBuilder, QueryStatementBuilder, Quote,
    QuotedBuilder, SelectInto, SelectStatement, SqlWriter, SqliteQueryBuilder, SubQueryOper,
    SubQueryStatement, TableRef, TableRefBuilder, UnionType, Value as SeaValue, WithClause,
};

use super::{
    Value,
    clause::{MAX_CLAUSES, MAX_HEIGHT, check_height, levels, too_many},
    limits::TOO_DEEP,
    writer::{Sql, Writer},
};
use crate::{Error, Result};

/// Writes a statement.
///
/// # Errors
/// A parameter that SQLite cannot hold: NaN, an infinity, an unsigned integer beyond 2^63 - 1; what nests too deep; `?` in text
/// without a value.
pub(super) fn statement(statement: &impl QueryStatementBuilder) -> Result<Sql> {
    let builder = Builder::default();
    let mut writer = Writer::new();
    statement.build_collect_any_into(&builder, &mut writer);
    builder.finish()?;
    writer.finish()
}

#[derive(Default)]
struct Builder {
    depth: Cell<u16>,
    refused: RefCell<Option<Error>>,
}

impl Builder {
    fn finish(self) -> Result<()> {
        self.refused.into_inner().map_or(Ok(()), Err)
    }

    fn refuse(&self, error: Error) {
        *self.refused.borrow_mut() = Some(error);
    }

    /// Does what is so many levels further down, unless that is too deep.
    fn below(&self, levels: u16, write: impl FnOnce()) {
        let depth = self.depth.get();
        if depth + levels > MAX_HEIGHT {
            if let Err(error) = check_height(depth + levels) {
                self.refuse(error);
            }
            return;
        }
        self.depth.set(depth + levels);
        write();
        self.depth.set(depth);
    }

    /// Writes what a chain of `operator` joins, in order.
    fn prepare_chain(&self, operator: BinOper, chain: &Expr, sql: &mut impl SqlWriter) {
        let mut joined = Vec::new();
        let mut rest = vec![chain];
        while let Some(expr) = rest.pop() {
            match expr {
                Expr::Binary(left, of, right) if *of == operator => {
                    rest.push(right);
                    rest.push(left);
                }
                expr => joined.push(expr),
            }
            if joined.len() > MAX_CLAUSES {
                return self.refuse(too_many());
            }
        }
        self.below(levels(joined.len()), || {
            self.prepare_joined(operator, &joined, sql);
        });
    }

    /// As a tree of two branches, because each AND of a chain is a level for SQLite; a short one as it is.
    fn prepare_joined(&self, operator: BinOper, joined: &[&Expr], sql: &mut impl SqlWriter) {
        const SHORT: usize = 4;
        if joined.len() > SHORT {
            let (first, second) = joined.split_at(joined.len() / 2);
            write(sql, "(");
            self.prepare_joined(operator, first, sql);
            write(sql, ") ");
            self.prepare_bin_oper(&operator, sql);
            write(sql, " (");
            self.prepare_joined(operator, second, sql);
            return write(sql, ")");
        }
        for (i, expr) in joined.iter().enumerate() {
            if i > 0 {
                write(sql, " ");
                self.prepare_bin_oper(&operator, sql);
                write(sql, " ");
            }
            let plain = self.inner_expr_well_known_greater_precedence(expr, &operator.into());
            if !plain {
                write(sql, "(");
            }
            self.prepare_expr(expr, sql);
            if !plain {
                write(sql, ")");
            }
        }
    }
}

/// Into a text that grows: it does not fail.
fn write(sql: &mut impl SqlWriter, text: &str) {
    let _ = sql.write_str(text);
}

/// How many values a text of the developer's asks for: its `?` outside of quotes, of which `??` is one that asks for none.
fn marks(text: &str) -> usize {
    let mut quote = None;
    let mut marks = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '?') if chars.next_if_eq(&'?').is_none() => marks += 1,
            _ => {}
        }
    }
    marks
}

fn check_marks(text: &str, values: usize) -> Result<()> {
    let marks = marks(text);
    if marks == values {
        return Ok(());
    }
    Err(Error::internal(format!(
        "an expression that was written as text has {marks} `?` and {values} values: give each `?` its value, by \
         Expr::cust_with_values(…). {text}"
    )))
}

/// Refuses what nests so deep that to copy it, which sea-query makes necessary, would need a stack as deep.
///
/// The parts of a condition are sea-query's own. What shows their depth, and stops where it is told to, is how they are printed
/// for debugging.
fn check_nesting(part: &impl fmt::Debug) -> Result<()> {
    print(part).map(drop)
}

fn print(part: &dyn fmt::Debug) -> Result<Nesting> {
    let mut nesting = Nesting::default();
    match write!(nesting, "{part:?}") {
        Ok(()) => Ok(nesting),
        Err(_) => Err(Error::bad_request(TOO_DEEP)),
    }
}

/// Counts the brackets of what is printed, and takes no more of them than [`Nesting::DEEPEST`].
#[derive(Default)]
struct Nesting {
    depth: u32,
    /// The quote of the text that is printed just now.
    quote: Option<u8>,
    escaped: bool,
    /// The last that was printed.
    end: String,
}

impl Nesting {
    /// A condition takes up to three brackets.
    const DEEPEST: u32 = 400;
    /// Characters of what is kept of the end.
    const END: usize = 64;
}

impl fmt::Write for Nesting {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.end.push_str(text);
        if self.end.len() > 4 * Self::END {
            let kept = self.end.chars().rev().take(Self::END).collect::<Vec<_>>();
            self.end = kept.into_iter().rev().collect();
        }
        for byte in text.bytes() {
            match (self.quote, byte) {
                _ if self.escaped => self.escaped = false,
                (Some(_), b'\\') => self.escaped = true,
                (Some(quote), byte) if quote == byte => self.quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => self.quote = Some(byte),
                (None, b'(' | b'[' | b'{') => self.depth += 1,
                (None, b')' | b']' | b'}') => self.depth -= 1,
                _ => {}
            }
        }
        match self.depth > Self::DEEPEST {
            true => Err(fmt::Error),
            false => Ok(()),
        }
    }
}

/// Lets go of a tree that leans to one side without a stack as deep as it is.
fn dismantle(expr: Expr) {
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::Binary(left, _, right) => rest.extend([*left, *right]),
            Expr::Unary(_, of) => rest.push(*of),
            _ => {}
        }
    }
}

#[cold]
fn unknown(what: &str) -> Error {
    Error::internal(format!("SQLite does not have {what} that sea-query has"))
}

impl QueryBuilder for Builder {
    fn prepare_expr(&self, expr: &Expr, sql: &mut impl SqlWriter) {
        let checked = match expr {
            Expr::Binary(_, operator @ (BinOper::And | BinOper::Or), _) => {
                return self.prepare_chain(*operator, expr, sql);
            }
            Expr::Custom(text) => check_marks(text, 0),
            Expr::CustomWithExpr(text, values) => check_marks(text, values.len()),
            _ => Ok(()),
        };
        match checked {
            Ok(()) => self.below(1, || self.prepare_expr_common(expr, sql)),
            Err(error) => self.refuse(error),
        }
    }

    fn prepare_condition_where(&self, condition: &Condition, sql: &mut impl SqlWriter) {
        if condition.len() > MAX_CLAUSES {
            return self.refuse(too_many());
        }
        if let Err(error) = check_nesting(condition) {
            return self.refuse(error);
        }
        let expr = Expr::from(condition.clone());
        self.prepare_expr(&expr, sql);
        dismantle(expr);
    }

    fn prepare_query_statement(&self, query: &SubQueryStatement, sql: &mut impl SqlWriter) {
        self.below(1, || match query {
            SubQueryStatement::SelectStatement(query) => self.prepare_select_statement(query, sql),
            SubQueryStatement::InsertStatement(query) => self.prepare_insert_statement(query, sql),
            SubQueryStatement::UpdateStatement(query) => self.prepare_update_statement(query, sql),
            SubQueryStatement::DeleteStatement(query) => self.prepare_delete_statement(query, sql),
            SubQueryStatement::WithStatement(query) => self.prepare_with_query(query, sql),
        });
    }

    fn prepare_union_statement(
        &self,
        union: UnionType,
        select: &SelectStatement,
        sql: &mut impl SqlWriter,
    ) {
        write(
            sql,
            match union {
                UnionType::Intersect => " INTERSECT ",
                UnionType::Distinct => " UNION ",
                UnionType::Except => " EXCEPT ",
                UnionType::All => " UNION ALL ",
                _ => return self.refuse(unknown("a way to join selects")),
            },
        );
        self.below(1, || self.prepare_select_statement(select, sql));
    }

    fn prepare_table_ref(&self, table: &TableRef, sql: &mut impl SqlWriter) {
        let alias = match table {
            TableRef::Table(..) => return self.prepare_table_ref_iden(table, sql),
            TableRef::SubQuery(query, alias) => {
                write(sql, "(");
                self.below(1, || self.prepare_select_statement(query, sql));
                write(sql, ")");
                alias
            }
            TableRef::ValuesList(values, alias) => {
                write(sql, "(");
                self.prepare_values_list(values, sql);
                write(sql, ")");
                alias
            }
            TableRef::FunctionCall(call, alias) => {
                self.prepare_function_name(call.get_func(), sql);
                self.prepare_function_arguments(call, sql);
                alias
            }
            _ => return self.refuse(unknown("a kind of table")),
        };
        write(sql, " AS ");
        self.prepare_iden(alias, sql);
    }

    fn prepare_sub_query_oper(&self, operator: &SubQueryOper, sql: &mut impl SqlWriter) {
        match operator {
            SubQueryOper::Exists => write(sql, "EXISTS"),
            _ => self.refuse(unknown("ANY, SOME and ALL of a subquery")),
        }
    }

    fn prepare_order(&self, order: &OrderExpr, sql: &mut impl SqlWriter) {
        // Its parts are sea-query's own to see. To ask `SqliteQueryBuilder` would put all of sea-query's writing into a Worker
        // a second time; how an order is printed for debugging ends with what is asked here.
        let printed = match print(order) {
            Ok(printed) => printed,
            Err(error) => return self.refuse(error),
        };
        let end = printed.end.trim_end_matches([' ', '}']);
        let (rest, nulls) = [
            ("nulls: None", ""),
            ("nulls: Some(First)", " NULLS FIRST"),
            ("nulls: Some(Last)", " NULLS LAST"),
        ]
        .iter()
        .find_map(|(printed, nulls)| Some((end.strip_suffix(printed)?, *nulls)))
        .unwrap_or_default();
        let rest = rest.trim_end_matches([' ', ',']);
        match (rest.ends_with("order: Asc"), rest.ends_with("order: Desc")) {
            (true, _) => write(sql, " ASC"),
            (_, true) => write(sql, " DESC"),
            _ => {
                return self.refuse(Error::internal(
                    "an order by a list of values (`Order::Field`) is not written here: order by a CASE",
                ));
            }
        }
        write(sql, nulls);
    }

    fn prepare_bin_oper(&self, operator: &BinOper, sql: &mut impl SqlWriter) {
        SqliteQueryBuilder.prepare_bin_oper(operator, sql);
    }

    fn prepare_value(&self, value: SeaValue, sql: &mut impl SqlWriter) {
        sql.push_param(value, self);
    }

    fn greatest_function(&self) -> &str {
        SqliteQueryBuilder.greatest_function()
    }

    fn least_function(&self) -> &str {
        SqliteQueryBuilder.least_function()
    }

    fn char_length_function(&self) -> &str {
        SqliteQueryBuilder.char_length_function()
    }

    fn insert_default_values(&self, rows: u32, sql: &mut impl SqlWriter) {
        SqliteQueryBuilder.insert_default_values(rows, sql);
    }

    // What SQLite does not have, and what no statement here can hold.

    fn prepare_explain_statement(&self, _: &ExplainStatement, _: &mut impl SqlWriter) {}

    fn prepare_select_lock(&self, _: &LockClause, _: &mut impl SqlWriter) {}

    fn prepare_select_into(&self, _: &SelectInto, _: &mut impl SqlWriter) {}

    fn prepare_with_clause_recursive_options(&self, _: &WithClause, _: &mut impl SqlWriter) {}
}

impl QuotedBuilder for Builder {
    fn quote(&self) -> Quote {
        SqliteQueryBuilder.quote()
    }
}

impl EscapeBuilder for Builder {
    fn write_escaped(&self, buffer: &mut impl std::fmt::Write, string: &str) {
        SqliteQueryBuilder.write_escaped(buffer, string);
    }

    fn unescape_string(&self, string: &str) -> String {
        SqliteQueryBuilder.unescape_string(string)
    }
}

impl TableRefBuilder for Builder {}

impl PrecedenceDecider for Builder {
    fn inner_expr_well_known_greater_precedence(&self, inner: &Expr, outer: &Oper) -> bool {
        SqliteQueryBuilder.inner_expr_well_known_greater_precedence(inner, outer)
    }
}

impl OperLeftAssocDecider for Builder {
    fn well_known_left_associative(&self, operator: &BinOper) -> bool {
        SqliteQueryBuilder.well_known_left_associative(operator)
    }
}

/// Whether what follows is the pattern of LIKE or GLOB.
fn matches_pattern(before: &str) -> bool {
    let text = before.trim_end();
    ["LIKE", "GLOB"].iter().any(|operator| {
        text.len()
            .checked_sub(operator.len())
            .is_some_and(|at| text.as_bytes()[at..].eq_ignore_ascii_case(operator.as_bytes()))
    })
}

impl std::fmt::Display for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl SqlWriter for Writer {
    fn push_param<T: QueryBuilder>(&mut self, value: SeaValue, _: &T) {
        match convert(value) {
            // The only operators that do not read a text to its end.
            Ok(Value::Text(text)) if text.contains('\0') && matches_pattern(self.text()) => {
                self.refuse(Error::bad_request(
                    "A pattern of LIKE or GLOB has a NUL character, where SQLite stops reading: search without it.",
                ));
            }
            Ok(value) => self.push_value(value),
            Err(error) => self.refuse(error),
        }
    }

    fn as_writer(&mut self) -> &mut dyn fmt::Write {
        self
    }
}

fn convert(value: SeaValue) -> Result<Value> {
    fn or_null<T>(value: Option<T>, convert: impl FnOnce(T) -> Value) -> Value {
        value.map_or(Value::Null, convert)
    }
    fn real(x: Option<f64>) -> Result<Value> {
        x.map_or(Ok(Value::Null), Value::real)
    }

    Ok(match value {
        SeaValue::Bool(x) => or_null(x, |x| Value::Integer(x.into())),
        SeaValue::TinyInt(x) => or_null(x, |x| Value::Integer(x.into())),
        SeaValue::SmallInt(x) => or_null(x, |x| Value::Integer(x.into())),
        SeaValue::Int(x) => or_null(x, |x| Value::Integer(x.into())),
        SeaValue::BigInt(x) => or_null(x, Value::Integer),
        SeaValue::TinyUnsigned(x) => or_null(x, |x| Value::Integer(x.into())),
        SeaValue::SmallUnsigned(x) => or_null(x, |x| Value::Integer(x.into())),
        SeaValue::Unsigned(x) => or_null(x, |x| Value::Integer(x.into())),
        SeaValue::BigUnsigned(None) => Value::Null,
        SeaValue::BigUnsigned(Some(x)) => Value::Integer(x.try_into().map_err(|_| {
            Error::bad_request(format!(
                "{x} is too large: SQLite's integers end at 2^63 - 1."
            ))
        })?),
        SeaValue::Float(x) => real(x.map(f64::from))?,
        SeaValue::Double(x) => real(x)?,
        SeaValue::String(x) => or_null(x, Value::Text),
        SeaValue::Char(x) => or_null(x, |x| Value::Text(x.into())),
        SeaValue::Bytes(x) => or_null(x, Value::Blob),
        other => {
            return Err(Error::internal(format!(
                "sea-query's value {other:?} has no counterpart in SQLite"
            )));
        }
    })
}

#[cfg(test)]
mod tests {
    use sea_query::{ExprTrait as _, NullOrdering, Order, Query};

    use super::*;

    fn ordered(order: Order, nulls: Option<NullOrdering>) -> Result<String> {
        let mut select = Query::select();
        select.column("a").from("t");
        let by = Expr::col("a").add(1);
        match nulls {
            None => select.order_by_expr(by, order),
            Some(nulls) => select.order_by_expr_with_nulls(by, order, nulls),
        };
        statement(&select).map(|sql| sql.text)
    }

    #[test]
    fn an_order_is_written_as_sea_query_has_it() {
        for (order, nulls, end) in [
            (Order::Asc, None, " ASC"),
            (Order::Desc, None, " DESC"),
            (Order::Asc, Some(NullOrdering::First), " ASC NULLS FIRST"),
            (Order::Desc, Some(NullOrdering::Last), " DESC NULLS LAST"),
        ] {
            let sql = ordered(order, nulls).unwrap();
            assert!(sql.ends_with(end), "{sql}");
        }
        let values = sea_query::Values(vec![1.into(), 2.into()]);
        assert!(ordered(Order::Field(values), None).is_err());
    }
}
