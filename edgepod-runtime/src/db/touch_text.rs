//! Which values a statement touches that the developer wrote: one of sea-query, or of `edgepod::sql!`.
//!
//! Only the plainest forms are understood: rows of values that go in, and one table's rows that go or are set to values. All else
//! touches its tables in whole.

use edgepod_sql::{Token, TokenKind, outermost, tokens};

use super::{
    Connection, RowFormat, Value,
    pins::{Pinned, Pins},
    pins_text,
    returning::rows_touched,
    touch::{self, Touch},
    writer::{Sql, Writer},
};
use crate::{
    Result,
    schema::{self, SqlType, TableSchema},
    tracking::{ColumnId, Extent, LIMIT_VALUES},
};

/// Runs a statement that returns nothing, and says which values it touches.
pub(super) fn run(connection: &Connection, sql: &mut Sql) -> Result<()> {
    if connection.topic_key().is_none() {
        return connection.run(sql).map(drop);
    }
    if let Some((table, sets)) = insert(&sql.text, schema::table) {
        let touched = touch::of_insert(connection, table, &[], &sets);
        if !touched.0.is_empty() {
            return rows_touched(connection, touched, &mut |list| {
                Ok(Sql {
                    text: format!("{} RETURNING {list}", sql.text),
                    params: sql.params.clone(),
                    ..Sql::default()
                })
            });
        }
    }
    sql.touch = of_rows(connection, sql)?;
    connection.run(sql).map(drop)
}

/// The table of a plain INSERT of values without a RETURNING, and the columns that it sets in rows that are there already.
fn insert(
    sql: &str,
    table: impl Fn(&str) -> Option<&'static TableSchema>,
) -> Option<(&'static TableSchema, Vec<&'static str>)> {
    let tokens: Vec<Token<'_>> = outermost(sql).collect();
    let [first, into, name, open, close, values, rest @ ..] = &tokens[..] else {
        return None;
    };
    let is_plain = first.is("INSERT")
        && into.is("INTO")
        && open.is_symbol('(')
        && close.is_symbol(')')
        && values.is("VALUES");
    let is_odd = |token: &Token<'_>| token.is("RETURNING") || token.is_symbol(';');
    if !is_plain || rest.iter().any(is_odd) {
        return None;
    }
    let table = table(&name.unquoted()?).filter(|table| !table.full_text)?;
    let mut sets = Vec::new();
    if let Some(at) = rest.iter().position(|token| token.is("SET")) {
        for part in rest[at + 1..].windows(2) {
            if part[1].is_symbol('=') {
                let name = part[0].unquoted()?;
                let known = table.columns.iter().find(|column| column.name == name)?;
                sets.push(known.name);
            }
        }
    }
    Some((table, sets))
}

/// What an UPDATE or a DELETE is about to touch.
pub(super) fn of_rows(connection: &Connection, sql: &Sql) -> Result<Touch> {
    let Some(key) = connection.topic_key() else {
        return Ok(Touch::Unknown);
    };
    let Some(plain) = Plain::of(&sql.text, schema::table) else {
        return Ok(Touch::Unknown);
    };
    let table = plain.table;
    let watched = connection.watched(table.name);
    // What is asked twice must be answered alike.
    if watched.is_empty() || connection.varies(sql) {
        return Ok(Touch::Unknown);
    }
    let (condition, params) = plain.condition(sql);
    let pinned = match pins_text::of_text(&format!("SELECT 1 FROM {condition}"), params) {
        Pins::Known(known) => known.into_iter().find_map(|Pinned { pin, .. }| pin),
        Pins::Unknown => None,
    };
    let mut extent = Extent::default();
    let mut asked = Vec::new();
    for column in watched {
        extent.know(column);
        let named = pinned.as_ref().filter(|(known, _)| *known == column);
        let named = named.map_or(&[][..], |(_, values)| values);
        if named.is_empty() {
            asked.push(column);
        }
        let set = match plain.set(sql, column) {
            None => None,
            Some(Some(value)) => Some(value),
            // What SQLite computes is not known before.
            Some(None) => return Ok(Touch::Unknown),
        };
        for value in named.iter().chain(&set) {
            let Some(digest) = key.digest(table.name, column, value) else {
                return Ok(Touch::Unknown);
            };
            extent.add(column, digest);
        }
    }
    if asked.is_empty() {
        return Ok(Touch::Known(table, extent));
    }
    let mut text = Writer::new();
    text.push("SELECT DISTINCT ");
    let json = connection.format() == RowFormat::Json;
    touch::push_values(&mut text, table, &asked, json);
    let text = format!("{} FROM {condition}{LIMIT_VALUES}", text.finish()?.text);
    let rows = touch::ask(connection, &text, params)?;
    Ok(
        match touch::add_rows(&mut extent, table, &asked, &rows, key) {
            true => Touch::Known(table, extent),
            false => Touch::Unknown,
        },
    )
}

