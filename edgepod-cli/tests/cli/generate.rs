//! `edgepod generate`, and what the command says about itself.

use crate::app::App;

#[test]
fn it_writes_the_client_and_then_leaves_it_alone() {
    let app = App::new();
    let (status, output) = app.run(&["generate"]);
    assert!(
        status.success() && output.contains("Generated client in"),
        "{output}"
    );
    let written = std::fs::metadata(app.path("web/src/edgepod/client.ts"))
        .unwrap()
        .modified()
        .unwrap();
    let (status, output) = app.run(&["generate"]);
    assert!(
        status.success() && output.contains("Unchanged client in"),
        "{output}"
    );
    assert_eq!(
        std::fs::metadata(app.path("web/src/edgepod/client.ts"))
            .unwrap()
            .modified()
            .unwrap(),
        written
    );
}

#[test]
fn check_fails_until_the_client_is_up_to_date_and_writes_nothing() {
    let app = App::new();
    let (status, output) = app.run(&["generate", "--check"]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output.contains("client.ts is missing") && output.contains("run `edgepod generate`"),
        "{output}"
    );
    assert!(!app.path("web").exists());

    assert!(app.run(&["generate"]).0.success());
    let (status, output) = app.run(&["generate", "--check"]);
    assert!(status.success(), "{output}");

    app.replace("src/lib.rs", r#""name":"answer""#, r#""name":"question""#);
    let (status, output) = app.run(&["generate", "--check"]);
    assert_eq!(status.code(), Some(1));
    assert!(output.contains("functions.d.ts is out of date"), "{output}");
    // A line that goes and one that comes, in the manner of `diff`.
    let line = |sign: char, name: &str| {
        output
            .lines()
            .any(|line| line.starts_with(sign) && line.contains(name))
    };
    assert!(line('-', "answer") && line('+', "question"), "{output}");
}

#[test]
fn a_checkout_with_windows_lines_is_up_to_date() {
    let app = App::new();
    assert!(app.run(&["generate"]).0.success());
    let folder = app.path("web/src/edgepod");
    let mut files = 0;
    for entry in walkdir::WalkDir::new(&folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            std::fs::write(entry.path(), text.replace('\n', "\r\n")).unwrap();
            files += 1;
        }
    }
    assert!(files > 5, "{files}");
    let (status, output) = app.run(&["generate", "--check"]);
    assert!(status.success(), "{output}");
    // And nothing writes them anew, which git would show as changes.
    assert!(app.run(&["generate"]).0.success());
    assert!(app.read("web/src/edgepod/functions.d.ts").contains("\r\n"));
}

#[test]
fn an_app_that_cannot_describe_itself_is_named() {
    let app = App::new();
    app.replace(
        "src/lib.rs",
        r#"println!("{MANIFEST}");"#,
        r#"eprintln!("two functions are called answer"); return 1;"#,
    );
    let (status, output) = app.run(&["generate"]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output.contains("two functions are called answer")
            && output.contains("`answer` could not describe itself"),
        "{output}"
    );
}

#[test]
fn a_crate_without_the_macro_is_told_about_it() {
    let app = App::new();
    app.write("src/lib.rs", "");
    let (status, output) = app.run(&["generate"]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output.contains("does not export `edgepod_main`: write `edgepod::app!();`"),
        "{output}"
    );
}

#[test]
fn a_crate_that_says_nothing_about_a_client_is_told_how() {
    let app = App::new();
    app.replace(
        "Cargo.toml",
        "[package.metadata.edgepod]\nclient = \"web/src/edgepod\"\n",
        "",
    );
    let (status, output) = app.run(&["generate"]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output.contains("[package.metadata.edgepod] client ="),
        "{output}"
    );
}

#[test]
fn the_help_texts_are_as_reviewed() {
    let app = App::new();
    for (name, arguments) in [
        ("edgepod", &["--help"][..]),
        ("dev", &["dev", "--help"]),
        ("generate", &["generate", "--help"]),
        ("init", &["init", "--help"]),
        ("build", &["build", "--help"]),
        ("deploy", &["deploy", "--help"]),
        ("info", &["info", "--help"]),
        ("call", &["call", "--help"]),
        ("sql", &["sql", "--help"]),
        ("studio", &["studio", "--help"]),
        ("doctor", &["doctor", "--help"]),
        ("data", &["data", "--help"]),
        ("data_pull", &["data", "pull", "--help"]),
        ("data_push", &["data", "push", "--help"]),
        ("data_copies", &["data", "copies", "--help"]),
        ("data_rewind", &["data", "rewind", "--help"]),
        ("jobs", &["jobs", "--help"]),
        ("jobs_list", &["jobs", "list", "--help"]),
        ("jobs_retry", &["jobs", "retry", "--help"]),
        ("jobs_cancel", &["jobs", "cancel", "--help"]),
        ("migrations", &["migrations", "--help"]),
        ("migrations_new", &["migrations", "new", "--help"]),
        ("migrations_status", &["migrations", "status", "--help"]),
        ("migrations_check", &["migrations", "check", "--help"]),
    ] {
        let (status, output) = app.run(arguments);
        assert!(status.success());
        insta::assert_snapshot!(format!("help_{name}"), output);
    }
}

