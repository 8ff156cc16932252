//! Two functions with one public name: a message before the first request, with both places.

use edgepod::prelude::*;
use edgepod_runtime::engine::{Registry, RegistryError};

mod users {
    use super::*;

    #[edgepod::query]
    pub async fn list_all(_ctx: &QueryCtx) -> Result<i64> {
        Ok(1)
    }
}

mod posts {
    use super::*;

    #[edgepod::function(name = "listAll")]
    pub async fn list_posts(_ctx: &Ctx) -> Result<i64> {
        Ok(2)
    }
}

edgepod::app!();

#[test]
fn both_places_are_named() {
    let error = Registry::collect().err().expect("the names clash");
    assert!(matches!(
        error,
        RegistryError::DuplicateName {
            name: "listAll",
            ..
        }
    ));
    let message = error.to_string();
    for part in [
        "`listAll`",
        "duplicate_names::users::list_all",
        "duplicate_names::posts::list_posts",
        "duplicate_names.rs:10)",
        "duplicate_names.rs:19)",
    ] {
        assert!(message.contains(part), "{part} is missing: {message}");
    }
}
