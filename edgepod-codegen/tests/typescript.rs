//! Front ends that use a generated client, checked by the real TypeScript compilers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, io};

use edgepod_codegen::{Client, Framework, Manifest};
use tempfile::TempDir;

/// The app with a column of every type.
#[path = "../../tests/app/src/kinds.rs"]
mod kinds;
/// What statements may return.
mod shapes {
    use edgepod::{
        db::{Page, count},
        prelude::*,
    };

    use crate::kinds::{Defaulted, Kind, KindId, Role};

    /// Some of a row.
    #[edgepod::row]
    pub struct Tally {
        /// The id.
        pub id: KindId,
        /// A word, or none.
        pub role: Option<Role>,
        /// How many.
        pub count: i64,
    }

    #[edgepod::query]
    pub async fn page_of_rows(ctx: &QueryCtx, cursor: Option<String>) -> Result<Page<Kind>> {
        ctx.db.select::<Kind>().page(cursor.as_deref(), 10)
    }

    #[edgepod::query]
    pub async fn page_of_pairs(ctx: &QueryCtx) -> Result<Page<(Kind, Option<Defaulted>)>> {
        ctx.db
            .select::<Kind>()
            .left_join::<Defaulted>(Defaulted::uuid.eq(Kind::uuid))
            .page(None, 10)
    }

    #[edgepod::query]
    pub async fn page_of_structs(ctx: &QueryCtx) -> Result<Page<Tally>> {
        ctx.db
            .select::<Kind>()
            .columns((Kind::id, Kind::maybe_role, count()))
            .into::<Tally>()
            .group_by(Kind::id)
            .page(None, 10)
    }

    #[edgepod::query]
    pub async fn columns(ctx: &QueryCtx) -> Result<Vec<(Int64, Option<Bytes>)>> {
        ctx.db
            .select::<Kind>()
            .columns((Kind::int64, Kind::maybe_bytes))
            .all()
    }
}

edgepod::app!();

/// The oldest compiler that is promised, and the newest.
const COMPILERS: [&str; 2] = ["typescript-5", "typescript"];

fn users() -> Manifest {
    serde_json::from_str(include_str!("users.json")).expect("users.json is a manifest")
}

/// Where the client's development packages are, installed if they are not.
fn node_modules() -> &'static Path {
    static NODE_MODULES: OnceLock<PathBuf> = OnceLock::new();
    NODE_MODULES.get_or_init(|| packages_of("client"))
}

/// Where the packages of the five front ends are, with the compilers of Vue's and Svelte's files.
fn front_ends_modules() -> &'static Path {
    static NODE_MODULES: OnceLock<PathBuf> = OnceLock::new();
    NODE_MODULES.get_or_init(|| packages_of("../examples/frontends"))
}

fn packages_of(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let modules = folder.join("node_modules");
    if !modules.is_dir() {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let status = Command::new(npm)
            .arg("ci")
            .current_dir(&folder)
            .status()
            .expect("npm runs (it comes with Node.js)");
        assert!(
            status.success(),
            "npm ci failed in {}: run it there to see why",
            folder.display()
        );
    }
    modules
}

/// A front end in a folder of its own: the files of `tests/frontend` around a generated client.
struct FrontEnd(TempDir);

impl FrontEnd {
    fn new(manifest: &Manifest) -> Self {
        Self::of(manifest, Framework::React)
    }

    fn of(manifest: &Manifest, framework: Framework) -> Self {
        Self::with_packages(manifest, framework, node_modules())
    }

