//! The traffic in both directions, as a sign of life of the client.

use super::{Session, Transport};
use crate::engine::heartbeat::SignsOfLife;

/// The traffic of a session at an earlier time.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// At the ping, or when its timeout was last put off.
    seen: Transferred,
    /// The number of bytes that had been sent at the last pong.
    confirmed: u64,
    /// The number of bytes of all responses to polls.
    pub(super) answered: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Transferred {
    received: u64,
    /// Whether a message has arrived in part.
    receiving: bool,
    sent: u64,
    /// Whether something is to be sent that the connection does not accept yet.
    sending: bool,
}

impl Session {
    fn transferred(&self) -> Transferred {
        match &self.transport {
            Transport::WebSocket(socket) => Transferred {
                received: socket.received(),
                receiving: socket.is_receiving(),
                sent: socket.sent(),
                sending: socket.is_sending(),
            },
            Transport::Polling => {
                let (receiving, received) = self.shared.upload();
                Transferred {
                    received,
                    receiving,
                    sent: self.progress.answered,
                    sending: false,
                }
            }
        }
    }

    /// Notes a pong: the bytes that were sent before it have arrived.
    pub(super) fn confirm(&mut self) {
        self.progress.confirmed = self.transferred().sent;
    }

    /// Returns what has happened since the last call.
    pub(super) fn signs_of_life(&mut self) -> SignsOfLife {
        let now = self.transferred();
        let before = std::mem::replace(&mut self.progress.seen, now);
        SignsOfLife {
            moving: now.receiving && now.received != before.received
                || now.sending && now.sent != before.sent,
            unconfirmed: now.sent.saturating_sub(self.progress.confirmed),
        }
    }
}
