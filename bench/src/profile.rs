//! Where the processor time of a contender goes under load, as `perf` sees it: which kind of code has it, and which functions.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::{contender, load, options::Options, server::Storage};

/// Until what is called often has been compiled as well as it will be.
const WARM_UP: Duration = Duration::from_secs(6);

/// How long is looked at.
const TIME: Duration = Duration::from_secs(12);

/// Samples a second; not a number at which anything else happens.
const FREQUENCY: &str = "1999";

/// The most functions that are shown.
const FUNCTIONS: usize = 40;

/// Shows it of each contender, in each case under load that is asked for.
///
/// # Errors
/// When no such case is asked for, there is no `perf`, or a contender does not start or refuses a request.
pub(crate) async fn show(options: &Options) -> Result<()> {
    ensure!(
        Command::new("perf")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success()),
        "there is no `perf`: install it (the package linux-perf on Debian, linux-tools-generic on Ubuntu)"
    );
    let cases: Vec<_> = load::CASES
        .iter()
        .filter(|case| options.wants(case.name))
        .collect();
    ensure!(
        !cases.is_empty(),
        "none of these is a case under load, as {} are",
        load::CASES
            .iter()
            .map(|case| case.name)
            .collect::<Vec<_>>()
            .join(", ")
    );
    let asks = |host| cases.iter().any(|case| case.host == host);
    let workers = match asks(load::Host::Workerd) {
        true => contender::all(options)?,
        false => Vec::new(),
    };
    let programs = match asks(load::Host::Native) {
        true => contender::native(options)?.into(),
        false => Vec::new(),
    };
    for case in cases {
        let contenders = match case.host {
            load::Host::Workerd => &workers,
            load::Host::Native => &programs,
        };
        for contender in contenders {
            let mut arena =
                load::Arena::open(case, options, std::slice::from_ref(contender)).await?;
            let process = arena.process();
            arena.load(WARM_UP).await?;
            let folder = Storage::new()?;
            let file = folder.path().join("perf.data");
            let mut perf = record(process, case.host, &file)?;
            let sample = arena.load(TIME).await?;
            ensure!(perf.wait()?.success(), "`perf record` failed");
            let cost = sample.cpu_per_request();
            let stacks = script(&file)?;
            drop(arena);
            // Whoever profiles names V8's functions for perf there.
            let _ = fs_err::remove_file(format!("/tmp/perf-{process}.map"));
            print(
                &contender.name,
                case.name,
                case.host,
                &Profile::of(&stacks, case.host),
                cost.map(|cost| cost.as_secs_f64() * 1e6),
            );
        }
    }
    Ok(())
}

fn record(process: u32, host: load::Host, file: &Path) -> Result<std::process::Child> {
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "-e", "cpu-clock", "-F", FREQUENCY]);
    if host == load::Host::Workerd {
        perf.arg("-g");
    }
    // A program for use has no frame pointers, by which perf would find who called: each sample is of one function.
    perf.args(["-p", &process.to_string(), "-o"])
        .arg(file)
        .args(["--", "sleep", &TIME.as_secs_f64().to_string()])
        .stdin(Stdio::null())
        .spawn()
        .context("`perf record` cannot be started")
}

