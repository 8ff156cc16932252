//! A folder of generated files lives among files of the user's.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use edgepod_codegen::{Client, Difference, Error, Framework, Manifest};
use tempfile::TempDir;

const LIST: &str = ".edgepod-generated.json";

fn users() -> Manifest {
    serde_json::from_str(include_str!("users.json")).expect("users.json is a manifest")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("the file is there")
}

/// Adds a file to what a former run is on record to have generated.
fn record(folder: &Path, name: &str) {
    let list = read(folder, LIST).replace("\"client.ts\"", &format!("\"client.ts\", \"{name}\""));
    fs::write(folder.join(LIST), list).expect("the list is written");
}

#[test]
fn a_new_folder_gets_every_file() {
    let folder = folder();
    let path = folder.path().join("web/src/edgepod");
    let client = Client::new(&users(), Framework::React);
    let missing = client.diff(&path).expect("a folder may be missing");
    assert_eq!(missing.len(), client.files().len());

    let report = client.write_to(&path).expect("it is written");
    assert_eq!(report.written.len(), client.files().len());
    assert!(report.removed.is_empty() && report.is_changed());
    for (name, contents) in client.files() {
        assert_eq!(read(&path, name.to_str().unwrap()), contents);
    }
    assert_eq!(client.diff(&path).expect("it can be read"), []);
}

#[test]
fn what_is_right_already_is_not_touched() {
    let folder = folder();
    let client = Client::new(&users(), Framework::React);
    client.write_to(folder.path()).expect("it is written");
    let times = || -> Vec<_> {
        client
            .files()
            .map(|(name, _)| name)
            .chain([Path::new(LIST)])
            .map(|name| {
                let meta = fs::metadata(folder.path().join(name)).expect("the file is there");
                (name.to_owned(), meta.modified().expect("it has a time"))
            })
            .collect()
    };
    let before = times();
    let report = client.write_to(folder.path()).expect("it is written");
    assert!(!report.is_changed());
    assert_eq!(report.unchanged, client.files().len());
    assert_eq!(times(), before);
}

#[test]
fn a_changed_app_changes_only_its_types() {
    let folder = folder();
    let mut manifest = users();
    Client::new(&manifest, Framework::React)
        .write_to(folder.path())
        .expect("it is written");
    manifest
        .functions
        .retain(|function| function.name != "getUserById");
    let client = Client::new(&manifest, Framework::React);
    let changed = Difference::Changed("functions.d.ts".into());
    assert_eq!(changed.to_string(), "functions.d.ts is out of date");
    assert_eq!(client.diff(folder.path()).expect("it is read"), [changed]);
    let report = client.write_to(folder.path()).expect("it is written");
    assert_eq!(report.written, [PathBuf::from("functions.d.ts")]);
    assert!(!read(folder.path(), "functions.d.ts").contains("getUserById"));
}

#[test]
fn what_was_edited_by_hand_is_generated_again() {
    let folder = folder();
    let client = Client::new(&users(), Framework::React);
    client.write_to(folder.path()).expect("it is written");
    fs::write(folder.path().join("core/error.ts"), "edited").expect("it is edited");
    let report = client.write_to(folder.path()).expect("it is written");
    assert_eq!(report.written, [PathBuf::from("core/error.ts")]);
}

#[test]
fn what_is_generated_no_more_is_removed_and_its_empty_folder_with_it() {
    let folder = folder();
    let client = Client::new(&users(), Framework::React);
    client.write_to(folder.path()).expect("it is written");
    fs::create_dir_all(folder.path().join("vue/parts")).expect("a folder");
    fs::write(folder.path().join("vue/parts/old.ts"), "").expect("a file");
    record(folder.path(), "vue/parts/old.ts");

    let obsolete = Difference::Obsolete("vue/parts/old.ts".into());
    assert_eq!(client.diff(folder.path()).expect("it is read"), [obsolete]);
    let report = client.write_to(folder.path()).expect("it is written");
    assert_eq!(report.removed, [PathBuf::from("vue/parts/old.ts")]);
    assert!(!folder.path().join("vue").exists());
    assert_eq!(client.diff(folder.path()).expect("it is read"), []);
}

