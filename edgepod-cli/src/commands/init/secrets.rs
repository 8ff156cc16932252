//! Keys, and the files that hold them.

use std::{
    io::{ErrorKind, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, anyhow, bail};
use p256::{
    SecretKey,
    elliptic_curve::Generate as _,
    pkcs8::{EncodePrivateKey, LineEnding},
};

use crate::env::{self, Vars};

/// A new ES256 private key, as PKCS#8 in PEM. Its public half follows from it.
pub(crate) fn private_key() -> Result<String> {
    let key = SecretKey::try_generate()
        .map_err(|error| anyhow!("this system gives no random numbers: {error}"))?;
    Ok(key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|error| anyhow!("a new key cannot be written: {error}"))?
        .to_string())
}

/// A file of variables for `reader`, with the key that clients send, and `vars`.
///
/// # Errors
/// When a value is one that no line can hold.
pub(crate) fn text(reader: &str, key: &str, vars: &Vars) -> Result<String> {
    let mut text = format!(
        "# Secrets and settings for `{reader}`. Never commit this file.\n\
         # The key that clients send. It is publishable: every page of yours contains it.\n\
         EDGEPOD_API_KEY=\"{key}\"\n"
    );
    for (name, value) in vars {
        text += &env::line(name, value.trim_end())?;
        text.push('\n');
    }
    Ok(text)
}

/// Writes `text` into a new file that only its owner may read.
///
/// # Errors
/// When there is one already.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if !write_once(path, text)? {
        bail!("there is a file at {} already", path.display());
    }
    Ok(())
}

/// The same, whole at once; leaves a file alone that is there already. Whether it has written.
pub(crate) fn write_once(path: &Path, text: &str) -> Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    // Which its owner alone may read.
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    match new.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error).with_context(|| format!("writing {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use p256::pkcs8::DecodePrivateKey;

    use super::*;

    #[test]
    fn what_was_written_is_read_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".dev.vars");
        let pem = private_key().unwrap();
        let vars = Vars::from([("EDGEPOD_JWT_PRIVATE_KEY".to_owned(), pem.clone())]);
        std::fs::write(&file, text("edgepod dev", "ep_pk_a", &vars).unwrap()).unwrap();
        let read = env::read(&file).unwrap();
        assert_eq!(read["EDGEPOD_API_KEY"], "ep_pk_a");
        assert_eq!(read["EDGEPOD_JWT_PRIVATE_KEY"], pem.trim_end());
        assert!(SecretKey::from_pkcs8_pem(&read["EDGEPOD_JWT_PRIVATE_KEY"]).is_ok());
    }

    #[test]
    fn no_two_keys_are_alike() {
        assert_ne!(private_key().unwrap(), private_key().unwrap());
    }
}
