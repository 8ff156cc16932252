//! TypeScript types of the runtime's own types.

use std::path::PathBuf;

use ts_rs::{Config, TS, TypeVisitor};

use crate::db::{Bytes, Int64, JobId, Json, Timestamp};

/// A type that TypeScript has itself.
macro_rules! plain {
    ($rust:ty, $name:literal) => {
        impl TS for $rust {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &Config) -> String {
                $name.to_owned()
            }

            fn inline(cfg: &Config) -> String {
                Self::name(cfg)
            }
        }
    };
}

plain!(Timestamp, "string");
plain!(JobId, "number");

/// A type that has a name of its own in TypeScript, where its docs say what it is.
macro_rules! named {
    ($rust:ty, $name:literal = $definition:literal, $docs:literal) => {
        impl TS for $rust {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn docs() -> Option<String> {
                Some($docs.to_owned())
            }

            fn name(_: &Config) -> String {
                $name.to_owned()
            }

            fn inline(_: &Config) -> String {
                $definition.to_owned()
            }

            fn decl(_: &Config) -> String {
                concat!("type ", $name, " = ", $definition, ";").to_owned()
            }

            fn decl_concrete(cfg: &Config) -> String {
                Self::decl(cfg)
            }

            // What has a file would be declared in it, and so is declared here.
            fn output_path() -> Option<PathBuf> {
                Some(concat!($name, ".ts").into())
            }
        }
    };
}

named!(
    Int64,
    "Int64" = "`${bigint}`",
    "An integer of 64 bits, as text: a number would be rounded beyond 2^53 - 1. `BigInt(value)` calculates with it, \
     `` `${big}` `` makes it."
);

named!(
    Bytes,
    "Base64" = "string",
    "Bytes as base64: `Uint8Array.from(atob(value), (c) => c.charCodeAt(0))` reads it, \
     `btoa(String.fromCharCode(...bytes))` makes it."
);

impl<T: TS> TS for Json<T> {
    type WithoutGenerics = T::WithoutGenerics;
    type OptionInnerType = T::OptionInnerType;
    const IS_OPTION: bool = T::IS_OPTION;

    fn ident(cfg: &Config) -> String {
        T::ident(cfg)
    }

    fn name(cfg: &Config) -> String {
        T::name(cfg)
    }

    fn inline(cfg: &Config) -> String {
        T::inline(cfg)
    }

    fn inline_flattened(cfg: &Config) -> String {
        T::inline_flattened(cfg)
    }

    fn visit_dependencies(visitor: &mut impl TypeVisitor)
    where
        Self: 'static,
    {
        T::visit_dependencies(visitor);
    }

    fn visit_generics(visitor: &mut impl TypeVisitor)
    where
        Self: 'static,
    {
        T::visit_generics(visitor);
        visitor.visit::<T>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_number_could_not_hold_has_a_type_of_its_own() {
        let config = Config::default();
        assert_eq!(<Option<Int64>>::name(&config), "Int64 | null");
        assert_eq!(Int64::decl(&config), "type Int64 = `${bigint}`;");
        assert_eq!(<Vec<Bytes>>::name(&config), "Array<Base64>");
        assert_eq!(Bytes::decl(&config), "type Base64 = string;");
        // Declared once, under their names.
        assert!(Int64::output_path().is_some() && Bytes::output_path().is_some());
    }

    #[test]
    fn json_is_what_it_holds() {
        let config = Config::default();
        assert_eq!(<Json<Vec<String>>>::name(&config), "Array<string>");
        assert_eq!(<Option<Json<bool>>>::name(&config), "boolean | null");
        assert_eq!(Json::<bool>::output_path(), None);
    }
}
