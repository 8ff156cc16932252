//! Integers of all 64 bits, on the wire too.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{ColumnType, Never, Range};
use crate::{Error, Result, db::Value, schema::SqlType};

pub use crate::integers::MAX_SAFE_INTEGER;

/// An `i64` that reaches clients with every digit: text on the wire, `` `${bigint}` `` in TypeScript.
///
/// A plain `i64` is a number there, and is refused beyond 2^53 - 1, where JavaScript would round it. Take `Int64` for what
/// may be larger: snowflakes, nanoseconds, ids of another system. Stored as INTEGER, as an `i64` is: changing one into
/// the other does not touch the data.
///
/// ```
/// use edgepod_runtime::db::Int64;
/// assert_eq!(serde_json::to_string(&Int64(i64::MAX)).unwrap(), "\"9223372036854775807\"");
/// assert_eq!(serde_json::from_str::<Int64>("\"-7\"").unwrap(), Int64(-7));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int64(pub i64);

impl From<i64> for Int64 {
    fn from(n: i64) -> Self {
        Self(n)
    }
}

impl From<Int64> for i64 {
    fn from(n: Int64) -> Self {
        n.0
    }
}

impl fmt::Display for Int64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Int64 {
    type Err = Error;

    /// Reads decimal digits, with a sign or without.
    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self).map_err(|error| {
            Error::bad_request(format!("`{text}` is no integer of 64 bits: {error}"))
        })
    }
}

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Int64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer of 64 bits in quotes, such as \"9007199254740993\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Int64, E> {
                text.parse()
                    .map_err(|error: Error| E::custom(error.message()))
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> std::result::Result<Int64, E> {
                if n.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs() {
                    Ok(Int64(n))
                } else {
                    Err(E::invalid_value(de::Unexpected::Signed(n), &self))
                }
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> std::result::Result<Int64, E> {
                i64::try_from(n)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(n), &self))
                    .and_then(|n| self.visit_i64(n))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl ColumnType for Int64 {
    const SQL_TYPE: SqlType = SqlType::Integer;
    const HOLDS: Range = i64::HOLDS;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Ok(Value::Integer(self.0))
    }

    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_64_bits_go_through_json() {
        for n in [i64::MIN, -1, 0, MAX_SAFE_INTEGER + 2, i64::MAX] {
            let json = serde_json::to_string(&Int64(n)).unwrap();
            assert_eq!(json, format!("\"{n}\""));
            assert_eq!(serde_json::from_str::<Int64>(&json).unwrap(), Int64(n));
        }
    }

    #[test]
    fn a_number_is_taken_where_no_client_has_rounded_it() {
        assert_eq!(
            serde_json::from_str::<Int64>("-9007199254740991").unwrap(),
            Int64(-MAX_SAFE_INTEGER)
        );
        for json in [
            "9007199254740992",
            "-9223372036854775808",
            "18446744073709551615",
            "1.5",
            "\"1.5\"",
            "\"9223372036854775808\"",
            "\"\"",
            "null",
        ] {
            let error = serde_json::from_str::<Int64>(json).unwrap_err().to_string();
            assert!(error.contains("64 bits"), "{json}: {error}");
        }
    }
}
