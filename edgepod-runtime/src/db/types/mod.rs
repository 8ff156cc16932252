//! What Rust types columns have.

mod bytes;
#[cfg(feature = "chrono")]
mod chrono;
mod derived;
mod int64;
#[cfg(feature = "jiff")]
mod jiff;
mod job_id;
mod json;
mod range;
mod timestamp;
mod uuid;

pub use ::uuid::Uuid;
pub use bytes::Bytes;
pub use derived::Derived;
pub use int64::{Int64, MAX_SAFE_INTEGER};
pub use job_id::JobId;
pub use json::Json;
pub use range::Range;
pub(super) use range::outside;
pub use timestamp::Timestamp;

use super::Value;
use crate::{
    Error, Result,
    schema::{Meaning, SqlType},
};

/// A type that a column can have.
///
/// | Rust | SQLite | JSON |
/// |---|---|---|
/// | `i64` `i32` `i16` `i8` `u64` `u32` `u16` `u8` | INTEGER | number, at most 2^53 - 1 |
/// | [`Int64`] | INTEGER | string, all 64 bits |
/// | `bool` | INTEGER 0 or 1 | boolean |
/// | `f64` `f32` | REAL | number |
/// | `String` | TEXT | string |
/// | [`Bytes`] | BLOB | string, base64 |
/// | [`Timestamp`] | INTEGER, microseconds since 1970 UTC | string, RFC 3339 |
/// | `chrono::DateTime<Utc>`, `jiff::Timestamp` (features `chrono`, `jiff`) | as `Timestamp` | as `Timestamp` |
/// | `chrono::NaiveDate`, `jiff::civil::Date` (the same features) | TEXT | string, `2026-11-24` |
/// | [`Uuid`] | TEXT | string |
/// | [`JobId`] | INTEGER | number |
/// | [`Json<T>`](Json) | TEXT | as `T` |
/// | `Option<T>` | as `T`, or NULL | as `T`, or `null` |
///
/// `#[derive(edgepod::ColumnType)]` adds an enum without data, as TEXT, and a struct with one unnamed field, as that field.
#[diagnostic::on_unimplemented(
    message = "a column cannot have the type `{Self}`",
    label = "not a column type",
    note = "columns are integers up to 64 bits, Int64, f64, f32, bool, String, Bytes, Timestamp, Uuid, Json<…>, or an Option \
            of one of those",
    note = "for a list, a map or a struct write `Json<{Self}>`; for an enum or a struct around one column type put \
            `#[derive(edgepod::ColumnType)]` on it"
)]
pub trait ColumnType: Sized {
    /// How values are stored.
    const SQL_TYPE: SqlType;

    /// What they mean, where the storage does not say it: another meaning is another type.
    #[doc(hidden)]
    const MEANING: Meaning = Meaning::Plain;

    /// Whether NULL is a value.
    const NULLABLE: bool = false;

    /// The numbers that it holds, where SQLite calculates with it.
    #[doc(hidden)]
    const HOLDS: Range = Range::Any;

    /// The value's type where this is an `Option`; for every other type something that cannot exist.
    type Optional;

    /// The value as SQLite has it.
    ///
    /// # Errors
    /// A value that SQLite or JSON cannot hold: NaN, an infinity.
    fn into_value(self) -> Result<Value>;

    /// The value of what SQLite has; `None` when it is of another type.
    fn from_value(value: Value) -> Option<Self>;

    /// The same; of a text that is none of an enum's, the text.
    #[doc(hidden)]
    fn read(value: Value) -> std::result::Result<Self, Option<String>> {
        Self::from_value(value).ok_or(None)
    }
}

/// The refusal of a time that RFC 3339 cannot write.
#[cfg(any(feature = "chrono", feature = "jiff"))]
fn out_of_years(time: &dyn std::fmt::Display) -> Error {
    Error::bad_request(format!("`{time}` is not in the years 0 to 9999."))
}

type Never = std::convert::Infallible;

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl ColumnType for $integer {
            const SQL_TYPE: SqlType = SqlType::Integer;
            const HOLDS: Range = Range::Integer(<$integer>::MIN as i64, <$integer>::MAX as i64);
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

impl ColumnType for u64 {
    const SQL_TYPE: SqlType = SqlType::Integer;
    const HOLDS: Range = Range::Integer(0, i64::MAX);
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        i64::try_from(self).map(Value::Integer).map_err(|_| {
            Error::bad_request(format!(
                "{self} is too large: SQLite's integers end at {} (2^63 - 1).",
                i64::MAX
            ))
        })
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(n) => n.try_into().ok(),
            _ => None,
        }
    }
}

impl ColumnType for bool {
    const SQL_TYPE: SqlType = SqlType::Integer;
    const MEANING: Meaning = Meaning::Boolean;
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
    const HOLDS: Range = Range::Real("1.7976931348623157e308");
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Value::real(self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Real(x) => Some(x).filter(|x| x.is_finite()),
            Value::Integer(n) => Some(n as f64),
            _ => None,
        }
    }
}

impl ColumnType for f32 {
    const SQL_TYPE: SqlType = SqlType::Real;
    const HOLDS: Range = Range::Real("3.4028234663852886e38");
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Value::real(self.into())
    }

    /// Rounds what something else wrote with more digits; what is beyond the range of `f32` is no `f32`.
    fn from_value(value: Value) -> Option<Self> {
        f64::from_value(value)
            .map(|x| x as f32)
            .filter(|x| x.is_finite())
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
    const MEANING: Meaning = V::MEANING;
    const NULLABLE: bool = true;
    const HOLDS: Range = V::HOLDS;
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

    fn read(value: Value) -> std::result::Result<Self, Option<String>> {
        match value {
            Value::Null => Ok(None),
            value => V::read(value).map(Some),
        }
    }
}
