//! Bytes.

use std::{borrow::Cow, fmt, ops::Deref};

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{ColumnType, Never};
use crate::{Result, db::Value, schema::SqlType};

/// Bytes: BLOB in the database, base64 text on the wire.
///
/// The base64 is the standard one with padding, which `atob` and `btoa` know. A `Vec<u8>` is no column: its JSON would be an
/// array of numbers, four times as long.
///
/// ```
/// use edgepod_runtime::db::Bytes;
/// let bytes = Bytes::from(b"\x00\xff");
/// assert_eq!(serde_json::to_string(&bytes).unwrap(), "\"AP8=\"");
/// assert_eq!(bytes.len(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// The bytes, without a copy.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Bytes {
    fn from(bytes: &[u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

/// How many bytes, and the first of them.
impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        let shown = base16ct::HexDisplay(&self.0[..self.0.len().min(SHOWN)]);
        write!(f, "Bytes({} bytes: {shown:x}", self.0.len())?;
        f.write_str(if self.0.len() > SHOWN { "…)" } else { ")" })
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Text<'a>(Cow<'a, str>);
        impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
            fn deserialize<D: Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                struct Visitor;
                impl<'de> de::Visitor<'de> for Visitor {
                    type Value = Text<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("bytes as base64 text, such as \"AP8=\"")
                    }

                    fn visit_borrowed_str<E>(
                        self,
                        text: &'de str,
                    ) -> std::result::Result<Text<'de>, E> {
                        Ok(Text(Cow::Borrowed(text)))
                    }

                    fn visit_str<E>(self, text: &str) -> std::result::Result<Text<'de>, E> {
                        Ok(Text(Cow::Owned(text.to_owned())))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
        let Text(text) = Text::deserialize(deserializer)?;
        Base64::decode_vec(&text).map(Self).map_err(|_| {
            de::Error::custom(
                "text that is no base64: letters, digits, `+` and `/`, filled up with `=` to a multiple of four, as \
                 btoa() makes it",
            )
        })
    }
}

impl ColumnType for Bytes {
    const SQL_TYPE: SqlType = SqlType::Blob;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Ok(Value::Blob(self.0))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(Self(bytes)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_javascript_is_read_and_written() {
        for (bytes, json) in [
            (&b""[..], "\"\""),
            (b"\0", "\"AA==\""),
            (b"\xfb\xff\xfe", "\"+//+\""),
        ] {
            let bytes = Bytes::from(bytes);
            assert_eq!(serde_json::to_string(&bytes).unwrap(), json);
            assert_eq!(serde_json::from_str::<Bytes>(json).unwrap(), bytes);
        }
        for json in ["\"AA\"", "\"-__-\"", "\"A A=\"", "\"AB==\"", "[1]"] {
            let error = serde_json::from_str::<Bytes>(json).unwrap_err().to_string();
            assert!(error.contains("base64"), "{json}: {error}");
        }
    }
}
