//! Names of an app that what the attributes write might mean, too: it compiles without a warning, and runs.
#![deny(warnings)]

mod server;

use serde_json::{Value, json};
use server::start;

/// Names of the standard library and of the prelude, for something else.
mod shadows {
    #![expect(dead_code, reason = "they are only in the way")]

    pub struct Ok;
    pub struct Err;
    pub struct Box;
    pub struct Vec;
    pub struct Result;
    pub struct Default;
    pub struct From;
    pub struct Clone;
    pub struct Debug;
    pub struct Sized;
    pub struct Value;
    pub struct Error;
    pub struct Column;
    pub struct Table;
    pub struct LazyLock;
    pub fn drop() {}
}

/// Names of crates, for something else. Beside types that go to TypeScript ts-rs wants its `std`.
mod crates {
    pub mod core {}
    pub mod std {}
    pub mod edgepod {}
    pub mod inventory {}
    pub mod serde {}
}

/// Functions and middleware of the names of parameters and locals.
mod names {
    #[expect(unused_imports, reason = "nothing shall look here")]
    use crate::crates::*;
    use crate::shadows::*;
    // What is named here wins over what a glob brings.
    use ::edgepod::{Args, Next, QueryCtx, Reply};

    macro_rules! middleware {
        ($($name:ident)*) => {$(
            #[::edgepod::middleware]
            pub async fn $name(one: &QueryCtx, two: &Args, three: Next<'_>) -> ::edgepod::Result<Reply> {
                let reply = three.run(one, two).await?.parse::<::serde_json::Value>()?;
                Reply::new(&::serde_json::json!([stringify!($name), reply]))
            }
        )*};
    }

    middleware!(ctx args next call);

    macro_rules! queries {
        ($($name:ident)*) => {$(
            #[::edgepod::query(middleware = [ctx, args, next, call])]
            #[expect(clippy::too_many_arguments, reason = "each is a name of its own")]
            pub async fn $name(
                given: &QueryCtx,
                args: i64,
                ctx: ::std::option::Option<i64>,
                types: i64,
                value: i64,
                f: i64,
                row: i64,
                next: i64,
            ) -> ::edgepod::Result<::std::vec::Vec<i64>> {
                let _ = given;
                ::std::result::Result::Ok(::std::vec![args, ctx.unwrap_or(-1), types, value, f, row, next])
            }
        )*};
    }

    queries!(given handler reply extract types describe take value f row error text check steps kind variants);

    // No warning that the globs bring nothing.
    #[expect(dead_code, reason = "it is only named")]
    type Shadowed = (
        Ok,
        Err,
        Box,
        Vec,
        Result,
        Default,
        From,
        Clone,
        Debug,
        Sized,
    );
}

/// Rows, data and errors with fields of such names.
mod types {
    use crate::shadows::*;
    use ::edgepod::{Ctx, QueryCtx};
    use ::std::result::Result::{self as Res, Ok as Fine};

    /// A row whose columns have the names of what the attribute writes.
    #[::edgepod::table(name = "names")]
    pub struct Of {
        #[primary_key]
        #[auto_inc]
        pub id: i64,
        #[index]
        pub row: i64,
        #[unique]
        pub value: String,
        #[default("it")]
        pub error: String,
        #[default(now)]
        pub self_: ::edgepod::Timestamp,
        #[references(Of::id, on_delete = cascade)]
        pub name: ::std::option::Option<i64>,
        pub r#type: ::std::option::Option<Kind>,
    }

    /// A word.
    #[::edgepod::data]
    #[derive(Copy, ::edgepod::ColumnType)]
    pub enum Kind {
        Text,
        Value,
        Result,
        Ok,
        Some,
        Self_,
    }

    /// A value around another.
    #[::edgepod::data]
    #[derive(Copy, ::edgepod::ColumnType)]
    pub struct T(pub i64);

    #[::edgepod::row]
    pub struct Row {
        pub row: i64,
        pub value: String,
    }

    #[::edgepod::error]
    pub enum Failure {
        #[error(conflict, "{f} {error} {types} {value:?}")]
        Of {
            f: i64,
            error: String,
            types: T,
            value: Kind,
        },
        #[error(gone, "{0} and {1}")]
        Result(i64, String),
        #[error(gone, "It is gone.")]
        Ok,
        #[error(bad_gateway, "{error}")]
        Err {
            #[from]
            error: ::std::num::ParseIntError,
        },
    }

