//! What the environment says about tokens.

use std::fmt;

use super::{
    AddressError, Authenticator, KeyError, LocalKeys, Mode, Policy, check_address, policy::LEEWAY,
};

/// The variables that decide how tokens are verified, as they are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) jwks_url: Option<String>,
    pub(crate) private_key: Option<String>,
    pub(crate) policy: Policy,
}

/// The settings of tokens cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// `EDGEPOD_JWKS_URL` is none that may be asked: why.
    Url(AddressError),
    /// `EDGEPOD_JWT_PRIVATE_KEY` is no key.
    Key(KeyError),
    /// Tokens come from two places.
    Both,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(why) => write!(f, "EDGEPOD_JWKS_URL {why}."),
            Self::Key(error) => error.fmt(f),
            Self::Both => f.write_str(
                "EDGEPOD_JWKS_URL and EDGEPOD_JWT_PRIVATE_KEY are both set. Tokens come from another issuer or from this app: \
                 unset one.",
            ),
        }
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    pub(crate) fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| {
            var(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        Self {
            jwks_url: set("EDGEPOD_JWKS_URL"),
            private_key: set("EDGEPOD_JWT_PRIVATE_KEY"),
            policy: Policy {
                issuer: set("EDGEPOD_JWT_ISSUER"),
                audiences: set("EDGEPOD_JWT_AUDIENCE")
                    .iter()
                    .flat_map(|audiences| audiences.split(','))
                    .map(|audience| audience.trim().to_owned())
                    .filter(|audience| !audience.is_empty())
                    .collect(),
                leeway: 0,
            },
        }
    }

    /// An authenticator of these settings.
    ///
    /// # Errors
    /// Settings that contradict each other, or cannot be used: which and why.
    pub(crate) fn authenticator(self) -> Result<Authenticator, SettingsError> {
        let mode = match (self.jwks_url, self.private_key) {
            (None, None) => Mode::None,
            (Some(url), None) => {
                // Whoever answers there decides who may sign in. The URL is in the log when keys cannot be fetched, so it has no
                // password.
                check_address(&url).map_err(SettingsError::Url)?;
                Mode::Remote {
                    url,
                    policy: Policy {
                        leeway: LEEWAY,
                        ..self.policy
                    },
                }
            }
            (None, Some(key)) => Mode::Local {
                keys: LocalKeys::parse(&key).map_err(SettingsError::Key)?,
                policy: self.policy,
            },
            (Some(_), Some(_)) => return Err(SettingsError::Both),
        };
        Ok(Authenticator::new(mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(vars: &[(&str, &str)]) -> Result<Authenticator, SettingsError> {
        Settings::from_vars(|name| {
            vars.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
        .authenticator()
    }

    #[test]
    fn keys_are_fetched_from_this_machine_or_over_tls() {
        for url in [
            "https://issuer.example/.well-known/jwks.json",
            "http://127.0.0.1:9000/jwks",
            "http://localhost/jwks",
            "http://[::1]:9000/jwks",
        ] {
            assert!(made(&[("EDGEPOD_JWKS_URL", url)]).unwrap().is_on(), "{url}");
        }
        for url in [
            "http://issuer.example/jwks",
            "http://localhost@evil.example/jwks",
            "http://localhost.evil.example/jwks",
            "http://127.0.0.1@evil.example",
            "http://localhost:x@evil.example/",
            "http://[::1]@evil.example/",
            "https://user:password@issuer.example/jwks",
            "http://[::1].evil.example/",
            "http://[::1].evil.example:80/",
            "http:localhost",
            "//localhost/jwks",
            "ftp://localhost/jwks",
            "https://",
            "issuer.example",
        ] {
            let error = made(&[("EDGEPOD_JWKS_URL", url)])
                .err()
                .expect(url)
                .to_string();
            assert!(!error.contains("password"), "{error}");
        }
    }

    #[test]
    fn one_source_of_tokens_or_none() {
        assert!(!made(&[("EDGEPOD_JWKS_URL", " ")]).unwrap().is_on());
        let error = made(&[
            ("EDGEPOD_JWKS_URL", "https://a.example"),
            ("EDGEPOD_JWT_PRIVATE_KEY", "{}"),
        ])
        .err()
        .unwrap();
        assert_eq!(error, SettingsError::Both);
    }
}
