//! The app described for tools: functions, TypeScript types and tables, as JSON.
//!
//! The compiled app prints it (`EDGEPOD_MANIFEST=1`), code generation reads it. There is no second list and no parsing of
//! sources. What it looks like is [`edgepod_manifest`]'s to say.

use std::{collections::BTreeMap, fmt};

use edgepod_manifest::{Function, Internal, Manifest, Route, Source};

use crate::{
    engine::{FunctionDef, Registry, RegistryError, RouteDef},
    schema::{self, SchemaError},
    types::{AppMiddleware, Clash, FunctionTypes, Types},
};

/// The program cannot be described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// Its functions make no app.
    Registry(RegistryError),
    /// Its tables make no schema.
    Schema(SchemaError),
    /// Its types cannot be declared together.
    Types(Clash),
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(error) => error.fmt(f),
            Self::Schema(error) => error.fmt(f),
            Self::Types(clash) => clash.fmt(f),
        }
    }
}

impl std::error::Error for ManifestError {}

/// The manifest of this program as JSON, sorted by names.
///
/// # Errors
/// When the functions or tables do not make an app, or two types have one name.
pub fn manifest() -> Result<String, ManifestError> {
    let manifest = describe()?;
    Ok(serde_json::to_string_pretty(&manifest).expect("texts and lists are JSON"))
}

fn describe() -> Result<Manifest<schema::Table>, ManifestError> {
    let registry = Registry::collect().map_err(ManifestError::Registry)?;
    let tables = schema::tables().map_err(ManifestError::Schema)?;
    let described: BTreeMap<&str, &FunctionTypes> = inventory::iter::<FunctionTypes>()
        .map(|types| (types.name, types))
        .collect();
    let mut types = Types::new();
    let public = functions(registry.functions(), &described, &mut types);
    let of_public = types.names();
    let internal = functions(registry.internal(), &described, &mut types);
    let (types, internal_types) = types
        .declared()
        .map_err(ManifestError::Types)?
        .into_iter()
        .partition(|named| of_public.contains(&named.name));
    Ok(Manifest {
        edgepod: env!("CARGO_PKG_VERSION").to_owned(),
        app: registry.app().name.to_owned(),
        functions: public,
        types,
        tables: tables.into_iter().map(schema::Table::from).collect(),
        internal: Internal {
            functions: internal,
            types: internal_types,
        },
        pods: registry.pod().is_some(),
        routes: registry.routes().iter().map(|def| route(def)).collect(),
    })
}

fn route(def: &RouteDef) -> Route {
    Route {
        method: def.method().to_owned(),
        path: def.path().to_owned(),
        source: Some(source(def.location)),
    }
}

fn source((file, line): (&str, u32)) -> Source {
    Source {
        file: file.to_owned(),
        line,
    }
}

fn functions(
    functions: &[&FunctionDef],
    described: &BTreeMap<&str, &FunctionTypes>,
    types: &mut Types,
) -> Vec<Function> {
    let describe = |def: &&FunctionDef| {
        let described = described.get(def.name)?;
        let signature = (described.describe)(types);
        let around = inventory::iter::<AppMiddleware>().flat_map(|app| app.0);
        let middleware = around.chain(described.middleware);
        Some(Function {
            name: def.name.to_owned(),
            kind: def.kind(),
            docs: Some(described.docs.to_owned()).filter(|docs| !docs.is_empty()),
            args: signature.args,
            returns: signature.returns,
            error: signature.error,
            middleware: middleware.map(|name| (*name).to_owned()).collect(),
            source: Some(source(def.location)),
        })
    };
    functions.iter().filter_map(describe).collect()
}