    /// What a macro writes is not at the place of what it is given.
    macro_rules! written {
        ($row:ident($name:literal) { $column:ident: $type:ty }, $error:ident { $variant:ident($field:ty) $message:literal }) => {
            #[::edgepod::table(name = $name)]
            pub struct $row {
                #[primary_key]
                pub id: i64,
                #[default(1)]
                pub $column: $type,
                #[references($row::id)]
                pub other: ::std::option::Option<i64>,
            }

            #[::edgepod::error]
            pub enum $error {
                #[error(gone, $message)]
                $variant($field, i64),
                #[error(gone, "{f}")]
                Mine { f: $field },
            }
        };
    }

    pub mod written {
        use super::T;

        written!(Written("written") { column: T }, Writing { Of(T) "{0} of {1}" });
    }

    impl ::std::fmt::Display for T {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            self.0.fmt(f)
        }
    }

    #[::edgepod::function]
    pub async fn insert(ctx: &Ctx, value: String) -> Res<Of, Failure> {
        Fine(
            ctx.db
                .insert(NewOf {
                    row: 7,
                    value,
                    name: ::std::option::Option::None,
                    r#type: ::std::option::Option::Some(Kind::Result),
                })
                .returning()?,
        )
    }

    #[::edgepod::query]
    pub async fn select(ctx: &QueryCtx) -> Res<::std::vec::Vec<Row>, Failure> {
        let rows = ctx.db.select::<Of>().columns((Of::row, Of::value));
        Fine(rows.into::<Row>().all()?)
    }

    #[::edgepod::query]
    pub async fn fail(ctx: &QueryCtx, way: String) -> Res<i64, Failure> {
        let _ = ctx;
        Res::Err(match way.as_str() {
            "fields" => Failure::Of {
                f: 1,
                error: "e".to_owned(),
                types: T(3),
                value: Kind::Self_,
            },
            "places" => Failure::Result(1, "two".to_owned()),
            "unit" => Failure::Ok,
            number => return Fine(number.parse()?),
        })
    }

    #[expect(dead_code, reason = "it is only named")]
    type Shadowed = (
        Ok,
        Err,
        Box,
        Vec,
        Default,
        From,
        Clone,
        Debug,
        Sized,
        Value,
        Error,
        Column,
        Table,
    );
}

edgepod::app!();

#[test]
fn functions_and_middleware_of_any_name_run() {
    let server = start();
    for name in [
        "given", "handler", "reply", "extract", "types", "describe", "take", "value", "f", "row",
        "error", "text", "check", "steps", "kind", "variants",
    ] {
        let args = json!({"args": 1, "types": 3, "value": 4, "f": 5, "row": 6, "next": 7});
        let reply = server.call(name, args);
        let data = json!(["ctx", ["args", ["next", ["call", [1, -1, 3, 4, 5, 6, 7]]]]]);
        assert_eq!(reply["data"], data, "{name}: {reply}");
    }
}

#[test]
fn columns_and_fields_of_any_name_are_stored_and_told() {
    let server = start();
    let row = server.call("insert", json!({"value": "v"}))["data"].clone();
    assert_eq!(
        (&row["row"], &row["value"], &row["error"], &row["type"]),
        (&json!(7), &json!("v"), &json!("it"), &json!("Result")),
        "{row}"
    );
    assert_eq!(
        server.call("select", json!({}))["data"],
        json!([{"row": 7, "value": "v"}])
    );
    let fail = |way: &str| server.call("fail", json!({"way": way}))["error"].clone();
    for (way, code, message, data) in [
        (
            "fields",
            "OF",
            "1 e 3 Self_",
            json!({"f": 1, "error": "e", "types": 3, "value": "Self_"}),
        ),
        ("places", "RESULT", "1 and two", json!([1, "two"])),
        ("unit", "OK", "It is gone.", Value::Null),
        ("x", "ERR", "invalid digit found in string", Value::Null),
    ] {
        let error = fail(way);
        assert_eq!(
            (&error["code"], &error["message"], &error["data"]),
            (&json!(code), &json!(message), &data),
            "{error}"
        );
    }
}
