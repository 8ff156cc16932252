//! Keys that open something for whoever has them: a device's account, an organisation's door.

use base16ct::lower::encode_string;
use edgepod::prelude::*;
use sha2::{Digest as _, Sha256};

/// A key of this many random bytes, as text.
pub(crate) fn new<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("the system has no random numbers: {error}")))?;
    Ok(encode_string(&bytes))
}

/// What is stored of a key. It is random, so that nobody can guess it from this, and no salt is needed.
pub(crate) fn hash(key: &str) -> String {
    encode_string(&Sha256::digest(key.as_bytes()))
}
