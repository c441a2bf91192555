//! A client, with the handlers of its namespace.

use std::sync::Arc;

use super::{Dispatcher, Lookup};
use crate::client::Socket;

/// One client in one namespace, with what handles its events. Behind one reference count, which the future of each event holds.
pub(crate) struct ClientContext {
    pub(crate) socket: Socket,
    pub(crate) handlers: Arc<Lookup>,
    pub(crate) dispatcher: Dispatcher,
}
