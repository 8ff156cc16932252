//! `edgepod init` among what is there: nothing is built, so this takes no time. What is made runs in `tests/init.rs`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.path().join(file)).unwrap()
    }

    fn exists(&self, file: &str) -> bool {
        self.0.path().join(file).exists()
    }

    /// What `edgepod init … --yes` prints.
    #[track_caller]
    fn init(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_edgepod"))
            .arg("init")
            .args(arguments)
            .arg("--yes")
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{text}");
        text
    }

    /// Whether cargo understands what is in `folder`.
    #[track_caller]
    fn ensure_cargo_understands(&self, folder: &str) {
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(self.0.path().join(folder))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{folder}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

const CORE: &str = "[package]\nname = \"core-lib\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

#[test]
fn a_workspace_that_names_the_folder_gets_a_member_and_another_is_left_alone() {
    let folder = Folder::new();
    folder.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
    );
    folder.write("crates/core/Cargo.toml", CORE);
    folder.write("crates/core/src/lib.rs", "");
    let output = folder.init(&["crates/api", "--front-end", "none"]);
    assert!(output.contains("member of "), "{output}");
    let manifest = folder.read("crates/api/Cargo.toml");
    assert!(
        !manifest.contains("[workspace]") && !manifest.contains("[profile"),
        "{manifest}"
    );
    assert!(!folder.exists("crates/api/Cargo.lock"));
    folder.ensure_cargo_understands("crates/core");
    folder.ensure_cargo_understands("crates/api");

    // A crate that is a member already.
    folder.init(&["crates/core", "--front-end", "none"]);
    assert!(!folder.exists("crates/core/Cargo.lock"));
    folder.ensure_cargo_understands("crates/core");

    folder.init(&["other", "--front-end", "none"]);
    assert!(folder.read("other/Cargo.toml").contains("[workspace]"));
    assert!(folder.exists("other/Cargo.lock"));
    folder.ensure_cargo_understands("other");
    folder.ensure_cargo_understands("crates/api");
}

#[test]
fn a_front_end_keeps_its_framework_and_its_package_manager() {
    let folder = Folder::new();
    let list = "{\n  \"name\": \"page\",\n  \"private\": true,\n  \"dependencies\": {\n    \"vue\": \"^3.5.0\"\n  }\n}\n";
    folder.write("package.json", list);
    folder.write("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
    let output = folder.init(&["."]);
    assert!(
        output.contains("`pnpm install`") && output.contains("EdgePodPlugin"),
        "{output}"
    );
    let changed = folder.read("package.json");
    assert!(
        changed.contains("\"@tanstack/vue-query\"") && !changed.contains("react"),
        "{changed}"
    );
    assert!(
        changed.starts_with("{\n  \"name\": \"page\",\n  \"private\": true,\n"),
        "{changed}"
    );
    assert!(
        folder
            .read("edgepod/Cargo.toml")
            .contains("framework = \"vue\"")
    );
}

#[test]
fn what_is_printed_can_be_typed_and_what_is_of_this_machine_is_told() {
    let folder = Folder::new();
    let output = folder.init(&["my shop", "--front-end", "none"]);
    assert!(output.contains("edgepod dev 'my shop'"), "{output}");
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let checkout = checkout.canonicalize().unwrap();
    let manifest = folder.read("my shop/Cargo.toml");
    if manifest.contains(&format!("path = \"{}\"", checkout.display())) {
        assert!(output.contains("on this machine only"), "{output}");
    } else {
        assert!(
            manifest.contains("path = \"..") || manifest.contains("git = "),
            "{manifest}"
        );
    }
}
