//! What SQLite says when a statement meets a limit, in words that help.
//!
//! Both hosts have the same limits, and word them alike but for what they add.

pub(super) use super::list::MAX_VALUE;
use super::{SqlError, Value};
use crate::{Code, Error, Result, sqlite};

/// The most parameters that the platform binds to a statement.
pub(super) const MAX_PARAMS: usize = 100;

/// The most bytes of SQL text.
const MAX_TEXT: usize = 100_000;

const MANY_PARAMS: &str = "a statement takes 100 parameters at most, and this one has more: pass them as one JSON text and read \
                           it with json_each(?)";

/// What the platform would refuse is refused here, on every host, before it runs.
///
/// # Errors
/// Text that is too long, too many parameters, and values too large for a row.
pub(super) fn check(text: &str, params: &[Value]) -> Result<()> {
    if text.len() > MAX_TEXT {
        return Err(Error::bad_request(format!(
            "A statement has {MAX_TEXT} bytes of SQL at most, and this one has {}: send less at once. In code, pass values as \
             parameters, and many of them as a list.",
            text.len()
        )));
    }
    if params.len() > MAX_PARAMS {
        return Err(Error::internal(MANY_PARAMS));
    }
    let mut sum = 0;
    for param in params {
        let size = match param {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        if size > MAX_VALUE {
            return Err(Error::bad_request(format!(
                "A value has {size} bytes, and SQLite takes {MAX_VALUE} at most here."
            )));
        }
        sum += size;
    }
    // They may all be of one row.
    if sum > MAX_VALUE {
        return Err(Error::bad_request(format!(
            "The values of a statement have {sum} bytes, and one row takes {MAX_VALUE} at most: write them in several parts."
        )));
    }
    Ok(())
}

const TRIGGERS: &str =
    "triggers call each other 10 levels deep at most: look for one that calls itself";

/// What SQLite says of a value that is larger than it takes.
const TOO_BIG: &str = "string or blob too big";

/// The same of a row.
#[cold]
pub(super) fn too_large() -> SqlError {
    SqlError {
        message: TOO_BIG.to_owned(),
    }
}

/// What is said of conditions and calculations that nest deeper than SQLite takes. It is mostly a client that made them so.
pub(super) const TOO_DEEP: &str = "The conditions or calculations of this statement nest more than the 100 levels that SQLite takes: send fewer of them. In \
     code, join conditions side by side by all(…), any(…) or .is_in(…), not one within the other.";

/// The refusal of a result that has more than `limit` bytes.
#[cold]
pub(super) fn result_too_large(who: &str, limit: &str) -> Error {
    Error::new(
        Code::PayloadTooLarge,
        format!(
            "{who} reads more than {limit} bytes by one statement: ask for pages, .page(…), or name the columns that are needed, \
             .columns(…)."
        ),
    )
    .with_data(serde_json::json!({ "limit": limit.parse::<u64>().ok() }))
}

/// What SQLite says of its limits, and what that means to a developer.
const LIMITS: [(&str, Code, &str); 14] = [
    (
        "LIKE or GLOB pattern too complex",
        Code::BadRequest,
        "A LIKE pattern takes 50 bytes at most, and this one has more: search for less.",
    ),
    (
        TOO_BIG,
        Code::BadRequest,
        "A text, a blob or a row is larger than the 2000000 bytes that SQLite takes here: keep large values in parts, each a row of \
         its own.",
    ),
    (
        "too many columns",
        Code::Internal,
        "a table, a result and an index have 100 columns at most, and this statement asks for more: select fewer, or split the \
         table",
    ),
    (
        "BY clause",
        Code::BadRequest,
        "A statement sorts and groups by 100 terms at most, and this one by more: send fewer of them.",
    ),
    (
        "too many terms in compound SELECT",
        Code::Internal,
        "UNION, EXCEPT and INTERSECT join 5 selects at most, and this statement joins more: use several statements",
    ),
    ("Expression tree is too large", Code::BadRequest, TOO_DEEP),
    ("too many SQL variables", Code::Internal, MANY_PARAMS),
    (
        "variable number must be between",
        Code::Internal,
        MANY_PARAMS,
    ),
    (
        "too many arguments on function",
        Code::Internal,
        "a function of SQLite takes 127 arguments at most, and this statement passes more",
    ),
    (
        "too many levels of trigger recursion",
        Code::Internal,
        TRIGGERS,
    ),
    ("triggers nested too deep", Code::Internal, TRIGGERS),
    (
        "statement too long",
        Code::Internal,
        "a statement has 100000 bytes of SQL at most, and this one has more: pass values as parameters",
    ),
    (
        "ON CONFLICT clause does not match",
        Code::Internal,
        "an upsert names columns that no unique index has, these and no others: put #[unique] on the column, or \
         #[unique(first, second)] on the struct, or name the primary key",
    ),
    (
        "out of memory",
        Code::Internal,
        "the result, or a value of it, is too large for SQLite's memory here: read fewer rows at a time, or fewer columns",
    ),
];

/// The error of a limit, where `error` is one.
pub(super) fn of_limit(error: &SqlError) -> Option<Error> {
    if let Some(limit) = sqlite::exceeded(error) {
        return Some(result_too_large("This function", limit));
    }
    if error.message.contains("not authorized") {
        return Some(Error::internal(format!(
            "SQLite: {}. The platform has no such function, module, table or pragma for an app, see docs/database.md, and so has no other \
             host",
            error.message
        )));
    }
    LIMITS
        .iter()
        .find(|(says, ..)| error.message.contains(says))
        .map(|(_, code, words)| Error::new(*code, *words))
}
