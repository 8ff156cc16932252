//! Integers that JavaScript would round: refused in both directions, because nobody would notice.
//!
//! A client's numbers are floats of 64 bits. `docs/decisions/integers.md` has the choice.

use std::{
    io::{self, Write},
    ops::Range,
};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use crate::{Error, Result};

/// The largest integer up to which JavaScript's numbers are exact, 2^53 - 1: `Number.MAX_SAFE_INTEGER`.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A result as JSON.
///
/// # Errors
/// An integer that JavaScript would round; a value that JSON cannot hold.
pub(crate) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    write(value).map_err(|refused| {
        if !refused.error.is_io() {
            return refused.error.into();
        }
        Error::internal(format!(
            "the result holds {refused}, and JavaScript would round it: its numbers are exact up to {MAX_SAFE_INTEGER} \
             (2^53 - 1). Make the type `Int64`, which travels as text"
        ))
    })
}

/// A value as JSON that JavaScript reads as it is.
pub(crate) fn write(value: &(impl Serialize + ?Sized)) -> Result<String, Refused> {
    let mut json = Vec::with_capacity(128);
    match value.serialize(&mut Serializer::with_formatter(&mut json, Exact::default())) {
        Ok(()) => Ok(String::from_utf8(json).expect("serde_json writes UTF-8")),
        Err(error) => {
            // The name of the field is what was written last.
            let field = json
                .strip_suffix(b"\":")
                .and_then(|head| head.rsplit(|byte| *byte == b'"').next())
                .and_then(|name| String::from_utf8(name.to_vec()).ok());
            Err(Refused { error, field })
        }
    }
}

/// A value that JSON cannot hold; of an integer that JavaScript would round, its digits and its field.
#[derive(Debug)]
pub(crate) struct Refused {
    error: serde_json::Error,
    field: Option<String>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)?;
        match &self.field {
            Some(field) => write!(f, " in `{field}`"),
            None => Ok(()),
        }
    }
}

/// As compact as serde_json's own, without the integers that JavaScript would round.
#[derive(Default)]
struct Exact {
    /// Whether a key is being written: that is text, whatever it is made of.
    key: bool,
}

impl Exact {
    /// Some integers beyond the limit are exact floats. They are refused with their neighbours: whether a function's result
    /// arrives does not depend on the last digit, and what goes out can come back in.
    #[cold]
    fn refuse(&self, n: impl std::fmt::Display) -> io::Result<()> {
        if self.key {
            Ok(())
        } else {
            Err(io::Error::other(n.to_string()))
        }
    }
}

impl Formatter for Exact {
    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.key = true;
        CompactFormatter.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.key = false;
        Ok(())
    }

    /// JSON of whoever made it.
    fn write_raw_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if let Some(large) = unsafe_integers(fragment).first() {
            self.refuse(&fragment[large.clone()])?;
        }
        CompactFormatter.write_raw_fragment(writer, fragment)
    }

    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() {
            self.refuse(value)?;
        }
        CompactFormatter.write_i64(writer, value)
    }

    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value > MAX_SAFE_INTEGER.unsigned_abs() {
            self.refuse(value)?;
        }
        CompactFormatter.write_u64(writer, value)
    }

    fn write_i128<W: ?Sized + Write>(&mut self, writer: &mut W, value: i128) -> io::Result<()> {
        if value.unsigned_abs() > u128::from(MAX_SAFE_INTEGER.unsigned_abs()) {
            self.refuse(value)?;
        }
        CompactFormatter.write_i128(writer, value)
    }

    fn write_u128<W: ?Sized + Write>(&mut self, writer: &mut W, value: u128) -> io::Result<()> {
        if value > u128::from(MAX_SAFE_INTEGER.unsigned_abs()) {
            self.refuse(value)?;
        }
        CompactFormatter.write_u128(writer, value)
    }
}

