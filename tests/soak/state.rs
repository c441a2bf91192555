//! [`State`]: the contents and counters of the server, by itself; [`Process`]: its memory and files, by the system.

use serde::{Deserialize, Serialize};

/// The current contents of the server, and its counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) connections: u64,
    pub(crate) opened: u64,
    pub(crate) closed: u64,
    pub(crate) tcp_connections: u64,
    pub(crate) clients: u64,
    pub(crate) in_rooms: u64,
    pub(crate) outbox_bytes: u64,
    pub(crate) accepted: u64,
    pub(crate) connects: u64,
    pub(crate) disconnects: u64,
    pub(crate) sessions: u64,
    pub(crate) events: u64,
    pub(crate) slow_clients: u64,
    pub(crate) decode_errors: u64,
    pub(crate) tasks: u64,
}

/// Memory and file descriptors of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// MiB.
    pub(crate) memory: u64,
    pub(crate) files: usize,
}

impl Process {
    pub(crate) fn read(id: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a process");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes =
            resident.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
        let files = std::fs::read_dir(format!("/proc/{id}/fd")).expect("a process");
        Process {
            memory: kilobytes.expect("its memory") / 1024,
            files: files.count(),
        }
    }
}
