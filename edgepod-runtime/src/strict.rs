//! Reading what a client sent: JSON, and no value in place of another.
//!
//! serde takes 1e39 for an `f32`, which is then infinite, and serde_json an integer of 64 bits for whatever takes any value, where
//! JavaScript has rounded it or will. Which type a number is for only the deserializer's caller knows, so it is asked here, at
//! every value on the way.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use crate::integers::MAX_SAFE_INTEGER;

/// A deserializer, or an access to parts of a value, that is read strictly.
pub(crate) struct Strict<D>(pub(crate) D);

/// What kind of number is asked for.
#[derive(Clone, Copy)]
enum Number {
    /// An integer, or anything.
    Any,
    /// An `f64`: JavaScript writes 1e20 as an integer.
    Double,
    /// An `f32`.
    Single,
}

impl Number {
    fn check_whole<E: Error>(self, n: i128) -> Result<(), E> {
        match self {
            Number::Any if n.unsigned_abs() > u128::from(MAX_SAFE_INTEGER.unsigned_abs()) => {
                Err(rounded())
            }
            _ => Ok(()),
        }
    }

    fn check<E: Error>(self, x: f64) -> Result<(), E> {
        match self {
            Number::Single if (x as f32).is_infinite() => Err(too_large()),
            _ => Ok(()),
        }
    }
}

#[cold]
fn rounded<E: Error>() -> E {
    E::custom(format_args!(
        "it is an integer beyond {MAX_SAFE_INTEGER} (2^53 - 1), which JavaScript would have rounded before it was sent. A parameter \
         of type `Int64` takes all 64 bits, as text"
    ))
}

#[cold]
fn too_large<E: Error>() -> E {
    E::custom("it is beyond the floats of 32 bits, which end at about 3.4e38")
}

#[cold]
fn too_long<E: Error>(expected: usize) -> E {
    E::custom(format_args!(
        "it has more than the {expected} elements that are expected"
    ))
}

/// A visitor that is told what has been checked.
struct Checked<V> {
    visitor: V,
    number: Number,
}