/// An UPDATE or a DELETE of rows of one table that meet a condition.
struct Plain<'a> {
    table: &'static TableSchema,
    /// The table's name and the condition, as they stand behind a FROM.
    name: &'a str,
    condition: &'a str,
    /// Where the condition stands.
    at: usize,
    /// The columns that are set, each with what stands behind its `=`, and where that does.
    sets: Vec<(&'static str, &'a str, usize)>,
}

impl<'a> Plain<'a> {
    fn of(sql: &'a str, find: impl Fn(&str) -> Option<&'static TableSchema>) -> Option<Self> {
        // Parameters are counted, and those that travel as one are not.
        let marks = |token: &Token<'_>| token.kind == TokenKind::Parameter && token.text != "?";
        if tokens(sql).any(|token| marks(&token)) {
            return None;
        }
        let all: Vec<Token<'_>> = outermost(sql).collect();
        let (name, mut rest) = match &all[..] {
            [delete, from, name, rest @ ..] if delete.is("DELETE") && from.is("FROM") => {
                (name, rest)
            }
            [update, name, set, ..] if update.is("UPDATE") && set.is("SET") => (name, &all[2..]),
            _ => return None,
        };
        let table = find(&name.unquoted()?).filter(|table| !table.full_text)?;
        let end = |token: &Token<'_>| token.is_any(&["RETURNING", "ORDER", "LIMIT"]);
        let ends = rest.iter().find(|token| end(token));
        let end = ends.map_or(sql.len(), |token| token.start);
        let mut sets = Vec::new();
        if let [set, assignments @ ..] = rest
            && set.is("SET")
        {
            let last = assignments
                .iter()
                .position(|token| token.is_any(&["FROM", "WHERE"]) || token.start >= end)
                .unwrap_or(assignments.len());
            for part in assignments[..last].split(|token| token.is_symbol(',')) {
                let [name, equal, value, ..] = part else {
                    return None;
                };
                let name = name.unquoted()?;
                let column = table.columns.iter().find(|column| column.name == name)?;
                if !equal.is_symbol('=') {
                    return None;
                }
                let start = value.start;
                sets.push((column.name, &sql[start..part.last()?.end()], start));
            }
            rest = &assignments[last..];
        }
        let at = match rest {
            [] => sql.len(),
            [first, ..] if first.is("WHERE") || first.start >= end => first.start,
            _ => return None,
        };
        let of_name = &sql[name.start..name.end()];
        let condition = sql.get(at..end).unwrap_or_default();
        if condition.contains(';') {
            return None;
        }
        Some(Self {
            table,
            name: of_name,
            condition,
            at,
            sets,
        })
    }

    /// What follows the FROM of a SELECT of these rows, with its parameters.
    fn condition<'s>(&self, sql: &'s Sql) -> (String, &'s [Value]) {
        let before = marks(&sql.text[..self.at]);
        let params = sql.params.get(before..before + marks(self.condition));
        let text = format!("{} {}", self.name, self.condition);
        (text, params.unwrap_or_default())
    }

    /// What a column is set to, where it is, and where that is a value.
    fn set(&self, sql: &Sql, column: ColumnId) -> Option<Option<Value>> {
        let column = self.table.columns.get(usize::from(column.0))?;
        let mut sets = self.sets.iter();
        let (_, text, at) = sets.find(|(name, ..)| *name == column.name)?;
        let words: Vec<Token<'_>> = tokens(text).collect();
        let is_value = match &words[..] {
            [mark] => mark.text == "?",
            [cast, open, mark, of, integer, close] => {
                cast.is("CAST")
                    && open.is_symbol('(')
                    && mark.text == "?"
                    && of.is("AS")
                    && integer.is("INTEGER")
                    && close.is_symbol(')')
            }
            _ => false,
        };
        let value = sql.params.get(marks(&sql.text[..*at]))?;
        // Of another class it is stored as something else.
        let fits = matches!(
            (value, column.sql_type),
            (Value::Integer(_), SqlType::Integer)
                | (Value::Text(_), SqlType::Text)
                | (Value::Null, _)
        );
        Some((is_value && fits).then(|| value.clone()))
    }
}