    fn with_packages(manifest: &Manifest, framework: Framework, modules: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        link(modules, &folder.path().join("node_modules")).expect("a link to node_modules");
        Client::new(manifest, framework)
            .write_to(&folder.path().join("edgepod"))
            .expect("the client is written");
        let front_end = Self(folder);
        front_end.write(
            "tsconfig.json",
            r#"{"compilerOptions": {
                "target": "es2022", "lib": ["es2022", "dom", "dom.iterable"],
                "module": "esnext", "moduleResolution": "bundler", "jsx": "react-jsx",
                "types": [], "skipLibCheck": true, "noEmit": true,
                "strict": true, "noUnusedLocals": true, "noUnusedParameters": true,
                "verbatimModuleSyntax": true, "isolatedModules": true, "erasableSyntaxOnly": true,
                "noUncheckedIndexedAccess": true, "exactOptionalPropertyTypes": true,
                "noPropertyAccessFromIndexSignature": true, "noImplicitOverride": true
            }}"#,
        );
        front_end
    }

    fn write(&self, name: &str, contents: &str) -> &Self {
        fs::write(self.0.path().join(name), contents).expect("a front end's file is written");
        self
    }

    /// Adds a file of `tests/frontend`.
    fn with(&self, name: &str) -> &Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frontend");
        let contents = fs::read_to_string(fixtures.join(name)).expect("a fixture");
        self.write(name, &contents)
    }

    /// What a compiler has to say; nothing when it is content.
    fn complaints(&self, compiler: &str) -> String {
        let tsc = node_modules().join(compiler).join("bin/tsc");
        let output = Command::new("node")
            .arg(tsc)
            .args(["--pretty", "false", "-p", "."])
            .current_dir(self.0.path())
            .output()
            .expect("node runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), said.is_empty(), "{said}");
        said
    }

    #[track_caller]
    fn compiles(&self) {
        for compiler in COMPILERS {
            assert_eq!(self.complaints(compiler), "", "according to {compiler}");
        }
    }
}

#[test]
fn the_seeds_sample_compiles_as_it_is_written() {
    FrontEnd::new(&users())
        .with("App.tsx")
        .with("Users.tsx")
        .compiles();
}

#[test]
fn the_types_keep_their_promises() {
    FrontEnd::new(&users()).with("promises.tsx").compiles();
}

#[test]
fn the_types_keep_their_promises_in_every_framework() {
    for (framework, name) in [
        (Framework::Vue, "promises-vue.ts"),
        (Framework::Svelte, "promises-svelte.ts"),
        (Framework::Solid, "promises-solid.ts"),
        (Framework::None, "promises-plain.ts"),
    ] {
        FrontEnd::of(&users(), framework).with(name).compiles();
    }
}

#[test]
fn every_type_of_a_column_and_every_shape_of_a_result_is_what_the_guide_says() {
    let manifest = edgepod_runtime::manifest::manifest().expect("a manifest");
    let manifest = serde_json::from_str(&manifest).expect("a manifest of an app");
    FrontEnd::new(&manifest).with("kinds.tsx").compiles();
}

#[test]
fn the_guides_examples_compile() {
    let front_end = FrontEnd::new(&users());
    for name in [
        "client",
        "client-auth",
        "optimistic",
        "pagination",
        "testing",
    ] {
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/{name}.md"));
        let guide = fs::read_to_string(guide).expect("the guide is there");
        let mut examples = 0;
        for block in guide.split("```tsx\n").skip(1) {
            let (example, _) = block.split_once("```").expect("the block ends");
            examples += 1;
            front_end.write(&format!("{name}{examples}.tsx"), example);
        }
        assert!(examples > 0, "docs/{name}.md has examples");
    }
    front_end.compiles();
}

