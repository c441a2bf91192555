//! Pending acks: those of one local client, and those of remote clients; and the callbacks that run once they have arrived.
//!
//! `hub` keeps the local ones in each client, `cluster` the remote ones; `ack` creates both. They run and own user code, so
//! they are called and dropped outside of the locks of this layer.

mod local;
mod remote;
mod running;

pub(crate) use local::{AckKind, OnAck, PendingAck, PendingAcks};
pub(crate) use remote::{
    AckSources, MAX_ASKED, OnRemoteAck, RemoteAckGuard, RemoteAcks, RemoteRequest,
};
pub(crate) use running::{RunningCallback, RunningCallbacks};
