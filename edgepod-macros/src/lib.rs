//! The attributes of EdgePod. Users write them as `#[edgepod::query]`; the crate `edgepod` re-exports them.
//!
//! Each attribute goes through three rooms: `parse` reads what is written, `validate` finds what contradicts itself or means
//! nothing, `expand` writes the tokens. Both of the first collect every mistake, so that one compilation shows them all. The
//! item itself always comes out, beside the messages where there are any, so that an editor keeps knowing it while it is being
//! typed: `handle_errors` stands around every expansion and sees to that, after a panic, too.
//!
//! What comes out names only `::edgepod::__private`; nothing here knows a host.
//!
//! What each says of itself stands in `docs`, since its examples need the crate `edgepod`, which runs them. They are not run here, and
//! `tests/macros` has what tests the attributes: whatever a proc-macro's own tests depend on is compiled as part of the compiler, so all
//! that an app depends on was compiled twice.

mod attributes;
mod completions;
mod errors;
mod expand;
mod handle_errors;
mod parse;
mod sql;
mod validate;

use proc_macro::TokenStream;

use parse::Kind;

#[doc = include_str!("docs/query.md")]
#[proc_macro_attribute]
pub fn query(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::function(Kind::Query, attr.into(), item.into()).into()
}

#[doc = include_str!("docs/function.md")]
#[proc_macro_attribute]
pub fn function(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::function(Kind::Function, attr.into(), item.into()).into()
}

#[doc = include_str!("docs/action.md")]
#[proc_macro_attribute]
pub fn action(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::function(Kind::Action, attr.into(), item.into()).into()
}

#[doc = include_str!("docs/route.md")]
#[proc_macro_attribute]
pub fn route(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::route(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/cron.md")]
#[proc_macro_attribute]
pub fn cron(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::cron(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/middleware.md")]
#[proc_macro_attribute]
pub fn middleware(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::middleware(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/table.md")]
#[proc_macro_attribute]
pub fn table(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::table(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/data.md")]
#[proc_macro_attribute]
pub fn data(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::data(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/presence.md")]
#[proc_macro_attribute]
pub fn presence(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::presence(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/row.md")]
#[proc_macro_attribute]
pub fn row(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::row(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/migration.md")]
#[proc_macro_attribute]
pub fn migration(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::migration(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/error.md")]
#[proc_macro_attribute]
pub fn error(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::error(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/column_type.md")]
#[proc_macro_derive(ColumnType, attributes(serde))]
pub fn column_type(input: TokenStream) -> TokenStream {
    attributes::column_type(input.into()).into()
}

#[doc = include_str!("docs/test.md")]
#[proc_macro_attribute]
pub fn test(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::test(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/pod.md")]
#[proc_macro_attribute]
pub fn pod(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::pod(attr.into(), item.into()).into()
}

#[doc = include_str!("docs/app.md")]
#[proc_macro]
pub fn app(input: TokenStream) -> TokenStream {
    attributes::app(input.into()).into()
}

#[doc = include_str!("docs/sql.md")]
#[proc_macro]
pub fn sql(input: TokenStream) -> TokenStream {
    attributes::sql(input.into()).into()
}

/// For EdgePod itself: the words that editors complete.
#[doc(hidden)]
#[proc_macro]
pub fn __completions(_: TokenStream) -> TokenStream {
    completions::modules().into()
}
