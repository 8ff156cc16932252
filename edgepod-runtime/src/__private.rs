//! The generated code's names.

pub use inventory;
pub use serde;
pub use ts_rs;

pub use crate::{
    db::{Column, ColumnType, FromRow, Insertable, RowReader, Table, Value},
    engine::{
        AppDef, Args, Context, FunctionDef, Handler, HandlerFuture, Kind, Middleware, Next, Reply,
        Step, step,
    },
    manifest::{FunctionTypes, Signature, Types},
    schema::{
        ColumnSchema, Default, OnDelete, Reference, Registration as TableRegistration, SqlType,
        TableSchema,
    },
};

use crate::{Error, Result};

/// The argument of a function: what a client sends for a parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument: a client could not send it",
    label = "not an argument type",
    note = "put `#[edgepod::data]` on `{Self}`, or take a type such as i64, String, bool, Vec<…> or Option<…>"
)]
pub trait ArgumentType: serde::de::DeserializeOwned + ts_rs::TS + 'static {}

#[diagnostic::do_not_recommend]
impl<T: serde::de::DeserializeOwned + ts_rs::TS + 'static> ArgumentType for T {}

/// The result of a function: what a client receives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned to a client: it has no JSON and no TypeScript",
    label = "not a result type",
    note = "put `#[edgepod::data]` on `{Self}`, or return a table's struct or a type such as i64, String, Vec<…> or Option<…>"
)]
pub trait ResultType: serde::Serialize + ts_rs::TS + 'static {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + ts_rs::TS + 'static> ResultType for T {}

/// What a function returns: a `Result`.
#[diagnostic::on_unimplemented(
    message = "a function returns a `Result`, and this one returns `{Self}`",
    label = "not a `Result`",
    note = "write `-> Result<{Self}>` and end with `Ok(…)`"
)]
pub trait Returns {
    /// What it returns when all is well.
    type Ok;

    /// The result with the framework's error.
    fn into_result(self) -> Result<Self::Ok>;
}

impl<T, E: Into<Error>> Returns for std::result::Result<T, E> {
    type Ok = T;

    fn into_result(self) -> Result<T> {
        self.map_err(Into::into)
    }
}

/// The result as a reply.
pub fn reply<R: Returns>(returned: R) -> Result<Reply>
where
    R::Ok: ResultType,
{
    Reply::new(&returned.into_result()?)
}

#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub use crate::host::native::main as native_main;
