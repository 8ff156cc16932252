//! The suites, in the order in which they run: what fails fastest first.

use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use super::{setup, totals::Totals};
use crate::{
    run::{cargo, program, tee},
    simulate, workspace,
};

/// One suite of `cargo xtask test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Suite {
    /// The formatting of the Rust code
    Fmt,
    /// Clippy without a warning, on this machine's target and on the Workers' one
    Clippy,
    /// The TypeScript client: lint, types, tests
    Client,
    /// Clients and an engine through accidents, by seeds, and mistakes that have to be found
    Simulation,
    /// The JavaScript around the core of a Worker: lint, types, tests
    Worker,
    /// The page of the studio: lint, types, tests
    Studio,
    /// Unit, integration, compile-fail and doc tests of every crate
    Rust,
    /// The page of the example: types and build
    Page,
    /// The wire protocol, against the native host
    ProtocolNative,
    /// The wire protocol, against a Durable Object on workerd
    ProtocolWorkerd,
    /// The wire protocol in a pod, one of many, against the native host
    ProtocolPodNative,
    /// The wire protocol in a pod, one of many, against a Durable Object on workerd
    ProtocolPodWorkerd,
    /// Functions that panic and fail half-way, on the native host
    FaultsNative,
    /// Functions that panic and fail half-way, on a Durable Object on workerd
    FaultsWorkerd,
    /// Which tables statements touch, and what random failing functions leave, on the native host
    TrackingNative,
    /// Which tables statements touch, and what random failing functions leave, on workerd
    TrackingWorkerd,
    /// Tokens of an issuer that rotates its keys, fails and is slow, on the native host
    AuthNative,
    /// Tokens of an issuer that rotates its keys, fails and is slow, on workerd
    AuthWorkerd,
    /// Requests from programs that are no clients of the app, to the native host
    RoutesNative,
    /// Requests from programs that are no clients of the app, to a Durable Object on workerd
    RoutesWorkerd,
    /// A database for each tenant, and attacks on the walls between them, on the native host
    PodsNative,
    /// A database for each tenant, and attacks on the walls between them, on workerd
    PodsWorkerd,
    /// Whom a message of the chat example concerns, and who is there, on the native host
    ChatNative,
    /// Whom a message of the chat example concerns, and who is there, on workerd
    ChatWorkerd,
    /// Clients that stall, flood, lie and do not read, against the native host
    HostileNative,
    /// Clients that lie, against a Durable Object on workerd
    HostileWorkerd,
    /// What is done later, while the native host is killed and started again
    JobsNative,
    /// What is done later, while workerd is killed and started again
    JobsWorkerd,
    /// Traces that calls are parts of, and what a collector is sent, on the native host
    TracesNative,
    /// Traces that calls are parts of, on workerd
    TracesWorkerd,
    /// The page in Chromium, against the native host
    BrowserNative,
    /// The page in Chromium, against a Durable Object on workerd
    BrowserWorkerd,
}

/// Suites of one lane run one after the other, beside those of the other lanes of their stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) stage: &'static str,
    pub(super) name: &'static str,
}

/// Where the app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Native,
    Workerd,
}

impl Host {
    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Workerd => "workerd",
        }
    }
}

