//! The functions of the program: every attribute registers one, there is no second list.

use std::fmt;

pub use edgepod_manifest::Kind;

use super::{Handler, Step};
use crate::thin::sorted;

/// A function, as its attribute registers it.
pub struct FunctionDef {
    /// The public name: camelCase, or what the attribute says.
    pub name: &'static str,
    /// The Rust path, for messages.
    pub rust_name: &'static str,
    /// File and line, for messages.
    pub location: (&'static str, u32),
    /// What it may do.
    pub kind: Kind,
    /// Whether it is not on the wire: only the app itself calls it.
    pub internal: bool,
    /// Its middleware, outermost first.
    pub steps: &'static [Step],
    /// The function itself.
    pub handler: Handler,
}

/// A function, among those of the program.
pub struct FunctionRegistration(pub &'static FunctionDef);

inventory::collect!(FunctionRegistration);

/// What `edgepod::app!()` registers: once in a program.
pub struct AppDef {
    /// The crate's name.
    pub name: &'static str,
    /// File and line, for messages.
    pub location: (&'static str, u32),
    /// Middleware around every function, outermost first.
    pub steps: &'static [Step],
}

inventory::collect!(AppDef);

/// The registered functions do not make an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryError {
    /// Two functions have one public name.
    DuplicateName {
        /// The name.
        name: &'static str,
        /// Both functions, with file and line.
        places: [String; 2],
    },
    /// There is no `edgepod::app!()`.
    NoApp,
    /// There is more than one `edgepod::app!()`.
    SeveralApps {
        /// Two of the places.
        places: [String; 2],
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegistryError::DuplicateName { name, places } => write!(
                f,
                "Two functions have the public name `{name}`: {} and {}. Rename one, or give it another name with \
                 `name = \"…\"` in its attribute.",
                places[0], places[1]
            ),
            RegistryError::NoApp => f.write_str(
                "The crate has no `edgepod::app!()`: put that line into its src/lib.rs (or src/main.rs).",
            ),
            RegistryError::SeveralApps { places } => write!(
                f,
                "`edgepod::app!()` stands in two places: {} and {}. Remove one.",
                places[0], places[1]
            ),
        }
    }
}

impl std::error::Error for RegistryError {}

/// All functions of the program by public name.
pub struct Registry {
    /// Those that clients may call, by name.
    functions: Vec<&'static FunctionDef>,
    /// The others, by name.
    internal: Vec<&'static FunctionDef>,
    app: &'static AppDef,
}

impl Registry {
    /// Collects what the attributes registered.
    ///
    /// # Errors
    /// Two functions with one public name; no `app!()`, or two.
    pub fn collect() -> Result<Self, RegistryError> {
        let apps = sorted(inventory::iter::<AppDef>(), |app| app.location);
        let app = match apps[..] {
            [] => return Err(RegistryError::NoApp),
            [app] => app,
            [a, b, ..] => {
                return Err(RegistryError::SeveralApps {
                    places: [a, b].map(|app| format!("{}:{}", app.location.0, app.location.1)),
                });
            }
        };
        // The order of registration is unspecified; sorted, the same two places are always named.
        let registered = inventory::iter::<FunctionRegistration>().map(|registered| registered.0);
        let functions = sorted(registered, |def| (def.name, def.location));
        if let Some([a, b]) = functions
            .windows(2)
            .find(|pair| pair[0].name == pair[1].name)
        {
            return Err(RegistryError::DuplicateName {
                name: a.name,
                places: [a, b].map(|def| {
                    format!(
                        "`{}` ({}:{})",
                        def.rust_name, def.location.0, def.location.1
                    )
                }),
            });
        }
        let (internal, functions) = functions.into_iter().partition(|def| def.internal);
        Ok(Self {
            functions,
            internal,
            app,
        })
    }

    /// The function that clients call by this name. There is none where it is internal.
    pub fn get(&self, name: &str) -> Option<&'static FunctionDef> {
        let place = self.functions.binary_search_by(|def| def.name.cmp(name));
        place.ok().map(|place| self.functions[place])
    }

    /// The functions that clients may call, sorted by public name.
    pub fn functions(&self) -> &[&'static FunctionDef] {
        &self.functions
    }

    /// The functions that only the app itself calls, sorted by public name.
    pub fn internal(&self) -> &[&'static FunctionDef] {
        &self.internal
    }

    /// What `app!()` says.
    pub fn app(&self) -> &'static AppDef {
        self.app
    }
}
