//! What is behind the handle of a server.

use std::sync::Arc;

use tokio::sync::watch;

use super::{connections::Connections, options::Options};
use crate::{
    admin::Instrument,
    engine::Engine,
    handler::{Dispatcher, Registry},
    node::Node,
    tasks::Tasks,
};

/// What the connections of a server share.
pub(super) struct Server {
    pub(super) node: Arc<Node>,
    pub(super) registry: Registry,
    pub(super) dispatcher: Dispatcher,
    pub(super) options: Options,
    pub(super) connections: Connections,
    /// The tasks of the connections; to stop them drops handlers that run.
    pub(super) tasks: Tasks,
    pub(super) engine: Engine,
    pub(super) instrument: Option<Instrument>,
    /// Turns true when the server shuts down.
    pub(super) stopping: watch::Sender<bool>,
}
