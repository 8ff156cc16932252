//! Parameters and results of functions, as the attributes describe them.
//!
//! A parameter is one value, made where its type is known, so that a type which cannot be an argument is one message at
//! compile time, and each type is compiled once however many functions take it.

use std::{borrow::Cow, fmt};

#[cfg(not(target_arch = "wasm32"))]
use edgepod_manifest::Argument;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, Deserializer, MapAccess, Visitor},
};
use serde_json::{Value as Json, value::RawValue};
use ts_rs::TS;

use super::{
    Args, Reply,
    args::{self, Misfit},
};
#[cfg(not(target_arch = "wasm32"))]
use crate::types::Types;
use crate::{Code, Error, Result};

/// The type of a parameter: what a client sends for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument: a client could not send it",
    label = "not an argument type",
    note = "put `#[edgepod::data]` on `{Self}`, or take a type such as i64, String, bool, Vec<…> or Option<…>",
    note = "the struct of a table with a `#[private]` column is no argument, and `#[edgepod::data(reply)]` neither: take a struct \
            of what clients may send"
)]
pub trait ArgumentType: DeserializeOwned + TS + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + TS + 'static> ArgumentType for T {}

/// What a client can send, as a part of what it sends.
#[diagnostic::on_unimplemented(
    message = "clients cannot send `{Self}`, and so nothing that holds one",
    label = "not what a client sends",
    note = "what functions only return is `#[edgepod::data(reply)]`: that may hold the struct of a table with a `#[private]` column",
    note = "a type of your own is sent where it has `#[edgepod::data]`"
)]
pub trait Sendable {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Sendable for T {}

/// The type of a result: what a client receives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned to a client: it has no JSON or no TypeScript",
    label = "not a result type",
    note = "put `#[edgepod::data]` on `{Self}`, or return a table's struct or a type such as i64, String, Vec<…> or Option<…>"
)]
pub trait ResultType: Serialize + TS + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + TS + 'static> ResultType for T {}

/// What a function returns: a `Result`.
#[diagnostic::on_unimplemented(
    message = "a function returns a `Result`, and this one returns `{Self}`",
    label = "not a `Result`",
    note = "write `-> Result<{Self}>` and end with `Ok(…)`"
)]
pub trait Returns {
    /// What it returns when all is well.
    type Ok;

    /// What it returns otherwise.
    type Error;

    /// It, as the `Result` that it is.
    ///
    /// # Errors
    /// The function's error.
    fn into_result(self) -> Result<Self::Ok, Self::Error>;
}

impl<T, E> Returns for Result<T, E> {
    type Ok = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}

/// The type of a function's error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a function: it does not say what a client is told",
    label = "an error that does not become `edgepod::Error`",
    note = "return `Result<…>` with edgepod's own error, an enum with `#[edgepod::error]`, or an error for which there is \
            `impl From<…> for edgepod::Error`"
)]
pub trait ErrorType: 'static {
    /// The framework's error of it.
    fn into_error(self) -> Error;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Error> + 'static> ErrorType for E {
    fn into_error(self) -> Error {
        self.into()
    }
}

