//! `logger(true)`: logs for programs that do not use `tracing`. A subscriber is global, so each test starts a process of its own.

use std::process::Command;

use socketio::SocketIo;
use socketio_test::TestClient;
use test_support::{engine_client::Connector, http::HANDSHAKE};

/// Runs one of the programs below, and returns its standard error output.
fn written_by(program: &str, rust_log: Option<&str>) -> String {
    let program = format!("logger::{program}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&program, "--exact", "--ignored", "--nocapture"]);
    match rust_log {
        Some(rust_log) => command.env("RUST_LOG", rust_log),
        None => command.env_remove("RUST_LOG"),
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

async fn exchange(io: SocketIo) {
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("hello", ()).await.unwrap();
    let _ = client.emit("fails", ()).await;
}

fn builder() -> socketio::SocketIoBuilder {
    SocketIo::bare().on("hello", || {}).on("fails", || {
        Err::<(), socketio::BoxError>("on purpose".into())
    })
}

#[tokio::test]
#[ignore = "run by the other tests"]
async fn turned_on() {
    exchange(builder().logger(true).build().unwrap()).await;
}

#[tokio::test]
#[ignore = "run by the other tests"]
async fn engineio_turned_on() {
    exchange(builder().engineio_logger(true).build().unwrap()).await;
}

#[tokio::test]
#[ignore = "run by the other tests"]
async fn a_page_is_refused() {
    let connector = Connector::serve(&builder().logger(true).build().unwrap());
    let target = format!("{HANDSHAKE} HTTP/1.1\r\nOrigin: https://a.test\r\nX-Rest: ");
    assert_eq!(connector.request("GET", &target, "").await.status, 403);
}

#[tokio::test]
#[ignore = "run by the other tests"]
async fn not_turned_on() {
    exchange(builder().logger(false).build().unwrap()).await;
}

#[tokio::test]
#[ignore = "run by the other tests"]
async fn with_a_subscriber_of_its_own() {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .without_time()
        .with_max_level(tracing::Level::WARN)
        .init();
    exchange(builder().logger(true).build().unwrap()).await;
}

#[test]
fn clients_and_events_are_written_when_it_is_turned_on() {
    let log = written_by("turned_on", None);
    assert!(log.contains(r#"connected namespace="/" sid="#), "{log}");
    assert!(log.contains(r#"event="hello""#), "{log}");
    assert!(
        log.contains("ERROR socketio: ") || log.contains("WARN socketio: "),
        "{log}"
    );
    assert!(log.contains("on purpose"), "{log}");
}

#[test]
fn without_the_level_of_socketio_only_what_failed_is_written() {
    let log = written_by("engineio_turned_on", None);
    assert!(!log.contains("hello"), "{log}");
    assert!(log.contains("on purpose"), "{log}");
}

#[test]
fn nothing_is_logged_by_default() {
    assert_eq!(written_by("not_turned_on", None), "");
}

#[test]
fn the_environment_overrides_the_option() {
    let log = written_by("turned_on", Some("engineio=trace"));
    assert_eq!(log, "");
}

#[test]
fn a_filter_for_socketio_includes_refused_requests() {
    let line = "a page of this origin may not connect";
    for (filter, written) in [
        ("socketio=info", true),
        ("socketio=error", false),
        ("socketio=info,engineio=off", false),
        ("off,socketio=info,engineio=off", false),
    ] {
        let log = written_by("a_page_is_refused", Some(filter));
        assert_eq!(log.contains(line), written, "{filter}: {log}");
    }
}

#[test]
fn the_subscriber_of_the_program_is_kept() {
    let log = written_by("with_a_subscriber_of_its_own", None);
    assert!(!log.contains("hello"), "{log}");
    assert!(
        log.contains("socketio: ") && log.contains("on purpose"),
        "{log}"
    );
}