#[test]
fn files_of_the_users_stay() {
    let folder = folder();
    fs::create_dir(folder.path().join("core")).expect("a folder");
    for name in ["notes.md", "core/mine.ts"] {
        fs::write(folder.path().join(name), "mine").expect("a file");
    }
    let client = Client::new(&users(), Framework::React);
    client.write_to(folder.path()).expect("it is written");
    client.write_to(folder.path()).expect("it is written again");
    assert_eq!(read(folder.path(), "notes.md"), "mine");
    assert_eq!(read(folder.path(), "core/mine.ts"), "mine");
}

#[test]
fn a_users_file_in_the_way_stops_everything_before_anything_is_written() {
    let folder = folder();
    fs::write(folder.path().join("types.ts"), "export type Mine = 1;\n").expect("a file");
    let error = Client::new(&users(), Framework::React)
        .write_to(folder.path())
        .expect_err("it must not be overwritten");
    assert!(matches!(&error, Error::ForeignFile { path } if path.ends_with("types.ts")));
    assert!(
        error
            .to_string()
            .contains("was not generated by EdgePod; move it away"),
        "{error}"
    );
    assert_eq!(
        fs::read_dir(folder.path()).expect("a folder").count(),
        1,
        "only the user's file is there"
    );
}

#[test]
fn a_lost_or_broken_list_does_not_make_strangers_of_our_files() {
    let folder = folder();
    let client = Client::new(&users(), Framework::React);
    client.write_to(folder.path()).expect("it is written");
    for broken in [None, Some("not JSON")] {
        match broken {
            None => fs::remove_file(folder.path().join(LIST)).expect("it is removed"),
            Some(text) => fs::write(folder.path().join(LIST), text).expect("it is written"),
        }
        let outdated = read(folder.path(), "types.ts") + "// of an older version\n";
        fs::write(folder.path().join("types.ts"), outdated).expect("it is written");
        let report = client.write_to(folder.path()).expect("it is written");
        assert_eq!(report.written, [PathBuf::from("types.ts")]);
    }
}

