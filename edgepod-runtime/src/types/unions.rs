//! Types that are alternatives of themselves, which TypeScript refuses.

use std::collections::{BTreeMap, BTreeSet};

use edgepod_manifest::NamedType;

/// What a type is by its declaration, and its alternatives.
type Unions<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// Where a type is its own alternative, also by others, they stand in its declaration themselves: the JSON of an untagged variant
/// that holds the type is that of another variant, and the JSON of a newtype that of what it holds.
pub(super) fn open_circles(types: &mut [NamedType]) {
    let opened: Vec<Option<String>> = {
        let unions: Unions<'_> = types
            .iter()
            .filter_map(|named| {
                let (name, body) = parts(&named.declaration)?;
                Some((name, alternatives(body)))
            })
            .collect();
        let open = |named: &NamedType| {
            let (name, _) = parts(&named.declaration)?;
            let circle = circle_of(name, &unions)?;
            let mut others: Vec<&str> = Vec::new();
            for one in circle.iter().flat_map(|name| &unions[name]) {
                if !circle.contains(one) && !others.contains(one) {
                    others.push(one);
                }
            }
            // Without another it has no value.
            let union = match others.is_empty() {
                true => "never".to_owned(),
                false => others.join(" | "),
            };
            Some(format!("type {name} = {union};"))
        };
        types.iter().map(open).collect()
    };
    for (named, opened) in types.iter_mut().zip(opened) {
        if let Some(declaration) = opened {
            named.declaration = declaration;
        }
    }
}

fn parts(declaration: &str) -> Option<(&str, &str)> {
    let (name, body) = declaration.strip_prefix("type ")?.split_once(" = ")?;
    Some((name, body.strip_suffix(';')?))
}

/// The types that are alternatives of this one and have it as theirs, with itself; `None` where it is not its own.
fn circle_of<'a>(name: &'a str, unions: &Unions<'a>) -> Option<BTreeSet<&'a str>> {
    let below = reached_from(name, unions);
    below.contains(name).then(|| {
        below
            .into_iter()
            .filter(|other| reached_from(other, unions).contains(name))
            .collect()
    })
}

fn reached_from<'a>(name: &str, unions: &Unions<'a>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = unions.get(name).into_iter().flatten().copied().collect();
    while let Some(one) = waiting.pop() {
        if let Some((one, next)) = unions.get_key_value(one)
            && reached.insert(*one)
        {
            waiting.extend(next);
        }
    }
    reached
}

/// The parts of a union, as it is written: what stands within brackets or quotes is of one part.
fn alternatives(union: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let mut bytes = union.bytes().enumerate();
    while let Some((place, byte)) = bytes.next() {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b')' | b']' | b'}' | b'>' => depth = depth.saturating_sub(1),
            b'"' | b'`' | b'\'' => {
                while let Some((_, inner)) = bytes.next() {
                    match inner {
                        b'\\' => drop(bytes.next()),
                        _ if inner == byte => break,
                        _ => {}
                    }
                }
            }
            b'|' if depth == 0 => {
                parts.push(union[start..place].trim());
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(union[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(declarations: &[&str]) -> Vec<String> {
        let mut types: Vec<NamedType> = declarations
            .iter()
            .map(|declaration| NamedType {
                name: String::new(),
                declaration: (*declaration).to_owned(),
                docs: None,
            })
            .collect();
        open_circles(&mut types);
        types.into_iter().map(|named| named.declaration).collect()
    }

    #[test]
    fn a_type_is_not_one_of_its_own_alternatives() {
        for (said, expected) in [
            ("type A = A | null | number;", "type A = null | number;"),
            ("type A = \"A | A\" | A;", "type A = \"A | A\";"),
            ("type A<T> = A<T> | T;", "type A<T> = T;"),
            ("type A = A;", "type A = never;"),
        ] {
            assert_eq!(opened(&[said]), [expected]);
        }
        for said in [
            "type A = { a: A | null, } | Array<A | B>;",
            "type A = \"it\\\" | A\" | AB;",
            "type A = B;",
        ] {
            assert_eq!(opened(&[said]), [said]);
        }
    }

    #[test]
    fn nor_is_one_that_is_its_alternative_by_others() {
        let said = [
            "type A = B;",
            "type B = A | null | C;",
            "type C = number | B;",
            "type D = A | string;",
        ];
        let expected = [
            "type A = null | number;",
            "type B = null | number;",
            "type C = null | number;",
            "type D = A | string;",
        ];
        assert_eq!(opened(&said), expected);
    }
}
