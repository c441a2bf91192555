//! [`RateLimitPolicy`]: what follows when a client sends more than a rate limit allows.

/// The policy for events over a rate limit. Their acknowledgement is always
/// `{"error": "rate limited", "retry_after": seconds}`, and no handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RateLimitPolicy {
    /// Nothing else. The default.
    #[default]
    Reject,
    /// Also emits `rate_limited` to the client, with `{"event": name, "retry_after": seconds}`.
    Warn,
    /// Also disconnects the client from the namespace after so many events over a limit, without a pause of a minute.
    DisconnectAfter(u32),
}
