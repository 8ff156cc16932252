//! The files of pods: a name as the name of a file, which is another for another name, also where a file system does not tell
//! capitals from small letters, and never leads out of the folder.

use data_encoding::BASE32_NOPAD;
use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, percent_encode_byte,
};

use crate::engine::PodName;

/// The end of the file of a pod.
const EXTENSION: &str = ".sqlite";

/// What is in no encoded name, but before one that is written whole in Base32.
const WHOLE: char = '=';

/// The most bytes before the extension. With `-journal` after it, a name has less than the 255 bytes of every file system.
const LENGTH: usize = 220;

/// What is not written as it is.
const ENCODED: &AsciiSet = &{
    let mut set = NON_ALPHANUMERIC.remove(b'_').remove(b'-');
    let mut capital = b'A';
    while capital <= b'Z' {
        set = set.add(capital);
        capital += 1;
    }
    set
};

/// Names that Windows has given to devices, whatever their extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The file of a pod: small letters, digits, `_` and `-` as they are, anything else as `%` and two hexadecimal digits. Where that
/// would be too long, `=` and the name in Base32.
pub(super) fn file_of(pod: &PodName) -> String {
    stem_of(pod) + EXTENSION
}

/// The same without the end.
pub(super) fn stem_of(pod: &PodName) -> String {
    let name = pod.as_str();
    let is_device = DEVICES.contains(&name)
        || name
            .strip_prefix("com")
            .or(name.strip_prefix("lpt"))
            .is_some_and(|end| end.len() == 1);
    // A device's name is no other's once its first letter is written as what is not plain.
    let (first, rest) = match name.as_bytes() {
        [first, rest @ ..] if is_device => (percent_encode_byte(*first), rest),
        all => ("", all),
    };
    let mut file = format!("{first}{}", percent_encode(rest, ENCODED));
    // The only capitals are those of hexadecimal digits.
    file.make_ascii_lowercase();
    if file.len() > LENGTH {
        file = format!(
            "{WHOLE}{}",
            BASE32_NOPAD.encode(name.as_bytes()).to_ascii_lowercase()
        );
    }
    file
}

/// The pod of a file, where it is one's.
pub(super) fn pod_of(file: &str) -> Option<PodName> {
    let written = file.strip_suffix(EXTENSION)?;
    let bytes = match written.strip_prefix(WHOLE) {
        Some(whole) => BASE32_NOPAD
            .decode(whole.to_ascii_uppercase().as_bytes())
            .ok()?,
        None => percent_decode_str(written).collect(),
    };
    let pod = PodName::new(String::from_utf8(bytes).ok()?).ok()?;
    // Anything else is a file of somebody else's.
    (file_of(&pod) == file).then_some(pod)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn file(name: &str) -> String {
        file_of(&PodName::new(name).unwrap())
    }

    #[test]
    fn a_name_is_a_file_that_one_can_read() {
        assert_eq!(file("acme"), "acme.sqlite");
        assert_eq!(file("org_2bX"), "org_2b%58.sqlite");
        assert_eq!(file(".."), "%2e%2e.sqlite");
        assert_eq!(file("../a\\b"), "%2e%2e%2fa%5cb.sqlite");
        assert_eq!(file("nul"), "%6eul.sqlite");
        assert_eq!(file("com1"), "%63om1.sqlite");
        assert_eq!(file("company"), "company.sqlite");
    }

    /// The files of pods that there are already, byte by byte: another name would be an empty database.
    #[test]
    fn a_file_has_the_name_that_it_has_had() {
        for byte in b'!'..=b'~' {
            let written = match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => char::from(byte).to_string(),
                _ => format!("%{byte:02x}"),
            };
            let name = format!("x{}x", char::from(byte));
            let written = format!("x{written}x.sqlite");
            assert_eq!(file(&name), written);
            assert_eq!(pod_of(&written).as_ref().map(PodName::as_str), Some(&*name));
        }
        for (name, written) in [
            ("con", "%63on.sqlite"),
            ("lpt9", "%6cpt9.sqlite"),
            ("CON", "%43%4f%4e.sqlite"),
            ("a%2fb", "a%252fb.sqlite"),
        ] {
            assert_eq!(file(name), written);
            assert_eq!(pod_of(written).as_ref().map(PodName::as_str), Some(name));
        }
    }

    #[test]
    fn another_name_is_another_file_and_leads_back() {
        let visible: Vec<char> = ('!'..='~').collect();
        let mut names: Vec<String> = visible.iter().map(char::to_string).collect();
        for a in &visible {
            names.extend(visible.iter().map(|b| format!("{a}{b}")));
            names.push(a.to_string().repeat(128));
        }
        names.extend(["a%2fb", "A%2fb", "a%252fb", "con", "CON", "%63on"].map(str::to_owned));
        let mut files = HashSet::new();
        for name in &names {
            let file = file(name);
            assert!(file.len() < 240, "{file}");
            assert!(
                !file.contains(['/', '\\', ':', '\0']) && !file.starts_with('.'),
                "{file}"
            );
            assert_eq!(pod_of(&file).as_ref().map(PodName::as_str), Some(&**name));
            assert_eq!(file, file.to_ascii_lowercase());
            assert!(files.insert(file), "{name}");
        }
    }

    #[test]
    fn other_files_are_no_pods() {
        for other in [
            "",
            ".sqlite",
            "a",
            "a.sqlite-wal",
            "A.sqlite",
            "%61.sqlite",
            "%zz.sqlite",
            "%2.sqlite",
            "=a.sqlite",
            "é.sqlite",
        ] {
            assert_eq!(pod_of(other), None, "{other}");
        }
    }
}
