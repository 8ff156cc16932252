//! Black-box tests of a running EdgePod server: they know its address and its key, and DESIGN.md's wire.
//!
//! [`server`] starts one (`edgepod dev` on the users example, or on an app whose functions go wrong) or takes the
//! one that `EDGEPOD_TEST_URL` names, [`http`] calls it, [`socket`] listens to it, [`suite`] runs the cases.
//! Nothing here uses the project's own crates, so that a
//! mistake cannot hide by being on both sides.

pub mod http;
pub mod server;
pub mod socket;
pub mod suite;

pub use http::{Call, Reply};
pub use server::{Server, server};
pub use socket::{Heard, PATIENCE, Socket};
