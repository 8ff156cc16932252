//! Which tables a DELETE reaches through foreign keys, asked of the rows before they go.
//!
//! SQLite counts the rows that a statement changed, not the tables. Where a DELETE may reach several tables, one look-up
//! before it runs tells which of them hold rows that reference the ones that go: it costs what the actions themselves cost.

use edgepod_sql::{TokenKind, outermost, quote, quote_text, tokens};

use super::{TableName, TableSet};
use crate::sqlite::{Database, SqlError, Value};

/// The foreign keys of the schema, a row for each column.
const REFERENCES: &str = "SELECT t.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_delete FROM sqlite_schema AS t, \
                          pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table' AND t.name NOT GLOB '_cf_*' \
                          ORDER BY t.name, f.id, f.seq";

const TRIGGERS: &str = "SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger'";

/// A SELECT with a column for each table: whether the DELETE is about to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cascade {
    sql: String,
    tables: Vec<TableName>,
}

impl Cascade {
    /// The question for a DELETE that writes `direct` itself and may reach `indirect`, with the same parameters. `None` where
    /// foreign keys are not all there is to ask for: triggers, keys that lead in a circle, another kind of statement.
    pub(super) fn of(
        database: &dyn Database,
        sql: &str,
        direct: &TableSet,
        indirect: &TableSet,
    ) -> Result<Option<Self>, SqlError> {
        let (Some(rows), Some(first), 1) = (deleted(sql), direct.iter().next(), direct.len())
        else {
            return Ok(None);
        };
        let is_written = |name: &str| {
            let same = |table: &TableName| table.as_str().eq_ignore_ascii_case(name);
            direct.iter().any(same) || indirect.iter().any(same)
        };
        let triggers = database.run(TRIGGERS, &[])?.rows;
        if triggers
            .iter()
            .any(|row| matches!(row, [Value::Text(table)] if is_written(table)))
        {
            return Ok(None);
        }
        let keys = references(database)?;
        let Some(order) = in_order(first.as_str(), &keys) else {
            return Ok(None);
        };
        // Names that no table has: one called as a part of this question would be answered for.
        let mut ask = format!("WITH _edgepod_0 AS MATERIALIZED (SELECT * FROM {rows})");
        let reaching = |table: &str, what: &str, before: usize, sql: &mut Vec<String>| {
            for (i, parent) in order[..before].iter().enumerate() {
                for key in &keys {
                    if key.child.eq_ignore_ascii_case(table)
                        && key.parent.eq_ignore_ascii_case(parent)
                        && key.action != Action::None
                    {
                        // The parent's column stands first: its collation is the key's.
                        let on: Vec<String> = key
                            .columns
                            .iter()
                            .map(|(child, parent)| {
                                format!(
                                    "_edgepod_parent.{} = _edgepod_child.{}",
                                    quote(parent),
                                    quote(child)
                                )
                            })
                            .collect();
                        sql.push(format!(
                            "SELECT {what} FROM _edgepod_{i} AS _edgepod_parent CROSS JOIN {} AS _edgepod_child WHERE {}",
                            quote(table),
                            on.join(" AND ")
                        ));
                    }
                }
            }
        };
        for (i, table) in order.iter().enumerate().skip(1) {
            let mut parts = Vec::new();
            reaching(table, "_edgepod_child.*", i, &mut parts);
            ask += &format!(
                ", _edgepod_{i} AS MATERIALIZED ({})",
                parts.join(" UNION ALL ")
            );
        }
        let tables: Vec<TableName> = indirect
            .iter()
            .filter(|table| !direct.contains(table.as_str()))
            .cloned()
            .collect();
        for (i, table) in tables.iter().enumerate() {
            let mut parts = Vec::new();
            reaching(table.as_str(), "1", order.len(), &mut parts);
            if parts.is_empty() {
                // Something else writes it.
                return Ok(None);
            }
            ask += if i == 0 { " SELECT " } else { ", " };
            for (i, part) in parts.iter().enumerate() {
                ask += &format!("{}EXISTS ({part})", if i == 0 { "" } else { " OR " });
            }
        }
        Ok((!tables.is_empty()).then_some(Self { sql: ask, tables }))
    }

    /// The tables that the statement is about to reach; `None` where SQLite does not say.
    pub(super) fn ask(&self, database: &dyn Database, params: &[Value]) -> Option<TableSet> {
        let answers = database.run(&self.sql, params).ok()?.rows;
        let row = answers.iter().next()?;
        if row.len() != self.tables.len() {
            return None;
        }
        let reached = self.tables.iter().zip(row).filter(|(_, answer)| {
            !matches!(answer, Value::Integer(0)) && !matches!(answer, Value::Real(x) if *x == 0.0)
        });
        Some(reached.map(|(table, _)| table.clone()).collect())
    }
}

