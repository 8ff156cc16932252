//! Types of random shapes, as Rust, and values of them.

use std::fmt::Write as _;

use super::rng::Random;

const RULES: [&str; 8] = [
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE",
];

/// What names are renamed to, before a number that makes them different.
const ODD: [&str; 8] = [
    "with space ",
    "quo\"ted",
    "it's ",
    "back\\slash",
    "größe",
    "*/ ",
    "`${x}` ",
    "class",
];

enum Ty {
    /// Its Rust, and a value of it; whether it has a default.
    Plain(&'static str, &'static str, bool),
    /// JSON of any shape.
    Any,
    Option(Box<Ty>),
    Vec(Box<Ty>),
    Boxed(Box<Ty>),
    /// The Rust of a key, and of one.
    Map(&'static str, &'static str, Box<Ty>),
    Tuple(Vec<Ty>),
    Array(Box<Ty>),
    Named(usize),
}

const PLAIN: [(&str, &str, bool); 13] = [
    ("i8", "-8", true),
    ("u16", "16", true),
    ("i32", "-32", true),
    ("i64", "1 << 52", true),
    ("u64", "7", true),
    ("f32", "1.5", true),
    ("f64", "-0.25", true),
    ("bool", "true", true),
    ("String", "\"a \\\"text\\\"\".to_owned()", true),
    ("Int64", "i64::MAX.into()", false),
    (
        "Timestamp",
        "serde_json::from_str(\"\\\"2026-01-02T03:04:05Z\\\"\").unwrap()",
        false,
    ),
    (
        "Uuid",
        "serde_json::from_str(\"\\\"67e55044-10b1-426f-9247-bb680e5fe0c8\\\"\").unwrap()",
        false,
    ),
    ("Bytes", "Bytes::from(vec![0, 255])", false),
];

const KEYS: [(&str, &str); 4] = [
    ("String", "\"a key\".to_owned()"),
    ("i32", "-1"),
    ("u8", "1"),
    ("bool", "true"),
];

struct Field {
    name: String,
    attributes: Vec<String>,
    ty: Ty,
}

enum Shape {
    Unit,
    Tuple(Vec<Ty>),
    Named(Vec<Field>),
}

struct Variant {
    name: String,
    attributes: Vec<String>,
    shape: Shape,
}

enum Item {
    Struct(Shape),
    Enum(Vec<Variant>),
}

struct Type {
    attributes: Vec<String>,
    item: Item,
}

pub struct Types {
    types: Vec<Type>,
    /// So that no two names are one.
    names: usize,
    count: usize,
}

