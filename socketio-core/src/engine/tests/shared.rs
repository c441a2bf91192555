//! What requests and their session pass to each other.

use std::{
    task::{Context, Waker},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::advance;

use crate::engine::{
    post_queue::WAITING_POSTS,
    protocol::Protocol,
    reason::CloseReason,
    refusal::Refusal,
    shared::{OVERLAP, Shared, TAKEN_OVER, Updates},
    sid::Sid,
    transport::TransportKind,
};

fn polling() -> Shared {
    Shared::new(
        Sid::random().unwrap(),
        TransportKind::Polling,
        Protocol::V4 { base64: false },
        None,
    )
}

fn updates(shared: &Shared) -> Updates {
    shared.updates(&Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn two_polls_at_once_end_the_session_and_tell_the_first() {
    let shared = polling();
    let mut first = shared.park_poll().unwrap();
    assert!(updates(&shared).polled);
    advance(OVERLAP - Duration::from_millis(1)).await;
    assert!(matches!(shared.park_poll(), Err(Refusal::BadRequest(_))));
    assert_eq!(first.answered.try_recv().unwrap(), Ok(Bytes::from("1")));
    assert_eq!(shared.park_poll().unwrap_err(), Refusal::UnknownSid);
    assert_eq!(updates(&shared).failed, Some(CloseReason::TransportError));
}

#[tokio::test(start_paused = true)]
async fn a_later_poll_takes_over_whether_the_older_is_answered_or_lost() {
    for lost in [false, true] {
        let shared = polling();
        let mut older = shared.park_poll().unwrap();
        advance(OVERLAP).await;
        let mut newer = shared.park_poll().unwrap();
        if lost {
            shared.lose_poll(&mut older);
        } else {
            assert_eq!(older.answered.try_recv().unwrap(), Ok(shared.nothing()));
        }
        assert_eq!(updates(&shared).failed, None);
        assert!(shared.answer_poll(Ok(Bytes::from("4a"))));
        assert_eq!(newer.answered.try_recv().unwrap(), Ok(Bytes::from("4a")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_lost_ends_the_session_unless_it_is_empty() {
    for (answer, failed) in [("6", None), ("4a", Some(CloseReason::TransportError))] {
        let shared = polling();
        let mut poll = shared.park_poll().unwrap();
        assert!(shared.answer_poll(Ok(Bytes::from(answer))));
        shared.lose_poll(&mut poll);
        assert_eq!(updates(&shared).failed, failed);
    }
}

#[test]
fn posts_take_turns_in_the_order_in_which_they_arrive() {
    let shared = polling();
    assert!(shared.begin_post().unwrap().is_none());
    let mut second = shared.begin_post().unwrap().unwrap();
    let gone = shared.begin_post().unwrap().unwrap();
    let mut third = shared.begin_post().unwrap().unwrap();
    let _answer = shared.finish_post(Bytes::from("4a")).unwrap();
    assert!(updates(&shared).post.is_some());
    assert!(second.try_recv().is_err());
    shared.release_post();
    assert_eq!(second.try_recv(), Ok(()));
    assert!(third.try_recv().is_err());
    drop(gone);
    shared.release_post();
    assert_eq!(third.try_recv(), Ok(()));
    shared.release_post();
    assert!(shared.begin_post().unwrap().is_none());
}

#[test]
fn the_number_of_waiting_posts_is_bounded_and_one_too_many_has_no_effect() {
    let shared = polling();
    assert!(shared.begin_post().unwrap().is_none());
    let mut waiting: Vec<_> = (0..WAITING_POSTS)
        .map(|_| shared.begin_post().unwrap().unwrap())
        .collect();
    assert_eq!(shared.begin_post().unwrap_err(), Refusal::TooManyPosts);
    assert_eq!(updates(&shared).failed, None);
    waiting.pop();
    assert!(shared.begin_post().unwrap().is_some());
}

#[test]
fn a_post_keeps_its_place_until_it_is_answered() {
    let shared = polling();
    assert!(shared.begin_post().unwrap().is_none());
    let _answer = shared.finish_post(Bytes::from("4a")).unwrap();
    assert!(updates(&shared).post.is_some());
    assert!(updates(&shared).post.is_none());
    shared.release_post();
    assert!(shared.begin_post().unwrap().is_none());
}

#[test]
fn once_a_websocket_has_taken_over_polling_is_refused_without_effect() {
    let shared = polling();
    let mut waiting = shared.park_poll().unwrap();
    assert!(shared.complete_upgrade(true).is_none());
    assert_eq!(waiting.answered.try_recv().unwrap(), Err(TAKEN_OVER));
    assert_eq!(shared.park_poll().unwrap_err(), TAKEN_OVER);
    shared.fail(CloseReason::TransportError);
    assert_eq!(updates(&shared).failed, None);
}

#[test]
fn a_post_that_came_just_before_a_websocket_takes_over_is_not_lost() {
    let shared = polling();
    shared.begin_post().unwrap();
    let _answer = shared.finish_post(Bytes::from("4a")).unwrap();
    assert!(shared.complete_upgrade(true).is_some());
}

#[test]
fn when_the_session_ends_waiting_requests_are_answered() {
    let shared = polling();
    let mut poll = shared.park_poll().unwrap();
    shared.begin_post().unwrap();
    let mut post = shared.finish_post(Bytes::from("4a")).unwrap();
    let mut waiting = shared.begin_post().unwrap().unwrap();
    shared.close(Ok(Bytes::from("1")), Err(Refusal::UnknownSid));
    assert_eq!(poll.answered.try_recv().unwrap(), Ok(Bytes::from("1")));
    assert_eq!(post.try_recv().unwrap(), Err(Refusal::UnknownSid));
    assert!(waiting.try_recv().is_err());
    assert_eq!(shared.begin_post().unwrap_err(), Refusal::UnknownSid);
}

#[test]
fn a_session_over_a_websocket_has_no_slots_for_requests() {
    println!("{}", size_of::<Shared>());
    assert!(size_of::<Shared>() <= 128);
}
