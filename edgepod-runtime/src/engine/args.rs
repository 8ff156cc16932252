//! The arguments of a call.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value as Json;

use super::parameters::Object;
use crate::{Error, Result};

/// The arguments' JSON object, as the client sent it. Middleware sees it before the function's types do.
#[derive(Clone, Debug)]
pub struct Args {
    json: Cow<'static, str>,
}

impl Args {
    /// Arguments from JSON text; nothing, or only white space, means `{}`.
    pub fn new(json: &str) -> Self {
        Self {
            json: if json.trim_ascii().is_empty() {
                Cow::Borrowed("{}")
            } else {
                Cow::Owned(json.to_owned())
            },
        }
    }

    /// The JSON text.
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// The members of the object, each as its JSON text.
    pub(super) fn object(&self) -> Result<Object<'_>> {
        self.check_object()?;
        serde_json::from_str(&self.json).map_err(|error| refuse(".".to_owned(), &error))
    }

    /// All arguments as one value.
    ///
    /// # Errors
    /// `BAD_REQUEST`: text that is not JSON, with the place; arguments that do not fit `T`, with the path to the field.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        self.check_object()?;
        let mut deserializer = serde_json::Deserializer::from_str(&self.json);
        let parsed = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| refuse(error.path().to_string(), error.inner()))?;
        deserializer
            .end()
            .map_err(|error| refuse(".".to_owned(), &error))?;
        Ok(parsed)
    }

    /// Arguments are named: serde alone would take an array for a struct, too.
    fn check_object(&self) -> Result<()> {
        if self.json.trim_ascii_start().starts_with('{') {
            return Ok(());
        }
        Err(match serde_json::from_str::<IgnoredAny>(&self.json) {
            Err(error) => refuse(".".to_owned(), &error),
            Ok(_) => Error::bad_request(
                "The arguments are not a JSON object: send them by name, such as {\"id\": 7}.",
            ),
        })
    }

    /// One argument by name, or `None` where the client left it out.
    ///
    /// # Errors
    /// `BAD_REQUEST`, as [`parse`](Self::parse).
    ///
    /// ```
    /// use edgepod_runtime::engine::Args;
    /// let args = Args::new(r#"{"id": 7}"#);
    /// assert_eq!(args.get::<i64>("id").unwrap(), Some(7));
    /// assert_eq!(args.get::<i64>("page").unwrap(), None);
    /// ```
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let mut object: serde_json::Map<String, Json> = self.parse()?;
        match object.remove(name) {
            None => Ok(None),
            Some(value) => serde_path_to_error::deserialize(value)
                .map(Some)
                .map_err(|error| {
                    let path = match error.path().to_string() {
                        path if path == "." => name.to_owned(),
                        path => format!("{name}.{path}"),
                    };
                    refuse(path, error.inner())
                }),
        }
    }
}

pub(super) fn refuse(path: String, error: &serde_json::Error) -> Error {
    if error.is_syntax() || error.is_eof() {
        return Error::bad_request(format!("The arguments are not JSON: {error}."));
    }
    // serde adds the position in the text; the path says it better.
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let data = serde_json::json!({ "path": path });
    let message = match path.as_str() {
        "." | "?" => format!("The arguments do not fit: {reason}."),
        path => format!("The argument `{path}` does not fit: {reason}."),
    };
    Error::bad_request(message).with_data(data)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code)]
        id: i64,
        #[serde(default)]
        #[expect(dead_code)]
        lines: Vec<Line>,
    }

    #[derive(Deserialize, Debug)]
    struct Line {
        #[expect(dead_code)]
        count: u8,
    }

    fn message(json: &str) -> String {
        Args::new(json)
            .parse::<Order>()
            .unwrap_err()
            .message()
            .to_owned()
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_path() {
        let message = message(r#"{"id": 1, "lines": [{"count": 1}, {"count": "two"}]}"#);
        assert_eq!(
            message,
            "The argument `lines[1].count` does not fit: invalid type: string \"two\", expected u8."
        );
    }

    #[test]
    fn missing_and_unknown_arguments_are_named() {
        assert_eq!(message(""), "The arguments do not fit: missing field `id`.");
        assert!(
            message(r#"{"id": 1, "idd": 2}"#)
                .contains("unknown field `idd`, expected `id` or `lines`")
        );
    }

    #[test]
    fn text_that_is_not_json_is_said_to_be_none() {
        for json in ["{", "{\"id\": 1}}", "nonsense", "{\"id\": 1,}"] {
            assert!(
                message(json).starts_with("The arguments are not JSON: "),
                "{json}: {}",
                message(json)
            );
        }
    }

    #[test]
    fn arguments_are_an_object() {
        for json in ["[1]", "7", "null", " \"id\""] {
            assert!(
                message(json).starts_with("The arguments are not a JSON object"),
                "{json}"
            );
        }
    }
}
