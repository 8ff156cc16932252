//! Universally unique identifiers: TEXT, because that is what `edgepod sql`, a URL and a log show of one, and what orders as
//! the 16 bytes do. As BLOB it would save 20 bytes a row, and cross to the core as hexadecimal text all the same.

use uuid::Uuid;

use super::{ColumnType, Never};
use crate::{Result, db::Value, schema::SqlType};

impl ColumnType for Uuid {
    const SQL_TYPE: SqlType = SqlType::Text;
    const MEANING: crate::schema::Meaning = crate::schema::Meaning::Uuid;
    type Optional = Never;

    /// Lower case with hyphens, so that equal ids are equal texts.
    fn into_value(self) -> Result<Value> {
        Ok(Value::Text(
            self.hyphenated()
                .encode_lower(&mut Uuid::encode_buffer())
                .to_owned(),
        ))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Self::try_parse(&text).ok(),
            _ => None,
        }
    }
}
