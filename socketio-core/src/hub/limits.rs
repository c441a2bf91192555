//! Bounds on what one client can hold.

use std::time::Duration;

/// Bounds on what one client can hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) rooms: usize,
    pub(crate) awaited_acks: usize,
    pub(crate) call_timeout: Duration,
}
