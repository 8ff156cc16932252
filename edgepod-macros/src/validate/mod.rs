//! What contradicts itself, or means nothing: found in what `parse` has read, before `expand` writes anything of it.

mod column;
mod cron;
mod data;
mod error;
mod function;
mod middleware;
mod migration;
mod names;
mod pod;
mod presence;
mod route;
mod row;
mod signature;
mod table;
mod test;
mod words;

pub(crate) use cron::cron;
pub(crate) use data::data;
pub(crate) use error::error;
pub(crate) use function::function;
pub(crate) use middleware::middleware;
pub(crate) use migration::migration;
pub(crate) use pod::pod;
pub(crate) use presence::presence;
pub(crate) use route::route;
pub(crate) use row::row;
pub(crate) use table::table;
pub(crate) use test::test;