impl Suite {
    pub(super) const ALL: &'static [Self] = &[
        Self::Fmt,
        Self::Clippy,
        Self::Client,
        Self::Worker,
        Self::Studio,
        Self::Simulation,
        Self::Rust,
        Self::Page,
        Self::ProtocolNative,
        Self::ProtocolWorkerd,
        Self::ProtocolPodNative,
        Self::ProtocolPodWorkerd,
        Self::FaultsNative,
        Self::FaultsWorkerd,
        Self::TrackingNative,
        Self::TrackingWorkerd,
        Self::AuthNative,
        Self::AuthWorkerd,
        Self::RoutesNative,
        Self::RoutesWorkerd,
        Self::PodsNative,
        Self::PodsWorkerd,
        Self::ChatNative,
        Self::ChatWorkerd,
        Self::HostileNative,
        Self::HostileWorkerd,
        Self::JobsNative,
        Self::JobsWorkerd,
        Self::TracesNative,
        Self::TracesWorkerd,
        Self::BrowserNative,
        Self::BrowserWorkerd,
    ];

    /// The name on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// What the suite checks, in a line.
    pub(super) fn about(self) -> String {
        self.to_possible_value()
            .and_then(|value| value.get_help().map(ToString::to_string))
            .unwrap_or_default()
    }

    /// Where it runs beside others, which would leave half of the machine idle by themselves.
    pub(super) fn lane(self) -> Option<Lane> {
        let lane = |stage, name| Some(Lane { stage, name });
        match self {
            Self::Fmt | Self::Clippy => lane("checks", "rust"),
            Self::Client | Self::Worker | Self::Studio => lane("checks", "npm"),
            Self::Page => lane("servers", "page"),
            _ => match self.kind() {
                Kind::Hosted(_, host, _) | Kind::Browser(host) => lane("servers", host.name()),
                Kind::Alone(_) => None,
            },
        }
    }

    pub(super) fn run(self) -> Result<Totals> {
        match self.kind() {
            Kind::Alone(run) => run(),
            Kind::Hosted(program, host, vars) => hosted(program, host, vars),
            Kind::Browser(host) => browser(host),
        }
    }

    fn kind(self) -> Kind {
        use Host::{Native, Workerd};
        match self {
            Self::Fmt => Kind::Alone(fmt),
            Self::Clippy => Kind::Alone(clippy),
            Self::Client => Kind::Alone(|| npm_test("edgepod-codegen/client")),
            Self::Simulation => Kind::Alone(|| Ok(Totals::of_cargo_test(&simulate::short()?))),
            Self::Worker => Kind::Alone(|| npm_test("edgepod-runtime/src/host/durable_object")),
            Self::Studio => Kind::Alone(|| npm_test("edgepod-cli/studio")),
            Self::Rust => Kind::Alone(rust),
            Self::Page => Kind::Alone(page),
            Self::ProtocolNative => Kind::Hosted("protocol", Native, &[]),
            Self::ProtocolWorkerd => Kind::Hosted("protocol", Workerd, &[]),
            Self::ProtocolPodNative => Kind::Hosted("protocol", Native, IN_A_POD),
            Self::ProtocolPodWorkerd => Kind::Hosted("protocol", Workerd, IN_A_POD),
            Self::FaultsNative => Kind::Hosted("faults", Native, &[]),
            Self::FaultsWorkerd => Kind::Hosted("faults", Workerd, &[]),
            Self::TrackingNative => Kind::Hosted("tracking", Native, &[]),
            Self::TrackingWorkerd => Kind::Hosted("tracking", Workerd, &[]),
            Self::AuthNative => Kind::Hosted("auth", Native, &[]),
            Self::AuthWorkerd => Kind::Hosted("auth", Workerd, &[]),
            Self::RoutesNative => Kind::Hosted("routes", Native, &[]),
            Self::RoutesWorkerd => Kind::Hosted("routes", Workerd, &[]),
            Self::PodsNative => Kind::Hosted("pods", Native, &[]),
            Self::PodsWorkerd => Kind::Hosted("pods", Workerd, &[]),
            Self::ChatNative => Kind::Hosted("chat", Native, &[]),
            Self::ChatWorkerd => Kind::Hosted("chat", Workerd, &[]),
            Self::HostileNative => Kind::Hosted("hostile", Native, &[]),
            Self::HostileWorkerd => Kind::Hosted("hostile", Workerd, &[]),
            Self::JobsNative => Kind::Hosted("jobs", Native, &[]),
            Self::JobsWorkerd => Kind::Hosted("jobs", Workerd, &[]),
            Self::TracesNative => Kind::Hosted("traces", Native, &[]),
            Self::TracesWorkerd => Kind::Hosted("traces", Workerd, &[]),
            Self::BrowserNative => Kind::Browser(Native),
            Self::BrowserWorkerd => Kind::Browser(Workerd),
        }
    }
}

/// How a suite is run.
enum Kind {
    /// By itself.
    Alone(fn() -> Result<Totals>),
    /// A test program of `tests`, on a host, with variables.
    Hosted(&'static str, Host, &'static [(&'static str, &'static str)]),
    /// Pages in Chromium, on a host.
    Browser(Host),
}

