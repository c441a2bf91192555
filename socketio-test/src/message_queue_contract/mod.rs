//! The contract of `MessageQueue`, as checks that any implementation must pass.
//!
//! `rules` has the checks on a healthy network, `failures` those on a failing one; both use `peer`.

mod failures;
mod peer;
mod rules;

use std::{fmt, sync::Arc, time::Duration};

use socketio_core::message_queue::MessageQueue;

use crate::contract::{Outcome, Suite, rules};

/// Checks that a [`MessageQueue`] keeps its contract, with the suite that the brokers of `socketio` pass.
///
/// Each rule opens its own connections and channels. Some rules are only checked if what they need is set with
/// [`too_large`](Self::too_large), [`unreachable`](Self::unreachable) or [`network`](Self::network).
///
/// ```
/// use socketio_test::{MessageQueueContract, TestQueue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// MessageQueueContract::new(TestQueue::new()).check_all().await;
/// # }
/// ```
#[derive(Clone)]
pub struct MessageQueueContract {
    queue: Arc<dyn MessageQueue>,
    large: usize,
    too_large: Option<usize>,
    unreachable: Option<Unreachable>,
    network: Option<(Arc<dyn MessageQueue>, Arc<dyn Network>)>,
}

#[derive(Clone)]
struct Unreachable {
    queue: Arc<dyn MessageQueue>,
    address: String,
    password: String,
}

/// Controls the network between a queue and its broker, such as a TCP proxy.
pub trait Network: Send + Sync + 'static {
    /// Closes all connections, and refuses new ones until [`restore`](Self::restore).
    fn cut(&self);

    /// Stops delivery over open and new connections, without closing them, until [`restore`](Self::restore).
    fn hang(&self);

    /// Ends the effect of [`cut`](Self::cut) or [`hang`](Self::hang). Connections that are open may be closed.
    fn restore(&self);

    /// Returns the number of connections that the queue has open.
    fn connections(&self) -> usize;
}

/// What a rule needs in addition to the queue.
type Needs = fn(&MessageQueueContract) -> bool;

const NOTHING: Needs = |_| true;
const TOO_LARGE: Needs = |contract| contract.too_large.is_some();
const UNREACHABLE: Needs = |contract| contract.unreachable.is_some();
const NETWORK: Needs = |contract| contract.network.is_some();

static SUITE: Suite<MessageQueueContract> = Suite {
    rules: rules! {
        NOTHING: rules::every_subscription_receives_each_message_once;
        NOTHING: rules::messages_keep_their_order;
        NOTHING: rules::messages_are_arbitrary_bytes;
        NOTHING: rules::large_messages_arrive;
        NOTHING: rules::channels_do_not_mix;
        NOTHING: rules::a_cancelled_receive_loses_nothing;
        NOTHING: rules::a_cancelled_publish_leaves_the_connection_usable;
        TOO_LARGE: rules::a_refused_message_costs_only_itself;
        UNREACHABLE: failures::an_error_of_opening_names_the_address;
        NETWORK: failures::a_dropped_connection_is_closed;
        NETWORK: failures::a_cancelled_opening_is_closed;
        NETWORK: failures::new_connections_work_after_an_outage;
        NETWORK: failures::a_broker_that_stops_responding_is_an_error;
    },
    limit: Duration::from_secs(180),
    missing: "more than the queue",
    what: "the message queue",
};

impl MessageQueueContract {
    /// Creates the suite for a queue whose broker is running.
    pub fn new(queue: impl MessageQueue) -> Self {
        Self {
            queue: Arc::new(queue),
            large: 900_000,
            too_large: None,
            unreachable: None,
            network: None,
        }
    }

    /// Sets the size of a message that the broker must accept, in bytes. Default: 900,000.
    #[must_use]
    pub fn large(mut self, bytes: usize) -> Self {
        self.large = bytes;
        self
    }

    /// Sets the size of a message that the broker refuses, in bytes. Default: the broker has no limit.
    #[must_use]
    pub fn too_large(mut self, bytes: usize) -> Self {
        self.too_large = Some(bytes);
        self
    }

    /// Sets a queue whose broker can't be reached. Its errors must contain `address` and must not contain `password`.
    #[must_use]
    pub fn unreachable(
        mut self,
        queue: impl MessageQueue,
        address: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        self.unreachable = Some(Unreachable {
            queue: Arc::new(queue),
            address: address.into(),
            password: password.into(),
        });
        self
    }

    /// Sets a queue whose connections go over a network that the suite controls. Rules that use it must not run
    /// concurrently; [`check_all`](Self::check_all) runs them one after another.
    #[must_use]
    pub fn network(mut self, queue: impl MessageQueue, network: impl Network) -> Self {
        self.network = Some((Arc::new(queue), Arc::new(network)));
        self
    }

    /// Returns the names of the rules that can be checked with what has been set.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> + '_ {
        SUITE.names(self)
    }

    /// Checks one rule.
    ///
    /// # Errors
    ///
    /// Returns how the queue broke the rule, or that the rule doesn't exist or can't be checked with what has been set.
    pub async fn check(&self, rule: &str) -> Result<(), String> {
        SUITE.check(self, rule).await
    }

    /// Checks all rules that can be checked with what has been set, one after another.
    ///
    /// # Panics
    ///
    /// Panics if rules are broken, with their names and how they were broken.
    pub async fn check_all(&self) {
        SUITE.check_all(self).await;
    }
}

impl fmt::Debug for MessageQueueContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageQueueContract")
            .field("large", &self.large)
            .field("too_large", &self.too_large)
            .finish_non_exhaustive()
    }
}
