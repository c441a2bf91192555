//! Namespace patterns: which are equal, and that attributes and the builder accept the same ones.

use std::panic::Location;

use socketio::{Path, SocketIo, SocketIoBuilder, handlers};
use socketio_test::{ConnectError, TestClient};
use test_support::problem;

/// Returns `file:line` of the caller, moved by some lines.
#[track_caller]
fn line(by: u32) -> String {
    let location = Location::caller();
    format!("{}:{}", location.file(), location.line() + by)
}

#[test]
fn two_handlers_of_one_event_at_equal_patterns_are_refused_with_both_places() {
    let (first, second) = (line(2), line(3));
    let builder = SocketIo::bare()
        .on_in("/job/{id}", "log", || "first")
        .on_in("/job/{job}", "log", || "second");
    problem(builder, &[&first, &second, "/job/{id}", "/job/{job}"]);

    problem(
        SocketIo::bare()
            .on_in("/job/{id}", "connect", || true)
            .on_in("/job/{job}", "connect", || false),
        &["\"connect\"", "two handlers"],
    );
    problem(
        SocketIo::bare()
            .on_in("/job/{id}", "log", || ())
            .on_error_in("/job/{id}", || "first")
            .on_error_in("/job/{job}", || "second"),
        &["`on_error`", "two handlers"],
    );
    problem(
        SocketIo::bare()
            .on_in("/*", "x", || ())
            .on_in("*", "x", || ()),
        &["two handlers"],
    );
}

#[tokio::test]
async fn handlers_of_different_events_share_equal_patterns_and_keep_their_parameters() {
    let io = SocketIo::bare()
        .on_in("/job/{id}", "first", |id: Path<u64>| *id)
        .on_in("/job/{job}", "second", |job: Path<u64>| *job + 1)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/job/7").await.unwrap();
    assert_eq!(client.call::<u64>("first", ()).await.unwrap(), 7);
    assert_eq!(client.call::<u64>("second", ()).await.unwrap(), 8);
}

#[derive(Default)]
struct Jobs;

fn nobody() -> bool {
    false
}

#[socketio::namespace("/job/{id}", guard = nobody)]
impl Jobs {
    async fn on_erase(&self) {}
}

#[derive(Default)]
struct Tasks;

#[socketio::namespace("/job/{job}")]
impl Tasks {
    async fn on_list(&self) {}
}

#[tokio::test]
async fn the_guards_of_a_namespace_impl_run_with_every_pattern_of_the_connect_handler() {
    let io = SocketIo::bare()
        .namespace(Jobs)
        .on_in("/job/{job}", "connect", || true)
        .build()
        .unwrap();
    let refused = TestClient::connect(&io, "/job/7").await.unwrap_err();
    assert!(matches!(refused, ConnectError::Refused { .. }), "{refused}");
}

#[test]
fn two_namespace_impls_at_equal_patterns_are_refused_with_both_places() {
    problem(
        SocketIo::bare().namespace(Tasks).namespace(Jobs),
        &[
            "`Jobs` at \"/job/{id}\" (tests/handlers/patterns.rs:",
            "`Tasks` at \"/job/{job}\" (tests/handlers/patterns.rs:",
            "`namespace_at`",
        ],
    );
    let apart = SocketIo::bare()
        .namespace(Tasks)
        .namespace_at("/erasing/{id}", Jobs);
    assert!(apart.build().is_ok());
}

#[test]
fn a_value_given_twice_is_one_problem() {
    problem(
        SocketIo::bare().namespace(Tasks).namespace(Tasks),
        &["`Tasks` is given twice", "`namespace_at`"],
    );
    problem(
        SocketIo::bare()
            .namespace(Tasks)
            .namespace_at("/job/{id}", Tasks),
        &["`Tasks` is given twice"],
    );
}

#[socketio::on("x", namespace = "/below/*")]
async fn below() -> &'static str {
    "below"
}

#[socketio::on("y", namespace = "/kind/{type}")]
async fn keyword(kind: Path<String>) -> String {
    kind.into_inner()
}

#[tokio::test]
async fn attributes_accept_the_same_patterns_as_the_builder() {
    let io = SocketIo::bare()
        .handlers(handlers![below, keyword])
        .build()
        .unwrap();
    for path in ["/below", "/below/a/b"] {
        let client = TestClient::connect(&io, path).await.unwrap();
        assert_eq!(client.call::<String>("x", ()).await.unwrap(), "below");
    }
    let client = TestClient::connect(&io, "/kind/cat").await.unwrap();
    assert_eq!(client.call::<String>("y", ()).await.unwrap(), "cat");
}

/// The unit tests of the attributes read the same table.
const PATHS: &str = include_str!("../../socketio-names/tests/paths.txt");

#[test]
fn the_builder_accepts_and_refuses_the_paths_of_the_table_wherever_they_are_given() {
    let mut rows = 0;
    for row in PATHS.lines().filter(|row| !row.starts_with('#')) {
        let (verdict, path) = row.split_once(' ').unwrap_or((row, ""));
        let valid = verdict == "valid";
        rows += 1;
        for builder in [
            SocketIo::bare().on_in(path, "x", || ()),
            SocketIo::bare()
                .on_error_in(path, || ())
                .on_in(path, "x", || ()),
            SocketIo::bare().allow_namespace(path),
            SocketIo::bare().namespace_at(path, Tasks),
        ] {
            assert_eq!(builder.build().is_ok(), valid, "{row:?}");
        }
        // A guard or middleware without a namespace is another problem.
        let refusals = |builder: SocketIoBuilder| {
            let problems = builder
                .build()
                .map_or_else(|error| error.problems().to_vec(), |_| Vec::new());
            let invalid = format!("the namespace {path:?} ");
            problems.iter().filter(|one| one.contains(&invalid)).count()
        };
        assert_eq!(
            refusals(SocketIo::bare().guard_in(path, || true)),
            usize::from(!valid),
            "{row:?}"
        );
    }
    assert!(rows > 20, "{rows}");
}

#[test]
fn empty_and_reserved_event_names_are_refused() {
    problem(SocketIo::bare().on("", || ()), &["name is empty"]);
    problem(
        SocketIo::bare().on("newListener", || ()),
        &["reserved", "no client can send it"],
    );
}

#[test]
fn a_nested_pattern_may_not_repeat_a_parameter() {
    let nested = socketio::Handlers::new().on_in("/{id}", "x", || ());
    problem(
        SocketIo::bare().nest("/{id}", nested),
        &["\"/{id}/{id}\"", "twice"],
    );
}