#[test]
fn the_list_cannot_lead_out_of_the_folder() {
    let outside = folder();
    let victim = outside.path().join("victim.ts");
    fs::write(&victim, "precious").expect("a file");
    let folder = outside.path().join("edgepod");
    let client = Client::new(&users(), Framework::React);
    client.write_to(&folder).expect("it is written");
    record(&folder, "../victim.ts");
    record(&folder, victim.to_str().unwrap());
    let report = client.write_to(&folder).expect("it is written");
    assert!(report.removed.is_empty());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn a_folder_that_is_a_file_is_an_error_that_names_it() {
    let folder = folder();
    let path = folder.path().join("edgepod");
    fs::write(&path, "").expect("a file");
    let error = Client::new(&users(), Framework::React)
        .write_to(&path)
        .expect_err("it is a file");
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
}

/// The map that leads an editor to Rust.
const MAP: &str = "functions.d.ts.map";

#[test]
fn the_map_to_rust_is_no_file_of_the_client() {
    let folder = folder();
    let mut manifest = users();
    let client = |manifest: &Manifest| {
        Client::new(manifest, Framework::React).with_sources(Path::new("/app"))
    };
    let report = client(&manifest).write_to(folder.path());
    let written = report.expect("it is written").written;
    assert!(!written.contains(&MAP.into()), "{written:?}");
    let first = read(folder.path(), MAP);
    assert!(first.contains("app/src/lib.rs"), "{first}");

    // A line of Rust moves, and only the map follows it, unsaid.
    for function in &mut manifest.functions {
        if let Some(source) = &mut function.source {
            source.line += 1;
        }
    }
    let moved = client(&manifest);
    assert_eq!(moved.diff(folder.path()).expect("it is read"), []);
    let report = moved.write_to(folder.path()).expect("it is written");
    assert!(!report.is_changed());
    assert_ne!(read(folder.path(), MAP), first);

    // It may be missing, or there where the list of files is not: nothing is out of date, and nothing is in the way.
    for name in [MAP, LIST] {
        fs::remove_file(folder.path().join(name)).expect("it is removed");
        assert_eq!(moved.diff(folder.path()).expect("it is read"), []);
        let report = moved.write_to(folder.path()).expect("it is written");
        assert!(!report.is_changed());
        assert!(folder.path().join(MAP).is_file());
    }

    // One of the user's own is in the way.
    fs::remove_file(folder.path().join(LIST)).expect("it is removed");
    fs::write(folder.path().join(MAP), "{\"version\": 3}").expect("it is written");
    let error = moved.write_to(folder.path()).expect_err("it is not ours");
    assert!(matches!(&error, Error::ForeignFile { path } if path.ends_with(MAP)));
}

#[test]
fn where_typescript_emits_declarations_the_functions_are_among_its_sources() {
    let folder = folder();
    let path = folder.path().join("src/edgepod");
    let client = Client::new(&users(), Framework::React).with_sources(Path::new("/app"));
    client.write_to(&path).expect("it is written");
    let declarations = read(&path, "functions.d.ts");
    let configuration = r#"{"compilerOptions": {"composite": true}}"#;
    fs::write(folder.path().join("tsconfig.json"), configuration).expect("a configuration");

    let report = client.write_to(&path).expect("it is written");
    assert_eq!(report.written, [PathBuf::from("functions.ts")]);
    assert_eq!(report.removed, [PathBuf::from("functions.d.ts")]);
    assert!(!path.join(MAP).exists());
    let (without_map, _) = declarations.split_once("//# ").expect("it names its map");
    assert_eq!(read(&path, "functions.ts"), without_map);
    assert_eq!(client.diff(&path).expect("it is read"), []);

    fs::remove_file(folder.path().join("tsconfig.json")).expect("it is removed");
    client.write_to(&path).expect("it is written");
    assert_eq!(read(&path, "functions.d.ts"), declarations);
    assert!(!path.join("functions.ts").exists() && path.join(MAP).exists());
}

/// `edgepod dev` generates at any moment, and two of them may serve one app.
#[test]
fn runs_at_the_same_moment_are_not_in_each_others_way() {
    let folder = folder();
    let client = Client::new(&users(), Framework::React);
    let alone = folder.path().join("alone");
    client.write_to(&alone).expect("it is written");
    for time in 0..20 {
        let path = folder.path().join(format!("edgepod{time}"));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| client.write_to(&path).expect("it is written"));
            }
        });
        assert_eq!(client.diff(&path).expect("it is read"), []);
        assert_eq!(files_of(&path), files_of(&alone));
    }
}

/// All files below a folder, by their paths in it.
fn files_of(folder: &Path) -> BTreeSet<PathBuf> {
    let inside = fs::read_dir(folder).expect("a folder").flatten();
    inside
        .flat_map(|entry| {
            let name = PathBuf::from(entry.file_name());
            match entry.path().is_dir() {
                true => files_of(&entry.path())
                    .into_iter()
                    .map(|file| name.join(file))
                    .collect(),
                false => vec![name],
            }
        })
        .collect()
}

#[cfg(unix)]
#[test]
fn files_are_readable_to_whom_other_new_files_are() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let mode = |name: &str| {
        let meta = fs::metadata(folder.path().join(name)).expect("the file is there");
        meta.permissions().mode()
    };
    let client = Client::new(&users(), Framework::React);
    client.write_to(folder.path()).expect("it is written");
    fs::write(folder.path().join("other.ts"), "").expect("it is written");
    assert_eq!(mode("client.ts"), mode("other.ts"));
}
