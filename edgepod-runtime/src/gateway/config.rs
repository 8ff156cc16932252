//! What the environment tells the gateway.

use crate::auth;

/// The gateway's configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Publishable keys that open the gateway: `EDGEPOD_API_KEY`, several separated by commas while one replaces another.
    pub api_keys: Vec<String>,
    /// How tokens are verified: `EDGEPOD_JWKS_URL`, `EDGEPOD_JWT_PRIVATE_KEY`, `EDGEPOD_JWT_ISSUER`, `EDGEPOD_JWT_AUDIENCE`.
    pub(super) auth: auth::Settings,
}

impl Config {
    /// Reads the configuration from the environment's variables.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let api_keys = var("EDGEPOD_API_KEY")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(str::to_owned)
            .collect();
        Self {
            api_keys,
            auth: auth::Settings::from_vars(&var),
        }
    }

    /// Whether this key opens the gateway. The time it takes does not depend on where a wrong key differs.
    pub(super) fn accepts(&self, key: &str) -> bool {
        use subtle::ConstantTimeEq;

        self.api_keys.iter().fold(false, |found, known| {
            found | bool::from(known.as_bytes().ct_eq(key.as_bytes()))
        })
    }
}
