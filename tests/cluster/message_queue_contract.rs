//! The contract suite of message queues, with a queue in memory: a queue that keeps the contract passes, and each rule detects its flaw.
//! `tests/brokers/test_contract.py` runs the same suite with real brokers.

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use socketio::{
    BoxError,
    message_queue::{BoxFuture, MessageQueue, Publisher, Refused, Subscription},
};
use socketio_test::{MessageQueueContract, Network, TestQueue};
use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::sleep,
};

/// A way to break the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    Nothing,
    DeliversToOneSubscription,
    DeliversTwice,
    ReversesBatches,
    TakesTextOnly,
    DropsLargeMessages,
    MixesChannels,
    LosesMessagesWhenCancelled,
    CorruptsAfterCancelledPublish,
    FailsInsteadOfRefusing,
    RefusesWithTheWrongIndex,
    PublishesNothingBeforeARefusal,
    HidesTheAddress,
    ShowsThePassword,
    KeepsDroppedConnections,
    KeepsCancelledConnections,
    IgnoresALostConnection,
    WaitsForever,
}

const LIMIT: usize = 1_000_000;

/// A broker, and the network to it.
struct Broker {
    flaw: Flaw,
    subscriptions: Mutex<HashMap<String, Vec<mpsc::UnboundedSender<Bytes>>>>,
    connections: AtomicUsize,
    network: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Up,
    Cut,
    Hung,
}

#[derive(Clone)]
struct Queue(Arc<Broker>);

impl Queue {
    fn new(flaw: Flaw) -> Self {
        Queue(Arc::new(Broker {
            flaw,
            subscriptions: Mutex::default(),
            connections: AtomicUsize::new(0),
            network: watch::Sender::new(State::Up),
        }))
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.0.flaw == flaw
    }

    /// Waits until the network fails, as a real queue would notice it.
    async fn failure(&self) -> BoxError {
        let mut network = self.0.network.subscribe();
        let state = network.wait_for(|state| *state != State::Up).await;
        let state = state.map_or(State::Cut, |state| *state);
        if state == State::Hung {
            sleep(Duration::from_secs(10)).await;
            if self.has(Flaw::WaitsForever) {
                std::future::pending::<()>().await;
            }
        }
        "no connection to memory:1".into()
    }

    async fn connect(&self) -> Result<Connection, BoxError> {
        let connection = Connection::new(self);
        if *self.0.network.borrow() == State::Up {
            return Ok(connection);
        }
        if self.has(Flaw::KeepsCancelledConnections) {
            mem::forget(Connection::new(self));
        }
        Err(self.failure().await)
    }

    fn deliver(&self, channel: &str, message: &Bytes) {
        let subscriptions = self.0.subscriptions.lock();
        let subscriptions = subscriptions.unwrap_or_else(PoisonError::into_inner);
        for (other, receivers) in &*subscriptions {
            if other != channel && !self.has(Flaw::MixesChannels) {
                continue;
            }
            for receiver in receivers {
                let delivered = receiver.send(message.clone()).is_ok();
                if self.has(Flaw::DeliversTwice) {
                    let _ = receiver.send(message.clone());
                }
                if delivered && self.has(Flaw::DeliversToOneSubscription) {
                    break;
                }
            }
        }
    }
}

/// A connection, which counts as open until it is dropped.
struct Connection(Queue);

impl Connection {
    fn new(queue: &Queue) -> Self {
        queue.0.connections.fetch_add(1, SeqCst);
        Connection(queue.clone())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.0.has(Flaw::KeepsDroppedConnections) {
            self.0.0.connections.fetch_sub(1, SeqCst);
        }
    }
}

impl MessageQueue for Queue {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        Box::pin(async {
            let publisher = MemoryPublisher {
                connection: self.connect().await?,
                channel: channel.to_owned(),
                is_publishing: false,
            };
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        })
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        Box::pin(async {
            let connection = self.connect().await?;
            let (sender, messages) = mpsc::unbounded_channel();
            let subscriptions = self.0.subscriptions.lock();
            subscriptions
                .unwrap_or_else(PoisonError::into_inner)
                .entry(channel.to_owned())
                .or_default()
                .push(sender);
            let subscription = MemorySubscription {
                connection,
                messages,
            };
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        })
    }
}

struct MemoryPublisher {
    connection: Connection,
    channel: String,
    /// Stays set when a future of `publish` is dropped.
    is_publishing: bool,
}

impl MemoryPublisher {
    async fn publish_all(&mut self, messages: &[Bytes]) -> Result<(), BoxError> {
        let queue = self.connection.0.clone();
        if *queue.0.network.borrow() != State::Up {
            return Err(queue.failure().await);
        }
        let was_cancelled = mem::replace(&mut self.is_publishing, true);
        yield_now().await;
        self.is_publishing = false;
        let mut messages = messages.to_vec();
        if queue.has(Flaw::ReversesBatches) {
            messages.reverse();
        }
        if queue.has(Flaw::CorruptsAfterCancelledPublish) && was_cancelled {
            messages.truncate(messages.len().saturating_sub(1));
        }
        let refused = messages.iter().position(|message| message.len() > LIMIT);
        let fitting = refused.unwrap_or(messages.len());
        for message in &messages[..fitting] {
            let dropped = queue.has(Flaw::DropsLargeMessages) && message.len() > 100_000
                || queue.has(Flaw::PublishesNothingBeforeARefusal) && refused.is_some();
            if queue.has(Flaw::TakesTextOnly) {
                let text = String::from_utf8_lossy(message).into_owned();
                queue.deliver(&self.channel, &text.into());
            } else if !dropped {
                queue.deliver(&self.channel, message);
            }
        }
        match refused {
            None => Ok(()),
            Some(_) if queue.has(Flaw::FailsInsteadOfRefusing) => Err("too large".into()),
            Some(_) if queue.has(Flaw::RefusesWithTheWrongIndex) => {
                Err(Refused::new(0, "too large").into())
            }
            Some(index) => Err(Refused::new(index, "too large").into()),
        }
    }
}

