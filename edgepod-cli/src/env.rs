//! Variables for the app: from `.dev.vars`, and from the environment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use anyhow::{Context, Result, bail};
use fs_err as fs;
use regex::Regex;

/// Names and values.
pub type Vars = BTreeMap<String, String>;

/// Those that configure a host rather than the app, and so are no business of a Worker.
const OF_THE_HOST: [&str; 3] = ["EDGEPOD_LISTEN", "EDGEPOD_DATABASE", "EDGEPOD_MANIFEST"];

/// The file of variables for development in `folder`.
pub const DEV_VARS: &str = ".dev.vars";

/// The variables of the app in `folder`: what its `.dev.vars` says, then every `EDGEPOD_*` of the environment.
///
/// # Errors
/// When `.dev.vars` exists and cannot be understood.
pub fn of_app(folder: &Path) -> Result<Vars> {
    let mut vars = Vars::new();
    if let Some(file) = dev_vars(folder, environment().as_deref()) {
        vars.extend(read(&file)?);
    }
    vars.extend(
        std::env::vars()
            .filter(|(name, value)| name.starts_with("EDGEPOD_") && !value.is_empty())
            .filter(|(name, _)| !OF_THE_HOST.contains(&name.as_str())),
    );
    Ok(vars)
}

/// The environment that the variable of wrangler names.
pub(crate) fn environment() -> Option<String> {
    std::env::var("CLOUDFLARE_ENV")
        .ok()
        .filter(|name| !name.is_empty())
}

/// The file that wrangler reads for an environment of its configuration: `.dev.vars.NAME` alone where it is there, or else
/// `.dev.vars`.
fn dev_vars(folder: &Path, environment: Option<&str>) -> Option<PathBuf> {
    let own = environment.map(|name| folder.join(format!("{DEV_VARS}.{name}")));
    own.into_iter()
        .chain([folder.join(DEV_VARS)])
        .find(|file| file.is_file())
}

/// The variables in `file`, a line each: `NAME="value"`. Each has the value that wrangler reads there, to the byte.
///
/// # Errors
/// When the file cannot be read, or has a line that wrangler would leave out in silence.
pub fn read(file: &Path) -> Result<Vars> {
    let text = fs::read_to_string(file)
        .map_err(Into::into)
        .and_then(|text| parse(&text));
    text.with_context(|| {
        format!(
            "{} could not be read: write one `NAME=\"value\"` a line",
            file.display()
        )
    })
}

/// What JavaScript takes for space.
const SPACE: &str =
    r"[\t\n\x0B\f\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}\u{FEFF}]";

/// A variable as the npm package `dotenv` finds it, which is what wrangler reads these files with. The order of the
/// alternatives is part of it: what is no whole quoted text is taken as it is, up to a `#`.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?m)^\s*(?:export\s+)?([A-Za-z0-9_.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\n]+)?\s*(?:#.*)?$"#;
    Regex::new(&pattern.replace(r"\s", SPACE)).expect("the pattern is one, as the tests show")
});

fn is_space(c: char) -> bool {
    // JavaScript's `trim` differs from Rust's in these two.
    (c.is_whitespace() && c != '\u{85}') || c == '\u{FEFF}'
}

/// The variables of a text of such lines.
///
/// # Errors
/// When it has a line that wrangler would leave out in silence.
pub fn parse(text: &str) -> Result<Vars> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if text.contains(['\u{2028}', '\u{2029}']) {
        bail!(
            "it has a line separator (U+2028 or U+2029), which wrangler takes for a line's end: remove it"
        );
    }
    let mut vars = Vars::new();
    let mut end = 0;
    for found in VARIABLE.captures_iter(&text) {
        let whole = found.get_match();
        ensure_nothing_there(&text, end, whole.start())?;
        end = whole.end();
        let value = found.get(2).map_or("", |value| value.as_str());
        vars.insert(found[1].to_owned(), unquoted(value.trim_matches(is_space)));
    }
    ensure_nothing_there(&text, end, text.len())?;
    Ok(vars)
}

