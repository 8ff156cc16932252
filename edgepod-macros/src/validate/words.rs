//! Words of other frameworks, which people bring along: each is answered with EdgePod's own.

use syn::{Attribute, Path};

use crate::parse::derived;

/// What somebody wrote, in lower case and without `_`, and what it is called here.
type Words = &'static [(&'static [&'static str], &'static str)];

/// On a field.
const ON_A_FIELD: Words = &[
    (
        &[
            "autoincrement",
            "autoinc",
            "identity",
            "serial",
            "generated",
        ],
        "the database counts a primary key up by `#[auto_inc]`",
    ),
    (
        &["id", "pk", "primary", "primarykey", "key"],
        "the primary key has `#[primary_key]`",
    ),
    (
        &["uniqueindex", "uniquekey"],
        "what no two rows share has `#[unique]`",
    ),
    (&["indexed", "dbindex"], "an index is `#[index]`"),
    (
        &[
            "foreignkey",
            "fk",
            "relation",
            "belongsto",
            "hasmany",
            "hasone",
            "reference",
            "refers",
        ],
        "a reference to another table is `#[references(User::id, on_delete = cascade)]` on the column that holds its key",
    ),
    (
        &[
            "defaultvalue",
            "defaultexpr",
            "defaultsql",
            "defaultnow",
            "dbdefault",
        ],
        "what a new row has is `#[default(…)]`: `now`, a number, `true`, `false` or a text",
    ),
    (
        &[
            "createdat",
            "updatedat",
            "autonow",
            "autonowadd",
            "timestamp",
        ],
        "a time that the database fills in is a `Timestamp` with `#[default(now)]`; functions set it anew when they change the \
         row",
    ),
    (
        &["nullable", "optional", "null", "maybe"],
        "a column that may be NULL is an `Option<…>`",
    ),
    (
        &["notnull", "required"],
        "a column is never NULL unless its type is an `Option<…>`: remove this",
    ),
    (
        &["column", "columnname", "field", "map", "dbname"],
        "a column has the name of its field; to keep the data when that changes there is `#[renamed_from = \"…\"]`",
    ),
    (
        &["renamed", "oldname", "previouslyknownas"],
        "the name that a column had before is `#[renamed_from = \"…\"]`",
    ),
    (
        &["hidden", "secret", "writeonly", "sensitive"],
        "what clients never see is `#[private]`",
    ),
    (
        &["check", "validate", "length", "range"],
        "a rule about values is checked in the function that writes them, or by a CHECK in a migration",
    ),
    (
        &["seaorm", "diesel", "sqlx", "ormlite", "spacetimedb"],
        "this is another framework's: here there are `#[primary_key]`, `#[auto_inc]`, `#[unique]`, `#[index]`, \
         `#[default(…)]`, `#[references(…)]`",
    ),
];

/// On the struct.
const ON_A_STRUCT: Words = &[
    (
        &["tablename", "diesel", "seaorm", "entity", "model"],
        "the table's name stands in `#[edgepod::table(name = \"…\")]`",
    ),
    (
        &["primarykey", "pk", "id"],
        "a primary key of several columns is `#[primary_key]` on each of their fields",
    ),
    (
        &["foreignkey", "references", "belongsto", "relation"],
        "a reference to another table is `#[references(User::id, on_delete = cascade)]` on the column that holds its key",
    ),
    (
        &["uniquetogether", "uniqueindex", "uniquekey"],
        "columns that are unique together are `#[unique(first, second)]`",
    ),
    (
        &["indexes", "indices", "indextogether"],
        "an index of several columns is `#[index(first, second)]`",
    ),
    (
        &["public", "private"],
        "clients reach a table only through functions: remove this. A column that they never see is `#[private]`",
    ),
];

/// What to say of an attribute on a field that is none of ours.
pub(super) fn on_a_field(path: &Path) -> Option<&'static str> {
    find(path, ON_A_FIELD)
}

/// What to say of an attribute on the struct that is none of ours.
pub(super) fn on_a_struct(path: &Path) -> Option<&'static str> {
    find(path, ON_A_STRUCT)
}

fn find(path: &Path, words: Words) -> Option<&'static str> {
    let first = path.segments.first()?.ident.to_string();
    let word = first.replace('_', "").to_lowercase();
    let found = words
        .iter()
        .find(|(words, _)| words.contains(&word.as_str()));
    found.map(|(_, message)| *message)
}

/// Whether all that is derived is known to have no attributes of such names: only then are they nobody's.
pub(super) fn are_nobodys(attrs: &[Attribute]) -> bool {
    const KNOWN: [&str; 12] = [
        "Clone",
        "Copy",
        "Debug",
        "Default",
        "Eq",
        "Hash",
        "Ord",
        "PartialEq",
        "PartialOrd",
        "Serialize",
        "Deserialize",
        "TS",
    ];
    derived(attrs)
        .iter()
        .all(|name| KNOWN.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_word_is_known_however_it_is_written() {
        for path in [
            parse_quote!(autoincrement),
            parse_quote!(auto_increment),
            parse_quote!(autoIncrement),
        ] {
            assert!(on_a_field(&path).unwrap().contains("#[auto_inc]"));
        }
        assert!(on_a_field(&parse_quote!(serde)).is_none());
        assert!(on_a_struct(&parse_quote!(derive)).is_none());
        assert!(
            on_a_struct(&parse_quote!(diesel))
                .unwrap()
                .contains("name = ")
        );
    }

    #[test]
    fn another_derives_attributes_are_its_own() {
        assert!(are_nobodys(&[parse_quote!(#[derive(Eq, Hash)])]));
        assert!(!are_nobodys(&[parse_quote!(#[derive(Eq, Validate)])]));
    }
}