impl Publisher for MemoryPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.publish_all(messages))
    }
}

struct MemorySubscription {
    connection: Connection,
    messages: mpsc::UnboundedReceiver<Bytes>,
}

impl Subscription for MemorySubscription {
    fn receive(&mut self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        Box::pin(async {
            let queue = &self.connection.0;
            let receiving = async {
                let message = self.messages.recv().await;
                if queue.has(Flaw::LosesMessagesWhenCancelled) {
                    yield_now().await;
                }
                message.ok_or_else(|| "closed".into())
            };
            if queue.has(Flaw::IgnoresALostConnection) {
                return receiving.await;
            }
            tokio::select! {
                message = receiving => message,
                error = queue.failure() => Err(error),
            }
        })
    }
}

struct Control(Queue);

impl Network for Control {
    fn cut(&self) {
        self.0.0.network.send_replace(State::Cut);
    }

    fn hang(&self) {
        self.0.0.network.send_replace(State::Hung);
    }

    fn restore(&self) {
        self.0.0.network.send_replace(State::Up);
    }

    fn connections(&self) -> usize {
        self.0.0.connections.load(SeqCst)
    }
}

/// A queue whose broker can't be reached.
struct Unreachable(&'static str);

impl MessageQueue for Unreachable {
    fn publisher<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        Box::pin(async { Err(self.0.into()) })
    }

    fn subscription<'a>(
        &'a self,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        Box::pin(async { Err(self.0.into()) })
    }
}

fn contract(flaw: Flaw) -> MessageQueueContract {
    let queue = Queue::new(flaw);
    let error = match flaw {
        Flaw::HidesTheAddress => "cannot connect",
        Flaw::ShowsThePassword => "cannot connect to memory://ana:hunter2@memory:1",
        _ => "cannot connect to memory:1",
    };
    MessageQueueContract::new(queue.clone())
        .too_large(LIMIT + 1)
        .unreachable(Unreachable(error), "memory:1", "hunter2")
        .network(queue.clone(), Control(queue))
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_keeps_the_contract_passes_every_rule() {
    let contract = contract(Flaw::Nothing);
    assert_eq!(contract.rules().count(), 13);
    contract.check_all().await;
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_the_test_client_keeps_the_contract() {
    MessageQueueContract::new(TestQueue::new())
        .check_all()
        .await;
}

#[tokio::test(start_paused = true)]
async fn every_rule_detects_its_flaw() {
    use Flaw::*;
    let flaws = [
        (
            DeliversToOneSubscription,
            "every_subscription_receives_each_message_once",
        ),
        (
            DeliversTwice,
            "every_subscription_receives_each_message_once",
        ),
        (ReversesBatches, "messages_keep_their_order"),
        (TakesTextOnly, "messages_are_arbitrary_bytes"),
        (DropsLargeMessages, "large_messages_arrive"),
        (MixesChannels, "channels_do_not_mix"),
        (
            LosesMessagesWhenCancelled,
            "a_cancelled_receive_loses_nothing",
        ),
        (
            CorruptsAfterCancelledPublish,
            "a_cancelled_publish_leaves_the_connection_usable",
        ),
        (
            FailsInsteadOfRefusing,
            "a_refused_message_costs_only_itself",
        ),
        (
            RefusesWithTheWrongIndex,
            "a_refused_message_costs_only_itself",
        ),
        (
            PublishesNothingBeforeARefusal,
            "a_refused_message_costs_only_itself",
        ),
        (HidesTheAddress, "an_error_of_opening_names_the_address"),
        (ShowsThePassword, "an_error_of_opening_names_the_address"),
        (KeepsDroppedConnections, "a_dropped_connection_is_closed"),
        (KeepsCancelledConnections, "a_cancelled_opening_is_closed"),
        (
            IgnoresALostConnection,
            "new_connections_work_after_an_outage",
        ),
        (WaitsForever, "a_broker_that_stops_responding_is_an_error"),
    ];
    for (flaw, rule) in flaws {
        let found = contract(flaw).check(rule).await;
        assert!(found.is_err(), "{rule} does not find {flaw:?}");
    }
    for rule in contract(Nothing).rules() {
        assert!(
            flaws.iter().any(|(_, found)| *found == rule),
            "no flaw shows that {rule} finds anything"
        );
    }
}

#[tokio::test]
async fn a_rule_that_cannot_be_checked_is_an_error() {
    let contract = MessageQueueContract::new(TestQueue::new());
    let rule = "a_dropped_connection_is_closed";
    assert!(contract.rules().all(|other| other != rule));
    assert!(contract.check(rule).await.is_err());
    assert!(contract.check("no such rule").await.is_err());
}
