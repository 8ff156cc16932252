//! Rows of a table, filtered and sorted; and rows of any SELECT.

use edgepod_sql::{quote, statement_kind};
use rusqlite::{Connection, limits::Limit};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    refusal::{Answer, Refusal},
    statement::Statement,
    table::{self, Table},
    target::Target,
};

/// The most rows of an answer.
const MOST: u64 = 1_000;

/// The body of `POST /api/rows`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    table: String,
    #[serde(default, rename = "where")]
    filters: Vec<Filter>,
    #[serde(default)]
    order: Vec<Order>,
    limit: u64,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    count: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    column: String,
    op: Operator,
    #[serde(default)]
    value: Value,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Operator {
    #[serde(rename = "=")]
    Is,
    #[serde(rename = "!=")]
    IsNot,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">")]
    More,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "contains")]
    Contains,
    #[serde(rename = "starts")]
    Starts,
    #[serde(rename = "is null")]
    Null,
    #[serde(rename = "is not null")]
    NotNull,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    column: String,
    #[serde(default)]
    descending: bool,
}

/// What the table is called in a statement. With it a name is a column's or an error: in double quotes alone, SQLite takes one that is
/// no column for a text.
const ALIAS: &str = "t";

pub(super) fn rows(target: &Target, pod: Option<&str>, asked: &Asked) -> Answer<Value> {
    if asked.limit > MOST {
        return Err(Refusal::bad(format!(
            "`limit` is {MOST} at most: ask for the next rows with `offset`."
        )));
    }
    let table = table::one(target, pod, &asked.table)?;
    let names = table.names();
    let select = asked.select(&table)?;
    let found = target.select(pod, &select, &names, asked.limit, asked.offset)?;
    let total = match asked.count {
        true => {
            let count = asked.counted(&table)?;
            let found = target.select(pod, &count, &["count".to_owned()], 1, 0)?;
            found.rows.first().map_or(Value::Null, |row| row[0].clone())
        }
        false => Value::Null,
    };
    let sql = format!(
        "{} LIMIT {}{}",
        select.inlined()?,
        asked.limit,
        match asked.offset {
            0 => String::new(),
            offset => format!(" OFFSET {offset}"),
        }
    );
    Ok(json!({"columns": names, "rows": found.rows, "total": total, "sql": sql}))
}

impl Asked {
    /// The rows, in an order that is the same each time.
    fn select(&self, table: &Table) -> Answer<Statement> {
        let columns: Vec<String> = table.names().iter().map(|name| column(name)).collect();
        let mut select = Statement::new(format!("SELECT {}", columns.join(", ")));
        self.push_from(&mut select, table)?;
        let mut order = Vec::new();
        for one in &self.order {
            let name = column(&table.column(&one.column)?.name);
            order.push(match one.descending {
                true => format!("{name} DESC"),
                false => name,
            });
        }
        let is_ordered = |name: &str| self.order.iter().any(|one| one.column == name);
        let key = table.key().into_iter();
        order.extend(
            key.filter(|part| !is_ordered(&part.name))
                .map(|part| column(&part.name)),
        );
        if !order.is_empty() {
            select.push(" ORDER BY ");
            select.push(&order.join(", "));
        }
        Ok(select)
    }

    fn counted(&self, table: &Table) -> Answer<Statement> {
        let mut count = Statement::new("SELECT count(*)");
        self.push_from(&mut count, table)?;
        Ok(count)
    }

    fn push_from(&self, select: &mut Statement, table: &Table) -> Answer<()> {
        select.push(&format!(" FROM {} AS {ALIAS}", quote(&table.name)));
        for (i, filter) in self.filters.iter().enumerate() {
            select.push(if i == 0 { " WHERE " } else { " AND " });
            filter.push(select, table)?;
        }
        Ok(())
    }
}

impl Filter {
    fn push(&self, select: &mut Statement, table: &Table) -> Answer<()> {
        let name = column(&table.column(&self.column)?.name);
        let operator = match self.op {
            // NULL is a value as any other.
            Operator::Is => "IS",
            Operator::IsNot => "IS NOT",
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::More => ">",
            Operator::AtLeast => ">=",
            Operator::Null => {
                select.push(&format!("{name} IS NULL"));
                return Ok(());
            }
            Operator::NotNull => {
                select.push(&format!("{name} IS NOT NULL"));
                return Ok(());
            }
            // No LIKE: its `%` and `_` would have to be escaped, and Cloudflare has patterns of 50 bytes at most.
            Operator::Contains => {
                select.push(&format!("instr(lower(CAST({name} AS TEXT)), lower("));
                select.push_value(&self.text()?);
                select.push(")) > 0");
                return Ok(());
            }
            Operator::Starts => {
                select.push(&format!("instr(lower(CAST({name} AS TEXT)), lower("));
                select.push_value(&self.text()?);
                select.push(")) = 1");
                return Ok(());
            }
        };
        select.push(&format!("{name} {operator} "));
        select.push_value(&self.value);
        Ok(())
    }

