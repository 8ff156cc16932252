//! Who calls: from a token to its claims. Knows the formats and the rules, no cryptography, no network and no clock: what
//! it needs of them a host does. The one exception are tokens that the app signs itself, which must be ready at once.

mod address;
mod algorithm;
mod authenticator;
mod claims;
mod key;
mod local;
mod policy;
mod rejection;
mod settings;
mod sign;
mod steady;
mod token;
mod verified;

pub use address::{AddressError, check_address};
pub use algorithm::Algorithm;
pub use authenticator::{Authenticator, Check, FETCH_LIMIT, KEYS_LIMIT, Mode, Verification};
pub use claims::Claims;
pub use key::{KeySet, KeySetError, Material, PublicKey};
pub use local::{KeyError, LocalKeys};
pub use policy::{LEEWAY, Policy};
pub use rejection::Rejection;
pub(crate) use settings::Settings;
pub use settings::SettingsError;
pub(crate) use sign::{sign_jwt, verify_jwt};
pub use token::TOKEN_LIMIT;
