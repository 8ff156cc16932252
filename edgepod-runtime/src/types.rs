//! TypeScript types of the runtime's own types.

use ts_rs::{Config, TS};

use crate::db::Timestamp;

impl TS for Timestamp {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(_: &Config) -> String {
        "string".to_owned()
    }

    fn inline(cfg: &Config) -> String {
        Self::name(cfg)
    }
}