/// Whether JSON has integers beyond 2^53 - 1, and where.
pub(crate) fn unsafe_integers(json: &str) -> Vec<Range<usize>> {
    // As many digits as the smallest of them.
    const DIGITS: usize = 16;
    let bytes = json.as_bytes();
    // Most JSON is short, or one text.
    if bytes.len() < DIGITS || bytes[0] == b'"' {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => {
                i += 1;
                while i < bytes.len() && bytes[i] != b'"' {
                    i += if bytes[i] == b'\\' { 2 } else { 1 };
                }
                i += 1;
            }
            b'-' | b'0'..=b'9' => {
                let start = i;
                while i < bytes.len()
                    && matches!(bytes[i], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                {
                    i += 1;
                }
                let number = &json[start..i];
                let digits = number.trim_start_matches('-');
                let integer = digits.bytes().all(|byte| byte.is_ascii_digit());
                if integer
                    && digits.len() >= DIGITS
                    && !digits.parse::<i64>().is_ok_and(|n| n <= MAX_SAFE_INTEGER)
                {
                    found.push(start..i);
                }
            }
            _ => i += 1,
        }
    }
    found
}

/// The JSON with these integers as floats of the same value: what takes floats takes it as it took the other.
pub(crate) fn as_floats(json: &str, integers: &[Range<usize>]) -> String {
    let mut text = String::with_capacity(json.len() + 2 * integers.len());
    let mut end = 0;
    for integer in integers {
        text.push_str(&json[end..integer.end]);
        text.push_str(".0");
        end = integer.end;
    }
    text.push_str(&json[end..]);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_javascript_reads_exactly_is_written() {
        let value =
            json!([0, -1, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER, 1e300, null, "\n", {"a": 1.5}]);
        assert_eq!(to_json(&value).unwrap(), value.to_string());
    }

    #[test]
    fn what_javascript_would_round_is_refused_with_its_place() {
        for value in [
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1_i64 << 53),
            json!(-(1_i64 << 53)),
            json!((1_i64 << 53) + 1),
            json!(1_u64 << 60),
        ] {
            let text = value.to_string();
            let message = to_json(&value).unwrap_err().message().to_owned();
            assert!(message.contains(&format!("holds {text}, and")), "{message}");
            let message = to_json(&json!([{"id": 7, "balance": value}]))
                .unwrap_err()
                .message()
                .to_owned();
            assert!(
                message.contains("in `balance`") && message.contains("Int64"),
                "{message}"
            );
        }
        let keys = std::collections::BTreeMap::from([(i64::MAX, 1)]);
        assert_eq!(to_json(&keys).unwrap(), "{\"9223372036854775807\":1}");
        assert!(to_json(&u128::MAX).is_err());
        assert!(to_json(&(1_i128 << 100)).is_err() && to_json(&-(1_i128 << 100)).is_err());
        assert_eq!(to_json(&-7_i128).unwrap(), "-7");
        let raw = |json: &str| serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        assert!(to_json(&[raw("{\"id\": 9007199254740993}")]).is_err());
        assert_eq!(to_json(&[raw("{\"id\": 7}")]).unwrap(), "[{\"id\": 7}]");
    }

    #[test]
    fn large_integers_are_found_outside_of_texts() {
        let json = r#"{"9007199254740993": ["\"9007199254740993", 9007199254740991, -9007199254740992,1e99,
            9007199254740993.5, 99999999999999999999]}"#;
        let found: Vec<&str> = unsafe_integers(json)
            .into_iter()
            .map(|range| &json[range])
            .collect();
        assert_eq!(found, ["-9007199254740992", "99999999999999999999"]);
        let floats = as_floats(json, &unsafe_integers(json));
        assert!(
            floats.contains("-9007199254740992.0,1e99")
                && floats.contains("99999999999999999999.0]")
        );
        for json in [
            "",
            "7",
            "\"9007199254740993",
            "\"\\",
            "[\"aaaaaaaaaaaaaaaaaaa\\",
        ] {
            assert!(unsafe_integers(json).is_empty(), "{json}");
        }
    }
}
