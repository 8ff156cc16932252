//! Names that mean something to Rust, TypeScript, JavaScript, SQL, the macros or the client, given to an app's own things.

use std::{collections::BTreeSet, fmt::Write as _};

use super::rng::Random;

/// For functions, arguments, fields and columns. Those of Rust's own words are written `r#…`.
const WORDS: [&str; 116] = [
    // Rust's
    "type",
    "match",
    "fn",
    "async",
    "await",
    "loop",
    "ref",
    "impl",
    "dyn",
    "yield",
    "try",
    "gen",
    "r",
    "std",
    "core",
    "alloc",
    "string",
    "vec",
    "option",
    "ok",
    "err",
    "some",
    "none",
    "main_",
    "drop",
    "clone",
    "from",
    "into",
    "default",
    "iter",
    "send",
    // JavaScript's
    "class",
    "function",
    "var",
    "delete",
    "export",
    "import",
    "this",
    "new",
    "null",
    "undefined",
    "arguments",
    "eval",
    "with",
    "constructor",
    "prototype",
    "__proto__",
    "then",
    "catch",
    "finally",
    "to_string",
    "value_of",
    "to_json",
    "has_own_property",
    "interface",
    "enum_",
    "namespace",
    "any",
    "unknown",
    "never",
    "symbol",
    "length",
    "name",
    "caller",
    "apply",
    "call",
    "bind",
    // SQL's
    "select",
    "order",
    "group",
    "index",
    "table",
    "where_",
    "values",
    "rowid",
    "oid",
    "_rowid_",
    "key",
    "references",
    "unique",
    "check",
    "case",
    "end",
    "rest",
    "excluded",
    "old",
    "count",
    "sum",
    // The macros' and the client's
    "ctx",
    "args",
    "given",
    "f",
    "of",
    "db",
    "row",
    "value",
    "types",
    "indices",
    "result",
    "error",
    "data",
    "meta",
    "items",
    "next",
    "cursor",
    "query",
    "mutation",
    "api",
    "pod",
    "queries",
    "functions",
    "watch",
    "read",
    "options",
    "status",
    "spread",
];

/// For types. Not `Array`, which is refused with what to do.
const TYPES: [&str; 43] = [
    "Status",
    "ErrorCode",
    "SystemCode",
    "GetToken",
    "QueryOptions",
    "MutationOptions",
    "Pod",
    "Record",
    "Promise",
    "Partial",
    "Omit",
    "Pick",
    "Map",
    "Set",
    "Query",
    "Mutation",
    "Date",
    "Object",
    "Function",
    "Symbol",
    "Number",
    "Boolean",
    "BigInt",
    "Readonly",
    "Required",
    "Exclude",
    "Extract",
    "NonNullable",
    "Parameters",
    "ReturnType",
    "Awaited",
    "Uint8Array",
    "WebSocket",
    "URL",
    "Request",
    "Response",
    "Headers",
    "AbortSignal",
    "Functions",
    "Queries",
    "Types",
    "Api",
    "Client",
];

/// Which are a keyword of Rust in this edition.
const KEYWORDS: [&str; 17] = [
    "type", "match", "fn", "async", "await", "loop", "ref", "impl", "dyn", "yield", "try", "gen",
    "const", "enum", "for", "where", "static",
];

