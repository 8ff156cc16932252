//! Two types with one name in TypeScript: the manifest says so, rather than describing one of them as the other.

use edgepod::prelude::*;

mod shop {
    #[edgepod::data]
    pub struct Item {
        pub price: i64,
    }
}

mod todo {
    #[edgepod::data]
    pub struct Item {
        pub done: bool,
    }
}

#[edgepod::query]
async fn items(_ctx: &QueryCtx) -> Result<Vec<shop::Item>> {
    Ok(Vec::new())
}

#[edgepod::query]
async fn tasks(_ctx: &QueryCtx) -> Result<Option<todo::Item>> {
    Ok(None)
}

edgepod::app!();

#[test]
fn both_types_are_named() {
    let message = edgepod_runtime::manifest::manifest()
        .unwrap_err()
        .to_string();
    for part in ["`Item`", "shop::Item", "todo::Item"] {
        assert!(message.contains(part), "{part} is missing: {message}");
    }
}
