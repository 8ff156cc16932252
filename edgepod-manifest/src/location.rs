//! Where Cloudflare is asked to make an object.

/// Where Cloudflare is asked to make what is new: a wish, for speed, that means nothing to what exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocationHint {
    /// Western North America.
    Wnam,
    /// Eastern North America.
    Enam,
    /// South America.
    Sam,
    /// Western Europe.
    Weur,
    /// Eastern Europe.
    Eeur,
    /// Asia-Pacific.
    Apac,
    /// Oceania.
    Oc,
    /// Africa.
    Afr,
    /// The Middle East.
    Me,
}

impl LocationHint {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Wnam,
        Self::Enam,
        Self::Sam,
        Self::Weur,
        Self::Eeur,
        Self::Apac,
        Self::Oc,
        Self::Afr,
        Self::Me,
    ];

    /// Cloudflare's code of it, as in Cargo.toml.
    ///
    /// ```
    /// assert_eq!(edgepod_manifest::LocationHint::Weur.as_str(), "weur");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wnam => "wnam",
            Self::Enam => "enam",
            Self::Sam => "sam",
            Self::Weur => "weur",
            Self::Eeur => "eeur",
            Self::Apac => "apac",
            Self::Oc => "oc",
            Self::Afr => "afr",
            Self::Me => "me",
        }
    }

    /// What it means, in words.
    ///
    /// ```
    /// assert_eq!(edgepod_manifest::LocationHint::Weur.meaning(), "western Europe");
    /// ```
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Wnam => "western North America",
            Self::Enam => "eastern North America",
            Self::Sam => "South America",
            Self::Weur => "western Europe",
            Self::Eeur => "eastern Europe",
            Self::Apac => "Asia-Pacific",
            Self::Oc => "Oceania",
            Self::Afr => "Africa",
            Self::Me => "the Middle East",
        }
    }
}
