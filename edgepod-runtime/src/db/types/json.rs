//! Values that SQLite keeps as JSON text.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ColumnType, Never};
use crate::{Error, Result, db::Value, integers, schema::SqlType};

/// Any value that serde knows, in one column: TEXT with its JSON in the database, `T` on the wire and in TypeScript.
///
/// For what is read and written as a whole: settings, a list of tags, an answer of another service. SQLite's JSON functions
/// see into it, filters and indexes of the builder do not: they compare the text. It holds no integer beyond 2^53 - 1, which
/// JavaScript would round, but as text: an [`Int64`](super::Int64).
///
/// ```
/// use edgepod_runtime::db::Json;
/// let tags = Json(vec!["new".to_owned()]);
/// assert_eq!(tags.len(), 1);
/// assert_eq!(serde_json::to_string(&tags).unwrap(), "[\"new\"]");
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Json<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Serialize + DeserializeOwned> ColumnType for Json<T> {
    const SQL_TYPE: SqlType = SqlType::Text;
    const MEANING: crate::schema::Meaning = crate::schema::Meaning::Json;
    type Optional = Never;

    /// # Errors
    /// A value that its JSON would not give back: a NaN, which becomes `null`; a map whose keys are no text; an integer
    /// beyond 2^53 - 1.
    fn into_value(self) -> Result<Value> {
        let text = integers::write(&self.0).map_err(|refused| refuse::<T>(&refused))?;
        // What cannot be read again is refused now, and not when it is too late.
        serde_json::from_str::<T>(&text).map_err(|error| refuse::<T>(&error))?;
        Ok(Value::Text(text))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => stored(&text).map(Self),
            _ => None,
        }
    }
}

/// The value of JSON that is stored. What was stored before large integers were refused, or by SQL of one's own, is read as
/// JavaScript reads it where the type takes that: else no client could be sent it.
fn stored<T: DeserializeOwned>(json: &str) -> Option<T> {
    let large = integers::unsafe_integers(json);
    if !large.is_empty()
        && let Ok(value) = serde_json::from_str(&integers::as_floats(json, &large))
    {
        return Some(value);
    }
    serde_json::from_str(json).ok()
}

#[cold]
fn refuse<T>(error: &dyn std::fmt::Display) -> Error {
    Error::bad_request(format!(
        "This value of `{}` cannot be stored as JSON, because it could not be read again: {error}. Integers beyond 2^53 - 1 are \
         text there: `Int64`.",
        std::any::type_name::<T>()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integers::MAX_SAFE_INTEGER;

    #[test]
    fn what_json_does_not_give_back_is_refused() {
        let error = Json(vec![1.0, f64::NAN]).into_value().unwrap_err();
        assert!(error.message().contains("read again"), "{error}");
        let keys = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(Json(keys).into_value().is_err());
    }

    #[test]
    fn a_large_integer_is_refused_and_what_is_stored_already_is_read_as_javascript_reads_it() {
        use serde_json::{Value as Free, json};
        for value in [
            json!(9_007_199_254_740_993_i64),
            json!({"a": [{"ref": u64::MAX}]}),
            json!([i64::MIN]),
        ] {
            let text = value.to_string();
            let error = Json(value).into_value().unwrap_err();
            assert_eq!(error.code(), crate::Code::BadRequest, "{error}");
            let read = Json::<Free>::from_value(Value::Text(text)).unwrap();
            assert!(crate::integers::to_json(&read).is_ok());
        }
        let error = Json(json!({"ref": u64::MAX})).into_value().unwrap_err();
        assert!(error.message().contains("in `ref`"), "{error}");
        assert!(Json(vec![i64::MAX]).into_value().is_err());
        assert!(Json(u128::MAX).into_value().is_err());
        // What has a type for it keeps every digit, and is refused where it leaves.
        let read = Json::<Vec<i64>>::from_value(Value::Text("[9223372036854775807]".into()));
        assert_eq!(read, Some(Json(vec![i64::MAX])));
        assert!(
            Json(vec![MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER])
                .into_value()
                .is_ok()
        );
    }

    #[test]
    fn text_of_another_type_is_none() {
        assert_eq!(Json::<Vec<u8>>::from_value(Value::Text("{}".into())), None);
    }
}