impl Types {
    pub fn new(random: &mut Random, count: usize) -> Self {
        let mut made = Self {
            types: Vec::new(),
            names: 0,
            count,
        };
        for _ in 0..count {
            let ty = made.make(random);
            made.types.push(ty);
        }
        made
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn odd(&mut self, random: &mut Random) -> String {
        let name = self.name(random.of::<&str>(&ODD));
        format!("{name:?}")
    }

    fn make(&mut self, random: &mut Random) -> Type {
        let mut attributes = Vec::new();
        if random.one_in(2) {
            attributes.push(format!("rename_all = {:?}", random.of(&RULES)));
        }
        let item = if random.one_in(2) {
            let shape = match random.below(6) {
                0 => Shape::Unit,
                1 => Shape::Tuple(vec![self.ty(random, 2)]),
                2 => Shape::Tuple(vec![self.ty(random, 2), self.ty(random, 2)]),
                _ => Shape::Named(self.fields(random, true)),
            };
            if !matches!(shape, Shape::Named(_)) {
                attributes.clear();
            }
            Item::Struct(shape)
        } else {
            Item::Enum(self.variants(random, &mut attributes))
        };
        Type { attributes, item }
    }

    fn variants(&mut self, random: &mut Random, attributes: &mut Vec<String>) -> Vec<Variant> {
        #[derive(PartialEq)]
        enum Tagging {
            External,
            Internal,
            Adjacent,
            Untagged,
        }
        let tagging = match random.below(4) {
            0 => Tagging::External,
            1 => {
                let tag = self.odd(random);
                attributes.push(format!("tag = {tag}"));
                Tagging::Internal
            }
            2 => {
                let (tag, content) = (self.odd(random), self.odd(random));
                attributes.push(format!("tag = {tag}, content = {content}"));
                Tagging::Adjacent
            }
            _ => {
                attributes.push("untagged".to_owned());
                Tagging::Untagged
            }
        };
        if random.one_in(3) {
            attributes.push(format!("rename_all_fields = {:?}", random.of(&RULES)));
        }
        (0..=random.below(4))
            .map(|_| {
                let shape = match random.below(5) {
                    0 | 1 => Shape::Unit,
                    2 if tagging == Tagging::Internal => match self.plain_struct(random) {
                        Some(of) => Shape::Tuple(vec![Ty::Named(of)]),
                        None => Shape::Unit,
                    },
                    2 => Shape::Tuple(vec![self.ty(random, 2)]),
                    3 if tagging != Tagging::Internal => {
                        Shape::Tuple(vec![self.ty(random, 1), self.ty(random, 1)])
                    }
                    _ => Shape::Named(self.fields(random, false)),
                };
                let mut attributes = Vec::new();
                if random.one_in(4) && tagging != Tagging::Untagged {
                    attributes.push(format!("rename = {}", self.odd(random)));
                }
                Variant {
                    name: self.name("Some_Case"),
                    attributes,
                    shape,
                }
            })
            .collect()
    }

    /// A struct of named fields that is there already.
    fn plain_struct(&self, random: &mut Random) -> Option<usize> {
        let all: Vec<usize> = (0..self.types.len())
            .filter(|i| matches!(&self.types[*i].item, Item::Struct(Shape::Named(fields)) if !fields.is_empty()))
            .collect();
        (!all.is_empty()).then(|| *random.of(&all))
    }

    fn fields(&mut self, random: &mut Random, may_flatten: bool) -> Vec<Field> {
        let mut flattened = Vec::new();
        (0..random.below(6))
            .map(|_| {
                let name = self.name("some_field_");
                let mut attributes = Vec::new();
                if may_flatten && random.one_in(6)
                    && let Some(of) = self.plain_struct(random)
                    // Once: members of one name twice are no JSON.
                    && self.reach_flat(of).iter().all(|inner| !flattened.contains(inner))
                {
                    flattened.extend(self.reach_flat(of));
                    attributes.push("flatten".to_owned());
                    let ty = Ty::Named(of);
                    return Field {
                        name,
                        attributes,
                        ty,
                    };
                }
                let ty = self.ty(random, 3);
                if random.one_in(4) {
                    attributes.push(format!("rename = {}", self.odd(random)));
                }
                match (&ty, random.below(6)) {
                    (Ty::Option(_), 0) => {
                        attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned())
                    }
                    (Ty::Option(_), 1) => {
                        attributes
                            .push("default, skip_serializing_if = \"Option::is_none\"".to_owned());
                    }
                    (Ty::Vec(_), 0 | 1) => {
                        attributes
                            .push("default, skip_serializing_if = \"Vec::is_empty\"".to_owned());
                    }
                    (ty, 2) if has_default(ty) => attributes.push("default".to_owned()),
                    (ty, 3) if has_default(ty) && random.one_in(2) => {
                        attributes.push("skip".to_owned())
                    }
                    (ty, 4) if has_default(ty) => attributes.push("skip_deserializing".to_owned()),
                    (ty, 5) if has_default(ty) => {
                        attributes.push("default, skip_serializing".to_owned())
                    }
                    _ => {}
                }
                Field {
                    name,
                    attributes,
                    ty,
                }
            })
            .collect()
    }

    /// The structs whose members are members of `of`.
    fn reach_flat(&self, of: usize) -> Vec<usize> {
        let mut all = vec![of];
        if let Item::Struct(Shape::Named(fields)) = &self.types[of].item {
            for field in fields
                .iter()
                .filter(|f| f.attributes.iter().any(|a| a == "flatten"))
            {
                let Ty::Named(inner) = &field.ty else {
                    continue;
                };
                all.extend(self.reach_flat(*inner));
            }
        }
        all
    }

    fn ty(&mut self, random: &mut Random, depth: usize) -> Ty {
        let inner = |this: &mut Self, random: &mut Random| Box::new(this.ty(random, depth - 1));
        match random.below(if depth == 0 { 6 } else { 16 }) {
            0..=4 => {
                let (rust, value, has_default) = *random.of(&PLAIN);
                Ty::Plain(rust, value, has_default)
            }
            5 | 6 if !self.types.is_empty() => Ty::Named(random.below(self.types.len())),
            7 if random.one_in(2) => Ty::Any,
            8 | 9 => Ty::Option(inner(self, random)),
            10 | 11 => Ty::Vec(inner(self, random)),
            12 => {
                let (key, one) = *random.of(&KEYS);
                Ty::Map(key, one, inner(self, random))
            }
            13 => Ty::Tuple(vec![*inner(self, random), *inner(self, random)]),
            14 => Ty::Array(inner(self, random)),
            // Itself, or one that comes later: types that hold each other.
            15 => {
                let at = self.types.len();
                let other = Ty::Named(at + random.below(self.count - at));
                if random.one_in(2) {
                    Ty::Vec(Box::new(other))
                } else {
                    Ty::Option(Box::new(Ty::Boxed(Box::new(other))))
                }
            }
            _ => Ty::Plain("String", "String::new()", true),
        }
    }

