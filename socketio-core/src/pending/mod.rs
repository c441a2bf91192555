//! Acknowledgements that were asked for and have not arrived: those of one local client, and those of remote clients.

mod local;
mod remote;

pub(crate) use local::{AckKind, OnAck, PendingAcks};
pub(crate) use remote::{OnRemoteAck, RemoteAckGuard, RemoteAcks};
