//! What the text of a SELECT holds its table to: for statements that the developer wrote.
//!
//! Only the plainest form is understood: one table, and a WHERE whose conditions stand side by side. Of all else the statement
//! depends on its tables in whole.

use edgepod_sql::{Token, TokenKind, tokens};

use super::{
    Value,
    pins::{Pinned, Pins, VALUES, rank},
};
use crate::{
    schema::{self, SqlType, TableSchema},
    tracking::ColumnId,
};

/// What a SELECT holds its table to; `params` are those of its `?`.
pub(super) fn of_text(sql: &str, params: &[Value]) -> Pins {
    of_tokens(sql, params, schema::table).unwrap_or_default()
}

/// Words of a statement with more than one SELECT or table.
const SEVERAL: [&str; 9] = [
    "WITH",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "JOIN",
    "VALUES",
    "WINDOW",
    "INDEXED",
    "COLLATE",
];

/// Words that may follow a WHERE.
const AFTER: [&str; 5] = ["GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"];

fn of_tokens(
    sql: &str,
    params: &[Value],
    table: impl Fn(&str) -> Option<&'static TableSchema>,
) -> Option<Pins> {
    let tokens: Vec<Token<'_>> = tokens(sql).collect();
    let selects = tokens.iter().filter(|token| token.is("SELECT")).count();
    let froms: Vec<usize> = places(&tokens, |token| token.is("FROM"));
    if selects != 1 || froms.len() != 1 || tokens.iter().any(|token| token.is_any(&SEVERAL)) {
        return None;
    }
    let mut rest = tokens[froms[0] + 1..].iter();
    let table = table(&rest.next()?.unquoted()?)?;
    let mut next = rest.next();
    let mut alias = None;
    if next.is_some_and(|token| token.is("AS")) {
        alias = Some(rest.next()?.unquoted()?);
        next = rest.next();
    }
    let unpinned = || {
        Pins::Known(vec![Pinned {
            table: table.name,
            pin: None,
        }])
    };
    match next {
        None => return Some(unpinned()),
        Some(token) if token.is_any(&AFTER) => return Some(unpinned()),
        Some(token) if token.is("WHERE") => {}
        Some(_) => return None,
    }
    let start = tokens.len() - rest.len();
    let mut depth = 0;
    let mut ends = vec![start];
    let mut end = tokens.len();
    for (place, token) in tokens.iter().enumerate().skip(start) {
        if token.is_symbol('(') {
            depth += 1;
        } else if token.is_symbol(')') {
            depth -= 1;
        } else if depth == 0 && token.is_any(&AFTER) {
            end = place;
            break;
        } else if depth == 0 && token.is_any(&["OR", "NOT", "BETWEEN", "CASE", "ESCAPE"]) {
            // What AND joins is then another thing.
            return Some(unpinned());
        } else if depth == 0 && token.is("AND") {
            ends.push(place);
        }
    }
    ends.push(end);
    let name = alias.as_deref().unwrap_or(table.name);
    let mut narrowest: Option<(u8, ColumnId, Vec<Value>)> = None;
    for (i, part) in ends.windows(2).enumerate() {
        let from = part[0] + usize::from(i > 0);
        let before = places(&tokens[..from], |token| token.kind == TokenKind::Parameter).len();
        let Some((column, values)) = pin(table, name, &tokens[from..part[1]], before, params)
        else {
            continue;
        };
        let rank = rank(table.columns, usize::from(column.0));
        if narrowest.as_ref().is_none_or(|(known, ..)| rank < *known) {
            narrowest = Some((rank, column, values));
        }
    }
    Some(Pins::Known(vec![Pinned {
        table: table.name,
        pin: narrowest.map(|(_, column, values)| (column, values)),
    }]))
}

fn places(tokens: &[Token<'_>], is: impl Fn(&Token<'_>) -> bool) -> Vec<usize> {
    let found = tokens.iter().enumerate().filter(|(_, token)| is(token));
    found.map(|(place, _)| place).collect()
}