/// Has the cases of the protocol ask in a pod: each request has its name.
const IN_A_POD: &[(&str, &str)] = &[("EDGEPOD_TEST_POD", "acme")];

fn fmt() -> Result<Totals> {
    let finished = tee(cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Totals::of_exit(&finished))
}

fn clippy() -> Result<Totals> {
    setup::wasm_target()?;
    // With the features that the tests are built with, which are all but the fuzzer's: that one's `cc` has another feature, and all
    // that is compiled from C (SQLite, ring) would be compiled for it alone.
    let here = tee(cargo()
        .args(["clippy", "--quiet", "--workspace", "--all-targets"])
        .args(["--", "-D", "warnings"]))?;
    // The Durable Object's half of the runtime exists on its own target only.
    let worker = tee(cargo()
        .args([
            "clippy",
            "--quiet",
            "--package",
            "users",
            "--package",
            "edgepod-runtime",
        ])
        .args(["--target", "wasm32-unknown-unknown", "--", "-D", "warnings"]))?;
    // As README's first command has it.
    let without_workers = tee(cargo()
        .args(["clippy", "--quiet", "--package", "edgepod-cli"])
        .args(["--no-default-features", "--", "-D", "warnings"]))?;
    Ok(Totals::of_exit(&here) + Totals::of_exit(&worker) + Totals::of_exit(&without_workers))
}

/// The npm package in `folder`: its lint, types and tests.
fn npm_test(folder: &str) -> Result<Totals> {
    let folder = workspace::root().join(folder);
    setup::npm_packages(&folder)?;
    let finished = tee(program(setup::npm(), &folder).arg("test"))?;
    Ok(Totals::of_vitest(&finished))
}

fn rust() -> Result<Totals> {
    setup::wasm_target()?;
    // The tests of code generation run the real TypeScript compiler, which lives there.
    setup::npm_packages(&workspace::root().join("edgepod-codegen/client"))?;
    setup::npm_packages(&front_ends_folder())?;
    setup::studio()?;
    let finished = tee(cargo()
        .args(["test", "--workspace", "--no-fail-fast"])
        // The programs that need a host have suites of their own.
        .env("EDGEPOD_TEST_HOST", "none"))?;
    Ok(Totals::of_cargo_test(&finished))
}

/// A test program of `tests`, on one of the hosts.
fn hosted(program: &str, host: Host, vars: &[(&str, &str)]) -> Result<Totals> {
    setup::wasm_target()?;
    // Of the whole workspace, so that it is built with the features that all of it asks for, as everything before: with those of one
    // package, half of what it depends on would be compiled once more.
    let finished = tee(cargo()
        .args(["test", "--workspace", "--test", program])
        .env("EDGEPOD_TEST_HOST", host.name())
        .envs(vars.iter().copied()))?;
    Ok(Totals::of_cargo_test(&finished))
}

fn page() -> Result<Totals> {
    Ok(page_of("users")? + page_of("auth")? + page_of("chat")? + front_ends()?)
}

/// The same small app in five frameworks, each with a client of its own.
fn front_ends() -> Result<Totals> {
    let folder = front_ends_folder();
    for (name, framework) in [
        ("react", "react"),
        ("vue", "vue"),
        ("svelte", "svelte"),
        ("solid", "solid"),
        ("plain", "none"),
    ] {
        let generated = tee(edgepod()?
            .args(["generate", "examples/users", "--framework", framework])
            .arg("--client")
            .arg(folder.join(name).join("src/edgepod")))?;
        if !generated.success {
            bail!("the client for {name} could not be generated");
        }
    }
    setup::npm_packages(&folder)?;
    let finished = tee(program(setup::npm(), &folder).args(["run", "build"]))?;
    Ok(Totals::of_exit(&finished))
}

/// The command, built; it stands beside this program.
fn edgepod() -> Result<Command> {
    let built = tee(cargo().args(["build-as-for-tests", "--quiet", "--bin", "edgepod"]))?;
    if !built.success {
        bail!("the `edgepod` command does not build");
    }
    let command = std::env::current_exe()?.with_file_name("edgepod");
    Ok(program(
        command.with_extension(std::env::consts::EXE_EXTENSION),
        &workspace::root(),
    ))
}

