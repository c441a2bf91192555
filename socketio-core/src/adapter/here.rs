//! The server that messages of other processes are for.

use crate::hub::{Hub, Limits};

/// What of a server those messages act on.
pub(crate) trait Here: Send + Sync {
    fn hub(&self) -> &Hub;
    fn limits(&self) -> Limits;
}