    /// The types in Rust, and a query that takes and returns each.
    pub fn declarations(&self) -> String {
        let mut rust = "use std::collections::*;\nuse edgepod::prelude::*;\n".to_owned();
        for (i, ty) in self.types.iter().enumerate() {
            rust += "#[edgepod::data]\n";
            push_attributes(&mut rust, &ty.attributes);
            match &ty.item {
                Item::Struct(shape) => {
                    let end = if matches!(shape, Shape::Named(_)) {
                        ""
                    } else {
                        ";"
                    };
                    let _ = writeln!(rust, "pub struct T{i}{}{end}", declared(shape, "pub "));
                }
                Item::Enum(variants) => {
                    let _ = writeln!(rust, "pub enum T{i} {{");
                    for variant in variants {
                        push_attributes(&mut rust, &variant.attributes);
                        let _ = writeln!(rust, "{}{},", variant.name, declared(&variant.shape, ""));
                    }
                    rust += "}\n";
                }
            }
            let _ = writeln!(
                rust,
                "#[edgepod::query]\npub async fn query_{i}(_ctx: &QueryCtx, value: T{i}) -> Result<T{i}> {{ Ok(value) }}"
            );
        }
        rust
    }

    /// A program that prints the manifest and values of each type, or says of values that it is given whether they can be
    /// read.
    pub fn main(&self, random: &mut Random) -> String {
        let mut rust =
            "fn read(name: &str, value: serde_json::Value) -> Option<String> {\nmatch name {\n"
                .to_owned();
        for i in 0..self.types.len() {
            let _ = writeln!(
                rust,
                "\"T{i}\" => serde_json::from_str::<T{i}>(&value.to_string()).err().map(|error| error.to_string()),"
            );
        }
        rust += "_ => unreachable!(),\n}\n}\nfn main() {\nif std::env::args().nth(1).as_deref() == Some(\"read\") {\n\
                 let values: Vec<(String, serde_json::Value)> = serde_json::from_reader(std::io::stdin()).unwrap();\n\
                 let said: Vec<_> = values.into_iter().map(|(name, value)| read(&name, value)).collect();\n\
                 println!(\"{}\", serde_json::json!(said));\nreturn;\n}\n\
                 let mut values: Vec<(String, serde_json::Value)> = Vec::new();\n";
        for i in 0..self.types.len() {
            for _ in 0..3 {
                let value = self.value(&Ty::Named(i), random, 4);
                let _ = writeln!(
                    rust,
                    "values.push((\"T{i}\".to_owned(), serde_json::to_value::<T{i}>({value}).unwrap()));"
                );
            }
        }
        rust += "let manifest = edgepod_runtime::manifest::manifest().unwrap();\n\
                 println!(\"{}\", serde_json::json!({\"manifest\": manifest, \"values\": values}));\n}\n";
        rust
    }