fn front_ends_folder() -> std::path::PathBuf {
    workspace::root().join("examples/frontends")
}

fn page_of(example: &str) -> Result<Totals> {
    let generated = tee(edgepod()?.args(["generate", &format!("examples/{example}")]))?;
    if !generated.success {
        bail!("the page's typed client could not be generated, so the page was not built");
    }
    let folder = workspace::root().join("examples").join(example).join("web");
    setup::npm_packages(&folder)?;
    let finished = tee(program(setup::npm(), &folder).args(["run", "build"]))?;
    Ok(Totals::of_exit(&finished))
}

fn browser(host: Host) -> Result<Totals> {
    setup::wasm_target()?;
    let chromium = setup::chromium()?;
    let folder = workspace::root().join("tests/browser");
    setup::npm_packages(&folder)?;
    setup::npm_packages(&front_ends_folder())?;
    for (app, page) in [
        ("examples/users", "examples/users/web"),
        ("examples/auth", "examples/auth/web"),
        ("examples/chat", "examples/chat/web"),
        ("tests/apps/browser", "tests/browser/page"),
    ] {
        let page = workspace::root().join(page);
        let generated = tee(edgepod()?
            .args(["generate", app, "--framework", "react", "--client"])
            .arg(page.join("src/edgepod")))?;
        if !generated.success {
            bail!("the client of {app} could not be generated");
        }
        let packages = match page.join("package-lock.json").is_file() {
            true => page.clone(),
            false => folder.clone(),
        };
        setup::npm_packages(&packages)?;
        setup::bundled_for_development(&page, &packages)?;
    }
    let finished = tee(program(setup::npm(), &folder)
        .arg("test")
        .env("CHROMIUM", chromium)
        .env("EDGEPOD_TEST_HOST", host.name()))?;
    Ok(Totals::of_vitest(&finished))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The tests of `tests/Cargo.toml` are asked for by name in the whole workspace.
    #[test]
    fn no_other_crate_has_a_test_of_the_name_of_one_that_needs_a_host() {
        let manifest = |folder: &str| -> toml::Table {
            let path = workspace::root().join(folder).join("Cargo.toml");
            let text = fs::read_to_string(path).expect("a manifest");
            text.parse().expect("it is TOML")
        };
        let declared = |manifest: &toml::Table| -> Vec<(String, String)> {
            let tests = manifest.get("test").and_then(toml::Value::as_array);
            let text = |test: &toml::Value, key: &str| {
                let value = test.get(key).and_then(toml::Value::as_str);
                value.unwrap_or_default().to_owned()
            };
            let tests = tests.into_iter().flatten();
            tests
                .map(|test| (text(test, "name"), text(test, "path")))
                .collect()
        };
        let hosted: Vec<String> = declared(&manifest("tests"))
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert!(hosted.iter().any(|name| name == "protocol"), "{hosted:?}");
        let root = workspace::root();
        for entry in fs::read_dir(&root).expect("a folder") {
            let folder = entry.expect("an entry").path();
            let Ok(tests) = fs::read_dir(folder.join("tests")) else {
                continue;
            };
            // What is built has such a folder, too.
            if !folder.join("Cargo.toml").is_file() {
                continue;
            }
            let declared = declared(&manifest(&folder.to_string_lossy()));
            let mut names: Vec<String> = declared.iter().map(|(name, _)| name.clone()).collect();
            for test in tests.flatten().map(|entry| entry.path()) {
                let is_found = test.extension().is_some_and(|end| end == "rs")
                    || test.join("main.rs").is_file();
                let is_declared = declared
                    .iter()
                    .any(|(_, path)| !path.is_empty() && folder.join(path).starts_with(&test));
                if is_found && !is_declared {
                    names.push(
                        test.file_stem()
                            .unwrap_or_default()
                            .to_string_lossy()
                            .into(),
                    );
                }
            }
            for name in names {
                assert!(!hosted.contains(&name), "{}: {name}", folder.display());
            }
        }
    }
}
