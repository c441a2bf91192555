//! Outgoing events with a type: their namespaces and names are checked.
//!
//! They belong to servers of their own, since a type without one is linked into every server of this program.

use serde::Serialize;
use socketio::{Handlers, SocketIo};
use test_support::problem;

#[derive(Serialize, socketio::Event)]
#[socketio(event = "moved", namespace = "/games", server = "events")]
struct Moved(u8, u8);

#[derive(Serialize, socketio::Event)]
#[socketio(event = "moved", namespace = "/games", server = "events too")]
struct MovedAgain(u8);

#[derive(Serialize, socketio::Event)]
#[socketio(event = "moved", namespace = "*", server = "events too")]
struct MovedAnywhere(u8);

#[derive(Serialize, socketio::Event)]
#[socketio(event = "log", namespace = "/job/{id}", server = "events too")]
struct Log<'a>(&'a str);

#[test]
fn an_event_in_a_namespace_that_does_not_exist_is_refused() {
    let moved = &["`Moved` (tests/startup/events.rs:", "\"/games\""];
    let with = |cure: &'static str| [moved[0], moved[1], cure];
    problem(SocketIo::bare().event::<Moved>(), &with("allow_namespace"));
    problem(
        SocketIo::bare().event::<Moved>().allow_namespace("/game"),
        &with("did you mean \"/game\"?"),
    );
    let builder = SocketIo::bare().event::<Moved>().allow_namespace("/games");
    assert!(builder.build().is_ok());
}

#[test]
fn linked_events_are_checked_without_being_listed() {
    let error = SocketIo::builder().named("events").build().unwrap_err();
    let problems = error.problems();
    assert!(problems[0].contains("`Moved`"), "{problems:?}");
}

#[test]
fn two_types_with_one_name_are_refused() {
    let games = || SocketIo::bare().allow_namespace("/games");
    problem(
        games().event::<Moved>().event::<MovedAgain>(),
        &["\"moved\" has two types", "`Moved` (", "`MovedAgain` ("],
    );
    problem(
        games().event::<Moved>().event::<MovedAnywhere>(),
        &["\"moved\" has two types", "`MovedAnywhere` ("],
    );
    let twice = games().event::<Moved>().event::<Moved>();
    assert!(twice.build().is_ok());
}

#[test]
fn an_event_of_a_pattern_needs_a_namespace_that_fits() {
    let job = SocketIo::bare().event::<Log<'static>>();
    assert!(job.allow_namespace("/job/7").build().is_ok());
    let other = SocketIo::bare().event::<Log<'static>>();
    problem(other.allow_namespace("/jobs"), &["`Log` (", "/job/{id}"]);
}

#[tokio::test]
async fn events_are_nested_with_their_handlers() {
    let games = || Handlers::new().event::<Moved>().allow_namespace("/games");
    let io = SocketIo::bare().nest("/v2", games()).build().unwrap();
    assert!(io.of("/v2/games").try_emit_event(&Moved(1, 2)).is_ok());
    let refused = io.of("/v1/games").try_emit_event(&Moved(1, 2));
    assert!(refused.unwrap_err().is_wrong_namespace());
    assert!(io.try_emit_event(&Moved(1, 2)).is_ok());
}
