//! The functions of the program: every attribute registers one, there is no second list.

use std::fmt;

pub use edgepod_manifest::Kind;

use super::{
    ActionCtx, Chain, Ctx, PodDef, QueryCtx, RouteDef, Runner, Step,
    route::{Found, RouteRegistration},
};
use crate::{Error, thin::sorted};

#[cfg(debug_assertions)]
use super::studio;

/// A function, as its attribute registers it.
pub struct FunctionDef {
    /// The public name: camelCase, or what the attribute says.
    pub name: &'static str,
    /// The Rust path, for messages.
    pub rust_name: &'static str,
    /// File and line, for messages.
    pub location: (&'static str, u32),
    /// Whether it is not on the wire: only the app itself calls it.
    pub internal: bool,
    /// What runs it, where it may be a job.
    #[doc(hidden)]
    pub runner: Option<&'static Runner>,
    /// What it does, and so its kind.
    pub work: Work,
}

/// What a function does, by its kind: each has a context of its own.
pub enum Work {
    /// A query's.
    Query(Chain<QueryCtx>),
    /// A function's.
    Function(Chain<Ctx>),
    /// An action's.
    Action(Chain<ActionCtx>),
}

impl FunctionDef {
    /// What it may do.
    pub const fn kind(&self) -> Kind {
        match self.work {
            Work::Query(_) => Kind::Query,
            Work::Function(_) => Kind::Function,
            Work::Action(_) => Kind::Action,
        }
    }

    /// It, as the engine takes it.
    pub const fn callee(&'static self) -> Callee {
        match &self.work {
            Work::Query(chain) => Callee::AtOnce(AtOnce::Query(Typed {
                definition: self,
                chain,
            })),
            Work::Function(chain) => Callee::AtOnce(AtOnce::Function(Typed {
                definition: self,
                chain,
            })),
            Work::Action(chain) => Callee::Action(Typed {
                definition: self,
                chain,
            }),
        }
    }
}

/// A function, by how it runs.
#[derive(Clone, Copy)]
pub enum Callee {
    /// It is done when [`Engine::call`](super::Engine::call) returns.
    AtOnce(AtOnce),
    /// It may await, in [`Engine::call_action`](super::Engine::call_action).
    Action(Typed<ActionCtx>),
}

/// A function that is done at once.
#[derive(Clone, Copy)]
pub enum AtOnce {
    /// A query.
    Query(Typed<QueryCtx>),
    /// A function.
    Function(Typed<Ctx>),
}

impl AtOnce {
    /// Its public name.
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    pub(super) const fn definition(self) -> &'static FunctionDef {
        match self {
            Self::Query(query) => query.definition,
            Self::Function(function) => function.definition,
        }
    }
}

/// A function that takes the context `C`.
pub struct Typed<C: 'static> {
    pub(super) definition: &'static FunctionDef,
    pub(super) chain: &'static Chain<C>,
}

impl<C> Clone for Typed<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Typed<C> {}

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
    pub steps: &'static [Step<QueryCtx>],
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
    /// Two routes take the same requests.
    DuplicateRoute {
        /// The method and the path of the first.
        name: &'static str,
        /// Both routes, with file and line.
        places: [String; 2],
    },
    /// There is no `edgepod::app!()`.
    NoApp,
    /// There is more than one `edgepod::app!()`.
    SeveralApps {
        /// Two of the places.
        places: [String; 2],
    },
    /// There is more than one `#[edgepod::pod]` or `edgepod::app!(pod = …)`.
    SeveralPods {
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
            RegistryError::DuplicateRoute { name, places } => write!(
                f,
                "Two routes take `{name}`: {} and {}. Remove one, or give it another method or path.",
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
            RegistryError::SeveralPods { places } => write!(
                f,
                "Two things say which pod a request is for: {} and {}. Keep one `#[edgepod::pod]`, or `edgepod::app!(pod = …)`.",
                places[0], places[1]
            ),
        }
    }
}

impl std::error::Error for RegistryError {}