/// How many parameters a text has.
fn marks(sql: &str) -> usize {
    let marks = tokens(sql).filter(|token| token.kind == TokenKind::Parameter);
    marks.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ColumnSchema;

    static MESSAGES: TableSchema = TableSchema {
        indexes: &[],
        full_text: false,
        renamed_from: None,
        name: "messages",
        rust_name: "Message",
        location: ("here", 1),
        columns: &[
            ColumnSchema::plain("id", SqlType::Integer),
            ColumnSchema::plain("room", SqlType::Integer),
            ColumnSchema::plain("author", SqlType::Text),
        ],
    };

    fn find(name: &str) -> Option<&'static TableSchema> {
        (name == "messages").then_some(&MESSAGES)
    }

    fn read(sql: &str) -> String {
        if let Some((_, sets)) = insert(sql, find) {
            return format!("inserts, sets {sets:?}");
        }
        let Some(plain) = Plain::of(sql, find) else {
            return "unknown".to_owned();
        };
        let sql = Sql {
            text: sql.to_owned(),
            params: (1..=marks(sql) as i64).map(Value::Integer).collect(),
            ..Sql::default()
        };
        let (condition, params) = plain.condition(&sql);
        let room = plain.set(&sql, ColumnId(1));
        format!("{condition} {params:?} room {room:?}")
    }

    #[test]
    fn the_plainest_writes_are_understood_and_others_are_not_guessed() {
        for (sql, expected) in [
            (
                "INSERT INTO \"messages\" (\"room\") VALUES (?), ((SELECT 1))",
                "inserts, sets []",
            ),
            (
                "INSERT INTO messages (id) VALUES (?) ON CONFLICT (id) DO NOTHING",
                "inserts, sets []",
            ),
            (
                "INSERT INTO messages (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET \"room\" = excluded.room, author = ?",
                "inserts, sets [\"room\", \"author\"]",
            ),
            (
                "INSERT INTO messages (id) VALUES (?) RETURNING id",
                "unknown",
            ),
            ("INSERT INTO messages (id) SELECT 1", "unknown"),
            ("INSERT INTO messages DEFAULT VALUES", "unknown"),
            ("INSERT OR REPLACE INTO messages (id) VALUES (1)", "unknown"),
            ("REPLACE INTO messages (id) VALUES (1)", "unknown"),
            (
                "DELETE FROM \"messages\" WHERE \"room\" = ? AND id IN (SELECT ?)",
                "\"messages\" WHERE \"room\" = ? AND id IN (SELECT ?) [Integer(1), Integer(2)] room None",
            ),
            ("DELETE FROM messages", "messages  [] room None"),
            (
                "DELETE FROM messages WHERE id = ? RETURNING ?",
                "messages WHERE id = ?  [Integer(1)] room None",
            ),
            ("DELETE FROM messages AS m WHERE m.id = ?", "unknown"),
            ("DELETE FROM messages WHERE id = ?1", "unknown"),
            ("DELETE FROM others WHERE id = ?", "unknown"),
            (
                "WITH w AS (SELECT 1) DELETE FROM messages WHERE id = ?",
                "unknown",
            ),
            (
                "UPDATE \"messages\" SET \"author\" = ?, \"room\" = CAST(? AS INTEGER) WHERE id = ?",
                "\"messages\" WHERE id = ? [Integer(3)] room Some(Some(Integer(2)))",
            ),
            (
                "UPDATE messages SET author = (SELECT ?), room = ?",
                "messages  [] room Some(Some(Integer(2)))",
            ),
            (
                "UPDATE messages SET room = room + ? WHERE id = ?",
                "messages WHERE id = ? [Integer(2)] room Some(None)",
            ),
            (
                "UPDATE messages SET author = ? WHERE id = ? LIMIT ?",
                "messages WHERE id = ?  [Integer(2)] room None",
            ),
            (
                "UPDATE messages SET author = o.x FROM others AS o WHERE id = ?",
                "unknown",
            ),
            (
                "UPDATE messages SET (author, room) = (SELECT 1, 2)",
                "unknown",
            ),
            ("UPDATE OR REPLACE messages SET id = ?", "unknown"),
        ] {
            assert_eq!(read(sql), expected, "{sql}");
        }
    }
}