    /// What is looked for in a text.
    fn text(&self) -> Answer<Value> {
        match &self.value {
            Value::String(_) => Ok(self.value.clone()),
            Value::Number(number) => Ok(number.to_string().into()),
            other => Err(Refusal::bad(format!(
                "`{}` is compared with a text, and {other} is none.",
                self.column
            ))),
        }
    }
}

fn column(name: &str) -> String {
    format!("{ALIAS}.{}", quote(name))
}

/// `POST /api/sql`: rows of any SELECT.
pub(super) fn of_sql(target: &Target, pod: Option<&str>, sql: &str) -> Answer<Value> {
    let sql = sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let copy = copy_of_schema(target, pod)?;
    let columns = columns(&copy, sql)?;
    let found = target.select(pod, &Statement::new(sql), &columns, MOST, 0)?;
    Ok(json!({"columns": columns, "rows": found.rows, "more": found.more}))
}

/// The names of what a statement returns. An app does not tell them, so an empty database of the same schema is asked.
fn columns(copy: &Connection, sql: &str) -> Answer<Vec<String>> {
    statement_kind(sql).map_err(|refusal| Refusal::bad(format!("It is not run: {refusal}.")))?;
    let statement = copy
        .prepare(sql)
        .map_err(|error| Refusal::bad(format!("SQLite does not understand it: {error}.")))?;
    if !statement.readonly() || statement.column_count() == 0 {
        return Err(Refusal::bad(
            "Only statements that read are run here: edit cells in the table, or call a function.",
        ));
    }
    Ok(statement.column_names().map(str::to_owned).collect())
}

/// An empty database with the app's tables.
fn copy_of_schema(target: &Target, pod: Option<&str>) -> Answer<Connection> {
    // A cell holds 1,000 characters of a text.
    let pieces = Statement::new(
        "WITH RECURSIVE piece(place, sql, i) AS (\
         SELECT rowid, sql, 0 FROM sqlite_schema WHERE type IN ('table', 'view') AND sql IS NOT NULL AND substr(name, 1, 4) <> '_cf_' \
         UNION ALL SELECT place, sql, i + 1 FROM piece WHERE (i + 1) * 1000 < length(sql)) \
         SELECT place, substr(sql, i * 1000 + 1, 1000) FROM piece ORDER BY place, i",
    );
    let columns = ["place", "sql"].map(str::to_owned);
    let found = target.select(pod, &pieces, &columns, 10_000, 0)?;
    let mut statements: Vec<(Value, String)> = Vec::new();
    for row in found.rows {
        let piece = row[1].as_str().unwrap_or_default();
        match statements.last_mut() {
            Some((place, sql)) if *place == row[0] => sql.push_str(piece),
            _ => statements.push((row[0].clone(), piece.to_owned())),
        }
    }
    let copy = empty_copy(statements.iter().map(|(_, sql)| &**sql));
    copy.map_err(|error| Refusal::cannot(format!("SQLite does not start: {error}.")))
}

/// The most steps of SQLite's machine that making a table takes, by far.
const STEPS: i32 = 1_000_000;

