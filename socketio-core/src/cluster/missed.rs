//! The messages between nodes about what one of them has missed: see [`sequence`](super::sequence).

use std::ops::RangeInclusive;

use super::{Cluster, envelope::EnvelopeHeader};

impl Cluster {
    /// Asks all nodes to publish a message, whose number tells what this node has missed. Publishes one itself, for nodes whose roll call this
    /// node has missed.
    pub(super) fn call_roll(&self) {
        let host_id = self.host_id();
        self.publish_out_of_order(EnvelopeHeader::RollCall { host_id });
        self.respond_to_roll_call();
    }

    /// Responds to [`call_roll`](Self::call_roll) of another node.
    pub(super) fn respond_to_roll_call(&self) {
        let host_id = self.host_id();
        self.publish(EnvelopeHeader::Present { host_id }.write(None));
    }

    /// Asks a node to publish messages again.
    pub(super) fn ask_again(&self, node: &str, numbers: &RangeInclusive<u64>) {
        let header = EnvelopeHeader::Missed {
            host_id: self.host_id(),
            node,
            numbers: (*numbers.start(), *numbers.end()),
        };
        self.publish_out_of_order(header);
    }

    /// Publishes again the messages that another node has missed, or tells that they are gone.
    pub(super) fn publish_again(&self, numbers: RangeInclusive<u64>) {
        for gone in self.outgoing().publish_again(numbers) {
            let header = EnvelopeHeader::Gone {
                host_id: self.host_id(),
                numbers: (*gone.start(), *gone.end()),
            };
            self.publish_out_of_order(header);
        }
    }

    /// Publishes a message that must not wait behind messages that other nodes have missed.
    fn publish_out_of_order(&self, header: EnvelopeHeader<'_>) {
        match header.write(None) {
            Ok(message) => self.outgoing().push_out_of_order(message),
            Err(error) => {
                tracing::error!(target: "socketio", node = self.host_id(), %error, "a message to other nodes can't be encoded");
            }
        }
    }
}
