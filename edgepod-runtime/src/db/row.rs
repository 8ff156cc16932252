//! From rows to structs, by position.

use super::{ColumnType, Rows, Value};
use crate::{Error, Result, schema::SqlType};

/// A struct that a row becomes. Implemented by `#[edgepod::table]` and `#[edgepod::row]`, and for tuples.
#[diagnostic::on_unimplemented(
    message = "no row becomes a `{Self}`",
    label = "not the type of a row",
    note = "a row is a table's struct, a struct with `#[edgepod::row]` and a field for each column, or a tuple of up to sixteen \
            columns' types; one column alone is `(i64,)`"
)]
pub trait FromRow: Sized {
    /// How many columns it takes.
    const WIDTH: usize;

    /// Takes its columns, in order.
    ///
    /// # Errors
    /// A value that the column's type does not hold: the database was written by something else.
    fn from_row(row: &mut RowReader<'_>) -> Result<Self>;
}

/// Hands out the values of a row, first to last.
pub struct RowReader<'a> {
    values: &'a mut std::vec::IntoIter<Value>,
}

impl RowReader<'_> {
    /// Passes over the next `width` values where all of them are NULL; whether it did.
    pub(super) fn skip_nulls(&mut self, width: usize) -> bool {
        let next = self.values.as_slice().get(..width);
        let nulls = next.is_some_and(|values| values.iter().all(|value| *value == Value::Null));
        if nulls {
            self.values.nth(width.saturating_sub(1));
        }
        nulls
    }

    /// The next value, which a statement computed.
    pub(super) fn computed<V: ColumnType>(&mut self) -> Result<V> {
        if V::SQL_TYPE == SqlType::Integer
            && let Some(Value::Real(x)) = self.values.as_slice().first()
        {
            return Err(Error::internal(format!(
                "a value that the statement computes left 64 bits: about {x:e}, and an integer ends at {}",
                i64::MAX
            )));
        }
        self.take("selected")
    }

    /// The next column's value. `name` is for the message when it does not fit.
    ///
    /// # Errors
    /// When there is no further column or its value is of another type.
    pub fn take<V: ColumnType>(&mut self, name: &str) -> Result<V> {
        self.take_as(name, V::read)
    }

    /// As [`take`](Self::take). Without a bound of its own, so that a type which cannot be a column's is one message, not two.
    #[doc(hidden)]
    pub fn take_as<V>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<V, Option<String>>,
    ) -> Result<V> {
        let value = self
            .values
            .next()
            .ok_or_else(|| Error::internal(format!("the row ends before the column `{name}`")))?;
        let found = value.type_name();
        read(value).map_err(|text| misfit(name, found, text, std::any::type_name::<V>()))
    }
}

#[cold]
fn misfit(name: &str, found: &str, text: Option<String>, expected: &str) -> Error {
    // Whether it may be NULL has nothing to do with it.
    let named = expected
        .strip_prefix("core::option::Option<")
        .and_then(|rest| rest.strip_suffix('>'))
        .unwrap_or(expected);
    Error::internal(match text {
        // A value may have megabytes.
        Some(text) => format!(
            "the column `{name}` holds the text {text:.200?}, and {named} has no variant for it: add one, or name this text in \
             an alias, or change the rows that hold it"
        ),
        None => format!("the column `{name}` holds a {found} value that is no {expected}"),
    })
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: ColumnType),+> FromRow for ($($name,)+) {
            const WIDTH: usize = [$(stringify!($name)),+].len();

            fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
                Ok(($(row.take::<$name>(concat!("of the tuple's ", stringify!($name)))?,)+))
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);
tuples!(A B C D E F G H I J K L M);
tuples!(A B C D E F G H I J K L M N);
tuples!(A B C D E F G H I J K L M N O);
tuples!(A B C D E F G H I J K L M N O P);

/// Decodes every row.
pub(super) fn decode<T: FromRow>(rows: Rows) -> Result<Vec<T>> {
    decode_by(rows, T::WIDTH, T::from_row)
}

/// Decodes every row of `width` columns. `read` is no type parameter: a Worker carries this once for each type of row.
pub(super) fn decode_by<T>(
    rows: Rows,
    width: usize,
    read: fn(&mut RowReader<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    // A host that hands over rows as JSON has told the width to SQLite, and knows none where there is no row.
    if rows.is_empty() && rows.width() == 0 {
        return Ok(Vec::new());
    }
    if rows.width() != width {
        return Err(Error::internal(format!(
            "the statement returns {} columns, and {} takes {width}",
            rows.width(),
            std::any::type_name::<T>(),
        )));
    }
    let mut decoded = Vec::with_capacity(rows.len());
    let mut values = rows.into_values().into_iter();
    while values.len() > 0 {
        decoded.push(read(&mut RowReader {
            values: &mut values,
        })?);
    }
    Ok(decoded)
}
