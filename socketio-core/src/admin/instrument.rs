//! [`Instrument`]: starts the reports of the admin interface.

use std::{
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{reporter::Reporter, stats::Stats};
use crate::node::Node;

/// The admin interface of a server, which starts with the server's first connection.
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

    /// Starts the reports. Called for every connection, because a server may be built outside of a runtime. It does not
    /// keep the server alive.
    #[track_caller]
    pub(crate) fn begin(&self, node: &Arc<Node>) {
        if self.begun.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(reporter) = &self.reporter {
            reporter.set_node(node);
        }
        let stats = Arc::clone(&self.stats);
        let weak = Arc::downgrade(node);
        node.tasks
            .spawn(Location::caller(), Box::pin(stats.run(weak)));
    }
}
