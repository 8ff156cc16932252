//! Mistakes made on purpose, of which the simulation has to find each (`cargo xtask simulate --planted`). Without the feature
//! `planted` nothing of them is compiled.

#[cfg(feature = "planted")]
mod plants {
    use std::sync::{Mutex, PoisonError};

    static PLANTED: Mutex<Option<String>> = Mutex::new(None);

    /// Has this mistake made from now on, and no other.
    pub fn plant(name: Option<&str>) {
        *PLANTED.lock().unwrap_or_else(PoisonError::into_inner) = name.map(str::to_owned);
    }

    pub(crate) fn is(name: &str) -> bool {
        PLANTED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_deref()
            == Some(name)
    }
}

#[cfg(feature = "planted")]
pub(crate) use plants::is;
#[cfg(feature = "planted")]
pub use plants::plant;

/// Whether this mistake is to be made.
#[cfg(not(feature = "planted"))]
pub(crate) const fn is(_name: &str) -> bool {
    false
}
