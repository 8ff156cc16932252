//! The functions of SQLite: their names, how many arguments they take, what they give.

use super::types::{Class, Expected};

/// Functions that make one value of many rows.
pub(super) const AGGREGATES: [&str; 14] = [
    "count",
    "sum",
    "total",
    "avg",
    "min",
    "max",
    "group_concat",
    "string_agg",
    "json_group_array",
    "json_group_object",
    "jsonb_group_array",
    "jsonb_group_object",
    "median",
    "percentile",
];

/// Functions that need an OVER.
pub(super) const WINDOWS: [&str; 11] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

/// What the arguments of a function are, where the function says it.
pub(super) fn expected(name: &str) -> Vec<Option<Expected>> {
    let text = Some(Expected::Class(Class::Text));
    let integer = Some(Expected::Class(Class::Integer));
    match name {
        "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "replace" | "instr" | "json_extract"
        | "json_valid" | "json" | "json_array_length" => vec![text.clone(), text.clone(), text],
        "date" | "time" | "datetime" => vec![None, text.clone(), text],
        "strftime" => vec![text.clone(), None, text],
        "substr" => vec![text, integer.clone(), integer],
        "group_concat" | "string_agg" => vec![None, text],
        "ntile" | "zeroblob" | "randomblob" => vec![integer],
        "lag" | "lead" | "nth_value" => vec![None, integer],
        "round" => vec![Some(Expected::Number), integer],
        "abs" => vec![Some(Expected::Number)],
        _ => Vec::new(),
    }
}

pub(super) fn arity(name: &str) -> Option<(usize, usize)> {
    KNOWN
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, least, most, _)| (*least, *most))
}

/// What a function gives.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    Integer,
    /// NULL where an argument is.
    IntegerOrNull,
    /// NULL by its own judgement.
    MaybeInteger,
    Real,
    MaybeReal,
    Text,
    TextOrNull,
    MaybeText,
    Blob,
    Bool,
    /// What its arguments say: see `result`; or what only SQLite knows.
    Unknown,
}

pub(super) const ANY: usize = usize::MAX;

