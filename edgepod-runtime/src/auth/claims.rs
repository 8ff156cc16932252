//! The payload of a verified token.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

/// The claims of a verified token: what `ctx.user()` returns.
#[derive(Clone, Debug, Default, PartialEq, ts_rs::TS)]
#[ts(type = "Record<string, unknown>")]
pub struct Claims(Arc<Map<String, Json>>);

impl Claims {
    /// The subject: who the token was issued for.
    pub fn subject(&self) -> Option<&str> {
        self.0.get("sub")?.as_str()
    }

    /// A claim by name, or `None` where it is absent or of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.0.get(name)?).ok()
    }

    /// The claim of this name, or else what a path of names separated by dots leads to.
    pub(crate) fn at(&self, path: &str) -> Option<&Json> {
        self.0.get(path).or_else(|| {
            let mut names = path.split('.');
            let first = self.0.get(names.next()?)?;
            names.try_fold(first, |value, name| value.get(name))
        })
    }

    /// All claims as one value of the app's own type.
    ///
    /// # Errors
    /// Claims that do not fit: which and why.
    ///
    /// ```
    /// use edgepod_runtime::auth::Claims;
    /// #[derive(serde::Deserialize)]
    /// struct Member { sub: String, role: String }
    /// let claims: Claims = serde_json::from_str(r#"{"sub": "u1", "role": "admin", "exp": 9}"#).unwrap();
    /// let member: Member = claims.parse().unwrap();
    /// assert_eq!((member.sub.as_str(), member.role.as_str()), ("u1", "admin"));
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&*self.0)
    }
}

impl From<Map<String, Json>> for Claims {
    fn from(claims: Map<String, Json>) -> Self {
        Self(Arc::new(claims))
    }
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}
