//! `.dev.vars`: what can be read is what can be written, and a refusal shows nothing of what may be a secret.

use edgepod_cli::env;

/// Reads a file's text.
///
/// # Panics
/// When a value is read from a written line as another one, or a refusal quotes the text.
pub fn vars(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match env::parse(&text) {
        Ok(vars) => {
            for (name, value) in &vars {
                let Ok(line) = env::line(name, value) else {
                    continue;
                };
                let read = env::parse(&line).expect("a line that was written");
                assert_eq!(read.get(name), Some(value), "{line:?}");
                assert_eq!(read.len(), 1, "{line:?}");
            }
        }
        Err(error) => {
            let message = error.to_string();
            let is_plain = message
                .strip_prefix("line ")
                .and_then(|rest| rest.strip_suffix(" is no variable"))
                .is_some_and(|number| number.parse::<usize>().is_ok());
            assert!(
                is_plain || message.starts_with("it has a line separator"),
                "{message}"
            );
        }
    }
    // As a value of its own, which a key or a secret may be.
    if let Ok(line) = env::line("NAME", &text) {
        let read = env::parse(&line).expect("a line that was written");
        assert_eq!(read["NAME"], text, "{line:?}");
    }
}
