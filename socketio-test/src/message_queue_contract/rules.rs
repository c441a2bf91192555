//! The rules of the contract for a working broker.

use std::time::Duration;

use bytes::Bytes;
use socketio_core::message_queue::Refused;
use tokio::time::timeout;

use super::{
    MessageQueueContract, Outcome,
    peer::{END, Peer, SOON, channel, expect, numbered, poll_once, shown, succeeds},
};

pub(super) async fn every_subscription_receives_each_message_once(
    contract: &MessageQueueContract,
) -> Outcome {
    let channel = channel();
    let mut one = Peer::open(&*contract.queue, &channel).await?;
    let mut two = Peer::open(&*contract.queue, &channel).await?;
    let messages = numbered(0..10);
    one.exchange(&messages).await?;
    let other = expect(&mut *two.subscription, &messages).await;
    other.map_err(|error| format!("another subscription: {error}"))?;

    two.exchange(&messages).await?;
    expect(&mut *one.subscription, &messages).await
}

pub(super) async fn messages_keep_their_order(contract: &MessageQueueContract) -> Outcome {
    let mut peer = Peer::open(&*contract.queue, &channel()).await?;
    let messages = numbered(0..1_000);
    let mut rest = &messages[..];
    // Batches of 0, 1, 2, 3, .. messages.
    for size in 0.. {
        let (batch, after) = rest.split_at(rest.len().min(size));
        peer.publish(batch).await?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    peer.publish(&[Bytes::from_static(END)]).await?;
    expect(&mut *peer.subscription, &messages).await
}

pub(super) async fn messages_are_arbitrary_bytes(contract: &MessageQueueContract) -> Outcome {
    let mut peer = Peer::open(&*contract.queue, &channel()).await?;
    let all: Vec<u8> = (0..=255).collect();
    let messages = [
        Bytes::new(),
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"\r\n\r\n"),
        Bytes::from_static(b"\xff\xfe \xc3\x28"),
        Bytes::from(all),
    ];
    peer.exchange(&messages).await
}

pub(super) async fn large_messages_arrive(contract: &MessageQueueContract) -> Outcome {
    let mut peer = Peer::open(&*contract.queue, &channel()).await?;
    let large = |number: u8| Bytes::from(vec![number; contract.large]);
    // Together they are larger than many limits of a batch.
    let messages: Vec<_> = (0..4).map(large).collect();
    peer.exchange(&messages).await
}

pub(super) async fn channels_do_not_mix(contract: &MessageQueueContract) -> Outcome {
    let mut red = Peer::open(&*contract.queue, &channel()).await?;
    let mut blue = Peer::open(&*contract.queue, &channel()).await?;
    let (for_red, for_blue) = (numbered(0..10), numbered(10..20));
    for (red_one, blue_one) in for_red.iter().zip(&for_blue) {
        red.publish(std::slice::from_ref(red_one)).await?;
        blue.publish(std::slice::from_ref(blue_one)).await?;
    }
    for peer in [&mut red, &mut blue] {
        peer.publish(&[Bytes::from_static(END)]).await?;
    }
    expect(&mut *red.subscription, &for_red).await?;
    expect(&mut *blue.subscription, &for_blue).await
}

pub(super) async fn a_refused_message_costs_only_itself(
    contract: &MessageQueueContract,
) -> Outcome {
    let mut peer = Peer::open(&*contract.queue, &channel()).await?;
    let bytes = contract.too_large.unwrap_or_default();
    let too_large = Bytes::from(vec![b'x'; bytes]);
    let small = numbered(0..4);
    // First, in the middle, last, and in the middle again, since a queue may learn the limit from a refusal.
    for index in [0, 1, 2, 1] {
        let mut messages = small[..2].to_vec();
        messages.insert(index, too_large.clone());
        let published = timeout(SOON, peer.publisher.publish(&messages)).await;
        let Ok(Err(error)) = published else {
            return Err(format!(
                "a message of {bytes} bytes was published, or not in time"
            ));
        };
        match error.downcast_ref::<Refused>() {
            Some(refused) if refused.index() == index => {}
            Some(refused) => {
                let found = refused.index();
                return Err(format!(
                    "the index of the refused message is {found}, not {index}"
                ));
            }
            None => return Err(format!("the error is not `Refused`: {error}")),
        }
        // The caller publishes the others over the same connection.
        let after = peer.publish(&messages[index + 1..]).await;
        after.map_err(|error| format!("after the refusal: {error}"))?;
        peer.publish(&[Bytes::from_static(END)]).await?;
        expect(&mut *peer.subscription, &small[..2]).await?;
    }
    peer.exchange(&small).await
}

pub(super) async fn a_cancelled_receive_loses_nothing(contract: &MessageQueueContract) -> Outcome {
    const MESSAGES: usize = 300;
    let mut peer = Peer::open(&*contract.queue, &channel()).await?;
    let messages = numbered(0..MESSAGES);
    let Peer {
        publisher,
        subscription,
    } = &mut peer;
    let publishing = async {
        for batch in messages.chunks(3) {
            succeeds("publishing", publisher.publish(batch)).await?;
        }
        Ok::<_, String>(())
    };
    let receiving = async {
        let mut received = Vec::new();
        while received.len() < MESSAGES {
            // Cancelled after one poll, and after a while.
            let message = match poll_once(subscription.receive()).await {
                Some(message) => message,
                None => match timeout(Duration::from_millis(1), subscription.receive()).await {
                    Ok(message) => message,
                    Err(_) => continue,
                },
            };
            received.push(message.map_err(|error| format!("receiving failed: {error}"))?);
        }
        Ok(received)
    };
    let both = async { tokio::try_join!(publishing, receiving) };
    let ((), received) = succeeds("receiving with cancellations", both).await?;
    match received
        .iter()
        .zip(&messages)
        .find(|(one, other)| one != other)
    {
        Some((one, other)) => Err(format!(
            "received {} instead of {}",
            shown(one),
            shown(other)
        )),
        None => peer.exchange(&[]).await,
    }
}

pub(super) async fn a_cancelled_publish_leaves_the_connection_usable(
    contract: &MessageQueueContract,
) -> Outcome {
    const ROUNDS: usize = 50;
    let channel = channel();
    let mut peer = Peer::open(&*contract.queue, &channel).await?;
    let messages = numbered(0..ROUNDS);
    let cancelled = Bytes::from(vec![b'c'; 10_000]);
    for (round, message) in messages.iter().enumerate() {
        let batch = [cancelled.clone(), cancelled.clone()];
        let publishing = peer.publisher.publish(&batch);
        let result = if round % 2 == 0 {
            poll_once(publishing).await
        } else {
            let wait = Duration::from_micros(round as u64 * 20);
            timeout(wait, publishing).await.ok()
        };
        let batch = [message.clone()];
        if matches!(result, Some(Err(_))) || peer.publisher.publish(&batch).await.is_err() {
            // An error is allowed: the caller opens a new connection.
            let opening = contract.queue.publisher(&channel);
            peer.publisher = succeeds("opening a publisher again", opening).await?;
            peer.publish(&batch).await?;
        }
    }
    peer.publish(&[Bytes::from_static(END)]).await?;
    let mut received = Vec::new();
    loop {
        let message = succeeds("receiving", peer.subscription.receive()).await?;
        if message == END {
            break;
        }
        if message != cancelled {
            received.push(message);
        }
    }
    // A message that was published again may arrive twice.
    received.dedup();
    match received == messages {
        true => Ok(()),
        false => Err("the received messages are not those that were published".into()),
    }
}
