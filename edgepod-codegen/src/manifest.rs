//! What an app says about itself.

use serde::{Deserialize, Serialize};

/// What an app prints when it is run with `EDGEPOD_MANIFEST=1`, as far as a client is concerned.
///
/// Fields that this version does not know (the tables, for one) are ignored, so that a newer app
/// can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
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
    /// Where it is written.
    #[serde(default)]
    pub source: Option<Source>,
}

/// The three kinds of functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It only reads. The client caches its result and keeps it fresh.
    Query,
    /// It reads and writes in one transaction.
    Function,
    /// It may await the outside world.
    Action,
}

impl Kind {
    /// The word that is used in the manifest and in TypeScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Function => "function",
            Self::Action => "action",
        }
    }
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
    /// The file, relative to the package.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}
