//! What is called in the directory: signing in, and which organisations somebody has.

mod github;
mod orgs;
mod users;

pub use orgs::*;
pub use users::*;
