//! The response to an event over a rate limit.

use serde_json::json;

use super::{EventQueue, fire};
use crate::{
    admission::RateLimitPolicy,
    base::{Problem, ProblemDetails, Reason},
    counters::RateConsequence,
    handler::{OverLimit, QueuedEvent},
    hub::transport::Completion,
};

impl EventQueue {
    /// Answers an event that is over a rate limit.
    #[cold]
    pub(super) fn reject(
        &mut self,
        event: QueuedEvent,
        bytes: usize,
        over: OverLimit,
        completion: Option<Completion>,
    ) {
        let socket = &self.context.socket;
        let (node, client) = (socket.node(), socket.client());
        let OverLimit { wait, counters } = over;
        // In whole milliseconds, and never too early.
        let retry_after = wait.as_nanos().div_ceil(1_000_000) as f64 / 1_000.0;
        let problems = &node.options.engine.problems;
        let details = ProblemDetails::of(client.request(), socket.transport());
        problems.report(Problem::RateLimited, details.input(event.name().as_bytes()));
        if let Some(id) = event.ack_id() {
            let codec = &node.hub.codec;
            let values = json!({"error": "rate limited", "retry_after": retry_after});
            let values = codec.form().payload(&values).ok();
            let packet = codec.ack(client.namespace(), id, values.as_ref());
            client.deliver_protocol(packet);
        }
        let rejected = self.rates.as_mut().map_or(0, |rates| rates.rejected());
        let consequence = match node.options.rate_limit_policy {
            RateLimitPolicy::Reject => RateConsequence::Refused,
            RateLimitPolicy::Warn => {
                let warning = json!({"event": event.name(), "retry_after": retry_after});
                // The outbox of the client is full: no warning is sent.
                let _ = socket.try_emit("rate_limited", warning);
                RateConsequence::Warned
            }
            RateLimitPolicy::DisconnectAfter(most) if rejected >= most => {
                node.hub.disconnect(client, Reason::ServerDisconnect);
                RateConsequence::Disconnected
            }
            RateLimitPolicy::DisconnectAfter(_) => RateConsequence::Refused,
        };
        counters.count(consequence);
        event.record_rejected(&node.hub, client, bytes);
        fire(completion, Ok(()));
    }
}
