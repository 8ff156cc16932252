//! From what SQLite says to what a client is told.

use std::time::Duration;

use serde_json::json;

use super::SqlError;
use crate::{
    Code, Error,
    schema::{OnDelete, TableSchema},
    tracking::TableSet,
};

impl From<SqlError> for Error {
    /// A violated constraint is a 409 with the columns' names; anything else is for the log.
    fn from(error: SqlError) -> Self {
        // Hosts add the result code's name after the message; the columns end before it.
        let after = |prefix: &str| {
            let (_, rest) = error.message.split_once(prefix)?;
            Some(rest.split(": SQLITE_").next().unwrap_or(rest).trim())
        };
        let conflict = |kind: &str, columns: Vec<&str>, message: String| {
            Error::new(Code::Conflict, message)
                .with_data(json!({ "constraint": kind, "columns": columns }))
        };
        // An index over an expression has no columns.
        if let Some(index) = after("UNIQUE constraint failed: index ") {
            let index = index.trim_matches('\'');
            return Error::new(
                Code::Conflict,
                format!("The value is taken, says the unique index {index}."),
            )
            .with_data(json!({ "constraint": "unique", "columns": [], "index": index }));
        }
        if let Some(columns) = after("UNIQUE constraint failed: ") {
            let columns: Vec<_> = columns.split(", ").collect();
            let message = format!("The value of {} is taken.", columns.join(" and "));
            return conflict("unique", columns, message);
        }
        if after("FOREIGN KEY constraint failed").is_some() {
            return conflict(
                "foreign_key",
                Vec::new(),
                "A row that this one references does not exist, or rows still reference this one."
                    .to_owned(),
            );
        }
        super::types::outside(&error.message)
            .or_else(|| of_use(&error.message))
            .or_else(|| super::limits::of_limit(&error))
            .unwrap_or_else(|| Error::internal(format!("SQLite: {}", error.message)))
    }
}

/// What hinders the use of the database, not of this statement.
fn of_use(message: &str) -> Option<Error> {
    let message = if message.starts_with("interrupted") {
        "The call took longer than this server lets one use the database (EDGEPOD_CALL_LIMIT). Nothing was written."
    } else if message.starts_with("database is locked") {
        "The database is held by another process. Nothing was written: try again in a moment."
    } else {
        return None;
    };
    Some(Error::unavailable(message).retry_after(Duration::from_secs(1)))
}

/// Names the columns of a foreign key's violation, which SQLite does not: those of `table` that reference other tables.
pub(super) fn of_references(error: Error, table: &TableSchema) -> Error {
    if !is_of_foreign_key(&error) {
        return error;
    }
    with_columns(error, references(table))
}

fn references(table: &TableSchema) -> Vec<String> {
    table
        .columns
        .iter()
        .filter(|column| column.reference.is_some())
        .map(|column| format!("{}.{}", table.name, column.name))
        .collect()
}

/// The same of a delete: the columns of other tables that reference `table` and keep its rows from going.
pub(super) fn of_referrers(error: Error, table: &TableSchema) -> Error {
    if !is_of_foreign_key(&error) {
        return error;
    }
    with_columns(error, referrers(table.name))
}

/// The same of a statement that wrote to tables known by their names: first what they reference, where `inserts`.
pub(super) fn of_tables(error: Error, written: impl FnOnce() -> TableSet, inserts: bool) -> Error {
    if !is_of_foreign_key(&error) {
        return error;
    }
    let written = written();
    let mut columns = Vec::new();
    if inserts {
        columns = crate::schema::tables()
            .unwrap_or_default()
            .into_iter()
            .filter(|table| written.contains(table.name))
            .flat_map(references)
            .collect();
    }
    if columns.is_empty() {
        columns = written
            .iter()
            .flat_map(|table| referrers(table.as_str()))
            .collect();
    }
    with_columns(error, columns)
}

fn referrers(name: &str) -> Vec<String> {
    let tables = crate::schema::tables().unwrap_or_default();
    tables
        .iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table.name, column)))
        .filter(|(_, column)| {
            column.reference.is_some_and(|reference| {
                reference.table == name && reference.on_delete == OnDelete::Restrict
            })
        })
        .map(|(table, column)| format!("{table}.{}", column.name))
        .collect()
}

fn is_of_foreign_key(error: &Error) -> bool {
    error
        .data()
        .is_some_and(|data| data["constraint"] == "foreign_key")
}

fn with_columns(error: Error, columns: Vec<String>) -> Error {
    if columns.is_empty() {
        return error;
    }
    error.with_data(json!({ "constraint": "foreign_key", "columns": columns }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_violation_names_its_columns_on_both_hosts() {
        for message in [
            "UNIQUE constraint failed: users.email, users.team",
            "UNIQUE constraint failed: users.email, users.team: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
        ] {
            let error = Error::from(SqlError {
                message: message.into(),
            });
            assert_eq!(error.code(), Code::Conflict);
            assert_eq!(
                error.data().unwrap()["columns"],
                json!(["users.email", "users.team"])
            );
        }
    }

    #[test]
    fn an_index_over_an_expression_is_named() {
        for message in [
            "UNIQUE constraint failed: index 'articles_lower'",
            "UNIQUE constraint failed: index 'articles_lower': SQLITE_CONSTRAINT",
        ] {
            let error = Error::from(SqlError {
                message: message.into(),
            });
            assert_eq!(error.code(), Code::Conflict);
            assert_eq!(
                error.data(),
                Some(&json!({"constraint": "unique", "columns": [], "index": "articles_lower"}))
            );
            assert!(error.message().contains("articles_lower"), "{error}");
        }
    }

    #[test]
    fn a_database_that_cannot_be_used_now_is_unavailable() {
        for message in ["interrupted", "database is locked"] {
            let error = Error::from(SqlError {
                message: message.into(),
            });
            assert_eq!(error.code(), Code::Unavailable);
            assert_eq!(error.retry_after_seconds(), Some(1));
        }
    }

    #[test]
    fn other_failures_are_kept_from_the_client() {
        let error = Error::from(SqlError {
            message: "no such table: secrets".into(),
        });
        assert_eq!(error.code(), Code::Internal);
        assert!(!error.public_message().contains("secrets"));
    }
}