/// A place, for messages.
pub(super) fn place((file, line): (&str, u32)) -> String {
    format!("{file}:{line}")
}

/// What is said where there is no function of a name, or none that a client may call.
pub(crate) fn no_function(name: &str) -> Error {
    Error::not_found(format!("There is no function `{name}`."))
}

/// All functions of the program by public name.
pub struct Registry {
    /// Those that clients may call, by name.
    functions: Vec<&'static FunctionDef>,
    /// The others, by name.
    internal: Vec<&'static FunctionDef>,
    /// Of those that take a request, the first is meant.
    routes: Vec<&'static RouteDef>,
    app: &'static AppDef,
    pod: Option<&'static PodDef>,
}

impl Registry {
    /// Collects what the attributes registered.
    ///
    /// # Errors
    /// Two functions with one public name; no `app!()`, or two; two rules for pods.
    pub fn collect() -> Result<Self, RegistryError> {
        let apps = sorted(inventory::iter::<AppDef>(), |app| app.location);
        let app = match apps[..] {
            [] => return Err(RegistryError::NoApp),
            [app] => app,
            [a, b, ..] => {
                return Err(RegistryError::SeveralApps {
                    places: [a, b].map(|app| place(app.location)),
                });
            }
        };
        let pods = sorted(inventory::iter::<PodDef>(), |pod| pod.location);
        if let [a, b, ..] = pods[..] {
            return Err(RegistryError::SeveralPods {
                places: [a, b].map(PodDef::place),
            });
        }
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
            routes: routes()?,
            app,
            pod: pods.first().copied(),
        })
    }

    /// The function that clients call by this name. There is none where it is internal.
    pub fn get(&self, name: &str) -> Option<&'static FunctionDef> {
        let place = self.functions.binary_search_by(|def| def.name.cmp(name));
        place.ok().map(|place| self.functions[place])
    }

    /// The function of this name, an internal one as well: for calls of the app's own.
    pub fn any(&self, name: &str) -> Option<&'static FunctionDef> {
        let known = self.get(name).or_else(|| {
            let place = self.internal.binary_search_by(|def| def.name.cmp(name));
            place.ok().map(|place| self.internal[place])
        });
        #[cfg(debug_assertions)]
        let known = known.or_else(|| studio::function(name));
        known
    }

    /// The functions that clients may call, sorted by public name.
    pub fn functions(&self) -> &[&'static FunctionDef] {
        &self.functions
    }

    /// The functions that only the app itself calls, sorted by public name.
    pub fn internal(&self) -> &[&'static FunctionDef] {
        &self.internal
    }

    /// The routes, those first that are meant where several take a request.
    pub fn routes(&self) -> &[&'static RouteDef] {
        &self.routes
    }

    /// The route of this method and this path as it is written.
    pub fn route(&self, name: &str) -> Option<&'static RouteDef> {
        self.routes.iter().copied().find(|route| route.name == name)
    }

    /// What takes a request.
    pub fn find(&self, method: &str, path: &str) -> Found {
        match self.routes.first() {
            Some(any) => (any.router.find)(&self.routes, method, path),
            None => Found::Nothing,
        }
    }

    /// How the pod of a request is found; without it there is one.
    pub fn pod(&self) -> Option<&'static PodDef> {
        self.pod
    }

    /// Whether there may be jobs.
    pub fn has_jobs(&self) -> bool {
        self.runner().is_some()
    }

    /// What runs them.
    pub(super) fn runner(&self) -> Option<&'static Runner> {
        let mut all = self.functions.iter().chain(&self.internal);
        all.find_map(|def| def.runner)
    }

    /// What `app!()` says.
    pub fn app(&self) -> &'static AppDef {
        self.app
    }
}

/// The routes of the program, each once.
fn routes() -> Result<Vec<&'static RouteDef>, RegistryError> {
    let mut routes = Vec::new();
    for RouteRegistration(route) in inventory::iter::<RouteRegistration>() {
        routes.push(*route);
    }
    match routes.first() {
        Some(any) => (any.router.sorted)(routes),
        None => Ok(routes),
    }
}
