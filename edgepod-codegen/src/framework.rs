//! What a front end is made with, and so what the generated client is made for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::npm::NpmDependency;

/// What a front end is made with. `[package.metadata.edgepod] framework` names it.
///
/// ```
/// use edgepod_codegen::Framework;
///
/// assert_eq!("vue".parse(), Ok(Framework::Vue));
/// let error = "angular".parse::<Framework>().unwrap_err();
/// assert_eq!(error.to_string(), "there is no client for `angular`: it is react, vue, svelte, solid or none");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Framework {
    /// React 18 or 19.
    #[default]
    React,
    /// Vue 3.5 or later.
    Vue,
    /// Svelte 5.
    Svelte,
    /// Solid 1.
    Solid,
    /// None: plain TypeScript.
    None,
}

impl Framework {
    /// Every framework.
    pub const ALL: [Self; 5] = [
        Self::React,
        Self::Vue,
        Self::Svelte,
        Self::Solid,
        Self::None,
    ];

    /// The name that selects it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::React => "react",
            Self::Vue => "vue",
            Self::Svelte => "svelte",
            Self::Solid => "solid",
            Self::None => "none",
        }
    }

    /// The folder of the client's source that is for it alone.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::None => "plain",
            other => other.as_str(),
        }
    }

    /// The package that TanStack Query comes from: one package to install, and one copy of the query core.
    pub(crate) const fn tanstack(self) -> &'static str {
        self.npm_dependencies()[0].name
    }

    /// The npm packages that a front end with a generated client has to depend on.
    ///
    /// ```
    /// for package in edgepod_codegen::Framework::Vue.npm_dependencies() {
    ///     println!("npm install {}@\"{}\"", package.name, package.version);
    /// }
    /// ```
    pub const fn npm_dependencies(self) -> &'static [NpmDependency] {
        const fn package(name: &'static str, version: &'static str) -> NpmDependency {
            NpmDependency { name, version }
        }
        match self {
            Self::React => {
                const {
                    &[
                        package("@tanstack/react-query", "^5.108.0"),
                        package("react", "^18.2.0 || ^19.0.0"),
                    ]
                }
            }
            Self::Vue => {
                const {
                    &[
                        package("@tanstack/vue-query", "^5.104.0"),
                        package("vue", "^3.5.0"),
                    ]
                }
            }
            Self::Svelte => {
                const {
                    &[
                        package("@tanstack/svelte-query", "^6.3.0"),
                        package("svelte", "^5.25.0"),
                    ]
                }
            }
            Self::Solid => {
                const {
                    &[
                        package("@tanstack/solid-query", "^5.104.0"),
                        package("solid-js", "^1.9.0"),
                    ]
                }
            }
            Self::None => const { &[package("@tanstack/query-core", "^5.108.0")] },
        }
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Framework> for &'static str {
    fn from(framework: Framework) -> Self {
        framework.as_str()
    }
}

/// A name that no [`Framework`] has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no client for `{0}`: it is react, vue, svelte, solid or none")]
pub struct UnknownFramework(String);

impl FromStr for Framework {
    type Err = UnknownFramework;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|framework| framework.as_str() == name)
            .ok_or_else(|| UnknownFramework(name.to_owned()))
    }
}

impl TryFrom<String> for Framework {
    type Error = UnknownFramework;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}