/// The functions, with the fewest and the most arguments.
pub(super) const KNOWN: [(&str, usize, usize, Gives); 98] = [
    ("count", 0, 1, Gives::Integer),
    ("sum", 1, 1, Gives::Unknown),
    ("total", 1, 1, Gives::Real),
    ("avg", 1, 1, Gives::MaybeReal),
    ("min", 1, ANY, Gives::Unknown),
    ("max", 1, ANY, Gives::Unknown),
    ("group_concat", 1, 2, Gives::MaybeText),
    ("string_agg", 2, 2, Gives::MaybeText),
    ("json_group_array", 1, 1, Gives::Text),
    ("json_group_object", 2, 2, Gives::Text),
    ("jsonb_group_array", 1, 1, Gives::Blob),
    ("jsonb_group_object", 2, 2, Gives::Blob),
    ("row_number", 0, 0, Gives::Integer),
    ("rank", 0, 0, Gives::Integer),
    ("dense_rank", 0, 0, Gives::Integer),
    ("percent_rank", 0, 0, Gives::Real),
    ("cume_dist", 0, 0, Gives::Real),
    ("ntile", 1, 1, Gives::Integer),
    ("lag", 1, 3, Gives::Unknown),
    ("lead", 1, 3, Gives::Unknown),
    ("first_value", 1, 1, Gives::Unknown),
    ("last_value", 1, 1, Gives::Unknown),
    ("nth_value", 2, 2, Gives::Unknown),
    ("coalesce", 2, ANY, Gives::Unknown),
    ("ifnull", 2, 2, Gives::Unknown),
    ("nullif", 2, 2, Gives::Unknown),
    ("iif", 2, 3, Gives::Unknown),
    ("if", 2, 3, Gives::Unknown),
    ("abs", 1, 1, Gives::Unknown),
    ("sign", 1, 1, Gives::MaybeInteger),
    ("likely", 1, 1, Gives::Unknown),
    ("unlikely", 1, 1, Gives::Unknown),
    ("round", 1, 2, Gives::Unknown),
    ("ceil", 1, 1, Gives::Unknown),
    ("ceiling", 1, 1, Gives::Unknown),
    ("floor", 1, 1, Gives::Unknown),
    ("trunc", 1, 1, Gives::Unknown),
    ("length", 1, 1, Gives::IntegerOrNull),
    ("octet_length", 1, 1, Gives::IntegerOrNull),
    ("instr", 2, 2, Gives::IntegerOrNull),
    ("unicode", 1, 1, Gives::MaybeInteger),
    ("lower", 1, 1, Gives::TextOrNull),
    ("upper", 1, 1, Gives::TextOrNull),
    ("trim", 1, 2, Gives::TextOrNull),
    ("ltrim", 1, 2, Gives::TextOrNull),
    ("rtrim", 1, 2, Gives::TextOrNull),
    ("replace", 3, 3, Gives::TextOrNull),
    ("substr", 2, 3, Gives::TextOrNull),
    ("substring", 2, 3, Gives::TextOrNull),
    ("char", 0, ANY, Gives::Text),
    ("concat", 1, ANY, Gives::Text),
    ("concat_ws", 2, ANY, Gives::MaybeText),
    ("format", 1, ANY, Gives::MaybeText),
    ("printf", 1, ANY, Gives::MaybeText),
    ("quote", 1, 1, Gives::Text),
    ("hex", 1, 1, Gives::Text),
    ("unhex", 1, 2, Gives::Unknown),
    ("typeof", 1, 1, Gives::Text),
    ("glob", 2, 2, Gives::Bool),
    ("like", 2, 3, Gives::Bool),
    ("random", 0, 0, Gives::Integer),
    ("randomblob", 1, 1, Gives::Blob),
    ("zeroblob", 1, 1, Gives::Blob),
    ("changes", 0, 0, Gives::Integer),
    ("total_changes", 0, 0, Gives::Integer),
    ("last_insert_rowid", 0, 0, Gives::Integer),
    ("date", 0, ANY, Gives::MaybeText),
    ("time", 0, ANY, Gives::MaybeText),
    ("datetime", 0, ANY, Gives::MaybeText),
    ("strftime", 1, ANY, Gives::MaybeText),
    ("timediff", 2, 2, Gives::MaybeText),
    ("julianday", 0, ANY, Gives::MaybeReal),
    ("unixepoch", 0, ANY, Gives::MaybeInteger),
    ("json", 1, 1, Gives::TextOrNull),
    ("jsonb", 1, 1, Gives::Unknown),
    ("json_array", 0, ANY, Gives::Text),
    ("json_object", 0, ANY, Gives::Text),
    ("json_array_length", 1, 2, Gives::MaybeInteger),
    ("json_extract", 2, ANY, Gives::Unknown),
    ("json_insert", 3, ANY, Gives::MaybeText),
    ("json_replace", 3, ANY, Gives::MaybeText),
    ("json_set", 3, ANY, Gives::MaybeText),
    ("json_remove", 1, ANY, Gives::MaybeText),
    ("json_patch", 2, 2, Gives::MaybeText),
    ("json_type", 1, 2, Gives::MaybeText),
    ("json_valid", 1, 2, Gives::Bool),
    ("json_quote", 1, 1, Gives::Text),
    ("pow", 2, 2, Gives::MaybeReal),
    ("power", 2, 2, Gives::MaybeReal),
    ("sqrt", 1, 1, Gives::MaybeReal),
    ("exp", 1, 1, Gives::MaybeReal),
    ("ln", 1, 1, Gives::MaybeReal),
    ("log", 1, 2, Gives::MaybeReal),
    ("mod", 2, 2, Gives::MaybeReal),
    ("pi", 0, 0, Gives::Real),
    ("highlight", 4, 4, Gives::MaybeText),
    ("snippet", 6, 6, Gives::MaybeText),
    ("bm25", 1, ANY, Gives::Real),
];
