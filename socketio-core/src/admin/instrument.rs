//! The admin interface at work.

use std::{
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{reporter::Reporter, stats::Stats};
use crate::node::Node;

/// Belongs to a server, and begins to tell about it with its first connection.
pub(crate) struct Instrument {
    begun: AtomicBool,
    stats: Arc<Stats>,
    reporter: Option<Arc<Reporter>>,
}

impl Instrument {
    pub(super) fn new(stats: Stats, reporter: Option<Arc<Reporter>>) -> Self {
        Instrument {
            begun: AtomicBool::new(false),
            stats: Arc::new(stats),
            reporter,
        }
    }

    /// Called for every connection; not earlier, since a server may be built where there is no runtime yet, and has nothing
    /// to tell before. None of it keeps the server alive.
    #[track_caller]
    pub(crate) fn begin(&self, node: &Arc<Node>) {
        if self.begun.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(reporter) = &self.reporter {
            reporter.tell_to(node);
        }
        let stats = Arc::clone(&self.stats);
        let weak = Arc::downgrade(node);
        node.tasks
            .spawn(Location::caller(), Box::pin(stats.run(weak)));
    }
}
