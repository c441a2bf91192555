//! The system's limit of open files, as a limit of connections.

use std::fs;

/// The share of the open files that connections may take, in percent. The application, brokers and listeners have the rest.
const SHARE: usize = 90;

/// Returns how many connections there may be: the configured number, or the share of the limit of open files. Without a
/// reserve, the system would refuse new connections while idle ones hold all files.
pub(super) fn most_connections(configured: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = open_files(&limits).map_or(usize::MAX, |files| files / 100 * SHARE);
    configured.min(files.max(1))
}

/// Reads the soft limit of open files. `None` if there is none, or on other systems than Linux.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_of_open_files_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
            Max processes             30823                30823                processes\n\
            Max open files            1024                 524288               files\n";
        assert_eq!(open_files(limits), Some(1024));
        let unlimited =
            "Max open files            unlimited            unlimited            files\n";
        assert_eq!(open_files(unlimited), None);
        assert_eq!(open_files(""), None);
    }

    #[test]
    fn a_configured_limit_below_that_of_the_system_counts() {
        assert_eq!(most_connections(1), 1);
        #[cfg(target_os = "linux")]
        assert!(most_connections(usize::MAX) > 1);
    }
}