/// An empty database with what these statements create. They are what an app says, and so may be anything: each is one statement that creates,
/// it has no other file to write to, and it ends.
fn empty_copy<'a>(statements: impl Iterator<Item = &'a str>) -> rusqlite::Result<Connection> {
    let mut copy = Connection::open_in_memory()?;
    copy.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    copy.progress_handler(STEPS, Some(|| true))?;
    for sql in statements {
        let creates = edgepod_sql::tokens(sql).next();
        if creates.is_none_or(|token| !token.is("CREATE")) {
            continue;
        }
        // What is made beside a virtual table is there by then; and what only the app's SQLite knows, its own answer tells of.
        let _ = copy.execute(sql, ());
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::{super::table::tests::table, *};

    #[test]
    fn a_schema_that_an_app_makes_up_reaches_no_file_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("written");
        let name = file.to_str().unwrap();
        let attach = format!("ATTACH '{name}' AS a; CREATE TABLE a.t (x)");
        let vacuum = format!("VACUUM INTO '{name}'");
        let both = format!("CREATE TABLE u (x); ATTACH '{name}' AS a");
        let endless = "CREATE TABLE e AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let fine = "CREATE TABLE fine (x)";
        let copy = empty_copy([&*attach, &vacuum, &both, endless, fine].into_iter()).unwrap();
        assert!(!file.exists());
        assert!(copy.prepare("SELECT x FROM fine").is_ok());
        assert!(copy.execute(&format!("ATTACH '{name}' AS a"), ()).is_err());
        assert!(copy.execute(&vacuum, ()).is_err());
        assert!(!file.exists());
    }

    fn asked(body: Value) -> Asked {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn filters_and_orders_become_sql() {
        let users = table("us\"ers", &[("id", 1), ("na\"me", 0)]);
        let asked = asked(json!({
            "table": "us\"ers", "limit": 7, "offset": 3,
            "where": [
                {"column": "na\"me", "op": "=", "value": "it's"},
                {"column": "na\"me", "op": "contains", "value": "100%_"},
                {"column": "id", "op": ">=", "value": {"integer": "9223372036854775807"}},
                {"column": "id", "op": "is not null"},
            ],
            "order": [{"column": "na\"me", "descending": true}],
        }));
        let select = asked.select(&users).unwrap();
        assert_eq!(
            select.sql,
            "SELECT t.\"id\", t.\"na\"\"me\" FROM \"us\"\"ers\" AS t WHERE t.\"na\"\"me\" IS ? AND \
             instr(lower(CAST(t.\"na\"\"me\" AS TEXT)), lower(?)) > 0 AND t.\"id\" >= ? AND t.\"id\" IS NOT NULL \
             ORDER BY t.\"na\"\"me\" DESC, t.\"id\""
        );
        assert_eq!(
            select.values,
            [
                json!("it's"),
                json!("100%_"),
                json!({"integer": "9223372036854775807"})
            ]
        );
        let count = asked.counted(&users).unwrap();
        assert!(
            count
                .sql
                .starts_with("SELECT count(*) FROM \"us\"\"ers\" AS t WHERE ")
        );
        assert!(count.inlined().unwrap().contains("IS 'it''s' AND"));
    }

    #[test]
    fn what_stands_for_any_character_in_a_pattern_stands_for_itself() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE x (a); INSERT INTO x VALUES ('100%'), ('100 x'), ('A_b'), ('aXb'), (NULL), (7), (x'4142')",
            )
            .unwrap();
        let x = table("x", &[("a", 0)]);
        let found = |op: &str, value: Value| -> Vec<i64> {
            let asked = asked(json!({
                "table": "x", "limit": 9, "where": [{"column": "a", "op": op, "value": value}],
            }));
            let sql = asked.select(&x).unwrap().inlined().unwrap();
            let mut statement = connection.prepare(&sql).unwrap();
            let rows = statement.query_map((), |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert_eq!(found("contains", json!("%")), [1]);
        assert_eq!(found("contains", json!("a_B")), [3]);
        assert_eq!(found("starts", json!("100")), [1, 2]);
        assert_eq!(found("contains", json!("ab")), [7]);
        assert_eq!(found("contains", json!(7)), [6]);
        assert_eq!(found("=", json!(null)), [5]);
        assert_eq!(found("!=", json!("100%")), [2, 3, 4, 5, 6, 7]);
        assert_eq!(found("=", json!({"blob": "4142"})), [7]);
        assert_eq!(found("is null", json!(null)), [5]);
        assert_eq!(found(">", json!(6)), [1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn what_is_no_column_or_no_operator_is_refused() {
        let users = table("users", &[("id", 1)]);
        for body in [
            json!({"table": "users", "limit": 1, "where": [{"column": "nope", "op": "=", "value": 1}]}),
            json!({"table": "users", "limit": 1, "order": [{"column": "nope"}]}),
            json!({"table": "users", "limit": 1, "where": [{"column": "id", "op": "starts", "value": null}]}),
        ] {
            assert_eq!(asked(body).select(&users).unwrap_err().status, 400);
        }
        let operator =
            json!({"table": "users", "limit": 1, "where": [{"column": "id", "op": "; DROP"}]});
        assert!(serde_json::from_value::<Asked>(operator).is_err());
    }

    #[test]
    fn only_what_reads_is_run_and_its_columns_have_names() {
        let copy = Connection::open_in_memory().unwrap();
        copy.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
            .unwrap();
        let of = |sql: &str| columns(&copy, sql);
        assert_eq!(
            of("SELECT id, name AS n, 1 FROM users").unwrap(),
            ["id", "n", "1"]
        );
        assert_eq!(of("SELECT * FROM users -- all").unwrap(), ["id", "name"]);
        for sql in [
            "DELETE FROM users RETURNING *",
            "CREATE TABLE x (a)",
            "SELECT 1; DELETE FROM users",
            "SELECT 1) DELETE FROM users",
            "PRAGMA user_version = 1",
            "",
        ] {
            assert_eq!(of(sql).unwrap_err().status, 400, "{sql}");
        }
        let wrong = of("SELECT nope FROM users").unwrap_err();
        assert!(wrong.message.contains("no such column: nope"), "{wrong:?}");
    }
}
