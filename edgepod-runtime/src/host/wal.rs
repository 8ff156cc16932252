//! The write-ahead log beside a database's file, looked through before SQLite opens it.
//!
//! SQLite reads a log up to the first frame whose checksum is wrong, and forgets what stands behind it without a word: that is
//! how it cuts off what a crash left half-written. Behind such a cut nothing was ever committed. So a whole transaction behind a
//! broken frame means that the file was damaged afterwards, and that acknowledged writes are about to be lost.

use std::{fs, io, path::Path};

/// A log's damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The beginning of the file, without which SQLite reads none of it.
    Header,
    /// A frame, with whole transactions behind it.
    Frame {
        /// Its number, from 1.
        frame: usize,
        /// How many transactions are whole behind it.
        lost: usize,
    },
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Damage::Header => f.write_str(
                "its beginning cannot be read, so all of its transactions would be lost",
            ),
            Damage::Frame { frame, lost } => {
                write!(
                    f,
                    "its frame {frame} is broken, and at least {lost} transactions behind that would be lost"
                )
            }
        }
    }
}

const HEADER: usize = 32;
const FRAME: usize = 24;

/// What is damaged in the log of the database at this path; `None` where there is no log, or nothing can be said against it.
///
/// What cannot be seen: a log whose end is missing, or whose last transaction is broken. That is what a crash leaves.
///
/// # Errors
/// When the log is there and cannot be read.
pub fn damage(database: &Path) -> io::Result<Option<Damage>> {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    let path = Path::new(&name);
    let mut bytes = read(path)?;
    loop {
        let found = look_through(&bytes);
        if found.is_none() {
            return Ok(None);
        }
        // Whoever serves it may have begun the log anew while it was read.
        let again = read(path)?;
        if again == bytes {
            return Ok(found);
        }
        bytes = again;
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// A pair of sums over words of 32 bits.
type Sums = (u32, u32);

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes[at..at + 4].try_into().expect("four bytes");
    u32::from_be_bytes(word)
}

/// SQLite's checksum of bytes, begun with another one. The words are of the byte order that the log names.
fn sums(bytes: &[u8], big_endian: bool, (mut first, mut second): Sums) -> Sums {
    for pair in bytes.chunks_exact(8) {
        let word = |at: usize| {
            let word = pair[at..at + 4].try_into().expect("four bytes");
            match big_endian {
                true => u32::from_be_bytes(word),
                false => u32::from_le_bytes(word),
            }
        };
        first = first.wrapping_add(word(0)).wrapping_add(second);
        second = second.wrapping_add(word(4)).wrapping_add(first);
    }
    (first, second)
}

fn look_through(log: &[u8]) -> Option<Damage> {
    if log.len() <= HEADER {
        return None;
    }
    let (header, frames) = log.split_at(HEADER);
    let big_endian = word(header, 0) & 1 == 1;
    let page = word(header, 8) as usize;
    let mut sum = sums(&header[..24], big_endian, (0, 0));
    if word(header, 0) & !1 != 0x377f_0682
        || !page.is_power_of_two()
        || !(512..=65_536).contains(&page)
        || sum != (word(header, 24), word(header, 28))
    {
        return Some(Damage::Header);
    }
    let mut broken = None;
    let mut lost = 0;
    for (number, frame) in (1..).zip(frames.chunks_exact(FRAME + page)) {
        let is_of_this_log = frame[8..16] == header[16..24] && word(frame, 0) != 0;
        let stored = (word(frame, 16), word(frame, 20));
        let is_whole = is_of_this_log
            && sums(
                &frame[FRAME..],
                big_endian,
                sums(&frame[..8], big_endian, sum),
            ) == stored;
        // A frame is read on from what the one before says of itself, be that broken or not.
        sum = stored;
        let commits = word(frame, 4) != 0;
        match (is_whole, broken) {
            (false, None) => broken = Some(number),
            (true, Some(_)) if commits => lost += 1,
            _ => {}
        }
    }
    let frame = broken.filter(|_| lost > 0)?;
    Some(Damage::Frame { frame, lost })
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;

    /// The log of a database with this many transactions, as a process leaves it that is killed.
    fn log(transactions: usize) -> Vec<u8> {
        let folder =
            std::env::temp_dir().join(format!("edgepod-wal-{}-{transactions}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("data.sqlite");
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        for i in 0..transactions {
            connection
                .execute("INSERT INTO t VALUES (?)", [i as i64])
                .unwrap();
        }
        // Longer than its cache, so that it writes to the log before it is rolled back.
        connection
            .execute_batch("PRAGMA cache_size = 10; BEGIN")
            .unwrap();
        for _ in 0..50 {
            connection
                .execute("INSERT INTO t VALUES (zeroblob(4000))", ())
                .unwrap();
        }
        connection
            .execute_batch("ROLLBACK; INSERT INTO t VALUES (0)")
            .unwrap();
        assert_eq!(damage(&path).unwrap(), None);
        let log = fs::read(folder.join("data.sqlite-wal")).unwrap();
        drop(connection);
        fs::remove_dir_all(&folder).unwrap();
        log
    }

    #[test]
    fn a_transaction_behind_a_broken_frame_is_missed() {
        let whole = log(20);
        assert_eq!(look_through(&whole), None);
        let size = FRAME + word(&whole, 8) as usize;
        for frame in 1..10 {
            let mut log = whole.clone();
            log[HEADER + (frame - 1) * size + FRAME + 100] ^= 1;
            let Some(Damage::Frame { frame: found, lost }) = look_through(&log) else {
                panic!("frame {frame} is broken, and nothing is found");
            };
            assert!(found == frame && lost >= 10, "{found} {lost}");
            // All of it is gone.
            log[HEADER + (frame - 1) * size..][..size].fill(0);
            assert!(
                matches!(look_through(&log), Some(Damage::Frame { frame: found, .. }) if found == frame)
            );
        }
        for byte in 0..HEADER {
            let mut log = whole.clone();
            log[byte] ^= 0x40;
            assert_eq!(look_through(&log), Some(Damage::Header), "byte {byte}");
        }
    }

    #[test]
    fn what_a_crash_leaves_is_no_damage() {
        let whole = log(5);
        for length in (0..whole.len()).step_by(2500) {
            assert_eq!(look_through(&whole[..length]), None, "{length}");
        }
    }
}