#[test]
fn the_examples_of_the_other_frameworks_guides_compile() {
    for (framework, name, fences, checker) in [
        (
            Framework::Vue,
            "client-vue",
            &["ts", "vue"][..],
            &["vue-tsc/bin/vue-tsc.js", "--noEmit"][..],
        ),
        (
            Framework::Svelte,
            "client-svelte",
            &["svelte"],
            &[
                "svelte-check/bin/svelte-check",
                "--tsconfig",
                "tsconfig.json",
            ],
        ),
        (
            Framework::Solid,
            "client-solid",
            &["tsx"],
            &["typescript/bin/tsc", "-p", "."],
        ),
        (
            Framework::None,
            "client-plain",
            &["ts"],
            &["typescript/bin/tsc", "-p", "."],
        ),
    ] {
        let front_end = FrontEnd::with_packages(&users(), framework, front_ends_modules());
        let config = front_end.0.path().join("tsconfig.json");
        let config = fs::read_to_string(config).expect("a configuration");
        let jsx = r#""jsx": "preserve", "jsxImportSource": "solid-js""#;
        front_end.write(
            "tsconfig.json",
            &config.replace(r#""jsx": "react-jsx""#, jsx),
        );
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/{name}.md"));
        let guide = fs::read_to_string(guide).expect("the guide is there");
        let mut last = None;
        for fence in fences {
            let mark = format!("```{fence}\n");
            for (index, block) in guide.split(&mark).skip(1).enumerate() {
                let (example, _) = block.split_once("```").expect("the block ends");
                let file = format!("Example{index}.{fence}");
                front_end.write(&file, example);
                last = Some((file, example.to_owned()));
            }
        }
        let (file, example) = last.expect("the guide has examples");
        let check = || {
            let output = Command::new("node")
                .arg(front_ends_modules().join(checker[0]))
                .args(&checker[1..])
                .current_dir(front_end.0.path())
                .output()
                .expect("node runs");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            (output.status.success(), said)
        };
        let (is_fine, said) = check();
        assert!(is_fine, "{name}: {said}");
        // The checker does look into such files.
        let broken = example
            .replace("getUsers", "getNobody")
            .replace("apiKey", "apiLock");
        front_end.write(&file, &broken);
        let (is_fine, said) = check();
        assert!(!is_fine && said.contains(&file), "{name}: {said}");
    }
}

#[test]
fn a_renamed_column_breaks_the_front_end_that_uses_it() {
    let mut manifest = users();
    for ty in &mut manifest.types {
        ty.declaration = ty.declaration.replace(" name:", " full_name:");
    }
    let front_end = FrontEnd::new(&manifest);
    front_end.with("Users.tsx");
    for compiler in COMPILERS {
        let said = front_end.complaints(compiler);
        assert!(
            said.starts_with("Users.tsx") && said.contains("Property 'name' does not exist"),
            "{compiler}: {said}"
        );
    }
}

#[test]
fn an_app_with_no_functions_has_a_client() {
    let manifest: Manifest =
        serde_json::from_str(r#"{"edgepod": "0.1.0", "app": "empty"}"#).expect("a manifest");
    FrontEnd::new(&manifest)
        .write(
            "App.tsx",
            "import { useQuery } from \"./edgepod/client\";\n\
             export function App() {\n\
             \x20 // @ts-expect-error there is none\n\
             \x20 useQuery(\"getUsers\");\n\
             }\n",
        )
        .compiles();
}

#[test]
fn names_that_are_unusual_in_typescript_are_usable() {
    let manifest: Manifest = serde_json::from_str(
        r#"{"edgepod": "0.1.0", "app": "odd */ name",
            "functions": [
                {"name": "delete", "kind": "function", "returns": "null"},
                {"name": "getRecord", "kind": "query", "returns": "Record",
                 "args": [{"name": "class", "type": "string"}, {"name": "größe", "type": "number"},
                          {"name": "content-type", "type": "string", "optional": true}]},
                {"name": "7th", "kind": "query", "returns": "Array<number>"}],
            "types": [{"name": "Record", "declaration": "type Record = { id: number, };"}]}"#,
    )
    .expect("a manifest");
    FrontEnd::new(&manifest)
        .write(
            "App.tsx",
            "import { useQuery, useMutation } from \"./edgepod/client\";\n\
             export function useAll() {\n\
             \x20 const { trigger } = useMutation(\"delete\");\n\
             \x20 void trigger();\n\
             \x20 const id: number | undefined = useQuery(\"getRecord\", { class: \"a\", größe: 1, \"content-type\": \"b\" }).data?.id;\n\
             \x20 return [id, useQuery(\"7th\").data];\n\
             }\n",
        )
        .compiles();
}

#[cfg(unix)]
fn link(original: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

#[cfg(windows)]
fn link(original: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(original, link)
}
