//! Front ends that use a generated client, checked by the real TypeScript compilers.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use edgepod_codegen::{Client, Framework, Manifest};
use tempfile::TempDir;

mod json;
mod random;
/// What statements may return.
mod shapes {
    use edgepod::{
        db::{Page, count},
        prelude::*,
    };

    use faults::kinds::{Defaulted, Kind, KindId, Role};

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

    /// What a formatter would change of the app's types, which are laid out as the client's own source beside them.
    fn misformatted(&self) -> String {
        self.write(
            "biome.json",
            r#"{"formatter": {"indentStyle": "space", "lineWidth": 120}}"#,
        );
        let output = Command::new(node_modules().join(".bin/biome"))
            .args([
                "format",
                "--colors=off",
                "edgepod/types.ts",
                "edgepod/functions.d.ts",
            ])
            .current_dir(self.0.path())
            .output()
            .expect("biome runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        match output.status.success() {
            true => {
                assert!(said.contains("Checked 2 files"), "{said}");
                String::new()
            }
            false => said,
        }
    }

    #[track_caller]
    fn compiles(&self) {
        // As a file whose mistakes are not hidden, as those of declarations are.
        let declarations = fs::read_to_string(self.0.path().join("edgepod/functions.d.ts"));
        let declarations = declarations
            .expect("the functions")
            .replace("//# source", "// ");
        self.write("edgepod/functions-checked.ts", &declarations);
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
fn types_are_laid_out_as_a_formatter_would() {
    assert_eq!(FrontEnd::new(&users()).misformatted(), "");
    let manifest = edgepod_runtime::manifest::manifest().expect("a manifest");
    let manifest = serde_json::from_str(&manifest).expect("a manifest of an app");
    assert_eq!(FrontEnd::new(&manifest).misformatted(), "");
    // One that would not do.
    let front_end = FrontEnd::new(&users());
    let path = front_end.0.path().join("edgepod/types.ts");
    let types = fs::read_to_string(&path).expect("the types");
    fs::write(&path, types.replace("  id: number;", "id: number,")).expect("they are written");
    assert!(
        front_end
            .misformatted()
            .contains("Formatter would have printed")
    );
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
fn typescript_says_what_json_does() {
    let manifest = edgepod_runtime::manifest::manifest().expect("a manifest");
    let manifest: Manifest = serde_json::from_str(&manifest).expect("a manifest of an app");
    let front_end = FrontEnd::new(&manifest);
    let page = |values: &[(&str, serde_json::Value)]| {
        let mut page = "import type { Adjacent, Again, Expression, Fields, Flag, Named, Record, Remark, Secretive, Statement, Tree, Untagged } from \
                        \"./edgepod/client\";\n\nexport type { Flag, Tree };\n"
            .to_owned();
        for (index, (name, value)) in values.iter().enumerate() {
            page += &format!("export const value{index}: {name} = {value};\n");
        }
        page
    };
    let mut values = json::values();
    front_end.write("page.ts", &page(&values)).compiles();
    // And it says nothing else: a value of each kind with one member too few, or of another type.
    let of = |name: &str| {
        values
            .iter()
            .position(|(other, _)| *other == name)
            .expect("a value")
    };
    let (remark, fields, untagged) = (of("Remark"), of("Fields"), of("Untagged"));
    let secretive = of("Secretive");
    values[remark].1["answers"] = serde_json::json!([{ "text": "no more" }]);
    values[fields].1["by_bool"] = serde_json::json!({ "maybe": 1 });
    values[untagged].1 = serde_json::json!([]);
    values[secretive].1 = serde_json::json!(["told"]);
    let said = {
        front_end.write("page.ts", &page(&values));
        front_end.complaints("typescript")
    };
    for index in [remark, fields, untagged, secretive] {
        let line = format!("page.ts({},", index + 4);
        assert!(said.contains(&line), "{line} {said}");
    }
    assert_eq!(
        said.lines()
            .filter(|line| line.starts_with("page.ts"))
            .count(),
        4,
        "{said}"
    );
}

/// Where an editor goes from the last place of a text in a file: the file, and the text of its line.
fn definition(front_end: &FrontEnd, compiler: &str, file: &str, text: &str) -> (PathBuf, String) {
    let contents = fs::read_to_string(front_end.0.path().join(file)).expect("the file");
    let (before, _) = contents.rsplit_once(text).expect("the text is there");
    let line = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let protocol = if compiler == "typescript" {
        "lsp"
    } else {
        "tsserver"
    };
    let output = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frontend/definition.mjs"))
        .arg(protocol)
        .arg(node_modules().join(compiler))
        .args([file, &(line + 1).to_string(), &(column + 1).to_string()])
        .current_dir(front_end.0.path())
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    let (file, line) = said
        .trim()
        .rsplit_once(':')
        .unwrap_or_else(|| panic!("nothing is found of {text}: {said}{complaints}"));
    let line: usize = line.parse().expect("one place, with its line");
    let file = fs::canonicalize(file).expect("the file that is named is there");
    let contents = fs::read_to_string(&file).expect("it is text");
    let line = contents.lines().nth(line - 1).expect("it has the line");
    (file, line.trim().to_owned())
}

#[test]
fn an_editor_jumps_from_a_function_to_its_rust() {
    let manifest = edgepod_runtime::manifest::manifest().expect("a manifest");
    let manifest: Manifest = serde_json::from_str(&manifest).expect("a manifest of an app");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let this_file = fs::canonicalize(root.join(file!())).expect("this file");
    for compiler in COMPILERS {
        let front_end = FrontEnd::new(&manifest);
        front_end.write(
            "page.ts",
            "import { api, type EdgePodQueries, type Tally } from \"./edgepod/client\";\n\
             export const first = [api.pageOfRows, api.columns];\n\
             export const parts = (of: EdgePodQueries) => of.columns.result;\n\
             export const tally = {} as Tally;\n",
        );
        let jump = |text: &str| {
            let (file, line) = definition(&front_end, compiler, "page.ts", text);
            let folder = fs::canonicalize(front_end.0.path()).expect("a folder");
            let name = file.strip_prefix(&folder).unwrap_or(&file);
            (name.display().to_string(), line)
        };
        // Without the map, as where the client is committed and the map is not.
        let (file, line) = jump("columns]");
        assert_eq!(file, "edgepod/functions.d.ts", "{compiler}");
        assert!(line.starts_with("columns: {"), "{compiler}: {line}");

        let client = Client::new(&manifest, Framework::React).with_sources(&root);
        let report = client.write_to(&front_end.0.path().join("edgepod"));
        assert!(!report.expect("the map is written").is_changed());
        for (text, line) in [
            ("columns]", "pub async fn columns("),
            ("pageOfRows", "pub async fn page_of_rows("),
        ] {
            let (file, there) = jump(text);
            assert_eq!(Path::new(&file), this_file, "{compiler}: {text}");
            assert!(there.starts_with(line), "{compiler}: {there}");
        }
        // What is no function's name is where it is declared.
        let (file, line) = jump("result;");
        assert_eq!(file, "edgepod/functions.d.ts", "{compiler}");
        assert!(line.starts_with("columns: {"), "{compiler}: {line}");
        assert_eq!(jump("Tally;").0, "edgepod/types.ts", "{compiler}");
    }
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

#[test]
fn a_type_of_the_apps_has_its_name_whatever_the_client_calls_so() {
    let ours = [
        "Status",
        "ErrorCode",
        "SystemCode",
        "GetToken",
        "EdgePodOptions",
        "DehydratedPod",
        "QueryOptions",
        "MutationOptions",
        "UseMutationResult",
        "EdgePodProviderProps",
        "MaybeGetter",
        "MaybeAccessor",
        "WatchOptions",
        "Pod",
        "Record",
        "Promise",
        "Partial",
        "Omit",
        "Map",
        "Error",
        "Query",
    ];
    let types: Vec<_> = ours
        .iter()
        .map(|name| {
            serde_json::json!({"name": name, "declaration": format!("type {name} = \"of the app: {name}\";")})
        })
        .collect();
    let manifest: Manifest = serde_json::from_value(serde_json::json!({
        "edgepod": "0.1.0", "app": "names", "types": types,
        "functions": [{"name": "byStatus", "kind": "query", "returns": "Array<Status>",
            "args": [{"name": "status", "type": "Status"}]}],
    }))
    .expect("a manifest");
    let mut page = format!(
        "import type {{ {} }} from \"./edgepod/client\";\n",
        ours.join(", ")
    );
    page += "export const all = [\n";
    for name in ours {
        page += &format!("  \"of the app: {name}\" satisfies {name},\n");
    }
    page += "];\n";
    for framework in Framework::ALL {
        FrontEnd::of(&manifest, framework)
            .write("page.ts", &page)
            .compiles();
    }
}

/// Functions that every object has something of the name of.
const OF_OBJECT: [&str; 8] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "then",
    "toJSON",
    "toLocaleString",
    "toString",
    "valueOf",
];

#[test]
fn functions_may_be_named_as_what_every_object_has() {
    let functions: Vec<_> = OF_OBJECT
        .iter()
        .flat_map(|name| {
            let query = serde_json::json!({"name": name, "kind": "query", "returns": "number"});
            let mutation = serde_json::json!({"name": format!("{name}2"), "kind": "function", "returns": "null"});
            [query, mutation]
        })
        .collect();
    let manifest: Manifest = serde_json::from_value(
        serde_json::json!({"edgepod": "0.1.0", "app": "names", "functions": functions}),
    )
    .expect("a manifest");
    let mut page = "import { api, useMutation, useQuery } from \"./edgepod/client\";\n\
         import { createMockPod } from \"./edgepod/mock\";\n\
         export const pod = createMockPod({ valueOf: () => 1 });\n\
         export const useAll = () => [\n"
        .to_owned();
    for name in OF_OBJECT {
        page += &format!(
            "  useQuery(\"{name}\").data satisfies number | undefined,\n  api.{name}.queryKey(),\n  \
             useMutation(\"{name}2\", {{ optimistic: {{ {name}: (old) => old + 1 }} }}).isMutating,\n"
        );
    }
    page += "];\n";
    FrontEnd::new(&manifest).write("page.ts", &page).compiles();
}

/// A folder of packages in which some are others.
fn modules_with(folder: &Path, replaced: &[(&str, &str)]) {
    let target = folder.join("node_modules");
    fs::remove_file(&target).expect("the link to all packages");
    fs::create_dir_all(target.join("@types")).expect("a folder");
    let entries = |of: &Path| -> Vec<String> {
        fs::read_dir(of)
            .expect("packages")
            .map(|entry| {
                entry
                    .expect("a package")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect()
    };
    let mut names = entries(node_modules());
    names.retain(|name| name != "@types");
    names.extend(
        entries(&node_modules().join("@types"))
            .into_iter()
            .map(|name| format!("@types/{name}")),
    );
    for name in names {
        let original = replaced
            .iter()
            .find(|(which, _)| *which == name)
            .map_or(name.as_str(), |(_, by)| by);
        // Copied, where they are to be found from elsewhere than where they are.
        link(&node_modules().join(original), &target.join(&name)).expect("a link to a package");
    }
}

/// The compiler options of a project, in place of some of [`FrontEnd`]'s.
struct Project {
    name: &'static str,
    compiler: &'static str,
    /// Replaces `"module"` and `"moduleResolution"`.
    module: &'static str,
    more: &'static str,
    react: &'static str,
}

#[test]
fn the_client_compiles_in_every_kind_of_project() {
    const BUNDLER: &str = r#""module": "esnext", "moduleResolution": "bundler""#;
    const NODE: &str = r#""module": "nodenext""#;
    const NEXT: &str = r#""module": "esnext", "moduleResolution": "bundler", "allowJs": true, "incremental": true,
        "tsBuildInfoFile": "build.tsbuildinfo", "resolveJsonModule": true, "esModuleInterop": true"#;
    let isolated = r#""declaration": true, "isolatedDeclarations": true"#;
    let react_18 = "@types/react-18";
    let react_19 = "@types/react";
    let projects = [
        Project {
            name: "the oldest TypeScript",
            compiler: "typescript-5.4",
            module: BUNDLER,
            more: "",
            react: react_19,
        },
        Project {
            name: "React 18",
            compiler: "typescript",
            module: BUNDLER,
            more: "",
            react: react_18,
        },
        Project {
            name: "React 18 and the oldest",
            compiler: "typescript-5.4",
            module: BUNDLER,
            more: "",
            react: react_18,
        },
        Project {
            name: "nodenext",
            compiler: "typescript",
            module: NODE,
            more: "",
            react: react_19,
        },
        Project {
            name: "nodenext, oldest",
            compiler: "typescript-5.4",
            module: NODE,
            more: "",
            react: react_19,
        },
        Project {
            name: "Next.js",
            compiler: "typescript-5",
            module: NEXT,
            more: "",
            react: react_19,
        },
        Project {
            name: "isolated declarations",
            compiler: "typescript",
            module: BUNDLER,
            more: isolated,
            react: react_19,
        },
    ];
    std::thread::scope(|scope| {
        // Two at a time: it is the compilers that take the time.
        for half in projects.chunks(projects.len().div_ceil(2)) {
            scope.spawn(move || half.iter().for_each(compiles_in));
        }
    });
}

fn compiles_in(project: &Project) {
    let Project {
        name,
        compiler,
        module,
        more,
        react,
    } = *project;
    // All of them where what a file says of others, or of itself, is another matter than elsewhere.
    let frameworks: &[Framework] = if name == "nodenext" || name == "isolated declarations" {
        &Framework::ALL
    } else {
        &[Framework::React]
    };
    for &framework in frameworks {
        let front_end = FrontEnd::of(&users(), framework);
        if react != "@types/react" {
            modules_with(front_end.0.path(), &[("@types/react", react)]);
        }
        let more = if more.is_empty() {
            String::new()
        } else {
            format!(", {more}")
        };
        front_end.write("package.json", r#"{"type": "module"}"#).write(
            "tsconfig.json",
            &format!(
                r#"{{"compilerOptions": {{ {module}{more},
                    "target": "es2022", "lib": ["es2022", "dom", "dom.iterable"], "jsx": "preserve",
                    "types": [], "skipLibCheck": true, "noEmit": true, "strict": true, "isolatedModules": true,
                    "noUnusedLocals": true, "noUnusedParameters": true, "preserveSymlinks": true
                }}, "include": ["edgepod"]}}"#
            ),
        );
        // Again, now that there is a project around it.
        Client::new(&users(), framework)
            .write_to(&front_end.0.path().join("edgepod"))
            .expect("the client is written");
        assert_eq!(front_end.complaints(compiler), "", "{name}, {framework}");
    }
}

#[test]
fn a_package_that_emits_declarations_emits_those_of_functions() {
    let front_end = FrontEnd::new(&users());
    let configuration = |emitted: &str, included: &str| {
        format!(
            r#"{{"compilerOptions": {{ {emitted},
                "target": "es2022", "lib": ["es2022", "dom", "dom.iterable"], "jsx": "react-jsx", "module": "esnext",
                "moduleResolution": "bundler", "types": [], "skipLibCheck": true, "strict": true, "noUnusedLocals": true
            }}, "include": ["{included}"]}}"#
        )
    };
    let emits = r#""composite": true, "rootDir": "edgepod", "outDir": "dist""#;
    front_end.write("tsconfig.json", &configuration(emits, "edgepod"));
    Client::new(&users(), Framework::React)
        .with_sources(Path::new("/app"))
        .write_to(&front_end.0.path().join("edgepod"))
        .expect("the client is written");
    for compiler in COMPILERS {
        assert_eq!(front_end.complaints(compiler), "", "{compiler}");
    }
    // What uses the package has what was emitted, and nothing else.
    fs::remove_dir_all(front_end.0.path().join("edgepod")).expect("the source is removed");
    front_end.write(
        "tsconfig.json",
        &configuration(r#""noEmit": true"#, "page.ts"),
    );
    front_end.write(
        "page.ts",
        "import { useQuery } from \"./dist/client\";\n\
         export const name = () => useQuery(\"getUsers\").data?.[0]?.nmae;\n",
    );
    for compiler in COMPILERS {
        let said = front_end.complaints(compiler);
        assert!(
            said.contains("'nmae' does not exist on type 'User'"),
            "{compiler}: {said}"
        );
    }
}

#[test]
fn what_only_a_browser_can_run_says_so() {
    // Next.js takes what does not for the server's. The entry is both's: a server reads with `EdgePodClient` and `api`.
    let client = Client::new(&users(), Framework::React);
    for (path, contents) in client.files() {
        let calls_react = contents.contains(" from \"react\"");
        let directive = contents
            .lines()
            .find(|line| !line.starts_with("//") && !line.starts_with("/*"));
        assert_eq!(
            directive == Some("\"use client\";"),
            calls_react || path.ends_with("react/more.ts"),
            "{}",
            path.display()
        );
    }
}

#[cfg(unix)]
fn link(original: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

#[cfg(windows)]
fn link(original: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(original, link)
}
