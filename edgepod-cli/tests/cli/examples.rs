//! What the clients of all examples and of all apps of the tests say of what is no client's business, and what pages quote of examples.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use regex::Regex;

/// Names of private columns that stand in a client as something else, and how often: see each.
const ELSEWHERE: [(&str, &str, usize); 4] = [
    // What `signUp` and `logIn` are called with.
    ("auth", "password", 2),
    // Of a device, told to itself once; what `signIn` is called with.
    ("chat", "key", 2),
    // Of a webhook, told to whoever opens it.
    ("chat", "secret", 1),
    // What `addMember` of the tests is called with.
    ("faults", "secret", 0),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folders of all apps, by their names.
fn apps() -> BTreeMap<String, PathBuf> {
    let mut apps = BTreeMap::new();
    for below in ["examples", "tests/apps"] {
        for folder in std::fs::read_dir(root().join(below)).unwrap().flatten() {
            let name = folder.file_name().into_string().unwrap();
            // Its mistakes made on purpose would have the runtime compiled once more.
            if folder.path().join("Cargo.toml").is_file() && name != "simulation" {
                apps.insert(name, folder.path());
            }
        }
    }
    apps
}

fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = files.filter(|file| file.file_type().is_file());
    files
        .map(|file| {
            let path = file.path().strip_prefix(folder).unwrap().to_owned();
            (path, std::fs::read_to_string(file.path()).unwrap())
        })
        .collect()
}

/// The files of an app's client.
fn client(name: &str, folder: &Path) -> BTreeMap<PathBuf, String> {
    let client = tempfile::tempdir().unwrap();
    let folder_of_client = client.path().canonicalize().unwrap();
    let generated = Command::new(env!("CARGO_BIN_EXE_edgepod"))
        .arg("generate")
        .arg(folder)
        .args(["--framework", "react", "--client"])
        .arg(&folder_of_client)
        .output()
        .unwrap();
    assert!(generated.status.success(), "{name}: {generated:?}");
    // An editor finds the app's sources, which are in a workspace.
    let map = std::fs::read_to_string(folder_of_client.join("functions.d.ts.map")).unwrap();
    let map: serde_json::Value = serde_json::from_str(&map).unwrap();
    let sources = map["sources"].as_array().unwrap();
    assert!(!sources.is_empty(), "{name}");
    for source in sources {
        let source = folder_of_client.join(source.as_str().unwrap());
        assert!(source.is_file(), "{name}: {}", source.display());
    }
    texts(&folder_of_client)
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        name + &word[..1].to_uppercase() + &word[1..]
    })
}

#[test]
fn no_client_names_a_private_column_or_an_internal_function() {
    // Of the sources: what the program itself says would be wrong in the same way as the client.
    let attributes = r"(?:\s*(?:///[^\n]*|#\[[^\]]*\]))*\s*(?:pub )?";
    let private = Regex::new(&format!(r"#\[private\]{attributes}(\w+):")).unwrap();
    let internal = [r"\w+\([^\)]*\binternal\b[^\]]*\)", r"cron\([^\]]*\)"];
    let internal = internal.map(|attribute| {
        Regex::new(&format!(
            r"#\[edgepod::{attribute}\]{attributes}async fn (\w+)"
        ))
        .unwrap()
    });
    let comments = Regex::new(r"(?s)/\*.*?\*/|//[^\n]*").unwrap();
    let (mut columns, mut functions) = (0, 0);
    let apps = apps();
    assert!(apps.len() > 8 && apps.contains_key("chat"), "{apps:?}");
    let clients: BTreeMap<&String, BTreeMap<PathBuf, String>> = apps
        .iter()
        .map(|(name, folder)| (name, client(name, folder)))
        .collect();
    for (name, folder) in &apps {
        // What is the same in every client names nothing of one app.
        let is_of_all = |path: &PathBuf, text: &String| {
            clients
                .values()
                .all(|client| client.get(path) == Some(text))
        };
        let own = clients[name].iter();
        let own = own.filter(|(path, text)| !is_of_all(path, text));
        let own: Vec<_> = own
            .map(|(path, text)| (path, comments.replace_all(text, "")))
            .collect();
        assert!(
            own.iter().any(|(path, _)| path.ends_with("types.ts")),
            "{name}"
        );
        let count = |word: &str| {
            let word = Regex::new(&format!(r"\b{word}\b")).unwrap();
            own.iter()
                .map(|(_, text)| word.find_iter(text).count())
                .sum::<usize>()
        };
        for source in texts(&folder.join("src")).values() {
            for found in private.captures_iter(source) {
                columns += 1;
                let known = ELSEWHERE
                    .iter()
                    .find(|(app, column, _)| app == name && *column == &found[1]);
                let known = known.map_or(0, |known| known.2);
                assert_eq!(
                    count(&found[1]),
                    known,
                    "{name}: the column `{}`",
                    &found[1]
                );
            }
            for found in internal.iter().flat_map(|one| one.captures_iter(source)) {
                functions += 1;
                for written in [found[1].to_owned(), camel(&found[1])] {
                    assert_eq!(count(&written), 0, "{name}: the function `{written}`");
                }
            }
        }
    }
    assert!(columns >= 4 && functions >= 14, "{columns}, {functions}");
}

#[test]
fn what_a_page_quotes_of_an_example_is_there() {
    let quote = Regex::new(r"(?s)```\S+\n// (examples/\S+)\n(.*?)```").unwrap();
    let mut quotes = 0;
    for page in std::fs::read_dir(root().join("docs")).unwrap().flatten() {
        if !page.file_type().unwrap().is_file() {
            continue;
        }
        let text = std::fs::read_to_string(page.path()).unwrap();
        for found in quote.captures_iter(&text) {
            let source = std::fs::read_to_string(root().join(&found[1])).unwrap();
            assert!(
                source.contains(&found[2]),
                "{}: {} has no such lines any more:\n{}",
                page.path().display(),
                &found[1],
                &found[2]
            );
            quotes += 1;
        }
    }
    assert!(quotes >= 6, "{quotes}");
}

#[test]
fn info_tells_of_functions_who_may_call_them_and_where_they_are() {
    let info = |folder: &str| {
        let info = Command::new(env!("CARGO_BIN_EXE_edgepod"))
            .arg("info")
            .arg(root().join(folder))
            .output()
            .unwrap();
        assert!(info.status.success(), "{info:?}");
        let text = String::from_utf8(info.stdout).unwrap();
        // Lines move.
        Regex::new(r"\.rs:\d+")
            .unwrap()
            .replace_all(&text, ".rs:N")
            .into_owned()
    };
    let tokens = info("tests/apps/tokens");
    for lines in [
        "    function forAdmins() -> string\n               For administrators.\n               \
         behind require_role(\"role\", \"admin\"), tests/apps/tokens/src/lib.rs:N\n",
        "       query seldom() -> string\n               Thrice at once, then every ten seconds.\n               \
         behind rate_limit(3, std::time::Duration::from_secs(30)), tests/apps/tokens/src/lib.rs:N\n",
    ] {
        assert!(tokens.contains(lines), "{tokens}");
    }
    let chat = info("examples/chat");
    let internal = "    function clearReminders() -> null\n               Clears away what rang long ago.\n               \
         internal: the app alone calls it, examples/chat/src/org/reminders.rs:N\n";
    assert!(chat.contains(internal), "{chat}");
    assert!(chat.contains("behind no middleware, "), "{chat}");
    let throws = "    function book(seat: string) -> number throws SeatError\n";
    assert!(tokens.contains(throws), "{tokens}");
}
