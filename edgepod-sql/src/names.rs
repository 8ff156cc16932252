//! Names and texts as SQL writes them.

/// A name in double quotes, those in it doubled.
///
/// ```
/// assert_eq!(edgepod_sql::quote("a\"b"), "\"a\"\"b\"");
/// ```
pub fn quote(name: &str) -> String {
    let mut sql = String::with_capacity(name.len() + 2);
    push_quoted(&mut sql, name);
    sql
}

/// Appends a name in double quotes.
pub fn push_quoted(sql: &mut String, name: &str) {
    push(sql, name, '"');
}

/// A text as a literal: in single quotes, those in it doubled. SQLite ends a literal at a NUL: a text that may hold one is
/// bound as a parameter.
///
/// ```
/// assert_eq!(edgepod_sql::quote_text("it's"), "'it''s'");
/// ```
pub fn quote_text(text: &str) -> String {
    let mut sql = String::with_capacity(text.len() + 2);
    push(&mut sql, text, '\'');
    sql
}

fn push(sql: &mut String, text: &str, quote: char) {
    sql.push(quote);
    for c in text.chars() {
        if c == quote {
            sql.push(quote);
        }
        sql.push(c);
    }
    sql.push(quote);
}
