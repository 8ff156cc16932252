//! Which tables a DELETE reaches through foreign keys, asked of the rows before they go.
//!
//! SQLite counts the rows that a statement changed, not the tables. Where a DELETE may reach several tables, one look-up
//! before it runs tells which of them hold rows that reference the ones that go: it costs what the actions themselves cost.

use edgepod_sql::{TokenKind, outermost, push_quoted, quote_text, tokens};

use super::{LIMIT_VALUES, TableName, TableSet};
use crate::{
    sqlite::{Database, SqlError, Value},
    thin::push_number,
};

/// The foreign keys of the schema, a row for each column.
const REFERENCES: &str = "SELECT t.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_delete FROM sqlite_schema AS t, \
                          pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table' AND t.name NOT GLOB '_cf_*' \
                          ORDER BY t.name, f.id, f.seq";

/// The tables with triggers of the app's. Those with which a pull follows an object's data write to no table of the app.
const TRIGGERS: &str = "SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name NOT GLOB '_edgepod_*'";

/// Questions about the rows that a DELETE is about to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cascade {
    /// The rows that go, by table, as parts of the questions.
    with: String,
    reached: Vec<Reached>,
    /// Of several tables a column for each: whether it is reached.
    exists: Option<String>,
}

/// A table that foreign keys lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reached {
    table: TableName,
    /// The rows: what follows a list of columns of `_edgepod_child`, once for each key.
    from: Vec<String>,
    /// The columns that are set to NULL.
    nulls: Vec<String>,
    /// Whether columns are set to what the schema says.
    has_defaults: bool,
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
        let mut with = format!("WITH _edgepod_0 AS MATERIALIZED (SELECT * FROM {rows})");
        let reaching = |table: &str, before: usize| {
            let mut parts = Vec::new();
            for (i, parent) in order[..before].iter().enumerate() {
                for key in &keys {
                    if key.child.eq_ignore_ascii_case(table)
                        && key.parent.eq_ignore_ascii_case(parent)
                        && key.action != Action::None
                    {
                        parts.push((key, key.rows(i)));
                    }
                }
            }
            parts
        };
        for (i, table) in order.iter().enumerate().skip(1) {
            with.push_str(", _edgepod_");
            push_number(&mut with, i as u64);
            with.push_str(" AS MATERIALIZED (");
            for (n, (_, from)) in reaching(table, i).iter().enumerate() {
                push_all(
                    &mut with,
                    &[
                        if n == 0 { "" } else { " UNION ALL " },
                        "SELECT _edgepod_child.* ",
                        from,
                    ],
                );
            }
            with.push(')');
        }
        let mut reached = Vec::new();
        for table in indirect.iter().filter(|t| !direct.contains(t.as_str())) {
            let parts = reaching(table.as_str(), order.len());
            if parts.is_empty() {
                // Something else writes it.
                return Ok(None);
            }
            let mut of = Reached {
                table: table.clone(),
                from: Vec::new(),
                nulls: Vec::new(),
                has_defaults: false,
            };
            for (key, from) in parts {
                of.from.push(from);
                of.has_defaults |= key.action == Action::Default;
                if key.action == Action::Null {
                    for (child, _) in &key.columns {
                        of.nulls.push(child.clone());
                    }
                }
            }
            reached.push(of);
        }
        if reached.is_empty() {
            return Ok(None);
        }
        let mut exists = with.clone();
        for (i, of) in reached.iter().enumerate() {
            exists.push_str(if i == 0 { " SELECT " } else { ", " });
            for (n, from) in of.from.iter().enumerate() {
                let or = if n == 0 { "" } else { " OR " };
                push_all(&mut exists, &[or, "EXISTS (SELECT 1 ", from, ")"]);
            }
        }
        Ok(Some(Self {
            with,
            exists: (reached.len() > 1).then_some(exists),
            reached,
        }))
    }

    /// The tables that it may reach.
    pub(super) fn tables(&self) -> impl Iterator<Item = &TableName> {
        self.reached.iter().map(|reached| &reached.table)
    }

    /// The tables that the statement is about to reach; `None` where that needs no question, and where SQLite does not say.
    pub(super) fn ask(&self, database: &dyn Database, params: &[Value]) -> Option<TableSet> {
        let answers = database.run(self.exists.as_ref()?, params).ok()?.rows;
        let row = answers.iter().next()?;
        if row.len() != self.reached.len() {
            return None;
        }
        let reached = self.tables().zip(row).filter(|(_, answer)| {
            !matches!(answer, Value::Integer(0)) && !matches!(answer, Value::Real(x) if *x == 0.0)
        });
        Some(reached.map(|(table, _)| table.clone()).collect())
    }

    /// A SELECT of the distinct values of these columns in the rows of a table that the statement is about to reach, with its
    /// parameters, one row more than 64 at most; as values, or a JSON array for each row. And the columns that it sets to NULL.
    pub(super) fn values(
        &self,
        table: &str,
        columns: &[&str],
        json: bool,
    ) -> Option<(String, &[String])> {
        let mut all = self.reached.iter();
        let reached = all.find(|reached| reached.table.as_str() == table)?;
        if reached.has_defaults {
            return None;
        }
        let mut list = String::new();
        for (i, column) in columns.iter().enumerate() {
            list.push_str(if i == 0 {
                "_edgepod_child."
            } else {
                ", _edgepod_child."
            });
            push_quoted(&mut list, column);
        }
        let (open, close) = if json {
            ("json_array(", ") ")
        } else {
            ("", " ")
        };
        let mut sql = self.with.clone();
        for (i, from) in reached.from.iter().enumerate() {
            let select = if i == 0 {
                " SELECT DISTINCT "
            } else {
                " UNION SELECT DISTINCT "
            };
            push_all(&mut sql, &[select, open, &list, close, from]);
        }
        sql.push_str(LIMIT_VALUES);
        Some((sql, &reached.nulls))
    }
}

/// What a foreign key does to its rows when the row they reference goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    None,
    Delete,
    Null,
    Default,
}

struct Reference {
    child: String,
    parent: String,
    action: Action,
    /// Of the child and of the parent.
    columns: Vec<(String, String)>,
}

impl Reference {
    /// The rows of the child that reference those of the parent that go, the part of the question with this number.
    fn rows(&self, part: usize) -> String {
        // The parent's column stands first: its collation is the key's.
        let mut sql = String::from("FROM _edgepod_");
        push_number(&mut sql, part as u64);
        sql.push_str(" AS _edgepod_parent CROSS JOIN ");
        push_quoted(&mut sql, &self.child);
        sql.push_str(" AS _edgepod_child WHERE ");
        for (i, (child, parent)) in self.columns.iter().enumerate() {
            sql.push_str(if i == 0 {
                "_edgepod_parent."
            } else {
                " AND _edgepod_parent."
            });
            push_quoted(&mut sql, parent);
            sql.push_str(" = _edgepod_child.");
            push_quoted(&mut sql, child);
        }
        sql
    }
}

fn push_all(sql: &mut String, parts: &[&str]) {
    for part in parts {
        sql.push_str(part);
    }
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
                    "SET NULL" => Action::Null,
                    "SET DEFAULT" => Action::Default,
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
