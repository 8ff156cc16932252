//! What is called in an organisation's pod: all that its members do there.

mod hooks;
mod members;
mod messages;
mod presence;
mod reminders;
mod rooms;

pub use hooks::*;
pub use members::*;
pub use messages::*;
pub use presence::*;
pub use reminders::*;
pub use rooms::*;