/// `column = value`, or `column IN (value, …)`, in parentheses or without. `before` counts the parameters that stand before it.
fn pin(
    table: &'static TableSchema,
    name: &str,
    part: &[Token<'_>],
    before: usize,
    params: &[Value],
) -> Option<(ColumnId, Vec<Value>)> {
    let mut part = part;
    while let [open, inner @ .., close] = part
        && open.is_symbol('(')
        && close.is_symbol(')')
    {
        part = inner;
    }
    let (column, rest) = match part {
        [of, dot, column, rest @ ..] if dot.is_symbol('.') && of.unquoted()? == name => {
            (column, rest)
        }
        [column, rest @ ..] => (column, rest),
        [] => return None,
    };
    let column = column.unquoted()?;
    let place = table
        .columns
        .iter()
        .position(|known| known.name == column)?;
    let (mut rest, list) = match rest {
        [equal, rest @ ..] if equal.is_symbol('=') => (rest, false),
        [word, open, rest @ .., close]
            if word.is("IN") && open.is_symbol('(') && close.is_symbol(')') =>
        {
            (rest, true)
        }
        _ => return None,
    };
    let mut values = Vec::new();
    loop {
        rest = match rest {
            [cast, open, mark, of, integer, close, rest @ ..]
                if cast.is("CAST")
                    && open.is_symbol('(')
                    && mark.text == "?"
                    && of.is("AS")
                    && integer.is("INTEGER")
                    && close.is_symbol(')') =>
            {
                rest
            }
            [mark, rest @ ..] if mark.text == "?" => rest,
            _ => return None,
        };
        let value = params.get(before + values.len())?;
        // Of another class it may equal what it is not.
        let fits = matches!(
            (value, table.columns[place].sql_type),
            (Value::Integer(_), SqlType::Integer) | (Value::Text(_), SqlType::Text)
        );
        if !fits {
            return None;
        }
        values.push(value.clone());
        rest = match rest {
            [] => break,
            [comma, rest @ ..] if list && comma.is_symbol(',') => rest,
            _ => return None,
        };
    }
    (values.len() <= VALUES).then_some((ColumnId(u16::try_from(place).ok()?), values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ColumnSchema;

    const fn column(name: &'static str, sql_type: SqlType) -> ColumnSchema {
        ColumnSchema::plain(name, sql_type)
    }

    static MESSAGES: TableSchema = TableSchema {
        indexes: &[],
        full_text: false,
        renamed_from: None,
        name: "messages",
        rust_name: "Message",
        location: ("here", 1),
        columns: &[
            ColumnSchema {
                primary_key: true,
                ..column("id", SqlType::Integer)
            },
            column("room", SqlType::Integer),
            column("author", SqlType::Text),
        ],
    };

    fn held(sql: &str, params: &[Value]) -> String {
        let table = |name: &str| (name == "messages").then_some(&MESSAGES);
        match of_tokens(sql, params, table) {
            Some(Pins::Known(known)) => match &known[..] {
                [
                    Pinned {
                        pin: Some((column, values)),
                        ..
                    },
                ] => {
                    format!(
                        "{} {values:?}",
                        MESSAGES.columns[usize::from(column.0)].name
                    )
                }
                _ => "any row".to_owned(),
            },
            _ => "unknown".to_owned(),
        }
    }

    #[test]
    fn the_plainest_statements_are_understood_and_others_are_not_guessed() {
        let seven = [
            Value::Integer(7),
            Value::Integer(8),
            Value::Text("ada".into()),
        ];
        for (sql, expected) in [
            (
                "SELECT * FROM \"messages\" WHERE \"room\" = ?",
                "room [Integer(7)]",
            ),
            (
                "SELECT \"id\" FROM \"messages\" WHERE \"messages\".\"room\" = CAST(? AS INTEGER) ORDER BY \"id\" LIMIT 3",
                "room [Integer(7)]",
            ),
            (
                "SELECT \"id\" FROM messages AS m WHERE (\"m\".\"room\" IN (CAST(? AS INTEGER), ?)) AND author = ?",
                "room [Integer(7), Integer(8)]",
            ),
            (
                "SELECT 1 FROM messages WHERE room = ? AND id = ?",
                "id [Integer(8)]",
            ),
            ("SELECT ? FROM messages WHERE room = ?", "room [Integer(8)]"),
            ("SELECT count(*) FROM messages", "any row"),
            ("SELECT 1 FROM messages WHERE room = ? OR id = ?", "any row"),
            ("SELECT 1 FROM messages WHERE NOT room = ?", "any row"),
            (
                "SELECT 1 FROM messages WHERE id BETWEEN ? AND room = ?",
                "any row",
            ),
            ("SELECT 1 FROM messages WHERE room = ? + 1", "any row"),
            ("SELECT 1 FROM messages WHERE author = ?", "any row"),
            ("SELECT 1 FROM messages WHERE room > ?", "any row"),
            ("SELECT 1 FROM messages WHERE x.room = ?", "any row"),
            ("SELECT 1 FROM messages WHERE room = ?1", "any row"),
            ("SELECT 1 FROM messages, rooms WHERE room = ?", "unknown"),
            (
                "SELECT 1 FROM messages JOIN rooms WHERE room = ?",
                "unknown",
            ),
            (
                "SELECT 1 FROM messages WHERE room = ? UNION SELECT 2",
                "unknown",
            ),
            (
                "SELECT 1 FROM messages WHERE room = ? AND id IN (SELECT 1)",
                "unknown",
            ),
            (
                "WITH q AS (SELECT 1) SELECT 1 FROM messages WHERE room = ?",
                "unknown",
            ),
            (
                "SELECT 1 FROM messages WHERE author COLLATE NOCASE = ?",
                "unknown",
            ),
            ("SELECT 1 FROM other WHERE room = ?", "unknown"),
        ] {
            assert_eq!(held(sql, &seven), expected, "{sql}");
        }
    }
}
