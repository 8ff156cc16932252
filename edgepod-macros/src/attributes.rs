//! The attributes, each in three steps: parse, validate, expand. `handle_errors` is around each of them.

use proc_macro2::TokenStream;

use crate::{
    completions::Grammar,
    expand,
    handle_errors::{handle_errors, handle_errors_in_expression},
    parse::{
        AppKeys, ColumnType, Cron, Data, ErrorEnum, Function, Kind, Middleware, Migration, Pod,
        Presence, Route, Row, Table, Test, migrations_of_the_crate,
    },
    validate,
};

/// `#[edgepod::query]`, `#[edgepod::function]` and `#[edgepod::action]`.
pub(crate) fn function(kind: Kind, attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Function(kind), attr, item, |attr, item, errors| {
        let function = Function::parse(kind, attr, item, errors)?;
        validate::function(&function, errors);
        Some(expand::function(&function, errors.is_empty()))
    })
}

/// `#[edgepod::route]`.
pub(crate) fn route(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Route, attr, item, |attr, item, errors| {
        let route = Route::parse(attr, item, errors)?;
        validate::route(&route, errors);
        Some(expand::route(&route, errors.is_empty()))
    })
}

/// `#[edgepod::cron]`.
pub(crate) fn cron(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Cron, attr, item, |attr, item, errors| {
        let cron = Cron::parse(attr, item, errors)?;
        validate::cron(&cron, errors);
        Some(expand::cron(&cron, errors.is_empty()))
    })
}

/// `#[edgepod::middleware]`.
pub(crate) fn middleware(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Plain, attr, item, |attr, item, errors| {
        let middleware = Middleware::parse(attr, item, errors)?;
        validate::middleware(&middleware, errors);
        Some(expand::middleware(&middleware, errors.is_empty()))
    })
}

/// `#[edgepod::pod]`.
pub(crate) fn pod(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Plain, attr, item, |attr, item, errors| {
        let pod = Pod::parse(attr, item, errors)?;
        validate::pod(&pod, errors);
        Some(expand::pod(&pod, errors.is_empty()))
    })
}

/// `#[edgepod::test]`.
pub(crate) fn test(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Plain, attr, item, |attr, item, errors| {
        let test = Test::parse(attr, item, errors)?;
        validate::test(&test, errors);
        Some(expand::test(&test, errors.is_empty()))
    })
}

/// `#[edgepod::table]`.
pub(crate) fn table(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Table, attr, item, |attr, item, errors| {
        let mut table = Table::parse(attr, item, errors)?;
        validate::table(&mut table, errors)?;
        Some(expand::table(&table))
    })
}

/// `#[edgepod::data]`.
pub(crate) fn data(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Data, attr, item, |attr, item, errors| {
        let data = Data::parse(attr, item, errors)?;
        validate::data(&data, errors)?;
        Some(expand::data(data))
    })
}

/// `#[edgepod::presence]`.
pub(crate) fn presence(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Presence, attr, item, |attr, item, errors| {
        let presence = Presence::parse(attr, item, errors)?;
        validate::presence(&presence, errors)?;
        Some(expand::presence(presence, errors.is_empty()))
    })
}

/// `#[edgepod::row]`.
pub(crate) fn row(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Plain, attr, item, |attr, item, errors| {
        let row = Row::parse(attr, item, errors)?;
        validate::row(&row, errors)?;
        Some(expand::row(&row, errors.is_empty()))
    })
}

/// `#[edgepod::error]`.
pub(crate) fn error(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Error, attr, item, |attr, item, errors| {
        let error = ErrorEnum::parse(attr, item, errors)?;
        validate::error(&error, errors);
        Some(expand::error(&error, errors.is_empty()))
    })
}

/// `#[edgepod::migration]`.
pub(crate) fn migration(attr: TokenStream, item: TokenStream) -> TokenStream {
    handle_errors(Grammar::Plain, attr, item, |attr, item, errors| {
        let migration = Migration::parse(attr, item, errors)?;
        validate::migration(&migration, errors);
        Some(expand::migration(&migration, errors.is_empty()))
    })
}

/// `#[derive(edgepod::ColumnType)]`: the item stands beside what a derive writes, and does not come out again.
pub(crate) fn column_type(item: TokenStream) -> TokenStream {
    handle_errors(
        Grammar::Plain,
        item,
        TokenStream::new(),
        |item, _, errors| {
            let column_type = ColumnType::parse(item, errors)?;
            Some(expand::column_type(&column_type))
        },
    )
}

/// `edgepod::app!`.
pub(crate) fn app(input: TokenStream) -> TokenStream {
    handle_errors(
        Grammar::App,
        input,
        TokenStream::new(),
        |input, _, errors| {
            let keys = AppKeys::parse(input, errors);
            let migrations = migrations_of_the_crate(errors);
            Some(expand::app(&keys, migrations.as_ref()))
        },
    )
}

/// `edgepod::sql!`: one expression, whatever is wrong; the messages stand before it.
pub(crate) fn sql(input: TokenStream) -> TokenStream {
    handle_errors_in_expression(|errors| crate::sql::sql(input, errors))
}