macro_rules! ask {
    ($($method:ident($($name:ident: $ty:ty),*) $number:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $ty,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($name,)* Checked { visitor, number: Number::$number })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    ask! {
        deserialize_any() Any;
        deserialize_bool() Any;
        deserialize_i8() Any;
        deserialize_i16() Any;
        deserialize_i32() Any;
        deserialize_i64() Any;
        deserialize_i128() Any;
        deserialize_u8() Any;
        deserialize_u16() Any;
        deserialize_u32() Any;
        deserialize_u64() Any;
        deserialize_u128() Any;
        deserialize_f64() Double;
        deserialize_char() Any;
        deserialize_str() Any;
        deserialize_string() Any;
        deserialize_bytes() Any;
        deserialize_byte_buf() Any;
        deserialize_option() Any;
        deserialize_unit() Any;
        deserialize_unit_struct(name: &'static str) Any;
        deserialize_newtype_struct(name: &'static str) Any;
        deserialize_seq() Any;
        deserialize_tuple(len: usize) Any;
        deserialize_tuple_struct(name: &'static str, len: usize) Any;
        deserialize_map() Any;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) Any;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) Any;
        deserialize_identifier() Any;
    }

    /// As an `f64`, because serde_json calls what an `f32` does not hold a mistake in the JSON.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_f64(Checked {
            visitor,
            number: Number::Single,
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! hand_on {
    ($($method:ident($ty:ty);)*) => {$(
        fn $method<E: Error>(self, value: $ty) -> Result<V::Value, E> {
            self.visitor.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Checked<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    hand_on! {
        visit_bool(bool);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<V::Value, E> {
        self.number.check_whole(n.into())?;
        self.visitor.visit_i64(n)
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<V::Value, E> {
        self.number.check_whole(n.into())?;
        self.visitor.visit_u64(n)
    }

    fn visit_i128<E: Error>(self, n: i128) -> Result<V::Value, E> {
        self.number.check_whole(n)?;
        self.visitor.visit_i128(n)
    }

    fn visit_u128<E: Error>(self, n: u128) -> Result<V::Value, E> {
        self.number
            .check_whole(i128::try_from(n).unwrap_or(i128::MAX))?;
        self.visitor.visit_u128(n)
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<V::Value, E> {
        self.number.check(x)?;
        self.visitor.visit_f64(x)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Strict(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Strict(inner))
    }

    /// serde_json calls what a tuple leaves over a mistake in the JSON.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<V::Value, A::Error> {
        let mut taken = 0;
        let value = self.visitor.visit_seq(Elements {
            seq: &mut seq,
            taken: &mut taken,
        })?;
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(too_long(taken)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Strict(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Strict(data))
    }
}

struct Elements<'a, A> {
    seq: &'a mut A,
    taken: &'a mut usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let element = self.seq.next_element_seed(Strict(seed))?;
        *self.taken += usize::from(element.is_some());
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        self.seq.size_hint()
    }
}

/// Keys are text, whatever they are made into: nobody rounds them.
impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(seed)?;
        Ok((value, Strict(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Strict(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(
            len,
            Checked {
                visitor,
                number: Number::Any,
            },
        )
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(
            fields,
            Checked {
                visitor,
                number: Number::Any,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, de::DeserializeOwned};
    use serde_json::Value;

    use super::*;

    fn read<T: DeserializeOwned>(json: &str) -> Result<T, String> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(Strict(&mut deserializer))
            .map_err(|error| format!("{}: {}", error.path(), error.inner()))
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(untagged)]
    enum Loose {
        Whole(i64),
        Text(String),
        Many(Vec<Loose>),
    }

    #[derive(Deserialize, Debug, PartialEq)]
    enum Closed {
        Unit,
        Whole(i64),
        Pair(i64, f64),
        Named { whole: u128, single: Option<f32> },
    }

    #[test]
    fn a_large_integer_is_refused_in_every_shape_with_its_path() {
        const LARGE: &str = "9007199254740993";
        fn refused<T: DeserializeOwned + fmt::Debug>(json: &str, path: &str) {
            let error = read::<T>(&json.replace('#', LARGE)).unwrap_err();
            assert!(
                error.starts_with(&format!("{path}: it is an integer")),
                "{json}: {error}"
            );
            // With less it is as it should be.
            read::<T>(&json.replace('#', "7")).unwrap();
            read::<T>(&json.replace('#', "9007199254740991")).unwrap();
        }
        refused::<Value>("#", ".");
        refused::<Value>("-#", ".");
        refused::<Value>(r#"{"a": [1, {"b": #}]}"#, "a[1].b");
        refused::<Loose>("[\"x\", [#]]", "[1][0]");
        refused::<u128>("#", ".");
        refused::<Vec<i128>>("[1, #]", "[1]");
        refused::<Option<u64>>("#", ".");
        refused::<BTreeMap<String, i64>>(r#"{"a": #}"#, "a");
        refused::<Closed>(r#"{"Whole": #}"#, "Whole");
        refused::<Closed>(r#"{"Pair": [#, 1]}"#, "Pair[0]");
        refused::<Closed>(r#"{"Named": {"whole": #, "single": null}}"#, "Named.whole");
    }

    #[test]
    fn what_is_right_is_read_as_ever() {
        let large: BTreeMap<i64, f64> =
            read(r#"{"9007199254740993": 100000000000000000000}"#).unwrap();
        assert_eq!(large, BTreeMap::from([(9_007_199_254_740_993, 1e20)]));
        assert_eq!(read("9007199254740993"), Ok(9_007_199_254_740_992_f64));
        assert_eq!(read("\"Unit\""), Ok(Closed::Unit));
        assert_eq!(
            read(r#"{"Pair": [1, 9007199254740993]}"#),
            Ok(Closed::Pair(1, 9_007_199_254_740_992.0))
        );
        let json = r#"{"a": [null, true, -1, 1.5, "x", {}, []]}"#;
        assert_eq!(
            read::<Value>(json).unwrap(),
            serde_json::from_str::<Value>(json).unwrap()
        );
    }

    #[test]
    fn an_array_is_as_long_as_its_tuple() {
        assert_eq!(read("[1, 2]"), Ok((1, 2)));
        for (error, path) in [
            (read::<(i64, i64)>("[1, 2, 3]").unwrap_err(), "."),
            (
                read::<Vec<[u8; 2]>>("[[1, 2], [1, 2, 3]]").unwrap_err(),
                "[1]",
            ),
            (
                read::<Closed>(r#"{"Pair": [1, 2, 3]}"#).unwrap_err(),
                "Pair",
            ),
        ] {
            assert!(
                error.starts_with(&format!("{path}: it has more than the 2 elements")),
                "{error}"
            );
        }
        assert!(read::<(i64, i64)>("[1]").is_err());
    }

    #[test]
    fn a_float_of_32_bits_is_finite() {
        assert_eq!(read("3.4e38"), Ok(3.4e38_f32));
        assert_eq!(read("100000000000000000000"), Ok(1e20_f32));
        for json in ["1e39", "-1e39", "1e308"] {
            let error = read::<f32>(json).unwrap_err();
            assert!(error.contains("floats of 32 bits"), "{json}: {error}");
        }
        assert_eq!(read("1e39"), Ok(1e39_f64));
    }
}
