//! The key that clients send in development.

use std::path::Path;

use anyhow::Result;
use fs_err as fs;
use rand::distr::{Alphanumeric, SampleString};

use crate::env::{self, Vars};
use crate::term;

/// The variable that holds it.
pub(crate) const NAME: &str = "EDGEPOD_API_KEY";

/// Where it is kept when it was made here, in the folder `.edgepod`.
const FILE: &str = "dev.env";

/// Random letters and digits in a key: 190 bits.
const LENGTH: usize = 32;

/// A new key.
pub(crate) fn generate() -> String {
    format!(
        "ep_pk_{}",
        Alphanumeric.sample_string(&mut rand::rng(), LENGTH)
    )
}

/// Sees to it that `vars` has a key: the one that is there, else the one kept in `state`, else a new one.
pub(crate) fn ensure(vars: &mut Vars, state: &Path) -> Result<()> {
    if vars.contains_key(NAME) {
        return Ok(());
    }
    let file = state.join(FILE);
    if file.is_file()
        && let Some(key) = env::read(&file)?.remove(NAME)
    {
        vars.insert(NAME.to_owned(), key);
        return Ok(());
    }
    let key = generate();
    fs::write(
        &file,
        format!("# Made by `edgepod dev`. Set {NAME} to use another.\n{NAME}=\"{key}\"\n"),
    )?;
    term::status("Created", format_args!("a key, in {}", file.display()));
    vars.insert(NAME.to_owned(), key);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
