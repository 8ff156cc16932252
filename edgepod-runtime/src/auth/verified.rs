//! Tokens that were verified, so that the next call with one costs a look-up.

use std::{collections::HashMap, ops::Range};

use super::Claims;

/// Tokens that are kept in one generation; twice as many at most.
const GENERATION: usize = 512;

struct Entry {
    claims: Claims,
    /// When it is good, in milliseconds since 1970.
    good: Range<i64>,
}

/// Two generations: what was not used while the younger one filled up is forgotten.
#[derive(Default)]
pub(super) struct Verified {
    young: HashMap<Box<str>, Entry>,
    old: HashMap<Box<str>, Entry>,
}

/// What is known of a token.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    Valid(Claims),
    Expired,
}

impl Verified {
    pub(super) fn get(&mut self, token: &str, now: i64) -> Option<Known> {
        if !self.young.contains_key(token) {
            let (token, entry) = self.old.remove_entry(token)?;
            self.put(token, entry);
        }
        let entry = self.young.get(token)?;
        if now >= entry.good.end {
            self.young.remove(token);
            return Some(Known::Expired);
        }
        // The clock was set back.
        if now < entry.good.start {
            return None;
        }
        Some(Known::Valid(entry.claims.clone()))
    }

    pub(super) fn insert(&mut self, token: &str, claims: Claims, good: Range<i64>) {
        self.put(token.into(), Entry { claims, good });
    }

    fn put(&mut self, token: Box<str>, entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, entry);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_until_it_expires() {
        let mut verified = Verified::default();
        verified.insert("a", Claims::default(), 0..10);
        assert_eq!(verified.get("a", 9), Some(Known::Valid(Claims::default())));
        assert_eq!(verified.get("a", 10), Some(Known::Expired));
        assert_eq!(verified.get("a", 9), None);
    }

    #[test]
    fn what_is_used_stays_and_the_rest_makes_room() {
        let mut verified = Verified::default();
        verified.insert("used", Claims::default(), 0..10);
        verified.insert("unused", Claims::default(), 0..10);
        for i in 0..10 * GENERATION {
            verified.insert(&i.to_string(), Claims::default(), 0..10);
            assert!(verified.get("used", 0).is_some());
            assert!(verified.young.len() + verified.old.len() <= 2 * GENERATION);
        }
        assert_eq!(verified.get("unused", 0), None);
    }
}
