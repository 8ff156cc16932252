//! The engine's own tables, whose names begin with `_edgepod_`: tracked by nobody, announced to nobody.

mod settings;

pub(super) use settings::topic_key;