    fn value(&self, ty: &Ty, random: &mut Random, depth: usize) -> String {
        let is_shallow = depth == 0;
        let depth = depth.saturating_sub(1);
        match ty {
            Ty::Plain(_, value, _) => (*value).to_owned(),
            Ty::Any => "serde_json::json!({\"a\": [1, null, \"x\"]})".to_owned(),
            Ty::Option(_) if is_shallow || random.one_in(3) => "None".to_owned(),
            Ty::Option(inner) => format!("Some({})", self.value(inner, random, depth)),
            Ty::Vec(_) if is_shallow => "vec![]".to_owned(),
            Ty::Vec(inner) => {
                let items: Vec<_> = (0..random.below(3))
                    .map(|_| self.value(inner, random, depth))
                    .collect();
                format!("vec![{}]", items.join(", "))
            }
            Ty::Boxed(inner) => format!("Box::new({})", self.value(inner, random, depth)),
            Ty::Map(_, key, inner) if !is_shallow && !random.one_in(3) => {
                format!("[({key}, {})].into()", self.value(inner, random, depth))
            }
            Ty::Map(..) => "[].into()".to_owned(),
            Ty::Tuple(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| self.value(item, random, depth))
                    .collect();
                format!("({})", items.join(", "))
            }
            Ty::Array(inner) => {
                let items = [0, 1].map(|_| self.value(inner, random, depth));
                format!("[{}]", items.join(", "))
            }
            Ty::Named(i) => match &self.types[*i].item {
                Item::Struct(shape) => format!("T{i}{}", self.filled(shape, random, depth)),
                Item::Enum(variants) => {
                    let variant = random.of(variants);
                    format!(
                        "T{i}::{}{}",
                        variant.name,
                        self.filled(&variant.shape, random, depth)
                    )
                }
            },
        }
    }

    fn filled(&self, shape: &Shape, random: &mut Random, depth: usize) -> String {
        match shape {
            Shape::Unit => String::new(),
            Shape::Tuple(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| self.value(item, random, depth))
                    .collect();
                format!("({})", items.join(", "))
            }
            Shape::Named(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|field| {
                        format!("{}: {}", field.name, self.value(&field.ty, random, depth))
                    })
                    .collect();
                format!(" {{ {} }}", fields.join(", "))
            }
        }
    }

    /// Whether a type has JSON of any shape somewhere.
    pub fn is_loose(&self, name: &str) -> bool {
        self.reach(name).1
    }

    /// Whether it has an untagged enum somewhere: to TypeScript an object of a union may have the members of several.
    pub fn is_untagged(&self, name: &str) -> bool {
        self.reach(name).0.iter().any(|ty| {
            ty.attributes
                .iter()
                .any(|attribute| attribute == "untagged")
        })
    }

    /// All types inside of one, with itself, and whether JSON of any shape is.
    fn reach(&self, name: &str) -> (Vec<&Type>, bool) {
        let index: usize = name[1..].parse().expect("the number of a type");
        let (mut seen, mut waiting) = (vec![false; self.types.len()], vec![index]);
        let (mut all, mut is_loose) = (Vec::new(), false);
        while let Some(i) = waiting.pop() {
            if std::mem::replace(&mut seen[i], true) {
                continue;
            }
            all.push(&self.types[i]);
            let mut part = |ty: &Ty| parts(ty, &mut waiting, &mut is_loose);
            let shapes = match &self.types[i].item {
                Item::Struct(shape) => vec![shape],
                Item::Enum(variants) => variants.iter().map(|variant| &variant.shape).collect(),
            };
            for shape in shapes {
                match shape {
                    Shape::Unit => {}
                    Shape::Tuple(items) => items.iter().for_each(&mut part),
                    Shape::Named(fields) => fields.iter().for_each(|field| part(&field.ty)),
                }
            }
        }
        (all, is_loose)
    }
}

fn parts(ty: &Ty, named: &mut Vec<usize>, is_loose: &mut bool) {
    match ty {
        Ty::Plain(..) => {}
        Ty::Any => *is_loose = true,
        Ty::Named(i) => named.push(*i),
        Ty::Option(inner)
        | Ty::Vec(inner)
        | Ty::Boxed(inner)
        | Ty::Array(inner)
        | Ty::Map(_, _, inner) => {
            parts(inner, named, is_loose);
        }
        Ty::Tuple(items) => items.iter().for_each(|item| parts(item, named, is_loose)),
    }
}

fn has_default(ty: &Ty) -> bool {
    match ty {
        Ty::Plain(_, _, has_default) => *has_default,
        Ty::Option(_) | Ty::Vec(_) | Ty::Map(..) => true,
        _ => false,
    }
}

fn push_attributes(rust: &mut String, attributes: &[String]) {
    for attribute in attributes {
        let _ = writeln!(rust, "#[serde({attribute})]");
    }
}

fn declared(shape: &Shape, visibility: &str) -> String {
    match shape {
        Shape::Unit => String::new(),
        Shape::Tuple(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|ty| format!("{visibility}{}", rust_of(ty)))
                .collect();
            format!("({})", items.join(", "))
        }
        Shape::Named(fields) => {
            let mut rust = " {\n".to_owned();
            for field in fields {
                push_attributes(&mut rust, &field.attributes);
                let _ = writeln!(rust, "{visibility}{}: {},", field.name, rust_of(&field.ty));
            }
            rust + "}"
        }
    }
}

fn rust_of(ty: &Ty) -> String {
    match ty {
        Ty::Plain(rust, ..) => (*rust).to_owned(),
        Ty::Any => "serde_json::Value".to_owned(),
        Ty::Option(inner) => format!("Option<{}>", rust_of(inner)),
        Ty::Vec(inner) => format!("Vec<{}>", rust_of(inner)),
        Ty::Boxed(inner) => format!("Box<{}>", rust_of(inner)),
        Ty::Map(key, _, inner) => format!("BTreeMap<{key}, {}>", rust_of(inner)),
        Ty::Tuple(items) => {
            let items: Vec<_> = items.iter().map(rust_of).collect();
            format!("({})", items.join(", "))
        }
        Ty::Array(inner) => format!("[{}; 2]", rust_of(inner)),
        Ty::Named(i) => format!("T{i}"),
    }
}
