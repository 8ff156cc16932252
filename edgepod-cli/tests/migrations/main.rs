//! Migrations where they end up: on the SQLite of Durable Objects, in processes that are killed, and in the hands of who
//! writes them.
#![cfg(unix)]

mod command;
mod kill;
mod refusals;
#[path = "../scratch/mod.rs"]
mod scratch;
mod workerd;