pub struct Names {
    types: Vec<&'static str>,
    /// For each: a name, and the names of two arguments.
    functions: Vec<[&'static str; 3]>,
    /// A table of such columns.
    columns: Vec<&'static str>,
}

impl Names {
    pub fn new(random: &mut Random) -> Self {
        let mut types = TYPES.to_vec();
        let mut words = WORDS.to_vec();
        let mut some = |of: &mut Vec<&'static str>, count: usize| -> Vec<&'static str> {
            (0..count)
                .map(|_| of.swap_remove(random.below(of.len())))
                .collect()
        };
        let types = some(&mut types, 12);
        let mut all = words.clone();
        // `rowid` and `_rowid_` are one name to clients, which is refused.
        let mut called = BTreeSet::new();
        let functions = some(&mut words, 30)
            .into_iter()
            .filter(|name| called.insert(heck_camel(name)))
            .zip(some(&mut all, 60).chunks(2))
            .map(|(name, pair)| [name, pair[0], pair[1]])
            .collect();
        // SQLite has these for columns of its own.
        let mut columns: Vec<_> = WORDS
            .into_iter()
            .filter(|name| !["rowid", "oid", "_rowid_"].contains(name))
            .collect();
        let columns = some(&mut columns, 20);
        Self {
            types,
            functions,
            columns,
        }
    }

    pub fn declarations(&self) -> String {
        let mut rust = "mod named {\nuse edgepod::prelude::*;\n".to_owned();
        for (i, name) in self.types.iter().enumerate() {
            let field = rust_of(self.columns[i]);
            let _ = writeln!(
                rust,
                "#[edgepod::data]\npub struct {name} {{ pub {field}: String }}\n#[edgepod::query]\n\
                 pub async fn typed_{i}(_ctx: &QueryCtx, given: {name}) -> Result<{name}> {{ Ok(given) }}"
            );
        }
        rust += "}\nmod called {\nuse edgepod::prelude::*;\n";
        for [name, first, second] in &self.functions {
            let [name, first, second] = [name, first, second].map(|name| rust_of(name));
            let _ = writeln!(
                rust,
                "#[edgepod::query]\npub async fn {name}(_context: &QueryCtx, {first}: i32, {second}: Option<String>) -> \
                 Result<(i32, Option<String>)> {{ Ok(({first}, {second})) }}"
            );
        }
        rust += "}\nmod kept {\nuse edgepod::prelude::*;\n#[edgepod::table(name = \"order\")]\npub struct Kept {\n#[primary_key]\n\
                 #[auto_inc]\npub kept_id: i64,\n";
        for column in &self.columns {
            let _ = writeln!(rust, "pub {}: Option<i64>,", rust_of(column));
        }
        rust += "}\n#[edgepod::query]\npub async fn all_that_is_kept(ctx: &QueryCtx) -> Result<Vec<Kept>> {\n\
                 ctx.db.select::<Kept>()";
        for column in &self.columns {
            let _ = write!(rust, ".filter(Kept::{}.eq(1))", rust_of(column));
        }
        rust + ".all()\n}\n}\n"
    }

    /// A page that uses all of it.
    pub fn page(&self) -> String {
        let mut page = "import { useQuery } from \"./edgepod/client\";\nimport type * as app from \"./edgepod/client\";\n\
                        export function useAll() {\n"
            .to_owned();
        for (i, name) in self.types.iter().enumerate() {
            let field = self.columns[i];
            let _ = writeln!(
                page,
                "  const type{i}: app.{name} | undefined = useQuery(\"typed{i}\", {{ given: {{ [{field:?}]: \"\" }} }}).data;\n  \
                 void (type{i}?.[{field:?}] satisfies string | undefined);"
            );
        }
        for [name, first, second] in &self.functions {
            let _ = writeln!(
                page,
                "  void (useQuery({:?}, {{ [{first:?}]: 1, [{second:?}]: null }}).data satisfies [number, string | null] | undefined);",
                heck_camel(name)
            );
        }
        let _ = writeln!(
            page,
            "  const kept = useQuery(\"allThatIsKept\").data?.[0];"
        );
        for column in &self.columns {
            let _ = writeln!(
                page,
                "  void (kept?.[{column:?}] satisfies number | null | undefined);"
            );
        }
        page + "}\n"
    }
}

fn rust_of(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        format!("r#{name}")
    } else {
        name.to_owned()
    }
}

/// The name of a function for clients.
fn heck_camel(name: &str) -> String {
    heck::AsLowerCamelCase(name).to_string()
}
