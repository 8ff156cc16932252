//! Who calls: the claims of a token.

mod claims;

pub use claims::Claims;
