//! The builder's rate limits.

use super::SocketIoBuilder;
use crate::admission::RateLimitPolicy;

impl SocketIoBuilder {
    /// Sets what happens when a client sends more events than a rate limit allows. Default: [`RateLimitPolicy::Reject`].
    pub fn rate_limit_policy(mut self, policy: RateLimitPolicy) -> Self {
        self.options.rate_limit_policy = policy;
        self
    }
}
