//! What is fuzzed. Each target is a function that takes any bytes and panics where EdgePod breaks a promise; the same
//! function runs the kept corpus as an ordinary test.

mod app;
mod bytes;
mod columns;
mod crossing;
mod cursor;
mod migration;
mod predicate;
mod request;
mod served;
mod socket;
mod token;
#[cfg(feature = "command")]
mod vars;

pub use columns::columns;
pub use crossing::crossing;
pub use cursor::cursor;
pub use migration::migration;
pub use predicate::predicate;
pub use request::request;
pub use socket::socket;
pub use token::token;
#[cfg(feature = "command")]
pub use vars::vars;
