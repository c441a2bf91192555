//! Pending acks: those of one local client, and those of remote clients.
//!
//! `hub` keeps the local ones in each client, `cluster` the remote ones; `ack` creates both. What an ack runs is user code or
//! may drop some, so it is run and dropped outside of the locks of this layer.

mod local;
mod remote;

pub(crate) use local::{AckKind, OnAck, PendingAcks};
pub(crate) use remote::{AckSources, OnRemoteAck, RemoteAckGuard, RemoteAcks};
