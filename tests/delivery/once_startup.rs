//! Uses of `once` that `build()` refuses.

use std::time::Duration;

use socketio::{Ack, EventHandlerExt, Once, SocketIo, State};
use test_support::{problem, problems};

#[test]
fn once_is_for_events() {
    problem(
        SocketIo::bare().on("connect", (|| {}).once(|| 1)),
        &[
            "once_startup.rs",
            "`connect` is not sent by clients: leave `once` out",
        ],
    );
    problem(
        SocketIo::bare().on_error((|| {}).once(|| 1)),
        &["`on_error` is not sent by clients: leave `once` out"],
    );
}

#[test]
fn a_handler_with_once_returns_its_acknowledgement() {
    problem(
        SocketIo::bare().on("x", (|_: u32, _: Ack| {}).once(|id: u32| id)),
        &["`once` stores the return value, but the handler takes `Ack`"],
    );
    problem(
        SocketIo::bare().on("x", (|_: u32| {}).once(|id: u32, _: Ack| id)),
        &["the key `once` takes `Ack`: leave it out"],
    );
}

#[test]
fn the_needs_of_a_key_are_checked() {
    problem(
        SocketIo::bare().on("x", (|| {}).once(|_: State<u8>| 1)),
        &["the key `once` of `closure`", "`State<u8>`", ".state(..)"],
    );
}

#[test]
fn limits_that_are_too_small_are_refused() {
    let once = Once::default().ttl(Duration::ZERO).lease(Duration::ZERO);
    assert_eq!(
        problems(SocketIo::bare().once(once)),
        [
            "`Once::ttl` must not be zero",
            "`Once::lease` must be 10 milliseconds at least",
        ]
    );
}
