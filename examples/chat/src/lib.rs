//! A chat: organisations with rooms, messages by pages, reactions, unread counts, and who is there and types.
//!
//! A message wakes who shows its room, and whoever's count of unread messages it raises. Nobody else hears of it: every query here
//! holds a column of each table that it reads to a value.

mod key;
mod messages;
mod orgs;
mod people;
mod presence;
mod rooms;

pub use messages::*;
pub use orgs::*;
pub use people::*;
pub use presence::*;
pub use rooms::*;

edgepod::app!();

#[cfg(test)]
mod tests;