/// What a foreign key does to its rows when the row they reference goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    None,
    Delete,
    Set,
}

struct Reference {
    child: String,
    parent: String,
    action: Action,
    /// Of the child and of the parent.
    columns: Vec<(String, String)>,
}

fn references(database: &dyn Database) -> Result<Vec<Reference>, SqlError> {
    let mut keys: Vec<Reference> = Vec::new();
    let mut last = None;
    for row in database.run(REFERENCES, &[])?.rows.iter() {
        let [
            Value::Text(child),
            id,
            Value::Text(parent),
            Value::Text(from),
            to,
            Value::Text(action),
        ] = row
        else {
            continue;
        };
        let this = (child.clone(), id.clone());
        if last.as_ref() != Some(&this) {
            keys.push(Reference {
                child: child.clone(),
                parent: parent.clone(),
                action: match action.as_str() {
                    "CASCADE" => Action::Delete,
                    "SET NULL" | "SET DEFAULT" => Action::Set,
                    _ => Action::None,
                },
                columns: Vec::new(),
            });
            last = Some(this);
        }
        let key = keys.last_mut().expect("just pushed");
        let to = match to {
            Value::Text(to) => to.clone(),
            // The primary key.
            _ => primary_key(database, parent, key.columns.len())?,
        };
        key.columns.push((from.clone(), to));
    }
    Ok(keys)
}

fn primary_key(database: &dyn Database, table: &str, index: usize) -> Result<String, SqlError> {
    let sql = format!(
        "SELECT name FROM pragma_table_info({}) WHERE pk = {}",
        quote_text(table),
        index + 1
    );
    match database.run(&sql, &[])?.rows.iter().next() {
        Some([Value::Text(name)]) => Ok(name.clone()),
        _ => Err(SqlError {
            message: format!("{table} has no such key"),
        }),
    }
}

/// The tables whose rows go with rows of `first`, each after those it references. `None` where they lead in a circle.
fn in_order<'a>(first: &'a str, keys: &'a [Reference]) -> Option<Vec<&'a str>> {
    fn visit<'a>(
        table: &'a str,
        keys: &'a [Reference],
        path: &mut Vec<&'a str>,
        done: &mut Vec<&'a str>,
    ) -> Option<()> {
        let is = |other: &&str| other.eq_ignore_ascii_case(table);
        if path.iter().any(is) {
            return None;
        }
        if done.iter().any(is) {
            return Some(());
        }
        path.push(table);
        for key in keys {
            if key.action == Action::Delete && key.parent.eq_ignore_ascii_case(table) {
                visit(&key.child, keys, path, done)?;
            }
        }
        path.pop();
        done.push(table);
        Some(())
    }
    let mut done = Vec::new();
    visit(first, keys, &mut Vec::new(), &mut done)?;
    done.reverse();
    Some(done)
}

/// The table and the condition of `DELETE FROM table WHERE condition`, as written; `None` for other statements.
fn deleted(sql: &str) -> Option<&str> {
    let mut words = tokens(sql);
    let from = words
        .next()
        .filter(|token| token.is("DELETE"))
        .and_then(|_| words.next())
        .filter(|token| token.is("FROM"))?
        .end();
    let end = outermost(&sql[from..])
        .take_while(|token| {
            !(token.is_symbol(';') || token.is_any(&["RETURNING", "ORDER", "LIMIT"]))
        })
        .last()?
        .end();
    let (rows, behind) = sql[from..].split_at(end);
    // A parameter behind it would be one too many.
    let more = tokens(behind).any(|token| token.kind == TokenKind::Parameter);
    (!more).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_delete_are_its_table_and_its_condition() {
        for (sql, rows) in [
            ("DELETE FROM t", Some(" t")),
            (
                "delete from \"t\" WHERE a = ? returning *",
                Some(" \"t\" WHERE a = ?"),
            ),
            (
                "DELETE FROM t WHERE a IN (SELECT b FROM u LIMIT 1);",
                Some(" t WHERE a IN (SELECT b FROM u LIMIT 1)"),
            ),
            ("DELETE FROM t WHERE a = 1 RETURNING ?", None),
            ("WITH w AS (SELECT 1) DELETE FROM t", None),
            ("UPDATE t SET a = 1", None),
        ] {
            assert_eq!(deleted(sql), rows, "{sql}");
        }
    }
}
