//! Names that a type cannot have in TypeScript.

/// What the generated client exports as a value, or declares beside the app's types. Its other types give way to an app's.
const OF_THE_CLIENT: &[&str] = &[
    "EdgePodClient",
    "EdgePodError",
    "EdgePodFunctions",
    "EdgePodMutations",
    "EdgePodPlugin",
    "EdgePodProvider",
    "EdgePodQueries",
    "api",
    "createEdgePod",
    "dehydrate",
    "hydrate",
    "provideEdgePod",
    "useApi",
    "useClient",
    "useInfiniteQuery",
    "useMutation",
    "useQuery",
    "useStatus",
    "useSuspenseQuery",
];

/// What the language itself means by a name: its own types, and the words that begin statements.
const OF_TYPESCRIPT: &[&str] = &[
    "any",
    "as",
    "async",
    "await",
    "bigint",
    "boolean",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "infer",
    "instanceof",
    "interface",
    "intrinsic",
    "keyof",
    "let",
    "never",
    "new",
    "null",
    "number",
    "object",
    "package",
    "private",
    "protected",
    "public",
    "readonly",
    "return",
    "static",
    "string",
    "super",
    "switch",
    "symbol",
    "this",
    "throw",
    "true",
    "try",
    "type",
    "typeof",
    "undefined",
    "unique",
    "unknown",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Why no type of an app can have a name, if none can.
pub(super) fn taken(name: &str) -> Option<&'static str> {
    if name == "Array" {
        // A type of that name in the same file would silently become that of every list.
        Some("lists are written with that name")
    } else if OF_THE_CLIENT.contains(&name) {
        Some("the generated client has something of that name")
    } else if OF_TYPESCRIPT.contains(&name) {
        Some("the language has that name")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::taken;

    #[test]
    fn names_with_another_meaning_are_taken_and_others_are_not() {
        for name in ["Array", "EdgePodError", "string", "class", "useQuery"] {
            assert!(taken(name).is_some(), "{name}");
        }
        for name in [
            "Status",
            "Record",
            "Pod",
            "ErrorCode",
            "QueryOptions",
            "Promise",
            "Map",
            "User",
        ] {
            assert_eq!(taken(name), None, "{name}");
        }
    }
}
