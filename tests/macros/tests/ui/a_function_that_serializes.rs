#[edgepod::data]
pub struct Price {
    #[serde(serialize_with = "as_text")]
    pub cents: i64,
    /// Said: nothing to complain of.
    #[serde(serialize_with = "as_text")]
    #[ts(type = "string")]
    pub tax: i64,
}

fn as_text<S: serde::Serializer>(cents: &i64, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(cents)
}

fn main() {}
