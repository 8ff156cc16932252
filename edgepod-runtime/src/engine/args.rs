//! The arguments of a call.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::parameters::Object;
use crate::{Error, Result, strict::Strict};

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
    /// `BAD_REQUEST`: text that is not JSON, with the place; arguments that do not fit `T`, with the path to the field; an
    /// integer beyond 2^53 - 1, which JavaScript may have rounded, for what is no float.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        self.check_object()?;
        decode("", &self.json, |json| {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            let mut track = serde_path_to_error::Track::new();
            let strict = Strict(&mut deserializer);
            let whole = serde_path_to_error::Deserializer::new(strict, &mut track);
            let parsed =
                T::deserialize(whole).and_then(|parsed| deserializer.end().map(|()| parsed));
            parsed.map_err(|error| Misfit::new(track.path(), error))
        })
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
        match self.object()?.take(name)? {
            None => Ok(None),
            Some(json) => decode(name, json.get(), read).map(Some),
        }
    }
}

pub(super) type Misfit = serde_path_to_error::Error<serde_json::Error>;

pub(super) fn read<T: DeserializeOwned>(json: &str) -> Result<T, Misfit> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(Strict(&mut deserializer))
}

/// The value of an argument, whose name is for the message.
///
/// # Errors
/// `BAD_REQUEST`: it does not fit, or an integer of it may have been rounded by JavaScript.
pub(super) fn decode<T>(name: &str, json: &str, read: fn(&str) -> Result<T, Misfit>) -> Result<T> {
    read(json).map_err(|misfit| refuse(path(name, &misfit), misfit.inner()))
}

/// Where in the arguments something does not fit. All of them together have no name.
fn path(name: &str, misfit: &Misfit) -> String {
    match misfit.path().to_string() {
        path if name.is_empty() => path,
        path if path == "." => name.to_owned(),
        path if path.starts_with('[') => format!("{name}{path}"),
        path => format!("{name}.{path}"),
    }
}

pub(super) fn refuse(path: String, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    // A float beyond all of 64 bits is JSON all the same.
    if (error.is_syntax() || error.is_eof()) && !text.starts_with("number out of range") {
        return Error::bad_request(format!("The arguments are not JSON: {error}."));
    }
    // serde adds the position in the text; the path says it better.
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
    fn a_float_that_is_none_is_named_by_its_path() {
        let args = Args::new(r#"{"a": [1, 1e400], "b": 1e39}"#);
        for (error, path) in [
            (args.get::<Vec<f64>>("a").unwrap_err(), "a[1]"),
            (args.get::<f32>("b").unwrap_err(), "b"),
        ] {
            assert_eq!(error.data().unwrap()["path"], path, "{error}");
        }
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
    fn an_integer_that_javascript_may_have_rounded_is_refused() {
        let args = Args::new(r#"{"id": 9007199254740993, "ids": [1, -9007199254740992]}"#);
        let refused = |error: Error| error.message().to_owned();
        for (error, path) in [
            (args.get::<i64>("id").unwrap_err(), "`id`"),
            (args.get::<Vec<i64>>("ids").unwrap_err(), "`ids[1]`"),
            (
                Args::new(r#"{"id": 9007199254740993}"#)
                    .parse::<Order>()
                    .unwrap_err(),
                "`id`",
            ),
        ] {
            let message = refused(error);
            assert!(
                message.contains(path) && message.contains("2^53 - 1"),
                "{message}"
            );
        }
        // A float of this size is as it was.
        assert_eq!(
            args.get::<f64>("id").unwrap(),
            Some(9_007_199_254_740_992.0)
        );
        assert!(Args::new(r#"{"id": 1, "id": 2}"#).get::<i64>("id").is_err());
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