/// The error that a variant of an `#[edgepod::error]` enum is.
pub fn app_error(
    status: u16,
    name: &'static str,
    message: String,
    data: Option<Json>,
    cause: Option<String>,
) -> Error {
    let error = Error::new(Code::App { name, status }, message);
    let error = match data {
        Some(data) => error.with_data(data),
        None => error,
    };
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

/// A field of an error as JSON; `null` where JSON cannot hold it.
pub fn error_field<T: ResultType>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

/// How a client sees a field of an error.
#[cfg(not(target_arch = "wasm32"))]
pub fn error_field_type<T: ResultType>(types: &mut Types) -> String {
    types.name_of::<T>()
}

/// An error's fields by their names.
pub fn error_object<const N: usize>(fields: [(&'static str, Json); N]) -> Json {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// An error's fields by their positions.
pub fn error_array<const N: usize>(fields: [Json; N]) -> Json {
    Json::Array(fields.into())
}

/// One parameter of a function.
pub struct Parameter<T> {
    name: &'static str,
    decode: fn(&str) -> Result<T, Misfit>,
    absent: fn() -> Option<T>,
    #[cfg(not(target_arch = "wasm32"))]
    describe: fn(&mut Types, &'static str) -> Argument,
}

impl<T> Parameter<T> {
    /// The parameter of this name.
    // The bound is the function's, not the block's: only then does a missing one give `ArgumentType`'s message.
    pub const fn new(name: &'static str) -> Self
    where
        T: ArgumentType,
    {
        Self {
            name,
            decode: args::read,
            absent: || T::deserialize(Absent).ok(),
            #[cfg(not(target_arch = "wasm32"))]
            describe: |types, name| types.argument::<T>(name),
        }
    }

    /// The name in the arguments' object.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The argument for this parameter, which is the `index`th of those that `given` was made for.
    ///
    /// # Errors
    /// `BAD_REQUEST` when it was left out and is no `Option`, or does not fit; with the path to the field.
    pub fn take(&self, given: &Given<'_>, index: usize) -> Result<T> {
        match given.0[index] {
            None => (self.absent)().ok_or_else(|| {
                Error::bad_request(format!("The argument `{}` is missing.", self.name))
                    .with_data(serde_json::json!({ "path": self.name }))
            }),
            Some(json) => args::decode(self.name, json.get(), self.decode),
        }
    }

    /// How a client sees it.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn describe(&self, types: &mut Types) -> Argument {
        (self.describe)(types, self.name)
    }
}

/// The arguments that a client gave, by the position of their parameter.
pub struct Given<'a>(Vec<Option<&'a RawValue>>);

impl Args {
    /// Sorts the arguments by the parameters' names.
    ///
    /// # Errors
    /// `BAD_REQUEST`: no JSON object; an argument that no parameter is for, or that is there twice.
    pub fn given(&self, names: &[&'static str]) -> Result<Given<'_>> {
        let object = self.object()?;
        let mut given = vec![None; names.len()];
        for (key, value) in object.0 {
            let Some(index) = names.iter().position(|name| *name == key) else {
                return Err(unknown(&key, names));
            };
            if given[index].replace(value).is_some() {
                return Err(twice(&key));
            }
        }
        Ok(Given(given))
    }
}

fn unknown(key: &str, names: &[&str]) -> Error {
    let expected = if names.is_empty() {
        "this function takes none".to_owned()
    } else {
        format!("this function takes `{}`", names.join("`, `"))
    };
    Error::bad_request(format!("There is no argument `{key}`: {expected}."))
        .with_data(serde_json::json!({ "path": key }))
}

/// A JSON object, member by member.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The member of this name.
    ///
    /// # Errors
    /// `BAD_REQUEST` where it is there twice.
    pub(super) fn take(self, name: &str) -> Result<Option<&'a RawValue>> {
        let mut found = self.0.into_iter().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value);
        match found.next() {
            None => Ok(value),
            Some(_) => Err(twice(name)),
        }
    }
}

fn twice(name: &str) -> Error {
    Error::bad_request(format!("The argument `{name}` is there twice."))
        .with_data(serde_json::json!({ "path": name }))
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What stands for an argument that was left out: only an `Option` takes it.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::missing_field(""))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What a function returns.
pub struct Returned<R> {
    reply: fn(R) -> Result<Reply>,
    #[cfg(not(target_arch = "wasm32"))]
    describe: fn(&mut Types) -> String,
    #[cfg(not(target_arch = "wasm32"))]
    describe_error: fn(&mut Types) -> Option<String>,
}

impl<R> Returned<R> {
    /// The result of type `R`.
    #[expect(clippy::new_without_default, reason = "a constant is made of it")]
    pub const fn new() -> Self
    where
        R: Returns<Ok: ResultType, Error: ErrorType>,
    {
        Self {
            reply: |returned| match returned.into_result() {
                Ok(value) => Reply::new(&value),
                Err(error) => Err(error.into_error()),
            },
            #[cfg(not(target_arch = "wasm32"))]
            describe: |types| types.name_of::<R::Ok>(),
            #[cfg(not(target_arch = "wasm32"))]
            describe_error: |types| types.error_of::<R::Error>(),
        }
    }

    /// The result as a reply.
    ///
    /// # Errors
    /// The function's error; a value that JSON cannot hold.
    pub fn reply(&self, returned: R) -> Result<Reply> {
        (self.reply)(returned)
    }

    /// How a client sees it.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn describe(&self, types: &mut Types) -> String {
        (self.describe)(types)
    }

    /// The type of the app's own errors, where it returns such.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn describe_error(&self, types: &mut Types) -> Option<String> {
        (self.describe_error)(types)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Int64;

    const ID: Parameter<i64> = Parameter::new("id");
    const TAGS: Parameter<Vec<u8>> = Parameter::new("tags");
    const NAME: Parameter<Option<String>> = Parameter::new("name");

    fn take(json: &str) -> Result<(i64, Vec<u8>, Option<String>)> {
        let args = Args::new(json);
        let given = args.given(&["id", "tags", "name"])?;
        Ok((
            ID.take(&given, 0)?,
            TAGS.take(&given, 1)?,
            NAME.take(&given, 2)?,
        ))
    }

    #[test]
    fn arguments_are_taken_by_name_in_any_order() {
        assert_eq!(
            take(r#"{"name": "Ada", "tags": [1, 2], "\u0069d": 7}"#).unwrap(),
            (7, vec![1, 2], Some("Ada".to_owned()))
        );
    }

    #[test]
    fn only_an_option_may_be_left_out_or_null() {
        for json in [
            r#"{"id": 7, "tags": []}"#,
            r#"{"id": 7, "tags": [], "name": null}"#,
        ] {
            assert_eq!(take(json).unwrap(), (7, vec![], None));
        }
        let error = take(r#"{"tags": []}"#).unwrap_err();
        assert_eq!(error.message(), "The argument `id` is missing.");
        assert_eq!(error.data().unwrap()["path"], "id");
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_path() {
        for (json, path) in [
            (r#"{"id": "7", "tags": []}"#, "id"),
            (r#"{"id": null, "tags": []}"#, "id"),
            (r#"{"id": 7, "tags": [1, "x"]}"#, "tags[1]"),
            (r#"{"id": 7, "tags": [1, 256]}"#, "tags[1]"),
            (r#"{"id": 7, "tags": [], "nme": "Ada"}"#, "nme"),
            (r#"{"id": 7, "id": 8, "tags": []}"#, "id"),
        ] {
            let error = take(json).unwrap_err();
            assert_eq!(error.code(), crate::Code::BadRequest, "{json}");
            assert_eq!(error.data().unwrap()["path"], path, "{json}: {error}");
            assert!(error.message().contains(path), "{json}: {error}");
        }
    }

    #[test]
    fn an_integer_that_javascript_may_have_rounded_is_refused() {
        for (id, fits) in [
            ("9007199254740991", true),
            ("-9007199254740991", true),
            ("9007199254740992", false),
            ("-9223372036854775808", false),
        ] {
            let taken = take(&format!(r#"{{"id": {id}, "tags": []}}"#));
            assert_eq!(taken.is_ok(), fits, "{id}");
            if let Err(error) = taken {
                assert!(error.message().contains("`id`"), "{error}");
                assert!(error.message().contains("Int64"), "{error}");
            }
        }
        // How JavaScript writes a large float.
        const FLOATS: Parameter<Vec<f64>> = Parameter::new("floats");
        let args = Args::new(r#"{"floats": [100000000000000000000, 9007199254740993]}"#);
        let floats = FLOATS.take(&args.given(&["floats"]).unwrap(), 0).unwrap();
        assert_eq!(floats, [1e20, 9_007_199_254_740_992.0]);
        const WHOLE: Parameter<Int64> = Parameter::new("whole");
        let args = Args::new(r#"{"whole": "-9223372036854775808"}"#);
        let whole = WHOLE.take(&args.given(&["whole"]).unwrap(), 0).unwrap();
        assert_eq!(whole.0, i64::MIN);
    }

    #[test]
    fn text_that_is_no_json_object_is_said_to_be_none() {
        for json in [
            "{",
            "{\"id\": 1}}",
            "nonsense",
            "{\"id\": 1,}",
            "{\"id\": 01}",
        ] {
            let error = take(json).unwrap_err();
            assert!(
                error.message().starts_with("The arguments are not JSON: "),
                "{json}: {error}"
            );
        }
        for json in ["[7]", "null", "\"id\""] {
            let error = take(json).unwrap_err();
            assert!(
                error
                    .message()
                    .starts_with("The arguments are not a JSON object"),
                "{json}: {error}"
            );
        }
    }
}
