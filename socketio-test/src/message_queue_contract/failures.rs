//! The rules of the contract for a broker that can't be reached.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use socketio_core::message_queue::MessageQueue;
use tokio::time::{sleep, timeout};

use super::{
    MessageQueueContract, Network, Outcome,
    peer::{Peer, SOON, channel, fails, numbered, poll_once, succeeds},
};

/// The time in which a subscription must notice that the broker does not respond.
const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn an_error_of_opening_names_the_address(
    contract: &MessageQueueContract,
) -> Outcome {
    let unreachable = contract.unreachable.as_ref().ok_or("not set")?;
    let (queue, channel) = (&unreachable.queue, channel());
    let publisher = fails("opening a publisher", SOON, queue.publisher(&channel)).await?;
    let subscription = fails("subscribing", SOON, queue.subscription(&channel)).await?;
    for error in [publisher, subscription] {
        if error.contains(&unreachable.password) {
            return Err("the error contains the password".into());
        }
        if !error.contains(&unreachable.address) {
            let address = &unreachable.address;
            return Err(format!("the error doesn't contain `{address}`: {error}"));
        }
    }
    Ok(())
}

fn network(contract: &MessageQueueContract) -> Result<(&dyn MessageQueue, Controlled<'_>), String> {
    let (queue, network) = contract.network.as_ref().ok_or("not set")?;
    Ok((&**queue, Controlled(network)))
}

/// A network that is restored at the end, even if a rule fails.
struct Controlled<'a>(&'a Arc<dyn Network>);

impl Drop for Controlled<'_> {
    fn drop(&mut self) {
        self.0.restore();
    }
}

impl Controlled<'_> {
    async fn has_connections(&self, expected: usize, what: &str) -> Outcome {
        let reached = async {
            while self.0.connections() > expected {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(SOON, reached).await.map_err(|_| {
            let open = self.0.connections() - expected;
            format!("{what} leaves {open} connections open")
        })
    }
}

pub(super) async fn a_dropped_connection_is_closed(contract: &MessageQueueContract) -> Outcome {
    let (queue, network) = network(contract)?;
    let (before, channel) = (network.0.connections(), channel());
    let mut peer = Peer::open(queue, &channel).await?;
    peer.exchange(&numbered(0..3)).await?;
    if network.0.connections() <= before {
        return Err("the connections don't go over the network that was set".into());
    }
    // Once while it waits for a message, and once with messages to receive.
    drop(poll_once(peer.subscription.receive()).await);
    peer.publish(&numbered(0..3)).await?;
    drop(peer.subscription);
    drop(peer.publisher);
    let what = "a dropped publisher or subscription";
    network.has_connections(before, what).await
}

pub(super) async fn a_cancelled_opening_is_closed(contract: &MessageQueueContract) -> Outcome {
    let (queue, network) = network(contract)?;
    let (before, channel) = (network.0.connections(), channel());
    network.0.hang();
    let wait = Duration::from_millis(300);
    let publisher = timeout(wait, queue.publisher(&channel));
    let subscription = timeout(wait, queue.subscription(&channel));
    let (publisher, subscription) = tokio::join!(publisher, subscription);
    if publisher.is_ok() || subscription.is_ok() {
        return Err("opening ended at once over a network that delivers nothing".into());
    }
    let what = "cancelled opening";
    network.has_connections(before, what).await
}

pub(super) async fn new_connections_work_after_an_outage(
    contract: &MessageQueueContract,
) -> Outcome {
    let (queue, network) = network(contract)?;
    let channel = channel();
    let mut peer = Peer::open(queue, &channel).await?;
    peer.exchange(&numbered(0..3)).await?;
    network.0.cut();
    all_fail(queue, &channel, peer, "during the outage").await?;
    network.0.restore();
    works_again(queue, &channel).await
}

pub(super) async fn a_broker_that_stops_responding_is_an_error(
    contract: &MessageQueueContract,
) -> Outcome {
    let (queue, network) = network(contract)?;
    let channel = channel();
    let mut peer = Peer::open(queue, &channel).await?;
    peer.exchange(&numbered(0..3)).await?;
    network.0.hang();
    all_fail(queue, &channel, peer, "while nothing is delivered").await?;
    network.0.restore();
    works_again(queue, &channel).await
}

/// Checks that all operations fail in time.
async fn all_fail(queue: &dyn MessageQueue, channel: &str, peer: Peer, when: &str) -> Outcome {
    let Peer {
        mut publisher,
        mut subscription,
    } = peer;
    let message = [Bytes::from_static(b"lost")];
    let (receiving, publishing) = (format!("receiving {when}"), format!("publishing {when}"));
    let (opening, subscribing) = (format!("opening {when}"), format!("subscribing {when}"));
    tokio::try_join!(
        fails(&receiving, MINUTE, subscription.receive()),
        fails(&publishing, SOON, publisher.publish(&message)),
        fails(&opening, SOON, queue.publisher(channel)),
        fails(&subscribing, SOON, queue.subscription(channel)),
    )?;
    Ok(())
}

/// Checks that new connections work, once the broker has recovered.
async fn works_again(queue: &dyn MessageQueue, channel: &str) -> Outcome {
    let what = "opening after the outage";
    let opened = async {
        let subscription = retried(|| queue.subscription(channel)).await;
        let publisher = retried(|| queue.publisher(channel)).await;
        Ok::<_, String>(Peer {
            publisher,
            subscription,
        })
    };
    let mut peer = succeeds(what, opened).await?;
    peer.exchange(&numbered(0..10)).await
}

async fn retried<T, E, F>(operation: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, E>>,
{
    loop {
        match operation().await {
            Ok(value) => return value,
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}
