//! What an app says about itself to tools.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// What an app prints when it is run with `EDGEPOD_MANIFEST=1`. `Table` is how its tables are described; who has no use for
/// them leaves it out.
///
/// Fields that this version does not know are ignored, so that a newer app can be read.
///
/// ```
/// use edgepod_manifest::{Kind, Manifest};
/// let manifest: Manifest = serde_json::from_str(r#"{
///     "edgepod": "0.1.0",
///     "app": "hello",
///     "functions": [{"name": "greet", "kind": "query", "returns": "string"}],
///     "tables": [{"name": "users"}]
/// }"#)?;
/// assert_eq!(manifest.functions[0].kind, Kind::Query);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest<Table = serde::de::IgnoredAny> {
    /// The version of EdgePod that the app was built with.
    pub edgepod: String,
    /// The app's name: its crate's.
    pub app: String,
    /// The functions that can be called.
    #[serde(default)]
    pub functions: Vec<Function>,
    /// The types that the functions name in their arguments, results and errors.
    #[serde(default)]
    pub types: Vec<NamedType>,
    /// The tables of the database.
    #[serde(default = "Vec::new")]
    pub tables: Vec<Table>,
    /// What no client is to know of.
    #[serde(default)]
    pub internal: Internal,
    /// What is answered beside functions.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// Whether there is more than one database: a request's is found by a rule of the app's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pods: bool,
}

/// A route: requests of any form, at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// In capitals: `POST`.
    pub method: String,
    /// As it is written: `/hooks/:id`.
    pub path: String,
    /// Where it is written.
    #[serde(default)]
    pub source: Option<Source>,
}

/// The functions that only the app itself calls: for tools, apart from what a client is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Internal {
    /// The functions.
    #[serde(default)]
    pub functions: Vec<Function>,
    /// The types that only those mention.
    #[serde(default)]
    pub types: Vec<NamedType>,
}

/// One function that can be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// The public name: `getUserById`.
    pub name: String,
    /// Whether it reads, writes, or reaches outside.
    pub kind: Kind,
    /// Its doc comment.
    #[serde(default)]
    pub docs: Option<String>,
    /// The named arguments, in the order of the Rust parameters.
    #[serde(default)]
    pub args: Vec<Argument>,
    /// The TypeScript type of the result: `User | null`.
    pub returns: String,
    /// The TypeScript type of the function's own errors, if it declares one.
    #[serde(default)]
    pub error: Option<String>,
    /// The middleware around it, outermost first, as it is written: `require_user`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub middleware: Vec<String>,
    /// Where it is written.
    #[serde(default)]
    pub source: Option<Source>,
}

/// One named argument of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// The name: a field of the arguments' object.
    pub name: String,
    /// The TypeScript type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
}

/// A TypeScript type with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedType {
    /// The name: `User`.
    pub name: String,
    /// The whole declaration, without `export`: `type User = { id: number };`.
    pub declaration: String,
    /// Its doc comment.
    #[serde(default)]
    pub docs: Option<String>,
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file as the compiler names it: relative to the workspace, or to the package where there is no other; absolute where it
    /// is in neither.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}
