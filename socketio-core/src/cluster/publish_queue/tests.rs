//! Tests of which messages wait, which are dropped, and in which order.

use futures_util::FutureExt;

use super::*;

fn outgoing(messages: usize, bytes: usize) -> PublishQueue {
    PublishQueue::new(&Arc::from("node"), PublishLimits { messages, bytes }, true)
}

fn push(outgoing: &PublishQueue, messages: &[&'static str]) {
    for message in messages {
        outgoing.push(Bytes::from_static(message.as_bytes()));
    }
}

fn next(outgoing: &PublishQueue, messages: usize, bytes: usize) -> Vec<Bytes> {
    let next = outgoing.next(messages, bytes).now_or_never();
    next.expect("there are messages").expect("it is not closed")
}

#[test]
fn messages_leave_in_order_and_stay_until_they_are_published() {
    let outgoing = outgoing(10, 100);
    push(&outgoing, &["a", "b", "c"]);
    assert_eq!(next(&outgoing, 2, 100), ["a", "b"]);
    // The connection was lost.
    assert_eq!(next(&outgoing, 2, 100), ["a", "b"]);
    outgoing.published(2);
    assert_eq!(next(&outgoing, 2, 100), ["c"]);
    outgoing.gave_up();
    assert!(outgoing.next(2, 100).now_or_never().is_none());
    let counts = outgoing.counts();
    assert_eq!(
        (counts.waiting, counts.published, counts.dropped),
        (0, 2, 1)
    );
}

#[test]
fn a_batch_is_bounded_in_bytes_but_never_empty() {
    let outgoing = outgoing(10, 100);
    push(&outgoing, &["four", "four", "eleven more", "x"]);
    assert_eq!(next(&outgoing, 9, 8), ["four", "four"]);
    outgoing.published(2);
    assert_eq!(next(&outgoing, 9, 8), ["eleven more"]);
}

#[test]
fn the_oldest_messages_are_dropped_except_those_that_are_being_published() {
    let outgoing = outgoing(3, 100);
    push(&outgoing, &["a", "b", "c"]);
    assert_eq!(next(&outgoing, 1, 100), ["a"]);
    push(&outgoing, &["d", "e"]);
    outgoing.published(1);
    assert_eq!(next(&outgoing, 9, 100), ["d", "e"]);
    assert_eq!(outgoing.counts().dropped, 2);
}

#[test]
fn the_size_of_the_queue_is_bounded_in_bytes() {
    let outgoing = outgoing(100, 10);
    push(&outgoing, &["12345", "67890", "x"]);
    assert_eq!(next(&outgoing, 9, 100), ["67890", "x"]);
}

#[test]
fn a_message_that_exceeds_the_limit_alone_is_dropped_and_evicts_nothing() {
    let outgoing = outgoing(100, 10);
    push(&outgoing, &["1", "2", "more than ten bytes", "3"]);
    assert_eq!(next(&outgoing, 9, 100), ["1", "2", "3"]);
    assert_eq!(outgoing.counts().dropped, 1);
    outgoing.published(3);
    assert!(outgoing.flushed().now_or_never().is_some());
    push(&outgoing, &["more than ten bytes", "ten bytes."]);
    assert_eq!(next(&outgoing, 9, 100), ["ten bytes."]);
    assert_eq!(outgoing.counts().dropped, 2);
}

#[test]
fn flushed_waits_for_earlier_messages_only() {
    let outgoing = outgoing(10, 100);
    assert!(outgoing.flushed().now_or_never().is_some());
    push(&outgoing, &["a"]);
    let mut flushed = Box::pin(outgoing.flushed());
    assert!((&mut flushed).now_or_never().is_none());
    assert_eq!(next(&outgoing, 1, 100), ["a"]);
    push(&outgoing, &["b"]);
    outgoing.published(1);
    assert!(flushed.now_or_never().is_some());
}

#[test]
fn flushed_does_not_count_later_messages_that_were_dropped() {
    let outgoing = outgoing(3, 100);
    push(&outgoing, &["a", "b", "c"]);
    assert_eq!(next(&outgoing, 1, 100), ["a"]);
    let mut flushed = Box::pin(outgoing.flushed());
    assert!((&mut flushed).now_or_never().is_none());
    push(&outgoing, &["d", "e", "f"]);
    assert!((&mut flushed).now_or_never().is_none());
    outgoing.published(1);
    assert!(flushed.now_or_never().is_some());
}

#[test]
fn an_abandoned_queue_is_flushed_and_drops_later_messages() {
    let outgoing = outgoing(10, 100);
    push(&outgoing, &["a", "b"]);
    let flushed = outgoing.flushed();
    outgoing.abandon();
    assert!(flushed.now_or_never().is_some());
    push(&outgoing, &["c"]);
    assert!(outgoing.flushed().now_or_never().is_some());
    assert_eq!(outgoing.counts().dropped, 3);
}

#[test]
fn a_closed_queue_still_returns_its_messages() {
    let outgoing = outgoing(10, 100);
    push(&outgoing, &["a"]);
    outgoing.close();
    assert_eq!(next(&outgoing, 9, 100), ["a"]);
    outgoing.published(1);
    assert_eq!(outgoing.next(9, 100).now_or_never(), Some(None));
}
