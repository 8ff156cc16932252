//! Kinds of functions.

/// What a function may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
pub enum Kind {
    /// Reads. Callable with GET; the client caches its result and keeps it fresh.
    Query,
    /// Reads and writes in one transaction.
    Function,
    /// Awaits the outside world, and writes through `ctx.transaction`.
    Action,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Query, Self::Function, Self::Action];

    /// The kind's name: that of its attribute, in the manifest and in TypeScript.
    ///
    /// ```
    /// assert_eq!(edgepod_manifest::Kind::Query.as_str(), "query");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Function => "function",
            Self::Action => "action",
        }
    }

    /// What it may do, for whoever calls it.
    ///
    /// ```
    /// assert_eq!(edgepod_manifest::Kind::Query.docs(), "Only reads.");
    /// ```
    pub const fn docs(self) -> &'static str {
        match self {
            Self::Query => "Only reads.",
            Self::Function => "Reads and writes in one transaction.",
            Self::Action => "May await the outside world.",
        }
    }
}
