//! Guards at start-up: what they need is checked, and a guard of nothing is refused.

use socketio::{Auth, Reason, Rest, SocketIo, State, handlers};
use test_support::problem;

use crate::guards::even;

fn counted(_count: State<u32>) {}

#[socketio::on("x", guard = counted)]
fn with_state() {}

#[socketio::on("connect", guard = even)]
fn with_an_argument() {}

#[test]
fn the_needs_of_guards_are_checked() {
    problem(
        SocketIo::bare().handlers(handlers![with_state]),
        &[
            "the guard `counted`",
            "tests/handlers/guard_checks.rs:",
            "`with_state`",
            "State<u32>",
        ],
    );
    problem(
        SocketIo::bare().handlers(handlers![with_an_argument]),
        &["the guard `even`", "`connect` has no arguments"],
    );
    problem(
        SocketIo::bare().guard_in("/", |_all: Rest<u8>, _why: Reason| true),
        &[
            "the guard of \"/\"",
            "`Reason` is only available in `disconnect`",
        ],
    );
}

#[test]
fn what_guards_a_namespace_takes_nothing_that_only_some_events_have() {
    problem(
        SocketIo::bare().guard_in("/", |_number: u64| true),
        &["takes `u64`", "before `connect`"],
    );
    problem(
        SocketIo::bare().guard_in("/", |_auth: Auth<String>| true),
        &["takes `Auth`", "before events"],
    );
}

#[test]
fn a_guard_that_guards_nothing_is_refused() {
    problem(
        SocketIo::bare()
            .on_in("/chat", "x", || async {})
            .guard_in("/caht", || true),
        &["has no effect", "\"/caht\""],
    );
    let io = SocketIo::bare()
        .allow_namespace("/feed")
        .on_in("/job/{id}", "x", || async {})
        .guard_in("/feed", || true)
        .guard_in("/job/7", || true)
        .guard_in("/", || true)
        .build();
    assert!(io.is_ok());
}
