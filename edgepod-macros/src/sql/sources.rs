//! The tables of the app, as its sources have them.
//!
//! A macro sees its own tokens only, and so the files are read: those of the crate that is being compiled, and the one that the
//! call stands in. What is read gives messages and names; the types come from the compiler (`emit`), so that a mistake in here
//! cannot become a wrong type.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    rc::Rc,
    time::SystemTime,
};

use syn::{Attribute, Fields, Item, ItemStruct, Stmt, Type, ext::IdentExt};

use super::types::{Class, OfStruct};

/// A table that a struct describes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// File and line of the struct.
    pub(super) place: (PathBuf, usize),
}

/// A column of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) of: OfStruct,
    /// Whether an INSERT may leave it out.
    pub(super) filled_in: bool,
}

/// What a file declares.
#[derive(Default)]
struct File {
    tables: Vec<Table>,
    /// Types with `#[derive(ColumnType)]`: what they are stored as, or whose type they have.
    types: HashMap<String, Stored>,
    modules: Vec<String>,
}

#[derive(Clone)]
enum Stored {
    Class(Class),
    As(String),
}

/// All tables that a call can mean.
pub(super) struct Tables {
    tables: Vec<Table>,
    caller: Option<PathBuf>,
}

thread_local! {
    /// Files that were read, for the next call in the same crate.
    static READ: RefCell<HashMap<PathBuf, (SystemTime, Rc<File>)>> = RefCell::default();
}

impl Tables {
    /// Reads the sources of the crate, and of the file that calls.
    pub(super) fn read(crate_root: Option<&Path>, caller: Option<PathBuf>) -> Self {
        let mut paths = Vec::new();
        if let Some(root) = crate_root {
            collect(&root.join("src"), &mut paths);
        }
        if let Some(caller) = &caller
            && let Ok(path) = fs::canonicalize(caller)
            && !paths.contains(&path)
        {
            // A target of several files, such as `tests/shop/main.rs`, has them beside each other.
            let target = crate_root.and_then(|root| path.strip_prefix(root).ok());
            match (target.map(|path| path.components().count()), path.parent()) {
                (Some(3..), Some(folder)) => collect(folder, &mut paths),
                _ => paths.push(path),
            }
        }
        // A target of its own, such as a test, has modules beside it.
        let mut files: Vec<(PathBuf, Rc<File>)> = Vec::new();
        let mut next = 0;
        while let Some(path) = paths.get(next).cloned() {
            next += 1;
            let Some(file) = file(&path) else { continue };
            for module in &file.modules {
                let folder = path.parent().unwrap_or(Path::new(""));
                let below = folder.join(path.file_stem().unwrap_or_default());
                for path in [
                    folder.join(format!("{module}.rs")),
                    folder.join(module).join("mod.rs"),
                    below.join(format!("{module}.rs")),
                    below.join(module).join("mod.rs"),
                ] {
                    if path.is_file() && !paths.contains(&path) {
                        paths.push(path);
                    }
                }
            }
            files.push((path, file));
        }
        let types: HashMap<&String, &Stored> =
            files.iter().flat_map(|(_, file)| &file.types).collect();
        let mut tables = Vec::new();
        for (_, file) in &files {
            for table in &file.tables {
                let mut table = table.clone();
                for column in &mut table.columns {
                    column.of.class = class_of(&column.of.rust, &types, 8);
                }
                tables.push(table);
            }
        }
        Self {
            tables,
            caller: caller.and_then(|path| fs::canonicalize(path).ok()),
        }
    }

    /// The table of a name: the one of the file that calls, or else the only one.
    ///
    /// # Errors
    /// The places of all, where they are several with other columns.
    pub(super) fn get(&self, name: &str) -> Result<Option<&Table>, Vec<String>> {
        let named = || {
            self.tables
                .iter()
                .filter(|table| table.name.eq_ignore_ascii_case(name))
        };
        let here = named().filter(|table| Some(&table.place.0) == self.caller.as_ref());
        let found: Vec<&Table> = match here.clone().next() {
            Some(_) => here.collect(),
            None => named().collect(),
        };
        match found.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|other| other.columns == first.columns) => {
                Ok(Some(first))
            }
            several => Err(several
                .iter()
                .map(|table| format!("{}:{}", table.place.0.display(), table.place.1))
                .collect()),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }
}

/// The files of a folder that end in `.rs`.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|end| end == "rs") {
            paths.extend(fs::canonicalize(path));
        }
    }
}

