//! The generated code's names.

pub use bytes::Bytes as HttpBytes;
pub use http;
pub use http::Request as HttpRequest;
pub use inventory;
pub use serde;
pub use serde_json;
pub use ts_rs;
#[cfg(target_arch = "wasm32")]
pub use worker;

pub use crate::{
    Error, Result,
    db::{
        AnyBytes, AnyColumn, AnyInteger, AnyNumber, AnyText, Anything, AutoIncrement, Binds, Bytes,
        CheckedReturning, CheckedRow, CheckedSelect, CheckedWrite, Column, ColumnType,
        Default as HasDefault, Derived, FromColumns, FromRow, FullText, HasColumn, Insertable,
        NamesTable, Nullable, Range, RowReader, Statement as SqlStatement, Table, TableName, Value,
        defaults, has_storage, in_range, is_one_of, is_referable, reference,
    },
    engine::{
        AT_GATEWAY, ActionCtx, AppDef, Args, Callable, Chain, Context, CronDef, CronFields, Ctx,
        ErrorType, Fits, FunctionDef, FunctionRegistration, GatewayCtx, GatewayWork, Given, Gives,
        Handler, HandlerFuture, Invocation, JobFunction, Kind, Layer, Middleware, Named, Next,
        PRESENCES, Parameter, PodDef, Presence, PresenceRegistration, QueryCtx, ROUTER, RUNNER,
        Reply, Responds, Returned, RouteDef, RouteRegistration, RouteWork, Segment, Sendable, Step,
        Work, app_error, error_array, error_field, error_object, next_every, prepare_crons,
        route_request, route_segment,
    },
    migrations::{Migration, MigrationDb, Step as MigrationStep},
    schema::{
        ColumnSchema, Default, IndexSchema, Meaning, OnDelete, Reference,
        Registration as TableRegistration, SqlType, TableSchema,
    },
};
/// The ready-made rules for pods.
pub mod pod {
    pub use crate::engine::{asked, by_claim, by_header, by_host};
}

#[cfg(not(target_arch = "wasm32"))]
pub use crate::{
    engine::error_field_type,
    types::{AppMiddleware, ErrorTypes, FunctionTypes, Signature, Types, error_member},
};

#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub use crate::host::native::{main as native_main, testing};

/// What the attributes write where a value is needed beside a message: a program that has it does not compile, so that nobody
/// calls it.
pub fn does_not_compile() -> ! {
    panic!("this program has compile errors")
}

/// The program without its host.
#[cfg(not(any(target_arch = "wasm32", feature = "native")))]
pub fn native_main() -> std::process::ExitCode {
    eprintln!(
        "error: this app was built without the native host. Turn on the feature `native` of the crate `edgepod`."
    );
    std::process::ExitCode::FAILURE
}