/// The stacks of all samples, in the words of `perf script`.
fn script(file: &Path) -> Result<String> {
    let output = Command::new("perf")
        .args(["script", "-F", "ip,sym,dso", "-i"])
        .arg(file)
        .output()
        .context("`perf script` cannot be started")?;
    ensure!(
        output.status.success(),
        "`perf script` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whose code it is that had the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Platform,
    Kernel,
    Wasm,
    JavaScript,
    Sqlite,
    Garbage,
    Compiler,
    Own,
    Server,
    System,
    Crates,
}

impl Kind {
    /// All that there are on a host.
    fn all(host: load::Host) -> &'static [Self] {
        match host {
            load::Host::Workerd => &[
                Self::Platform,
                Self::Kernel,
                Self::Wasm,
                Self::JavaScript,
                Self::Sqlite,
                Self::Garbage,
                Self::Compiler,
            ],
            load::Host::Native => &[
                Self::Kernel,
                Self::Server,
                Self::Own,
                Self::Crates,
                Self::Sqlite,
                Self::System,
            ],
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Platform => "workerd, and V8 but for the next",
            Self::Kernel => "the kernel: sockets, the disk, time",
            Self::Wasm => "the app and the runtime, compiled from wasm",
            Self::JavaScript => "JavaScript of the Worker and the object, compiled",
            Self::Sqlite => "SQLite",
            Self::Garbage => "V8's garbage collector",
            Self::Compiler => "V8's compilers",
            Self::Own => "the contender's own code, and EdgePod's",
            Self::Server => "the server: tokio, hyper and what stands on them",
            Self::System => "the C library: memory, copies, locks",
            Self::Crates => "other crates, and Rust's own",
        }
    }

    /// Of a stack, the innermost frame first.
    fn of(stack: &[Frame<'_>], host: load::Host) -> Self {
        match host {
            load::Host::Workerd => Self::of_workerd(stack),
            load::Host::Native => stack.first().map_or(Self::System, Self::of_program),
        }
    }

    fn of_program(frame: &Frame<'_>) -> Self {
        if frame.is_of_the_kernel {
            return Self::Kernel;
        }
        let Some(krate) = frame.krate() else {
            let is_a_library = frame.module.contains(".so");
            return if is_a_library {
                Self::System
            } else {
                Self::Sqlite
            };
        };
        let program = Path::new(frame.module).file_name().unwrap_or_default();
        match krate {
            _ if krate.starts_with("edgepod") || program == krate => Self::Own,
            "tokio" | "hyper" | "hyper_util" | "axum" | "axum_core" | "tower" | "tower_http"
            | "mio" | "http" | "http_body_util" | "httparse" | "tungstenite"
            | "tokio_tungstenite" => Self::Server,
            _ => Self::Crates,
        }
    }

    fn of_workerd(stack: &[Frame<'_>]) -> Self {
        let has = |part: &str| stack.iter().any(|frame| frame.symbol.contains(part));
        if has("CollectGarbage") || has("Sweeper") || has("ConcurrentMark") || has("Scavenger") {
            return Self::Garbage;
        }
        if has("::compiler::") || has("OptimizedCompilation") || has("BackgroundCompile") {
            return Self::Compiler;
        }
        let Some(frame) = stack.first() else {
            return Self::Platform;
        };
        match frame.symbol {
            _ if frame.is_of_the_kernel => Self::Kernel,
            symbol if is_wasm(symbol) => Self::Wasm,
            symbol if symbol.starts_with("JS:") => Self::JavaScript,
            _ if stack
                .iter()
                .any(|frame| frame.symbol.starts_with("sqlite3")) =>
            {
                Self::Sqlite
            }
            _ => Self::Platform,
        }
    }
}

/// Whether V8 has compiled a function from wasm: it says with which compiler.
fn is_wasm(symbol: &str) -> bool {
    symbol.starts_with("JS:") && (symbol.ends_with("-turbofan") || symbol.ends_with("-liftoff"))
}

struct Frame<'a> {
    symbol: &'a str,
    /// The file that the function is in.
    module: &'a str,
    is_of_the_kernel: bool,
}

impl<'a> Frame<'a> {
    /// A line as `    7f12 symbol (/the/file)`.
    fn read(line: &'a str) -> Option<Self> {
        let (address, rest) = line.trim_start().split_once(' ')?;
        let (symbol, module) = rest.trim().rsplit_once(" (").unwrap_or((rest.trim(), ""));
        Some(Self {
            symbol,
            module: module.trim_end_matches(')'),
            is_of_the_kernel: address.len() == 16 && address.starts_with("ffff"),
        })
    }

    /// The crate of a function of Rust's: the first word of its path, or of that of the type whose method it is.
    fn krate(&self) -> Option<&'a str> {
        let (krate, _) = self.symbol.split_once("::")?;
        krate.rsplit(['<', ' ', '&', '(', '*']).next()
    }
}

/// What samples say.
#[derive(Default)]
struct Profile {
    samples: usize,
    kinds: HashMap<Kind, usize>,
    /// In how many stacks a function is.
    functions: HashMap<String, usize>,
}

impl Profile {
    fn of(script: &str, host: load::Host) -> Self {
        let mut profile = Self::default();
        // Stacks have an empty line between them, and a sample of one function is one line.
        let end = match host {
            load::Host::Workerd => "\n\n",
            load::Host::Native => "\n",
        };
        for stack in script.split(end) {
            let frames: Vec<_> = stack.lines().filter_map(Frame::read).collect();
            if frames.is_empty() {
                continue;
            }
            profile.samples += 1;
            *profile.kinds.entry(Kind::of(&frames, host)).or_default() += 1;
            let names: HashSet<String> = frames
                .iter()
                .filter_map(|frame| match host {
                    load::Host::Workerd => readable(frame.symbol),
                    load::Host::Native => Some(frame.symbol.to_owned()),
                })
                .collect();
            for name in names {
                *profile.functions.entry(name).or_default() += 1;
            }
        }
        profile
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.samples.max(1) as f64
    }
}

