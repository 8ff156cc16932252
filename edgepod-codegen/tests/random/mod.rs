//! Apps that nobody wrote: types of random shapes with random attributes of serde and values of each, and functions, arguments,
//! fields, columns and types named as Rust, TypeScript, JavaScript's objects, SQL, the macros or the client name theirs.
//!
//! What serde_json makes of a value is of its TypeScript type, a value that was spoiled is not, and what the TypeScript type
//! allows of a value with a member left out or NULL is read by serde.
//!
//! `EDGEPOD_TYPES_MINUTES` asks for more apps, `EDGEPOD_TYPES_SEED` for others.

mod names;
mod rng;
mod types;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use edgepod_codegen::{Framework, Manifest};
use edgepod_samples::apps::{self, PROFILES};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::FrontEnd;
use rng::Random;

/// How many types an app has.
const TYPES: usize = 60;

/// What a random app prints.
#[derive(Deserialize)]
struct Printed {
    manifest: String,
    /// The name of a type, and the JSON of a value of it.
    values: Vec<(String, Value)>,
}

/// The crate that random apps are written into: one, so that its dependencies are compiled once.
struct Crate(PathBuf);

impl Crate {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random-app");
        fs::create_dir_all(folder.join("src")).expect("a folder");
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the checkout");
        let path = |name: &str| checkout.join(name).display().to_string();
        fs::write(
            folder.join("Cargo.toml"),
            format!(
                "[workspace]\n[package]\nname = \"random-app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
                 edgepod = {{ path = {:?} }}\nedgepod-runtime = {{ path = {:?} }}\nserde = {{ version = \"1\", features = \
                 [\"derive\"] }}\nserde_json = \"1\"\n{PROFILES}",
                path(""),
                path("edgepod-runtime")
            ),
        )
        .expect("a manifest");
        fs::copy(checkout.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
        Self(folder)
    }

    /// Builds an app with these sources, and runs it.
    fn print(&self, source: &str, place: &str) -> Printed {
        fs::write(self.0.join("src/main.rs"), source).expect("the source");
        self.run("print", &[], place)
    }

    /// What the app says when it reads these values: `None` of each that it takes.
    fn read(&self, values: &[(String, Value)], place: &str) -> Vec<Option<String>> {
        let json = serde_json::to_vec(values).expect("values are JSON");
        self.run("read", &json, place)
    }

    fn run<T: DeserializeOwned>(&self, what: &str, input: &[u8], place: &str) -> T {
        let mut child = apps::cargo()
            .args(["run", "--quiet", "--", what])
            .current_dir(&self.0)
            .env(
                "CARGO_TARGET_DIR",
                apps::target(env!("CARGO_TARGET_TMPDIR")),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cargo runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        // An app that does not compile reads nothing.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("cargo ends");
        writer.join().expect("the writer does not panic");
        assert!(
            output.status.success(),
            "{place}, {}: {}",
            self.0.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("what it printed")
    }
}

/// A random app compiles without a warning, its client compiles, and TypeScript's types are those of its JSON.
#[test]
fn typescript_says_what_json_does_of_any_type_by_any_name() {
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse::<f64>().unwrap());
    let time = Duration::from_secs_f64(60.0 * number("EDGEPOD_TYPES_MINUTES").unwrap_or(0.0));
    let mut seed = number("EDGEPOD_TYPES_SEED").map_or_else(rng::seed, |seed| seed as u64);
    let started = Instant::now();
    let (mut apps, mut values, mut leaves, mut read) = (0, 0, 0, 0);
    let krate = Crate::new();
    loop {
        let place = format!("EDGEPOD_TYPES_SEED={seed}");
        println!("{place}");
        let mut random = Random::new(seed);
        let types = types::Types::new(&mut random, TYPES);
        let names = names::Names::new(&mut random);
        let source = format!(
            "#![deny(warnings)]\n#![allow(dead_code, non_camel_case_types, clippy::all)]\n{}\n{}\nmod application {{ edgepod::app!(); }}\n{}",
            types.declarations(),
            names.declarations(),
            types.main(&mut random)
        );
        let printed = krate.print(&source, &place);
        let manifest: Manifest = serde_json::from_str(&printed.manifest).expect("a manifest");
        let front_end = FrontEnd::of(&manifest, Framework::React);
        front_end.write("names.tsx", &names.page());
        front_end.write("page.ts", &page(&printed.values));
        assert_eq!(front_end.complaints("typescript"), "", "{place}");
        assert_eq!(front_end.misformatted(), "", "{place}");
        let broken: Vec<(String, String)> = printed
            .values
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), spoiled(value, &mut random)?)))
            .collect();
        let said = {
            front_end.write("page.ts", &texts(&broken));
            front_end.complaints("typescript")
        };
        for (i, (name, text)) in broken.iter().enumerate() {
            // What is JSON of any shape may be anything.
            let says = said.contains(&format!("page.ts({},", i + FIRST_LINE));
            assert!(
                says || types.is_loose(name),
                "{place}: {name} takes {text}\n{said}"
            );
        }
        // Keys that are no texts, inside of what serde looks at twice (`flatten`, `untagged`, `tag`), it cannot read itself.
        let comes_back = krate.read(&printed.values, &place);
        let lacking: Vec<(String, Value)> = printed
            .values
            .iter()
            .zip(comes_back)
            .filter(|((name, _), refused)| refused.is_none() && !types.is_untagged(name))
            .map(|(value, _)| value)
            .flat_map(|(name, value)| {
                lacking(value, &mut random)
                    .into_iter()
                    .map(|value| (name.clone(), value))
            })
            .collect();
        front_end.write("page.ts", &page(&lacking));
        let said = front_end.complaints("typescript");
        let allowed: Vec<_> = lacking
            .into_iter()
            .enumerate()
            .filter(|(i, _)| !said.contains(&format!("page.ts({},", i + FIRST_LINE)))
            .map(|(_, one)| one)
            .collect();
        for ((name, value), refused) in allowed.iter().zip(krate.read(&allowed, &place)) {
            assert_eq!(
                refused, None,
                "{place}: TypeScript allows {value} as {name}, serde does not"
            );
        }
        apps += 1;
        read += allowed.len();
        values += printed.values.len();
        leaves += broken.len();
        if started.elapsed() >= time {
            break;
        }
        seed = seed.wrapping_add(1);
    }
    println!(
        "{apps} apps of {TYPES} types: {values} values, {leaves} of them spoiled, {read} read with a member less"
    );
}

