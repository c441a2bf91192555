//! The contract of `MessageQueue`, as checks that any implementation must pass.
//!
//! `rules` has the checks on a healthy network, `failures` those on a failing one; both use `peer`.

mod failures;
mod peer;
mod rules;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use socketio_core::message_queue::MessageQueue;

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

/// The result of a rule: an error that says how it was broken.
type Outcome = Result<(), String>;

type Check = for<'a> fn(&'a MessageQueueContract) -> Checking<'a>;
type Checking<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// The requirement of a rule in addition to the queue.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    TooLarge,
    Unreachable,
    Network,
}

struct Rule {
    name: &'static str,
    needs: Needs,
    check: Check,
}

macro_rules! rules {
    ($($needs:ident: $module:ident::$name:ident;)*) => {
        [$(Rule {
            name: stringify!($name),
            needs: Needs::$needs,
            check: |contract| Box::pin($module::$name(contract)),
        }),*]
    };
}

const RULES: [Rule; 13] = rules! {
    Nothing: rules::every_subscription_receives_each_message_once;
    Nothing: rules::messages_keep_their_order;
    Nothing: rules::messages_are_arbitrary_bytes;
    Nothing: rules::large_messages_arrive;
    Nothing: rules::channels_do_not_mix;
    Nothing: rules::a_cancelled_receive_loses_nothing;
    Nothing: rules::a_cancelled_publish_leaves_the_connection_usable;
    TooLarge: rules::a_refused_message_costs_only_itself;
    Unreachable: failures::an_error_of_opening_names_the_address;
    Network: failures::a_dropped_connection_is_closed;
    Network: failures::a_cancelled_opening_is_closed;
    Network: failures::new_connections_work_after_an_outage;
    Network: failures::a_broker_that_stops_responding_is_an_error;
};

/// The time limit of a rule, so that a queue that hangs fails the rule.
const LIMIT: Duration = Duration::from_secs(180);

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
        let rules = RULES.iter().filter(|rule| self.has(rule.needs));
        rules.map(|rule| rule.name)
    }

    /// Checks one rule.
    ///
    /// # Errors
    ///
    /// Returns how the queue broke the rule, or that the rule doesn't exist or can't be checked with what has been set.
    pub async fn check(&self, rule: &str) -> Result<(), String> {
        let found = RULES.iter().find(|found| found.name == rule);
        let found = found.ok_or_else(|| format!("there is no rule `{rule}`"))?;
        if !self.has(found.needs) {
            return Err(format!("the rule `{rule}` needs more than the queue"));
        }
        match tokio::time::timeout(LIMIT, (found.check)(self)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("took longer than {LIMIT:?}")),
        }
    }

    /// Checks all rules that can be checked with what has been set, one after another.
    ///
    /// # Panics
    ///
    /// Panics if rules are broken, with their names and how they were broken.
    pub async fn check_all(&self) {
        let mut broken = Vec::new();
        for rule in self.rules() {
            if let Err(how) = self.check(rule).await {
                broken.push(format!("{rule}: {how}"));
            }
        }
        assert!(
            broken.is_empty(),
            "the message queue breaks its contract:\n{}",
            broken.join("\n")
        );
    }

    fn has(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::TooLarge => self.too_large.is_some(),
            Needs::Unreachable => self.unreachable.is_some(),
            Needs::Network => self.network.is_some(),
        }
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
