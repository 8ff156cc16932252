//! A chat: organisations with rooms, messages by pages, reactions, unread counts, who is there and types, reminders, and what
//! GitHub says.
//!
//! Each organisation is a pod, with a database of its own: what is said there is in no other. One pod more, the directory, has
//! what is looked up before an organisation is known: users, and which organisations they have. All pods have the same tables, as
//! an app has one schema; those of `directory` stay empty in an organisation's pod, and those of `org` in the directory.
//!
//! A message wakes who shows its room, and whoever's count of unread messages it raises. Nobody else hears of it: every query here
//! holds a column of each table that it reads to a value.

mod directory;
mod key;
mod org;
mod pods;
mod text;

pub use directory::*;
pub use org::*;
use pods::{DIRECTORY, in_directory, in_org};
use text::text;

edgepod::app!();

#[cfg(test)]
mod tests;
