//! [`RateLimitPolicy`]: the consequence for a client that sends more than a rate limit allows.

/// The policy for events over a rate limit. In any case, no handler runs, and the event is acknowledged with
/// `{"error": "rate limited", "retry_after": seconds}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RateLimitPolicy {
    /// Does nothing else. The default.
    #[default]
    Reject,
    /// Also emits `rate_limited` to the client, with `{"event": name, "retry_after": seconds}`.
    Warn,
    /// Also disconnects the client from the namespace after this number of events over a limit. The count starts again after a minute
    /// without any.
    DisconnectAfter(u32),
}
