//! Values that SQLite keeps as JSON text.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ColumnType, Never};
use crate::{Error, Result, db::Value, schema::SqlType};

/// Any value that serde knows, in one column: TEXT with its JSON in the database, `T` on the wire and in TypeScript.
///
/// For what is read and written as a whole: settings, a list of tags, an answer of another service. SQLite's JSON functions
/// see into it, filters and indexes of the builder do not: they compare the text.
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
    /// A value that its JSON would not give back: a NaN, which becomes `null`; a map whose keys are no text.
    fn into_value(self) -> Result<Value> {
        let text = serde_json::to_string(&self.0).map_err(|error| refuse::<T>(&error))?;
        // What cannot be read again is refused now, and not when it is too late.
        serde_json::from_str::<T>(&text).map_err(|error| refuse::<T>(&error))?;
        Ok(Value::Text(text))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => serde_json::from_str(&text).ok().map(Self),
            _ => None,
        }
    }
}

fn refuse<T>(error: &serde_json::Error) -> Error {
    Error::bad_request(format!(
        "This value of `{}` cannot be stored as JSON, because it could not be read again: {error}.",
        std::any::type_name::<T>()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_does_not_give_back_is_refused() {
        let error = Json(vec![1.0, f64::NAN]).into_value().unwrap_err();
        assert!(error.message().contains("read again"), "{error}");
        let keys = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(Json(keys).into_value().is_err());
    }

    #[test]
    fn text_of_another_type_is_none() {
        assert_eq!(Json::<Vec<u8>>::from_value(Value::Text("{}".into())), None);
    }
}
