//! What Rust types columns have.

mod timestamp;

pub use timestamp::Timestamp;

use super::Value;
use crate::{Result, schema::SqlType};

/// A type that a column can have.
///
/// | Rust | SQLite | JSON |
/// |---|---|---|
/// | `i64` `i32` `i16` `i8` `u32` `u16` `u8` | INTEGER | number |
/// | `bool` | INTEGER 0 or 1 | boolean |
/// | `f64` | REAL | number |
/// | `String` | TEXT | string |
/// | `Timestamp` | INTEGER, microseconds since 1970 UTC | string, RFC 3339 |
/// | `Option<T>` | as `T`, or NULL | as `T`, or `null` |
#[diagnostic::on_unimplemented(
    message = "a column cannot have the type `{Self}`",
    label = "not a column type",
    note = "columns are integers up to 64 bits, f64, bool, String, Timestamp, or an Option of one of those"
)]
pub trait ColumnType: Sized {
    /// How values are stored.
    const SQL_TYPE: SqlType;

    /// Whether NULL is a value.
    const NULLABLE: bool = false;

    /// The value's type where this is an `Option`; for every other type something that cannot exist.
    type Optional;

    /// The value as SQLite has it.
    ///
    /// # Errors
    /// A value that SQLite or JSON cannot hold: NaN, an infinity.
    fn into_value(self) -> Result<Value>;

    /// The value of what SQLite has; `None` when it is of another type.
    fn from_value(value: Value) -> Option<Self>;
}

type Never = std::convert::Infallible;

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl ColumnType for $integer {
            const SQL_TYPE: SqlType = SqlType::Integer;
            type Optional = Never;

            fn into_value(self) -> Result<Value> {
                Ok(Value::Integer(self.into()))
            }

            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::Integer(n) => n.try_into().ok(),
                    _ => None,
                }
            }
        }
    )*};
}

integers!(i64, i32, i16, i8, u32, u16, u8);

impl ColumnType for bool {
    const SQL_TYPE: SqlType = SqlType::Integer;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Ok(Value::Integer(self.into()))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(n) => Some(n != 0),
            _ => None,
        }
    }
}

impl ColumnType for f64 {
    const SQL_TYPE: SqlType = SqlType::Real;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Value::real(self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Real(x) => Some(x),
            Value::Integer(n) => Some(n as f64),
            _ => None,
        }
    }
}

impl ColumnType for String {
    const SQL_TYPE: SqlType = SqlType::Text;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Ok(Value::Text(self))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<V: ColumnType<Optional = Never>> ColumnType for Option<V> {
    const SQL_TYPE: SqlType = V::SQL_TYPE;
    const NULLABLE: bool = true;
    type Optional = V;

    fn into_value(self) -> Result<Value> {
        self.map_or(Ok(Value::Null), V::into_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => V::from_value(value).map(Some),
        }
    }
}