/// The line of the first value.
const FIRST_LINE: usize = 2;

fn page(values: &[(String, Value)]) -> String {
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    texts(&values)
}

fn texts(values: &[(String, String)]) -> String {
    let mut page = "import type * as app from \"./edgepod/client\";\n".to_owned();
    for (index, (name, value)) in values.iter().enumerate() {
        page += &format!("export const value{index}: app.{name} = {value};\n");
    }
    page
}

/// The value with a symbol, which no JSON is, in place of one of its texts, numbers and the like. `None` where it has none.
fn spoiled(value: &Value, random: &mut Random) -> Option<String> {
    const MARK: &str = "\u{1}spoiled\u{1}";
    fn leaves(value: &mut Value) -> Vec<&mut Value> {
        match value {
            Value::Array(items) => items.iter_mut().flat_map(leaves).collect(),
            Value::Object(members) => members.values_mut().flat_map(leaves).collect(),
            _ => vec![value],
        }
    }
    let mut value = value.clone();
    let mut leaves = leaves(&mut value);
    if leaves.is_empty() {
        return None;
    }
    let at = random.below(leaves.len());
    *leaves[at] = Value::String(MARK.to_owned());
    let mark = Value::String(MARK.to_owned()).to_string();
    Some(value.to_string().replace(&mark, "Symbol.iterator"))
}

/// The value with a member left out, and with one that is null: of each object in it, at most a few.
fn lacking(value: &Value, random: &mut Random) -> Vec<Value> {
    const AT_MOST: usize = 6;
    fn members(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    members(item, &format!("{path}/{i}"), found);
                }
            }
            Value::Object(object) => {
                for (name, member) in object {
                    found.push((path.to_owned(), name.clone()));
                    let name = name.replace('~', "~0").replace('/', "~1");
                    members(member, &format!("{path}/{name}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    members(value, "", &mut found);
    let mut all = Vec::new();
    while !found.is_empty() && all.len() < AT_MOST {
        let (path, name) = found.swap_remove(random.below(found.len()));
        for null in [false, true] {
            let mut value = value.clone();
            let object = value
                .pointer_mut(&path)
                .and_then(Value::as_object_mut)
                .expect("an object is there");
            if null {
                object.insert(name.clone(), Value::Null);
            } else {
                object.remove(&name);
            }
            all.push(value);
        }
    }
    all
}