/// The value without its quotes. Only double ones know `\n` and `\r`.
fn unquoted(value: &str) -> String {
    let quote = value
        .chars()
        .next()
        .filter(|first| ['\'', '"', '`'].contains(first));
    let inner = quote
        .and_then(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    match quote {
        Some('"') => inner.replace("\\n", "\n").replace("\\r", "\r"),
        _ => inner.to_owned(),
    }
}

/// Between two variables there is space, and there are comments: wrangler leaves out anything else, and nobody would know.
fn ensure_nothing_there(text: &str, start: usize, end: usize) -> Result<()> {
    let before = text[..start].matches('\n').count();
    for (i, line) in text[start..end].split('\n').enumerate() {
        let line = line.trim_matches(is_space);
        if !line.is_empty() && !line.starts_with('#') {
            // Without the line: it may be half a secret.
            bail!("line {} is no variable", before + i + 1);
        }
    }
    Ok(())
}

/// The line that gives `name` this value, whatever is in it.
///
/// # Errors
/// When no line does: a value with all three kinds of quotes, such as no key has.
pub fn line(name: &str, value: &str) -> Result<String> {
    let escaped = value.replace('\n', "\\n").replace('\r', "\\r");
    let candidates = [
        format!("{name}=\"{escaped}\""),
        format!("{name}='{value}'"),
        format!("{name}=`{value}`"),
        format!("{name}={value}"),
    ];
    // Another line follows, which must not become part of this one.
    let is_right = |line: &String| {
        let other = "NEXT=\"'`1`'\"";
        parse(&format!("{line}\n{other}\n"))
            .is_ok_and(|vars| vars.len() == 2 && vars.get(name).is_some_and(|read| read == value))
    };
    candidates
        .into_iter()
        .find(is_right)
        .with_context(|| format!("no line of a file of variables can hold the value of {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_wrangler_makes_of_it() {
        for (line, value) in [
            ("A=ab$cd", "ab$cd"),
            (r#"A={"max":2}"#, r#"{"max":2}"#),
            ("A=good day", "good day"),
            ("A=x#y", "x"),
            ("A=\"x#y\"", "x#y"),
            ("A='a\\nb'", "a\\nb"),
            (r#"A="a\nb""#, "a\nb"),
            ("A=\"a\nb\"", "a\nb"),
            ("A=`it's \"so\"`", "it's \"so\""),
            (r#"A="a\"b""#, r#"a\"b"#),
            ("export A = 1 # one", "1"),
            ("A: 1", "1"),
            ("A=", ""),
            ("A=1\r\n", "1"),
            ("\u{FEFF}A=1", "1"),
            ("A=\"x\" y", "\"x\" y"),
            ("A=1\nA=2", "2"),
        ] {
            assert_eq!(
                parse(line).unwrap(),
                Vars::from([("A".into(), value.into())]),
                "{line}"
            );
        }
        assert_eq!(parse("# A=1\n\n").unwrap(), Vars::new());
    }

    #[test]
    fn an_environment_has_a_file_of_its_own_or_that_of_all() {
        let folder = std::env::temp_dir().join(format!("edgepod-env-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let of = |environment| {
            dev_vars(&folder, environment)
                .map(|file| fs::read_to_string(file).unwrap())
                .unwrap_or_default()
        };
        assert_eq!(of(Some("staging")), "");
        fs::write(folder.join(".dev.vars"), "A=all").unwrap();
        fs::write(folder.join(".dev.vars.staging"), "A=staging").unwrap();
        assert_eq!(
            [of(None), of(Some("staging")), of(Some("other"))],
            ["A=all", "A=staging", "A=all"]
        );
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_wrangler_would_leave_out_is_refused_without_showing_it() {
        for (text, line) in [
            ("A=1\nthis is = secret\n", "line 2"),
            ("SECRET", "line 1"),
            ("A=\"begin\nsecret", "line 2"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(
                message.contains(line) && !message.contains("secret"),
                "{message}"
            );
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for value in [
            "",
            "plain",
            "two words",
            "a\nb\r\nc",
            r"C:\new\root",
            r#"{"a":"b"}"#,
            "it's",
            "\"'",
            "$A #b",
            "ends in \\",
            " space ",
        ] {
            let line = line("A", value).unwrap();
            assert_eq!(parse(&line).unwrap()["A"], value, "{line}");
        }
        assert!(line("A", "\"'`\n#").is_err());
    }
}
