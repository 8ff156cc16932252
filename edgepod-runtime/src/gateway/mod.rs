//! What HTTP requests mean: keys, routes, CORS, replies. Knows no host.
//!
//! A host asks [`Gateway::route`] with the request's head; for a call it then reads the body through [`body`] and hands
//! name and arguments to the engine.

mod address;
mod admin;
mod body;
mod config;
mod pod;
mod reply;
mod request;
mod route;

pub use address::client_address;
pub use admin::{ADMIN_KEY_LENGTH, ADMIN_PAGE};
pub use body::{BODY_LIMIT, UNWANTED_BODY, body, not_utf8, too_large};
pub use config::Config;
pub use pod::PROTOCOL;
pub use reply::{HEADERS, Reply};
pub use request::Head;
pub use route::{
    Decision, EXPIRED, FAILED, Gateway, LIST_LIMIT, QUEUE, REFUSED, Route, SOCKETS_PER_SESSION,
    Step, Verified, is_taken, overloaded, too_many_sockets, unserved,
};
