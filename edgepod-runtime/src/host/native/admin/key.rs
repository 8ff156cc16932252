//! The key of the admin address.

use std::{collections::HashMap, fmt};

use edgepod_manifest::ADMIN_KEY as NAME;
use subtle::ConstantTimeEq as _;

use crate::gateway::ADMIN_KEY_LENGTH;

/// The key. It is shown nowhere.
pub(in crate::host::native) struct Key(String);

impl Key {
    /// The one that the environment has, if it has one.
    ///
    /// # Errors
    /// One that could be guessed, or that no header carries.
    pub(in crate::host::native) fn from_vars(
        vars: &HashMap<String, String>,
    ) -> Result<Option<Self>, AdminKeyError> {
        let Some(key) = vars.get(NAME).map(|key| key.trim()) else {
            return Ok(None);
        };
        match key {
            "" => Ok(None),
            key if key.len() < ADMIN_KEY_LENGTH
                || !key.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Err(AdminKeyError)
            }
            key => Ok(Some(Self(key.to_owned()))),
        }
    }

    /// Whether it is this one. How long that takes does not depend on where a wrong one differs.
    pub(in crate::host::native) fn is_in(&self, sent: Option<&str>) -> bool {
        sent.is_some_and(|sent| self.0.as_bytes().ct_eq(sent.as_bytes()).into())
    }
}

/// `EDGEPOD_ADMIN_KEY` is too short, or has characters that no header carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminKeyError;

impl fmt::Display for AdminKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{NAME} is no key: it has {ADMIN_KEY_LENGTH} visible ASCII characters at least, such as `openssl rand -hex 32` makes. Leave it out, and \
             there is no admin address."
        )
    }
}

impl std::error::Error for AdminKeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Option<Key>, AdminKeyError> {
        Key::from_vars(&HashMap::from([(NAME.to_owned(), text.to_owned())]))
    }

    #[test]
    fn a_key_has_32_characters_and_is_the_whole_of_what_was_sent() {
        assert!(Key::from_vars(&HashMap::new()).unwrap().is_none());
        assert!(key(" ").unwrap().is_none());
        let text = "k".repeat(ADMIN_KEY_LENGTH);
        for wrong in [&text[1..], &format!("{text} k"), &format!("{text}é")] {
            let error = key(wrong).err().expect("it is refused").to_string();
            assert!(error.contains("32") && !error.contains("kkk"), "{error}");
        }
        let key = key(&format!(" {text}\n")).unwrap().expect("a key");
        assert!(key.is_in(Some(&text)));
        for wrong in [None, Some(""), Some(&text[1..]), Some("K")] {
            assert!(!key.is_in(wrong));
        }
        assert!(!key.is_in(Some(&format!("{text}k"))));
    }
}