#[test]
fn an_unknown_option_is_an_error_of_use() {
    let (status, output) = App::new().run(&["dev", "--hots", "workerd"]);
    assert_eq!(status.code(), Some(2));
    assert!(output.contains("--host"), "{output}");
}

#[test]
fn the_framework_is_that_of_cargo_toml_or_of_the_command() {
    let app = App::new();
    app.replace(
        "Cargo.toml",
        "[package.metadata.edgepod]\n",
        "[package.metadata.edgepod]\nframework = \"vue\"\n",
    );
    let (status, output) = app.run(&["generate"]);
    assert!(status.success(), "{output}");
    assert!(app.path("web/src/edgepod/vue/index.ts").is_file());
    assert!(!app.path("web/src/edgepod/react").exists());

    // A second front end for the same app.
    let other = app.path("other");
    let other = other.to_str().unwrap();
    let (status, output) = app.run(&["generate", "--client", other, "--framework", "svelte"]);
    assert!(status.success(), "{output}");
    assert!(app.path("other/svelte/index.ts").is_file());
    assert!(app.path("web/src/edgepod/vue/index.ts").is_file());

    app.replace("Cargo.toml", "\"vue\"", "\"angular\"");
    let (status, output) = app.run(&["generate"]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output
            .contains("there is no client for `angular`: it is react, vue, svelte, solid or none"),
        "{output}"
    );
}

/// Mistakes that are noticed before anything is built. Those of migrations are in `tests/migrations`.
#[test]
fn errors_and_exit_codes_are_as_reviewed() {
    let app = App::new();
    app.write("file", "");
    app.write("empty/keep", "");
    // Whatever serves on the usual port, these come first.
    let _taken = std::net::TcpListener::bind("127.0.0.1:8989");
    let mut text = String::new();
    for arguments in [
        &["dance"][..],
        &["dev", "--hots", "workerd"],
        &["dev", "--host", "cloud"],
        &["dev", "--port", "0"],
        &["dev", "nowhere"],
        &["dev", "--no-page", "--open"],
        &["generate", "empty"],
        &["build", "empty"],
        &["deploy", "empty"],
        &["deploy", "--dry-run"],
        &["info", "empty"],
        &["init", "file"],
        &["init", "a", "--name", "9lives"],
        &["init", "a", "--auth", "remote"],
        &["init", "a", "--jwks-url", "example.com"],
        &[
            "init",
            "a",
            "--auth",
            "local",
            "--jwks-url",
            "https://example.com/k",
        ],
        &["init", "a", "--jurisdiction", "europe"],
        &[
            "init",
            "a",
            "--jurisdiction",
            "eu",
            "--location-hint",
            "weur",
        ],
        &["init", "a", "--edgepod", "."],
        &["migrations"],
        &["migrations", "new", "a", "--empty", "b"],
        &["migrations", "check", "--app", "empty"],
        &["call"],
        &["call", "getTasks", "[1]"],
        &["call", "getTasks", "{id: 1}"],
        &[
            "call",
            "getTasks",
            "--key",
            "k",
            "--url",
            "http://127.0.0.1:9",
        ],
        &["sql", "SELECT 1"],
    ] {
        let (status, output) = app.run(arguments);
        let folder = app.path("").canonicalize().unwrap();
        let output = output
            .replace(folder.to_str().unwrap(), "[folder]")
            .replace("os error 61", "os error 111")
            .replace(
                app.path("").to_str().unwrap().trim_end_matches('/'),
                "[folder]",
            );
        text.push_str(&format!(
            "$ edgepod {}\n{}\nexit code {}\n\n",
            arguments.join(" "),
            output.trim_end(),
            status.code().unwrap()
        ));
    }
    assert!(!app.path("a").exists(), "a refused init writes nothing");
    insta::assert_snapshot!("errors", text);
}