/// What a file declares; `None` where it cannot be read, or is no Rust at the moment.
fn file(path: &Path) -> Option<Rc<File>> {
    let changed = fs::metadata(path).and_then(|data| data.modified()).ok()?;
    let known = READ.with_borrow(|read| {
        read.get(path)
            .filter(|(at, _)| *at == changed)
            .map(|(_, file)| file.clone())
    });
    if known.is_some() {
        return known;
    }
    let text = fs::read_to_string(path).ok()?;
    let mut file = File::default();
    let declares = ["table", "ColumnType", "mod "]
        .iter()
        .any(|word| text.contains(word));
    if declares && let Ok(parsed) = syn::parse_file(&text) {
        read_items(&mut parsed.items.iter(), path, &mut file);
    }
    let file = Rc::new(file);
    READ.with_borrow_mut(|read| read.insert(path.to_owned(), (changed, file.clone())));
    Some(file)
}

fn read_items(items: &mut dyn Iterator<Item = &Item>, path: &Path, file: &mut File) {
    for item in items {
        match item {
            Item::Mod(module) => match &module.content {
                Some((_, items)) => read_items(&mut items.iter(), path, file),
                None => file.modules.push(module.ident.unraw().to_string()),
            },
            Item::Fn(function) => {
                let mut items = function.block.stmts.iter().filter_map(|stmt| match stmt {
                    Stmt::Item(item) => Some(item),
                    _ => None,
                });
                read_items(&mut items, path, file);
            }
            Item::Struct(item) => {
                if let Some(name) = table_name(&item.attrs) {
                    file.tables.push(table(name, item, path));
                } else if derives_column_type(&item.attrs)
                    && let Fields::Unnamed(fields) = &item.fields
                    && let Some(field) = fields.unnamed.first()
                {
                    let inner = Stored::As(written(&field.ty));
                    file.types.insert(item.ident.to_string(), inner);
                }
            }
            Item::Enum(item) if derives_column_type(&item.attrs) => {
                let stored = Stored::Class(Class::Text);
                file.types.insert(item.ident.to_string(), stored);
            }
            _ => {}
        }
    }
}

/// `name` of `#[edgepod::table(name = "users")]`.
fn table_name(attrs: &[Attribute]) -> Option<String> {
    let attr = attrs.iter().find(|attr| {
        attr.path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "table")
    })?;
    let mut name = None;
    let _ = attr.parse_nested_meta(|meta| {
        let value = meta.value()?.parse::<syn::LitStr>()?;
        if meta.path.is_ident("name") {
            name = Some(value.value());
        }
        Ok(())
    });
    name
}

fn derives_column_type(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let mut derives = false;
        if attr.path().is_ident("derive") {
            let _ = attr.parse_nested_meta(|meta| {
                let last = meta.path.segments.last();
                derives |= last.is_some_and(|last| last.ident == "ColumnType");
                Ok(())
            });
        }
        derives
    })
}

fn table(name: String, item: &ItemStruct, path: &Path) -> Table {
    let columns = item.fields.iter().filter_map(|field| {
        let has = |name: &str| field.attrs.iter().any(|attr| attr.path().is_ident(name));
        let (ty, optional) = match option(&field.ty) {
            Some(inner) => (inner, true),
            None => (&field.ty, false),
        };
        Some(Column {
            filled_in: optional || has("auto_inc") || has("default"),
            of: OfStruct {
                table: name.clone(),
                column: field.ident.as_ref()?.unraw().to_string(),
                class: None,
                optional,
                rust: written(ty),
            },
        })
    });
    Table {
        columns: columns.collect(),
        place: (path.to_owned(), item.ident.span().start().line),
        name,
    }
}

/// `T` of `Option<T>`.
fn option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) if last.ident == "Option" => {
            match arguments.args.first()? {
                syn::GenericArgument::Type(ty) => Some(ty),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A type as one writes it.
fn written(ty: &Type) -> String {
    quote::quote!(#ty)
        .to_string()
        .replace(" :: ", "::")
        .replace(" < ", "<")
        .replace(" >", ">")
}

/// How a type is stored, as far as the sources say it.
fn class_of(rust: &str, types: &HashMap<&String, &Stored>, deepest: u8) -> Option<Class> {
    let path = rust.split('<').next().unwrap_or(rust);
    let name = path.rsplit("::").next().unwrap_or(path).trim().to_owned();
    let known: BTreeMap<&str, Class> = [
        (
            Class::Integer,
            &[
                "i64",
                "i32",
                "i16",
                "i8",
                "u64",
                "u32",
                "u16",
                "u8",
                "bool",
                "Int64",
                "Timestamp",
                "JobId",
                "DateTime",
            ][..],
        ),
        (Class::Real, &["f64", "f32"]),
        (
            Class::Text,
            &["String", "Uuid", "Json", "NaiveDate", "Date"],
        ),
        (Class::Blob, &["Bytes"]),
    ]
    .into_iter()
    .flat_map(|(class, names)| names.iter().map(move |name| (*name, class)))
    .collect();
    match types.get(&name) {
        Some(Stored::Class(class)) => Some(*class),
        Some(Stored::As(inner)) if deepest > 0 => class_of(inner, types, deepest - 1),
        Some(Stored::As(_)) => None,
        None => known.get(name.as_str()).copied(),
    }
}
