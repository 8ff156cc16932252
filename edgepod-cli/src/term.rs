//! What the command says, in the manner of cargo: a verb in a column, then the rest of the sentence.
//!
//! Steps, warnings and errors go to stderr. Facts, which a script may want to read, go to stdout.

use std::{fmt::Display, io::IsTerminal};

use anstyle::{AnsiColor, Style};
use anyhow::anyhow;
use inquire::InquireError;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// A step that is being done, or has been: `    Building users for this machine`.
pub fn status(verb: &str, rest: impl Display) {
    anstream::eprintln!("{GOOD}{verb:>12}{GOOD:#} {rest}");
}

/// Something that the user should know, and that stops nothing.
pub fn warning(message: impl Display) {
    anstream::eprintln!("{WARNING}     warning{WARNING:#}: {message}");
}

/// The error of a question that was left with Esc or Ctrl-C; `state` is what has happened until then.
pub fn not_answered(error: InquireError, state: &str) -> anyhow::Error {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            anyhow!("there was no answer: {state}")
        }
        error => error.into(),
    }
}

/// Whether there is somebody to ask.
pub fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// What went wrong, and what led to it.
pub fn error(error: &anyhow::Error) {
    anstream::eprintln!("{ERROR}error{ERROR:#}: {error}");
    for cause in error.chain().skip(1) {
        anstream::eprintln!("  because: {cause}");
    }
}

/// A line that a child process printed, with its name.
pub fn log(name: &str, line: &str) {
    anstream::eprintln!("{FAINT}{name:>12} |{FAINT:#} {line}");
}

/// `text` as one word of a shell: in quotes, if it needs them.
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A line of a summary: `         API  http://127.0.0.1:8989`.
pub fn fact(name: &str, value: impl Display) {
    anstream::println!("{FAINT}{name:>12}{FAINT:#} {value}");
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_word_with_spaces_or_quotes_stays_one() {
        for (text, expected) in [
            ("shop", "shop"),
            ("../größe/a-b", "../größe/a-b"),
            ("my shop", "'my shop'"),
            ("it's $HOME", r"'it'\''s $HOME'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
