//! Guards at start-up: their needs are checked, and a guard without effect is refused.

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
fn the_guard_of_a_namespace_can_not_take_arguments_of_some_events_only() {
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
fn a_guard_of_a_namespace_without_handlers_is_refused() {
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