/// Each names the tool, and where it comes from.
#[test]
fn errors_without_tools_are_as_reviewed() {
    let app = App::new();
    app.write("page/package.json", "{}");
    let run = |arguments: &[&str]| {
        let output = app
            .command(arguments)
            .env_remove("CARGO")
            .env("PATH", app.path("nowhere"))
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    };
    let mut text = String::new();
    for arguments in [&["generate"][..], &["info"]] {
        let (code, output) = run(arguments);
        text.push_str(&format!(
            "$ edgepod {}\n{}\nexit code {}\n\n",
            arguments.join(" "),
            output.trim_end(),
            code.unwrap()
        ));
    }
    insta::assert_snapshot!("errors_without_tools", text);

    // package.json is changed without npm, which only installs what it lists.
    assert_eq!(run(&["init", "page", "--yes"]).0, Some(0));
    assert!(app.read("page/package.json").contains("edgepod:dev"));

    let (code, output) = run(&["doctor"]);
    assert_eq!(code, Some(1));
    for line in [
        "cargo MISSING: install Rust with https://rustup.rs",
        "rustc MISSING: install Rust with https://rustup.rs",
        "wasm32 MISSING: install the target wasm32-unknown-unknown",
        "node MISSING: install Node.js 20 or newer (https://nodejs.org)",
        "npm MISSING: it comes with Node.js (https://nodejs.org)",
        "app MISSING: `cargo` was not found on the PATH: install Rust with https://rustup.rs",
        "error: 6 of these must be put right first; each says how",
    ] {
        assert!(output.contains(line), "no `{line}` in: {output}");
    }
    let (code, output) = run(&["doctor", "elsewhere"]);
    assert_eq!(code, Some(1));
    assert!(
        output.contains("app MISSING: there is no Cargo.toml in elsewhere"),
        "{output}"
    );
}

#[test]
fn doctor_says_what_a_variable_names() {
    let app = App::new();
    app.write("tool", "#!/bin/sh\necho tool version 4.5.6\n");
    let tool = app.path("tool");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&tool, mode).unwrap();
    let mut command = app.command(&["doctor"]);
    for name in ["WASM_BINDGEN_BIN", "WASM_OPT_BIN", "ESBUILD_BIN"] {
        command.env(name, &tool);
    }
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    for name in ["WASM_BINDGEN_BIN", "WASM_OPT_BIN", "ESBUILD_BIN"] {
        assert!(
            printed.contains(&format!("4.5.6, {} ({name})", tool.display())),
            "{printed}"
        );
    }

    let output = app
        .command(&["doctor"])
        .env("WASM_OPT_BIN", "nowhere/wasm-opt")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.contains("WASM_OPT_BIN names `nowhere/wasm-opt`, where there is no file"),
        "{printed}"
    );
}

/// Cargo names a library by its crate alone, so two in one target folder have one file.
#[test]
fn two_crates_of_one_name_in_one_target_folder_keep_their_clients() {
    let target = tempfile::tempdir().unwrap();
    let [one, other] = [App::new(), App::new()];
    other.replace("src/lib.rs", r#""name":"answer""#, r#""name":"question""#);
    for _ in 0..2 {
        for (app, function) in [(&one, "answer"), (&other, "question")] {
            let output = app
                .command(&["generate"])
                .env("CARGO_TARGET_DIR", target.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            assert!(
                app.read("web/src/edgepod/functions.d.ts")
                    .contains(function),
                "{function}: {output:?}"
            );
        }
    }
}

#[test]
fn what_cargo_is_told_for_one_target_does_not_reach_the_other() {
    let app = App::new();
    app.write(
        ".cargo/config.toml",
        "[build]\ntarget = \"wasm32-unknown-unknown\"\nrustflags = [\"-Clink-arg=-Wl,--as-needed\"]\n",
    );
    let (status, output) = app.run(&["generate"]);
    assert!(status.success(), "{output}");
    // A Worker is built of what depends on the runtime.
    app.write(
        "runtime/Cargo.toml",
        "[package]\nname = \"edgepod-runtime\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
    );
    app.write("runtime/src/lib.rs", "");
    app.replace(
        "Cargo.toml",
        "[lib]",
        "[dependencies]\nedgepod-runtime = { path = \"runtime\" }\n[lib]",
    );
    for name in ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
        let output = app
            .command(&["build", "--dev"])
            .env(name, "-Clink-arg=-Wl,--as-needed")
            .env("CARGO_BUILD_TARGET", "wasm32-unknown-unknown")
            .output()
            .unwrap();
        // It is compiled and linked; that the fixture is no real app comes afterwards.
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(
            printed.contains("does not depend on wasm-bindgen"),
            "{name}: {printed}"
        );
    }
}
