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
    assert!(output.contains("types.ts is out of date"), "{output}");
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
        ("doctor", &["doctor", "--help"]),
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
