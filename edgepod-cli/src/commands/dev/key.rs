//! The keys of development: the one that clients send, and the one that signs tokens.

use std::path::Path;

use anyhow::Result;
use fs_err as fs;
use rand::distr::{Alphanumeric, SampleString};

use crate::{
    commands::init::secrets,
    env::{self, Vars},
    term,
};

/// The variable that holds it.
pub(crate) const NAME: &str = "EDGEPOD_API_KEY";

/// Where it is kept when it was made here, in the folder `.edgepod`.
const FILE: &str = "dev.env";

/// Random letters and digits in a key: 190 bits.
const LENGTH: usize = 32;

/// The one that a page sends, of those that are set: the first.
pub(crate) fn of_page(keys: &str) -> &str {
    keys.split(',').next().unwrap_or_default().trim()
}

/// A new key.
pub(crate) fn generate() -> String {
    format!("ep_pk_{}", admin())
}

/// A new key to the admin address.
pub(crate) fn admin() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), LENGTH)
}

/// Sees to it that `vars` has a key: the one that is there, else the one kept in `state`, else a new one.
pub(crate) fn ensure(vars: &mut Vars, state: &Path) -> Result<()> {
    if vars.contains_key(NAME) {
        return Ok(());
    }
    let file = state.join(FILE);
    let key = generate();
    let text = format!("# Made by `edgepod dev`. Set {NAME} to use another.\n{NAME}=\"{key}\"\n");
    // Another `edgepod dev` may have made one a moment ago.
    if !file.is_file() && secrets::write_once(&file, &text)? {
        term::status("Created", format_args!("a key, in {}", file.display()));
    }
    let kept = env::read(&file)?.remove(NAME);
    if kept.is_none() {
        fs::write(&file, text)?;
    }
    vars.insert(NAME.to_owned(), kept.unwrap_or(key));
    Ok(())
}

/// The variable of the key that signs tokens.
const PRIVATE: &str = "EDGEPOD_JWT_PRIVATE_KEY";

/// Where that key is kept when it was made here, in the folder `.edgepod`.
const PRIVATE_FILE: &str = "dev.jwt.pem";

/// Sees to it that `vars` says who signs tokens: as it is set, else with the key kept in `state`, else with a new one.
pub(crate) fn ensure_private(vars: &mut Vars, state: &Path) -> Result<()> {
    if vars.contains_key(PRIVATE) || vars.contains_key("EDGEPOD_JWKS_URL") {
        return Ok(());
    }
    let file = state.join(PRIVATE_FILE);
    // Another `edgepod dev` may have made one a moment ago.
    if !file.is_file() && secrets::write_once(&file, &secrets::private_key()?)? {
        term::status(
            "Created",
            format_args!("a private key for tokens, in {}", file.display()),
        );
    }
    vars.insert(PRIVATE.to_owned(), fs::read_to_string(&file)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_made_once_and_another_source_of_tokens_is_left_alone() {
        let state = tempfile::tempdir().unwrap();
        let mut set = Vars::from([("EDGEPOD_JWKS_URL".to_owned(), "https://a".to_owned())]);
        ensure_private(&mut set, state.path()).unwrap();
        assert!(!set.contains_key(PRIVATE) && !state.path().join(PRIVATE_FILE).exists());
        let (mut first, mut second) = (Vars::new(), Vars::new());
        ensure_private(&mut first, state.path()).unwrap();
        ensure_private(&mut second, state.path()).unwrap();
        assert!(first[PRIVATE].starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_eq!(first, second);
    }

    #[test]
    fn a_key_is_made_once_and_then_kept() {
        let state = tempfile::tempdir().unwrap();
        let (mut first, mut second) = (Vars::new(), Vars::new());
        ensure(&mut first, state.path()).unwrap();
        ensure(&mut second, state.path()).unwrap();
        assert!(first[NAME].starts_with("ep_pk_") && first[NAME].len() == "ep_pk_".len() + LENGTH);
        assert_eq!(first, second);
    }

    #[test]
    fn a_key_that_was_set_is_used_and_nothing_is_written() {
        let state = tempfile::tempdir().unwrap();
        let mut vars = Vars::from([(NAME.to_owned(), "ep_pk_mine".to_owned())]);
        ensure(&mut vars, state.path()).unwrap();
        assert_eq!(vars[NAME], "ep_pk_mine");
        assert!(!state.path().join(FILE).exists());
    }

    #[test]
    fn two_that_begin_at_once_have_the_same_keys() {
        let state = tempfile::tempdir().unwrap();
        let begin = || {
            let mut vars = Vars::new();
            ensure(&mut vars, state.path()).unwrap();
            ensure_private(&mut vars, state.path()).unwrap();
            vars
        };
        let all: Vec<Vars> = std::thread::scope(|scope| {
            let beginning: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
            beginning.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(all.iter().all(|vars| *vars == all[0]));
        assert_eq!(all[0].len(), 2);
        // A file without the key is no key.
        fs::write(state.path().join(FILE), "").unwrap();
        assert_ne!(begin()[NAME], "");
    }
}
