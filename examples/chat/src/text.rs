//! What clients write.

use edgepod::prelude::*;

/// A text of a client's, without the spaces around it.
pub(crate) fn text(text: &str, what: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if (1..=most).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(Error::bad_request(format!(
            "A {what} has 1 to {most} characters."
        )))
    }
}
