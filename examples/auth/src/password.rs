//! Passwords, hashed with Argon2id.
//!
//! A hash is slow on purpose, so actions compute it in `ctx.blocking(…)`, and the database serves others meanwhile. It is computed
//! in Rust: WebCrypto on Workers offers PBKDF2 alone, with at most 100,000 rounds, a sixth of what OWASP asks for. Of OWASP's settings for Argon2id this is
//! the one with the least memory, 7 MiB: a Worker has 128 MB, and its memory never shrinks. A hash takes some tens of
//! milliseconds of CPU time: more than the 10 ms of Workers' free plan, little for the paid one.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use edgepod::prelude::*;

/// In KiB, rounds and lanes.
const COST: (u32, u32, u32) = (7 * 1024, 5, 1);

/// A hash of "nobody", at the same cost.
const NOBODY: &str = "$argon2id$v=19$m=7168,t=5,p=1$4f1N33DbsjRodx7X4/ic9g$pjisiVs4dK4tZneAJxY4zAj22P8DwXQuAItDIW7C0xg";

/// The hash of a password with a new salt, as a PHC string: it holds the settings, so they may be raised one day.
pub fn hash(password: &str) -> Result<String> {
    let (memory, rounds, lanes) = COST;
    let params = Params::new(memory, rounds, lanes, None)
        .map_err(|error| Error::internal(format!("the settings of Argon2: {error}")))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal(format!("a password cannot be hashed: {error}")))
}

/// Whether the password is the one that was hashed. Without a hash it is wrong, and takes as long: the time tells nobody
/// whether an account exists.
pub fn is_right(password: &str, hash: Option<&str>) -> bool {
    let right = PasswordHash::new(hash.unwrap_or(NOBODY)).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    });
    right && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_another_hash_every_time_and_each_knows_it() {
        let hashes = [
            hash("correct horse").unwrap(),
            hash("correct horse").unwrap(),
        ];
        assert_ne!(hashes[0], hashes[1]);
        for hash in &hashes {
            assert!(is_right("correct horse", Some(hash)));
            assert!(!is_right("correct hors", Some(hash)));
        }
    }

    #[test]
    fn without_an_account_the_same_work_is_done_and_nothing_is_right() {
        let settings = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(settings(NOBODY), settings(&hash("nobody").unwrap()));
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!is_right("nobody", None));
    }
}
