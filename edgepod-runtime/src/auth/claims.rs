//! The payload of a verified token.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

/// The claims of a verified token: what `ctx.user()` returns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(type = "Record<string, unknown>")]
pub struct Claims(Map<String, Json>);

impl Claims {
    /// The subject: who the token was issued for.
    pub fn subject(&self) -> Option<&str> {
        self.0.get("sub")?.as_str()
    }

    /// A claim by name, or `None` where it is absent or of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.0.get(name)?).ok()
    }
}

impl From<Map<String, Json>> for Claims {
    fn from(claims: Map<String, Json>) -> Self {
        Self(claims)
    }
}
