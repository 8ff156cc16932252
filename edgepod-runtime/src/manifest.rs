//! The app described for tools: functions, TypeScript types and tables, as JSON.
//!
//! The compiled app prints it (`EDGEPOD_MANIFEST=1`), code generation reads it. There is no second list and no parsing of
//! sources.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashSet},
};

use serde::Serialize;
use ts_rs::{Config, TS, TypeVisitor};

mod names;

use crate::{
    engine::{FunctionDef, Registry, RegistryError, ResultType},
    schema,
};

/// The names and types of a function, as its attribute registers them beside the function itself. Only natively: a Worker
/// carries no TypeScript.
pub struct FunctionTypes {
    /// The public name.
    pub name: &'static str,
    /// The doc comment, lines separated by `\n`; empty for none.
    pub docs: &'static str,
    /// Adds the types to a description and returns how they are named.
    pub describe: fn(&mut Types) -> Signature,
}

inventory::collect!(FunctionTypes);

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

/// One argument.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Argument {
    /// Its name in the arguments' object.
    pub name: &'static str,
    /// Its TypeScript type.
    pub r#type: String,
    /// Whether it may be left out.
    pub optional: bool,
}

/// Collects the declarations of all types that functions mention.
pub struct Types {
    config: Config,
    declarations: BTreeMap<String, Declaration>,
    /// The types that were looked at. One may hold itself, at any depth: nothing else ends the walk.
    seen: HashSet<TypeId>,
    clash: Option<String>,
}

#[derive(Serialize)]
struct Declaration {
    #[serde(skip)]
    rust_name: &'static str,
    name: String,
    declaration: String,
    docs: Option<String>,
}

impl Types {
    fn new() -> Self {
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

    /// The type of an error's field.
    pub fn error_field<T: ResultType>(&mut self) -> String {
        self.name_of::<T>()
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
            name: name.to_owned(),
            declaration: format!("type {name} = {union};"),
            docs: Some(docs.to_owned()).filter(|docs| !docs.is_empty()),
        });
        name.to_owned()
    }

    /// Adds a declaration; two of one name that differ are a clash.
    fn declare(&mut self, declaration: Declaration) {
        let Declaration {
            name, rust_name, ..
        } = &declaration;
        if let Some(why) = names::taken(name) {
            self.clash.get_or_insert_with(|| {
                format!(
                    "{rust_name} cannot be called `{name}` in TypeScript: {why}. Rename it, or give it another name there \
                     with `#[ts(rename = \"…\")]`."
                )
            });
        }
        if let Some(known) = self.declarations.get(name) {
            // The same declaration is the same type, or one that is as good; TypeScript compares by structure.
            if known.declaration != declaration.declaration {
                self.clash.get_or_insert_with(|| {
                    format!(
                        "Two types have the name `{name}` in TypeScript: {} and {rust_name}. Rename one, or give it \
                         another name there with `#[ts(rename = \"…\")]`.",
                        known.rust_name
                    )
                });
            }
            return;
        }
        self.declarations.insert(name.clone(), declaration);
    }

    /// An argument of a type. An `Option` may be left out.
    pub fn argument<T: TS + 'static>(&mut self, name: &'static str) -> Argument {
        Argument {
            name,
            r#type: self.name_of::<T>(),
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
                name: T::ident(&self.config),
                declaration: typescript(&T::decl(&self.config)),
                docs: T::docs(),
            });
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// What ts-rs says of a type, as JSON has it: the keys of an object are texts, also those of a map of booleans.
fn typescript(text: &str) -> String {
    text.replace("[key in boolean]", "[key in `${boolean}`]?")
}

#[derive(Serialize)]
struct Manifest<'a> {
    edgepod: &'a str,
    app: &'a str,
    /// Those that clients may call.
    functions: Vec<Function<'a>>,
    /// The types that those mention.
    types: Vec<Declaration>,
    tables: Vec<schema::Table>,
    /// What no client is to know of.
    internal: Internal<'a>,
}

/// The functions that only the app itself calls: for tools, apart from what a client is made of.
#[derive(Serialize)]
struct Internal<'a> {
    functions: Vec<Function<'a>>,
    /// The types that only those mention.
    types: Vec<Declaration>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    kind: &'a str,
    docs: Option<&'a str>,
    args: Vec<Argument>,
    returns: String,
    error: Option<String>,
    source: Source<'a>,
}

#[derive(Serialize)]
struct Source<'a> {
    file: &'a str,
    line: u32,
}

/// The manifest of this program as JSON, sorted by names.
///
/// # Errors
/// When the functions or tables do not make an app, or two types have one name.
pub fn manifest() -> Result<String, String> {
    let registry = Registry::collect().map_err(|error: RegistryError| error.to_string())?;
    let tables = schema::tables().map_err(|error| error.to_string())?;
    let mut described: BTreeMap<&str, &FunctionTypes> = BTreeMap::new();
    for types in inventory::iter::<FunctionTypes>() {
        described.insert(types.name, types);
    }
    let mut types = Types::new();
    let public = functions(registry.functions(), &described, &mut types);
    let known: Vec<String> = types.declarations.keys().cloned().collect();
    let internal = functions(registry.internal(), &described, &mut types);
    if let Some(clash) = types.clash {
        return Err(clash);
    }
    let (types, internal_types) = types
        .declarations
        .into_values()
        .partition(|declaration| known.contains(&declaration.name));
    let manifest = Manifest {
        edgepod: env!("CARGO_PKG_VERSION"),
        app: registry.app().name,
        functions: public,
        types,
        tables: tables.into_iter().map(schema::Table::from).collect(),
        internal: Internal {
            functions: internal,
            types: internal_types,
        },
    };
    serde_json::to_string_pretty(&manifest).map_err(|error| error.to_string())
}

fn functions<'a>(
    functions: &[&'a FunctionDef],
    described: &BTreeMap<&str, &'a FunctionTypes>,
    types: &mut Types,
) -> Vec<Function<'a>> {
    let describe = |def: &&'a FunctionDef| {
        let described = described.get(def.name)?;
        let signature = (described.describe)(types);
        Some(Function {
            name: def.name,
            kind: def.kind().as_str(),
            docs: Some(described.docs).filter(|docs| !docs.is_empty()),
            args: signature.args,
            returns: signature.returns,
            error: signature.error,
            source: Source {
                file: def.location.0,
                line: def.location.1,
            },
        })
    };
    functions.iter().filter_map(describe).collect()
}
