//! What functions take and return, in TypeScript: attributes register it, the manifest collects it.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashSet},
    fmt,
};

use edgepod_manifest::{Argument, NamedType};
use ts_rs::{Config, TS, TypeVisitor};

use super::{names, unions};

/// The names and types of a function, as its attribute registers them beside the function itself. Only natively: a Worker
/// carries no TypeScript.
pub struct FunctionTypes {
    /// The public name.
    pub name: &'static str,
    /// The doc comment, lines separated by `\n`; empty for none.
    pub docs: &'static str,
    /// The middleware around it, outermost first, as it is written.
    pub middleware: &'static [&'static str],
    /// Adds the types to a description and returns how they are named.
    pub describe: fn(&mut Types) -> Signature,
}

inventory::collect!(FunctionTypes);

/// The middleware around every function, outermost first, as `edgepod::app!` registers it. Only natively.
pub struct AppMiddleware(pub &'static [&'static str]);

inventory::collect!(AppMiddleware);

/// An enum of errors, as `#[edgepod::error]` registers it. Only natively.
pub struct ErrorTypes {
    /// Which type it is.
    pub id: fn() -> TypeId,
    /// Adds it to a description and returns how it is named.
    pub describe: fn(&mut Types) -> String,
}

inventory::collect!(ErrorTypes);

/// A member of a union of errors.
pub fn error_member(code: &str, data: Option<String>) -> String {
    match data {
        Some(data) => format!("{{ code: \"{code}\", data: {data} }}"),
        None => format!("{{ code: \"{code}\", data?: undefined }}"),
    }
}

/// Arguments and result of a function, in TypeScript.
#[derive(Debug, PartialEq, Eq)]
pub struct Signature {
    /// The arguments, in order.
    pub args: Vec<Argument>,
    /// The result's type.
    pub returns: String,
    /// The type of the function's own error, where it has one.
    pub error: Option<String>,
}

/// Collects the declarations of all types that functions mention.
pub struct Types {
    config: Config,
    declarations: BTreeMap<String, Declaration>,
    /// The types that were looked at. One may hold itself, at any depth: nothing else ends the walk.
    seen: HashSet<TypeId>,
    clash: Option<Clash>,
}

/// A declaration, and the Rust type that it is of.
struct Declaration {
    rust_name: &'static str,
    named: NamedType,
}

/// Why types cannot be declared together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// A name has another meaning in TypeScript, or in the client.
    Taken {
        /// The Rust type.
        rust_name: &'static str,
        /// Its name in TypeScript.
        name: String,
        /// What the name means.
        why: &'static str,
    },
    /// Two types have one name.
    Twice {
        /// Their name in TypeScript.
        name: String,
        /// The Rust types.
        rust_names: [&'static str; 2],
    },
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken {
                rust_name,
                name,
                why,
            } => write!(
                f,
                "{rust_name} cannot be called `{name}` in TypeScript: {why}. Rename it, or give it another name there \
                 with `#[ts(rename = \"…\")]`."
            ),
            Self::Twice {
                name,
                rust_names: [one, other],
            } => write!(
                f,
                "Two types have the name `{name}` in TypeScript: {one} and {other}. Rename one, or give it another name \
                 there with `#[ts(rename = \"…\")]`."
            ),
        }
    }
}

impl std::error::Error for Clash {}

impl Types {
    pub(crate) fn new() -> Self {
        Self {
            // 64-bit integers are JSON numbers on the wire.
            config: Config::new().with_large_int("number"),
            declarations: BTreeMap::new(),
            seen: HashSet::new(),
            clash: None,
        }
    }

    /// The TypeScript name of a type; it and all that it mentions are declared.
    pub fn name_of<T: TS + 'static + ?Sized>(&mut self) -> String {
        self.visit::<T>();
        typescript(&T::name(&self.config))
    }

    /// The TypeScript name of the errors of a type, where it is an `#[edgepod::error]` enum.
    pub fn error_of<E: 'static>(&mut self) -> Option<String> {
        let id = TypeId::of::<E>();
        let types = inventory::iter::<ErrorTypes>().find(|types| (types.id)() == id)?;
        Some((types.describe)(self))
    }

    /// Declares an enum of errors as the union of its members, where an empty text is none.
    pub fn error(
        &mut self,
        name: &str,
        rust_name: &'static str,
        docs: &str,
        members: Vec<String>,
    ) -> String {
        let members: Vec<_> = members
            .into_iter()
            .filter(|member| !member.is_empty())
            .collect();
        let union = if members.is_empty() {
            "never".to_owned()
        } else {
            members.join(" | ")
        };
        self.declare(Declaration {
            rust_name,
            named: NamedType {
                name: name.to_owned(),
                declaration: format!("type {name} = {union};"),
                docs: Some(docs.to_owned()).filter(|docs| !docs.is_empty()),
            },
        });
        name.to_owned()
    }

    /// Adds a declaration; two of one name that differ are a clash.
    fn declare(&mut self, declaration: Declaration) {
        let Declaration { rust_name, named } = &declaration;
        let name = &named.name;
        if let Some(why) = names::taken(name) {
            self.clash.get_or_insert_with(|| Clash::Taken {
                rust_name,
                name: name.clone(),
                why,
            });
        }
        if let Some(known) = self.declarations.get(name) {
            // The same declaration is the same type, or one that is as good; TypeScript compares by structure.
            if known.named.declaration != named.declaration {
                self.clash.get_or_insert_with(|| Clash::Twice {
                    name: name.clone(),
                    rust_names: [known.rust_name, rust_name],
                });
            }
            return;
        }
        self.declarations.insert(name.clone(), declaration);
    }

    /// The names that are declared.
    pub(crate) fn names(&self) -> HashSet<String> {
        self.declarations.keys().cloned().collect()
    }

    /// What was declared, sorted by name.
    ///
    /// # Errors
    /// A name that a type cannot have, or two have.
    pub(crate) fn declared(self) -> Result<Vec<NamedType>, Clash> {
        match self.clash {
            Some(clash) => Err(clash),
            None => {
                let mut all: Vec<NamedType> = self
                    .declarations
                    .into_values()
                    .map(|declaration| declaration.named)
                    .collect();
                unions::open_circles(&mut all);
                Ok(all)
            }
        }
    }

    /// An argument of a type. An `Option` may be left out.
    pub fn argument<T: TS + 'static>(&mut self, name: &'static str) -> Argument {
        Argument {
            name: name.to_owned(),
            ty: self.name_of::<T>(),
            optional: T::IS_OPTION,
        }
    }
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Only a type that ts-rs would write to a file of its own has a declaration.
        if T::output_path().is_some() {
            self.declare(Declaration {
                rust_name: std::any::type_name::<T>(),
                named: NamedType {
                    name: T::ident(&self.config),
                    declaration: typescript(&T::decl(&self.config)),
                    docs: T::docs(),
                },
            });
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// An object without members.
const NO_MEMBERS: &str = "{ [key in symbol]: never }";

/// What ts-rs says of a type, as JSON has it: the keys of an object are texts, also those of a map of booleans. And without
/// the one type of TypeScript's that it names and that an app may have a type of the same name as: `Record`. (The other,
/// `Array`, is a name that an app's type cannot have.)
fn typescript(text: &str) -> String {
    text.replace("[key in boolean]", "[key in `${boolean}`]?")
        .replace("Record<symbol, never>", NO_MEMBERS)
        // All its fields are skipped. To TypeScript `{}` is whatever is not null.
        .replace("{  }", NO_MEMBERS)
}
