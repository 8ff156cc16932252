//! Engines end: a process that opens a database and closes it again, ever so often, stays as large as it was.

use std::collections::HashMap;

use edgepod::native::{Location, Server};
// It registers its functions and tables.
use faults as _;

/// The memory of this process in use, in bytes; where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

fn live(times: usize) {
    for _ in 0..times {
        let vars = HashMap::from([("EDGEPOD_API_KEY".to_owned(), "ep_pk_test".to_owned())]);
        drop(Server::start(Location::Memory, vars).expect("the app starts"));
    }
}

#[test]
fn ten_thousand_engines_leave_no_memory_behind() {
    live(1_000);
    let first = resident();
    live(9_000);
    let (Some(first), Some(last)) = (first, resident()) else {
        return;
    };
    // A database in memory that stayed would be some 100 KB.
    assert!(last < first + 50_000_000, "{first} bytes, and then {last}");
}
