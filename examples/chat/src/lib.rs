//! A chat: organisations with rooms, messages by pages, reactions, unread counts, who is there and types, reminders, and what
//! GitHub says.
//!
//! A message wakes who shows its room, and whoever's count of unread messages it raises. Nobody else hears of it: every query here
//! holds a column of each table that it reads to a value.

mod hooks;
mod key;
mod messages;
mod orgs;
mod people;
mod presence;
mod reminders;
mod rooms;

pub use hooks::*;
pub use messages::*;
pub use orgs::*;
pub use people::*;
pub use presence::*;
pub use reminders::*;
pub use rooms::*;

edgepod::app!();

#[cfg(test)]
mod tests;
