//! The engine's own tables, whose names begin with `_edgepod_`: no statement of an app is tracked there. What an app may read of
//! one has topics that the engine itself names and announces.

pub(super) mod idempotency;
pub(super) mod jobs;
mod settings;

pub(super) use settings::topic_key;
