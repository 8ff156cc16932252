//! What the operating system tells of processes and of the machine: on Linux; elsewhere nothing.

use std::time::Duration;

/// The processor time that the threads of a process have used so far; those that have ended do not count.
pub(crate) fn cpu(process: u32) -> Option<Duration> {
    system::cpu(process)
}

/// The most memory that a process has held so far, in bytes.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    system::peak_memory(process)
}

/// The processor time that all programs but this one and `server` have used so far.
pub(crate) fn others(server: u32) -> Option<Duration> {
    let ours = cpu(server)? + cpu(std::process::id())?;
    Some(system::busy()?.saturating_sub(ours))
}

#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use procfs::{CurrentSI, KernelStats, process::Process};

    /// By the scheduler's own clock: nanoseconds, where `/proc/<pid>/stat` counts steps of 10 ms.
    pub(super) fn cpu(process: u32) -> Option<Duration> {
        let threads = Process::new(i32::try_from(process).ok()?)
            .ok()?
            .tasks()
            .ok()?;
        let nanoseconds = threads
            .flatten()
            .filter_map(|thread| Some(thread.schedstat().ok()?.sum_exec_runtime))
            .sum();
        Some(Duration::from_nanos(nanoseconds))
    }

    pub(super) fn peak_memory(process: u32) -> Option<u64> {
        let status = Process::new(i32::try_from(process).ok()?)
            .ok()?
            .status()
            .ok()?;
        Some(status.vmhwm? * 1024)
    }

    pub(super) fn busy() -> Option<Duration> {
        let total = KernelStats::current().ok()?.total;
        // `steal` is what a virtual machine's neighbours took.
        let extra = [total.irq, total.softirq, total.steal]
            .into_iter()
            .flatten()
            .sum::<u64>();
        Some(from_ticks(total.user + total.nice + total.system + extra))
    }

    fn from_ticks(ticks: u64) -> Duration {
        Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Duration;

    pub(super) fn cpu(_process: u32) -> Option<Duration> {
        None
    }

    pub(super) fn peak_memory(_process: u32) -> Option<u64> {
        None
    }

    pub(super) fn busy() -> Option<Duration> {
        None
    }
}
