//! What cannot be made of a schema.

use std::fmt;

/// Why no migration can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeError {
    /// A column has another type.
    TypeChanged {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The type that it has in the database.
        old: &'static str,
        /// The type that it has in the program.
        new: &'static str,
    },
    /// A column's values mean something else, in the same storage.
    MeaningChanged {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What the values in the database mean.
        old: &'static str,
        /// What they mean to the program.
        new: &'static str,
    },
    /// A new column has nothing for the rows that exist.
    NeedsDefault {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A `renamed_from` names what is still there.
    RenamedFromExisting {
        /// The table, or `table.column`, that is said to have been renamed.
        new: String,
        /// What it is said to have been.
        old: String,
    },
    /// Two are renamed from one.
    RenamedTwice {
        /// What they are said to have been.
        old: String,
        /// Both.
        new: [String; 2],
    },
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeError::TypeChanged {
                table,
                column,
                old,
                new,
            } => write!(
                f,
                "The column `{column}` of the table `{table}` is {old} in the database and {new} in the program. SQLite \
                 does not change a column's type: the column would be dropped with its data. Three ways on:\n  \
                 1. Take the change back.\n  \
                 2. Give the new type a new column name, and keep or drop `{column}`.\n  \
                 3. Drop `{column}` and add it again in a migration of your own: `edgepod migrations new --empty NAME`."
            ),
            ChangeError::MeaningChanged {
                table,
                column,
                old,
                new,
            } => write!(
                f,
                "The column `{column}` of the table `{table}` holds {old} in the database and {new} in the program. Both are \
                 stored alike, so nothing would convert the rows that exist: they would be read as what they are not. Three \
                 ways on:\n  \
                 1. Take the change back.\n  \
                 2. Give the new type a new column name, and keep or drop `{column}`.\n  \
                 3. Convert the values in a migration of your own: `edgepod migrations new --empty NAME`."
            ),
            ChangeError::NeedsDefault { table, column } => write!(
                f,
                "The new column `{column}` of the table `{table}` has no value for the rows that exist. Give it a \
                 `#[default(…)]`, make it an `Option`, or fill it in a migration of your own (`edgepod migrations new \
                 --empty NAME`)."
            ),
            ChangeError::RenamedFromExisting { new, old } => write!(
                f,
                "`{new}` says that it was `{old}`, which is still there. Remove `{old}`, or the `#[renamed_from]`."
            ),
            ChangeError::RenamedTwice { old, new } => write!(
                f,
                "`{}` and `{}` both say that they were `{old}`. Only one can have its data.",
                new[0], new[1]
            ),
        }
    }
}

impl std::error::Error for ChangeError {}
