//! The one reader of SQL text: what SQLite's own tokenizer sees, and what can be said of a statement from its tokens alone.
//!
//! It has no grammar: whether a statement is right, SQLite says. What it does say it must say as SQLite does, because guards
//! stand on it: where a statement ends, whether there is a second one, what kind it is, where its condition begins. Tests hold
//! it to sqlparser's tokenizer and to SQLite itself.
//!
//! ```
//! let text = "CREATE TRIGGER t AFTER UPDATE OF end ON shifts BEGIN UPDATE shifts SET left = NEW.end; END; SELECT ';'";
//! assert_eq!(edgepod_sql::statements(text).count(), 2);
//! assert_eq!(edgepod_sql::quote("a\"b"), "\"a\"\"b\"");
//! ```

mod cell;
mod created;
mod kind;
mod names;
mod statements;
mod token;

pub use cell::{CELL_BYTES, CELL_TEXT, cell};
pub use created::{Created, CreatedKind, created};
pub use kind::{Refusal, StatementKind, forbidden_word, statement_kind};
pub use names::{push_quoted, quote, quote_text};
pub use statements::{Statements, statements};
pub use token::{Token, TokenKind, Tokens, any_name, mentions, outermost, tokens};
