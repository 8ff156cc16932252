//! From what SQLite says to what a client is told.

use serde_json::json;

use super::SqlError;
use crate::{Code, Error};

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
        Error::internal(format!("SQLite: {}", error.message))
    }
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
    fn other_failures_are_kept_from_the_client() {
        let error = Error::from(SqlError {
            message: "no such table: secrets".into(),
        });
        assert_eq!(error.code(), Code::Internal);
        assert!(!error.public_message().contains("secrets"));
    }
}
