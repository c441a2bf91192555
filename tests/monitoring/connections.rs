//! Connections, from the handshake to their end.

use std::time::Duration;

use socketio::{ConnectionRefused, OverflowPolicy, Reason, SocketIo, metrics::Metrics};
use socketio_test::TestClient;
use test_support::engine_client::Connector;
use tokio::time::sleep;

fn server() -> SocketIo {
    SocketIo::bare()
        .on("say", || async {})
        .on_in("/closed", "connect", || async {
            Err::<(), _>(ConnectionRefused::new("no"))
        })
        .build()
        .unwrap()
}

/// The open and the opened connections over one transport.
fn over(metrics: &Metrics, transport: &str) -> (u64, u64) {
    let mut connections = metrics.connections.iter();
    let found = connections.find(|one| one.transport == transport).unwrap();
    (found.open, found.opened)
}

fn closed(metrics: &Metrics, reason: Reason) -> u64 {
    let closed = metrics.closed.iter();
    closed
        .filter(|one| one.reason == reason)
        .map(|one| one.count)
        .sum()
}

#[tokio::test(start_paused = true)]
async fn connections_are_counted_by_transport_and_by_how_they_ended() {
    let io = server();
    let connector = Connector::serve(&io);
    let mut one = connector.websocket().await;
    one.join("/").await;
    let two = connector.polling().await;
    two.join("/").await;
    let metrics = io.metrics();
    assert_eq!(over(&metrics, "websocket"), (1, 1));
    assert_eq!(over(&metrics, "polling"), (1, 1));
    assert_eq!(metrics.open_connections(), 2);
    one.send("41").await;
    one.send("1").await;
    // The other one does not poll, and so does not answer the ping.
    sleep(Duration::from_secs(60)).await;
    let metrics = io.metrics();
    assert_eq!(over(&metrics, "websocket"), (0, 1));
    assert_eq!(over(&metrics, "polling"), (0, 1));
    assert_eq!(
        closed(&metrics, Reason::ClientClose),
        1,
        "{:?}",
        metrics.closed
    );
    assert_eq!(closed(&metrics, Reason::PingTimeout), 1);
    assert_eq!(metrics.problem("ping_timeout"), 1);
}

#[tokio::test(start_paused = true)]
async fn messages_and_bytes_are_counted_in_both_directions() {
    let io = server();
    let mut client = Connector::serve(&io).websocket().await;
    client.join("/").await;
    let before = io.metrics();
    client.send(r#"42["say"]"#).await;
    io.emit("news", "é");
    assert_eq!(client.text().await, r#"42["news","é"]"#);
    let after = io.metrics();
    let grown = |count: fn(&Metrics) -> u64| count(&after) - count(&before);
    assert_eq!(grown(|one| one.messages_sent), 1);
    assert_eq!(grown(|one| one.bytes_sent), 14);
    assert_eq!(grown(|one| one.messages_received), 1);
    assert_eq!(grown(|one| one.bytes_received), 8);
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_of_a_ping_is_counted() {
    let io = server();
    let mut client = Connector::serve(&io).websocket().await;
    client.join("/").await;
    // The client answers pings while it reads.
    client.packets_for(Duration::from_secs(60)).await;
    let pings = io.metrics().ping_round_trip;
    assert_eq!(pings.count, 2);
    assert!(pings.sum < Duration::from_millis(10), "{pings:?}");
}

#[tokio::test]
async fn refused_handshakes_are_counted_by_cause_although_only_some_are_logged() {
    let io = SocketIo::bare()
        .on("say", || async {})
        .max_connections(1)
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    for _ in 0..20 {
        let target = "/socket.io/?EIO=2&transport=polling";
        assert_eq!(connector.request("GET", target, "").await.status, 400);
    }
    let target = "/socket.io/?EIO=3&transport=polling";
    assert_eq!(connector.request("GET", target, "").await.status, 400);
    connector.polling().await.join("/").await;
    let target = "/socket.io/?EIO=4&transport=polling";
    assert_eq!(connector.request("GET", target, "").await.status, 503);
    let metrics = io.metrics();
    assert_eq!(metrics.problem("unsupported_version"), 20);
    assert_eq!(metrics.problem("too_many_sessions"), 1);
    assert_eq!(metrics.problem("eio3_not_allowed"), 1);
    assert_eq!(metrics.handshakes_refused(), 22);
    assert_eq!(metrics.decode_errors(), 0);
}

#[tokio::test(start_paused = true)]
async fn input_that_can_not_be_decoded_is_counted() {
    let io = server();
    let mut client = Connector::serve(&io).websocket().await;
    client.send("49nonsense").await;
    client.frames_to_the_end().await;
    let metrics = io.metrics();
    assert_eq!(metrics.decode_errors(), 1);
    assert_eq!(closed(&metrics, Reason::ParseError), 1);
}

#[tokio::test]
async fn clients_are_counted_by_namespace_and_refused_ones_too() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.connect_to("/closed").await.unwrap_err();
    let metrics = io.metrics();
    let clients: Vec<_> = metrics
        .namespaces
        .iter()
        .map(|one| (&*one.namespace, one.clients))
        .collect();
    assert_eq!(clients, [("/", 1), ("/closed", 0)]);
    assert_eq!((metrics.clients_accepted, metrics.clients_refused), (1, 1));
}

#[tokio::test]
async fn outboxes_are_summed_and_dropped_events_counted() {
    let io = SocketIo::bare()
        .on("say", || async {})
        .max_outbox(2, 1_000_000)
        .overflow_policy(OverflowPolicy::DropNewest)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.connection().stop_reading();
    for _ in 0..20 {
        io.emit("news", "x");
    }
    let outbox = io.metrics().outbox;
    let packet = r#"2["news","x"]"#.len() as u64;
    assert_eq!(outbox.messages + outbox.dropped_newest, 20);
    assert!(outbox.dropped_newest > 0);
    assert_eq!(outbox.bytes, outbox.messages * packet);
    assert_eq!(outbox.largest, outbox.bytes);
}
