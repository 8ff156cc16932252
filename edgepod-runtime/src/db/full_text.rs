//! Full-text indexes (FTS5): what they find, how well it fits, and where it stands.

use super::{
    Column, Contains, Expression, Operand, Predicate, Relation, Scalar, Table, Value,
    clause::{Clause, Joint, Operator},
    compose::Composition,
};
use crate::{Error, Result};

/// A full-text index. Implemented by `#[edgepod::table(name = "…", fts5)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a full-text index",
    label = "no table with `fts5`",
    note = "a virtual table of FTS5, which a migration makes, is a struct with `#[edgepod::table(name = \"…\", fts5)]`"
)]
pub trait FullText: Table {}

/// What stands for any column of an index: `NoteWords::any`.
pub enum AnyColumn {}

/// The most words of a search.
const MAX_WORDS: usize = 64;

/// The most tokens of a snippet, by SQLite.
const MAX_TOKENS: u32 = 64;

impl<T: Relation, V> Column<T, V> {
    /// Every word of the text is there, in any order and any case: what a client searches for. No character means anything but
    /// itself; of no word, no row.
    ///
    /// It stands in a `.filter(…)`, alone or beside others: SQLite does not search below `.or(…)` and `!`.
    pub fn matches<S: Contains<T, P>, P>(self, text: &str) -> Predicate<S>
    where
        T: FullText,
    {
        Predicate::new(search(self, words(text, "")))
    }

    /// As [`matches`](Self::matches), and the last word may go on: what one searches while one types.
    pub fn matches_prefix<S: Contains<T, P>, P>(self, text: &str) -> Predicate<S>
    where
        T: FullText,
    {
        Predicate::new(search(self, words(text, " *")))
    }

    /// As [`matches`](Self::matches), in [FTS5's own language](https://sqlite.org/fts5.html#full_text_query_syntax):
    /// `one OR "two three" NOT four`. It is the program's to write: what it cannot read is an error.
    pub fn matches_query<S: Contains<T, P>, P>(self, query: &str) -> Predicate<S>
    where
        T: FullText,
    {
        Predicate::new(search(self, Ok(query.to_owned())))
    }

    /// The part of the text around what was found, of so many words (64 at most), with `open` and `close` around each word that
    /// was found and `…` where the text goes on.
    ///
    /// The text is as it is stored: in a page it is text, and no HTML. So let `open` and `close` be characters that the page
    /// looks for, such as `[` and `]`.
    pub fn snippet(self, open: &str, close: &str, words: u32) -> Expression<T, String>
    where
        T: FullText,
    {
        // The columns of the index are those of the struct but for the row's number.
        let mut columns = T::TABLE.columns.iter().filter(|c| !c.primary_key);
        let column = columns.position(|c| c.name == self.name());
        let column = column.map_or(-1, |place| place as i64);
        let index = Column::<T, String>::new(T::TABLE.name);
        Expression::made(
            Composition::new("snippet(")
                .expr(index.into_nested())
                .text(", ")
                .expr(column.into_nested())
                .text(", ")
                .expr(open.into_nested())
                .text(", ")
                .expr(close.into_nested())
                .text(", '…', ")
                .expr(i64::from(words.clamp(1, MAX_TOKENS)).into_nested())
                .text(")")
                .finish(),
        )
    }
}

fn search<T: Relation, V>(column: Column<T, V>, query: Result<String>) -> Result<Clause> {
    let query = query?;
    if query.is_empty() {
        return Clause::joined(Joint::Any, []);
    }
    Ok(Clause::Comparison {
        left: column.term(false)?,
        operator: Operator::Match,
        right: Operand::Value(Value::Text(query)),
    })
}

/// Each word of a text in quotes, as FTS5 reads what has no meaning of its own; `end` after the last.
fn words(text: &str, end: &str) -> Result<String> {
    let mut query = String::with_capacity(text.len() + 8);
    // FTS5 reads up to a NUL character.
    let words = text.split(|c: char| c.is_whitespace() || c == '\0');
    for (i, word) in words.filter(|word| !word.is_empty()).enumerate() {
        if i == MAX_WORDS {
            return Err(Error::bad_request(format!(
                "A search has {MAX_WORDS} words at most: search for fewer."
            )));
        }
        query.push_str(if i > 0 { " \"" } else { "\"" });
        query.push_str(&word.replace('"', "\"\""));
        query.push('"');
    }
    if !query.is_empty() {
        query.push_str(end);
    }
    Ok(query)
}
