//! Whether the tables of a database are those that the program describes.

use std::fmt;

use super::TableSchema;
use crate::sqlite::{Database, SqlError, Value};

/// A table of the database is not what its struct says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    table: &'static str,
    rust_name: &'static str,
    location: (&'static str, u32),
    differences: Vec<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The table `{}` in the database is not what `{}` ({}:{}) describes: {}",
            self.table,
            self.rust_name,
            self.location.0,
            self.location.1,
            self.differences.join("; ")
        )
    }
}

/// What is known of a column, as far as both sides say it.
#[derive(PartialEq)]
struct Column {
    name: String,
    sql_type: String,
    not_null: bool,
    primary_key: bool,
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql_type)?;
        if self.primary_key {
            f.write_str(" PRIMARY KEY")?;
        }
        if self.not_null {
            f.write_str(" NOT NULL")?;
        }
        Ok(())
    }
}

/// Compares a table with the database. `None` where they agree, or where the database does not have it yet.
///
/// # Errors
/// What SQLite says.
pub fn mismatch(
    database: &dyn Database,
    table: &TableSchema,
) -> Result<Option<Mismatch>, SqlError> {
    if live_columns(database, table.name)?.is_empty() {
        return Ok(None);
    }
    difference(database, table)
}

/// Compares a table with the database, which must have it. `None` where they agree.
///
/// # Errors
/// What SQLite says.
pub fn difference(
    database: &dyn Database,
    table: &TableSchema,
) -> Result<Option<Mismatch>, SqlError> {
    let live = live_columns(database, table.name)?;
    if live.is_empty() {
        return Ok(Some(Mismatch {
            table: table.name,
            rust_name: table.rust_name,
            location: table.location,
            differences: vec!["it is not there".to_owned()],
        }));
    }
    let described: Vec<Column> = table
        .columns
        .iter()
        .map(|column| Column {
            name: column.name.to_owned(),
            sql_type: column.sql_type.as_sql().to_owned(),
            not_null: !column.nullable,
            primary_key: column.primary_key,
        })
        .collect();
    let mut differences = Vec::new();
    for column in &described {
        match live.iter().find(|live| live.name == column.name) {
            None => differences.push(format!("it has no column `{}`", column.name)),
            Some(live) if live != column => differences.push(format!(
                "its column `{}` is {live} and not {column}",
                column.name
            )),
            Some(_) => {}
        }
    }
    for column in &live {
        if !described
            .iter()
            .any(|described| described.name == column.name)
        {
            differences.push(format!(
                "it has a column `{}` that the struct has not",
                column.name
            ));
        }
    }
    Ok((!differences.is_empty()).then_some(Mismatch {
        table: table.name,
        rust_name: table.rust_name,
        location: table.location,
        differences,
    }))
}

fn live_columns(database: &dyn Database, table: &str) -> Result<Vec<Column>, SqlError> {
    let rows = database
        .run(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)",
            &[Value::Text(table.to_owned())],
        )?
        .rows;
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    };
    let flag = |value: &Value| {
        !matches!(value, Value::Integer(0) | Value::Null) && *value != Value::Real(0.0)
    };
    Ok(rows
        .iter()
        .filter_map(|row| match row {
            [name, sql_type, not_null, primary_key] => Some(Column {
                name: text(name),
                sql_type: text(sql_type),
                not_null: flag(not_null),
                primary_key: flag(primary_key),
            }),
            _ => None,
        })
        .collect())
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;
    use crate::{
        schema::{ColumnSchema, SqlType, create_statements},
        testing::memory_database,
    };

    const ID: ColumnSchema = ColumnSchema {
        primary_key: true,
        auto_increment: true,
        ..ColumnSchema::plain("id", SqlType::Integer)
    };
    const NAME: ColumnSchema = ColumnSchema {
        name: "name",
        sql_type: SqlType::Text,
        nullable: true,
        primary_key: false,
        auto_increment: false,
        ..ID
    };

    fn table(columns: &'static [ColumnSchema]) -> TableSchema {
        TableSchema {
            name: "users",
            rust_name: "User",
            location: ("src/lib.rs", 6),
            columns,
            indexes: &[],
            full_text: false,
            renamed_from: None,
        }
    }

    fn compare(was: &'static [ColumnSchema], is: &'static [ColumnSchema]) -> Option<String> {
        let database = memory_database();
        for sql in create_statements(&(&table(was)).into()) {
            database.run(&sql, &[]).unwrap();
        }
        mismatch(&*database, &table(is))
            .unwrap()
            .map(|m| m.to_string())
    }

    #[test]
    fn a_table_that_was_just_made_agrees() {
        assert_eq!(compare(&[ID, NAME], &[ID, NAME]), None);
        let empty = memory_database();
        assert_eq!(mismatch(&*empty, &table(&[ID])).unwrap(), None);
    }

    #[test]
    fn every_difference_is_named() {
        const AGE: ColumnSchema = ColumnSchema {
            name: "age",
            sql_type: SqlType::Integer,
            ..NAME
        };
        const NUMBER: ColumnSchema = ColumnSchema {
            sql_type: SqlType::Integer,
            nullable: false,
            ..NAME
        };
        let message = compare(&[ID, NAME], &[ID, AGE]).unwrap();
        assert!(message.contains("`User` (src/lib.rs:6)"), "{message}");
        assert!(message.contains("no column `age`"), "{message}");
        assert!(
            message.contains("a column `name` that the struct has not"),
            "{message}"
        );
        let message = compare(&[ID, NAME], &[ID, NUMBER]).unwrap();
        assert!(
            message.contains("`name` is TEXT and not INTEGER NOT NULL"),
            "{message}"
        );
    }
}
