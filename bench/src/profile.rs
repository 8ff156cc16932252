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
        .filter(|case| case.host == load::Host::Workerd && options.wants(case.name))
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
    let contenders = contender::all(options)?;
    for case in cases {
        for contender in &contenders {
            let mut arena =
                load::Arena::open(case, options, std::slice::from_ref(contender)).await?;
            let process = arena.process();
            arena.load(WARM_UP).await?;
            let folder = Storage::new()?;
            let file = folder.path().join("perf.data");
            let mut perf = record(process, &file)?;
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
                &Profile::of(&stacks),
                cost.map(|cost| cost.as_secs_f64() * 1e6),
            );
        }
    }
    Ok(())
}

fn record(process: u32, file: &Path) -> Result<std::process::Child> {
    Command::new("perf")
        .args([
            "record",
            "--quiet",
            "-e",
            "cpu-clock",
            "-F",
            FREQUENCY,
            "-g",
        ])
        .args(["-p", &process.to_string(), "-o"])
        .arg(file)
        .args(["--", "sleep", &TIME.as_secs_f64().to_string()])
        .stdin(Stdio::null())
        .spawn()
        .context("`perf record` cannot be started")
}

/// The stacks of all samples, in the words of `perf script`.
fn script(file: &Path) -> Result<String> {
    let output = Command::new("perf")
        .args(["script", "-F", "ip,sym", "-i"])
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
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Platform,
        Self::Kernel,
        Self::Wasm,
        Self::JavaScript,
        Self::Sqlite,
        Self::Garbage,
        Self::Compiler,
    ];

    fn about(self) -> &'static str {
        match self {
            Self::Platform => "workerd, and V8 but for the next",
            Self::Kernel => "the kernel: sockets, the disk, time",
            Self::Wasm => "the app and the runtime, compiled from wasm",
            Self::JavaScript => "JavaScript of the Worker and the object, compiled",
            Self::Sqlite => "SQLite",
            Self::Garbage => "V8's garbage collector",
            Self::Compiler => "V8's compilers",
        }
    }

    /// Of a stack, the innermost frame first.
    fn of(stack: &[Frame<'_>]) -> Self {
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
    is_of_the_kernel: bool,
}

impl<'a> Frame<'a> {
    /// A line as `    7f12 symbol`.
    fn read(line: &'a str) -> Option<Self> {
        let (address, symbol) = line.trim_start().split_once(' ')?;
        Some(Self {
            symbol: symbol.trim(),
            is_of_the_kernel: address.len() == 16 && address.starts_with("ffff"),
        })
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
    fn of(script: &str) -> Self {
        let mut profile = Self::default();
        for stack in script.split("\n\n") {
            let frames: Vec<_> = stack.lines().filter_map(Frame::read).collect();
            if frames.is_empty() {
                continue;
            }
            profile.samples += 1;
            *profile.kinds.entry(Kind::of(&frames)).or_default() += 1;
            let names: HashSet<String> = frames
                .iter()
                .filter_map(|frame| readable(frame.symbol))
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

fn print(contender: &str, case: &str, profile: &Profile, cost: Option<f64>) {
    let row = |count: usize, name: &str| {
        let share = profile.share(count);
        let micros = cost.map_or_else(String::new, |cost| format!("{:.1}", cost * share));
        println!("{micros:>8} {:5.1} %  {name}", share * 100.0);
    };
    let cost = cost.map_or_else(String::new, |cost| format!("{cost:.0} µs a request, "));
    println!("\n{contender}, {case}: {cost}{} samples", profile.samples);
    println!("\n      µs          whose code had the processor");
    for kind in Kind::ALL {
        row(
            profile.kinds.get(&kind).copied().unwrap_or_default(),
            kind.about(),
        );
    }
    println!("\n      µs          which functions were at work, with all that they call");
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
\t    5567e0008f2a JS:edgepod_runtime::engine::Engine::call::h15fca0b6c292074d-12-turbofan
\t         495c26e Builtins_JSToWasmWrapper
\t    5567e000df5c JS:*'serve object.mjs:37:4840
\t         420a061 workerd::api::JsRpcTargetBase::callImpl(workerd::Worker::Lock&)::{lambda()#1}

\tffffffff81a2b3c4 tcp_sendmsg
\t         420a061 kj::_::waitImpl

\t         4b48dfa cppgc::internal::Sweeper::SweeperImpl::Finish
\t    5567e000df5c JS:*'serve object.mjs:37:4840

\t         1b48dfa sqlite3VdbeExec
\t    5567e000df5c JS:*'serve object.mjs:37:4840

";

    #[test]
    fn samples_are_counted_by_whose_code_it_is_and_by_function() {
        let profile = Profile::of(SCRIPT);
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
}