/// The name of a function that is worth a line: of ours, and of what the platform offers a Worker.
fn readable(symbol: &str) -> Option<String> {
    if is_wasm(symbol) {
        // `name::h0123456789abcdef-number-compiler`
        let name = symbol.strip_prefix("JS:")?.rsplitn(3, '-').nth(2)?;
        let plain = name.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16);
        return Some(plain.map_or(name, |(plain, _)| plain).to_owned());
    }
    if let Some(name) = symbol.strip_prefix("JS:") {
        // `*'name file:line:column`, by how it is compiled.
        return Some(
            name.trim_start_matches(['*', '+', '^', '~', '\''])
                .to_owned(),
        );
    }
    let api = symbol.strip_prefix("workerd::api::")?;
    let name = api.split(['<', '(', '{']).next().unwrap_or(api);
    (!name.is_empty()).then(|| format!("workerd's {name}"))
}

fn print(contender: &str, case: &str, host: load::Host, profile: &Profile, cost: Option<f64>) {
    let row = |count: usize, name: &str| {
        let share = profile.share(count);
        let micros = cost.map_or_else(String::new, |cost| format!("{:.1}", cost * share));
        println!("{micros:>8} {:5.1} %  {name}", share * 100.0);
    };
    let cost = cost.map_or_else(String::new, |cost| format!("{cost:.0} µs a request, "));
    println!("\n{contender}, {case}: {cost}{} samples", profile.samples);
    println!("\n      µs          whose code had the processor");
    for kind in Kind::all(host) {
        row(
            profile.kinds.get(kind).copied().unwrap_or_default(),
            kind.about(),
        );
    }
    let called = match host {
        load::Host::Workerd => "with all that they call",
        load::Host::Native => "without what they call",
    };
    println!("\n      µs          which functions were at work, {called}");
    let mut functions: Vec<_> = profile.functions.iter().collect();
    functions.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    for (name, count) in functions.into_iter().take(FUNCTIONS) {
        row(*count, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "
\t    5567e0008f2a JS:edgepod_runtime::engine::Engine::call::h15fca0b6c292074d-12-turbofan (/tmp/perf-7.map)
\t         495c26e Builtins_JSToWasmWrapper
\t    5567e000df5c JS:*'serve object.mjs:37:4840
\t         420a061 workerd::api::JsRpcTargetBase::callImpl(workerd::Worker::Lock&)::{lambda()#1} (/usr/bin/workerd)

\tffffffff81a2b3c4 tcp_sendmsg
\t         420a061 kj::_::waitImpl

\t         4b48dfa cppgc::internal::Sweeper::SweeperImpl::Finish
\t    5567e000df5c JS:*'serve object.mjs:37:4840

\t         1b48dfa sqlite3VdbeExec
\t    5567e000df5c JS:*'serve object.mjs:37:4840

";

    #[test]
    fn samples_are_counted_by_whose_code_it_is_and_by_function() {
        let profile = Profile::of(SCRIPT, load::Host::Workerd);
        assert_eq!(profile.samples, 4);
        for kind in [Kind::Wasm, Kind::Kernel, Kind::Garbage, Kind::Sqlite] {
            assert_eq!(profile.kinds.get(&kind), Some(&1), "{kind:?}");
        }
        let count = |name: &str| profile.functions.get(name).copied();
        assert_eq!(count("serve object.mjs:37:4840"), Some(3));
        assert_eq!(count("edgepod_runtime::engine::Engine::call"), Some(1));
        assert_eq!(count("workerd's JsRpcTargetBase::callImpl"), Some(1));
        assert_eq!(profile.functions.len(), 3);
    }

    #[test]
    fn a_sample_of_a_program_is_of_one_function() {
        let script = "\
\tffffffff81a2b3c4 finish_task_switch ([kernel.kallsyms])
\t    55d0c0a1b2c3 sqlite3VdbeExec (/target/release/users)
\t    55d0c0a1b2c4 balance (/target/release/users)
\t    55d0c0a1b2c5 <edgepod_runtime::db::Row as serde::Serialize>::serialize (/target/release/users)
\t    55d0c0a1b2c6 users::get_user::{{closure}} (/target/release/users)
\t    55d0c0a1b2c7 tokio::runtime::park::CachedParkThread::park (/target/release/users)
\t    55d0c0a1b2c8 core::ptr::drop_in_place<edgepod_runtime::Reply> (/target/release/users)
\t    7f00c0a1b2c9 __memmove_avx_unaligned_erms (/usr/lib/libc.so.6)
";
        let profile = Profile::of(script, load::Host::Native);
        assert_eq!(profile.samples, 8);
        for (kind, count) in [
            (Kind::Kernel, 1),
            (Kind::Sqlite, 2),
            (Kind::Own, 2),
            (Kind::Server, 1),
            (Kind::Crates, 1),
            (Kind::System, 1),
        ] {
            assert_eq!(profile.kinds.get(&kind), Some(&count), "{kind:?}");
        }
        assert_eq!(profile.functions.get("balance"), Some(&1));
    }
}
