//! Events over rate limits, by the limit that refused them and by the consequence.

use serde_json::Value;
use socketio::{
    EventHandlerExt, Handlers, RateLimitPolicy, SocketIo, SocketIoBuilder, metrics::Metrics,
};
use socketio_test::TestClient;

fn server(policy: RateLimitPolicy) -> SocketIo {
    let jobs = Handlers::new()
        .on_in("/{id}", "run", (|| "ran").rate("1/h"))
        .rate_limit_in("/{id}", "2/h");
    let builder: SocketIoBuilder = SocketIo::bare()
        .on("vote", (|| "counted").rate("1/h"))
        .on("free", || "free")
        .nest("/job", jobs)
        .rate_limit("3/h")
        .rate_limit_policy(policy);
    builder.build().unwrap()
}

async fn send(client: &TestClient, event: &str, times: usize) {
    for _ in 0..times {
        let _ = client.call::<Value>(event, ()).await;
    }
}

/// The names and numbers of the limits that have refused something.
fn refused(metrics: &Metrics) -> Vec<(&str, &str, &str, [u64; 3])> {
    let limits = metrics.rate_limits.iter();
    limits
        .map(|one| {
            let counts = [one.refused, one.warned, one.disconnected];
            (one.rule, &*one.namespace, &*one.event, counts)
        })
        .filter(|(.., counts)| *counts != [0; 3])
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_event_over_a_limit_is_counted_for_the_limit_that_refused_it() {
    let io = server(RateLimitPolicy::Reject);
    let client = TestClient::connect(&io, "/").await.unwrap();
    send(&client, "vote", 3).await;
    send(&client, "free", 4).await;
    send(&client, "made up", 1).await;
    let job = client.connect_to("/job/7").await.unwrap();
    send(&job, "run", 2).await;
    send(&job, "unknown", 3).await;
    let metrics = io.metrics();
    let all = [
        ("event", "/", "vote", [2, 0, 0]),
        ("event", "/job/{id}", "run", [1, 0, 0]),
        ("namespace", "/job/{id}", "", [2, 0, 0]),
        ("server", "*", "", [3, 0, 0]),
    ];
    assert_eq!(refused(&metrics), all);
    assert_eq!(metrics.problem("rate_limited"), 8);
    // A refused event does not count as one of the handler.
    let received = metrics.events.iter().map(|one| one.received).sum::<u64>();
    assert_eq!(received, 1 + 2 + 1 + 1);
    let text = metrics.to_prometheus();
    let line = r#"socketio_rate_limited_events_total{rule="event",namespace="/job/{id}",event="run",consequence="refused"} 1"#;
    assert!(text.contains(line), "{text}");
    assert!(!text.contains("made up"));
}

#[tokio::test(start_paused = true)]
async fn events_over_a_limit_are_counted_by_their_consequence() {
    let io = server(RateLimitPolicy::Warn);
    let client = TestClient::connect(&io, "/").await.unwrap();
    send(&client, "vote", 3).await;
    assert_eq!(refused(&io.metrics()), [("event", "/", "vote", [0, 2, 0])]);

    let io = server(RateLimitPolicy::DisconnectAfter(2));
    let client = TestClient::connect(&io, "/").await.unwrap();
    send(&client, "vote", 3).await;
    assert!(!client.is_connected());
    assert_eq!(refused(&io.metrics()), [("event", "/", "vote", [1, 0, 1])]);
}

/// Their names would be twice in the text for Prometheus.
#[tokio::test(start_paused = true)]
async fn limits_of_the_same_names_are_counted_together() {
    let io = SocketIo::bare()
        .on("free", || "free")
        .rate_limit("1/s per address")
        .rate_limit("2/h")
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    send(&client, "free", 2).await;
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    send(&client, "free", 2).await;
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    send(&client, "free", 1).await;
    let metrics = io.metrics();
    assert_eq!(metrics.rate_limits.len(), 1);
    assert_eq!(refused(&metrics), [("server", "*", "", [3, 0, 0])]);
}

/// The handlers of a nested value are counted where they are, and not where they were before.
#[tokio::test]
async fn nested_handlers_are_counted_in_their_namespace() {
    let jobs = Handlers::new().on_in("/{id}", "run", || "ran");
    let io = SocketIo::bare().nest("/job", jobs).build().unwrap();
    let job = TestClient::connect(&io, "/job/7").await.unwrap();
    send(&job, "run", 2).await;
    io.of("/job/7").emit("run", ());
    let metrics = io.metrics();
    assert_eq!(crate::event(&metrics, "/job/{id}", "run"), (2, 1));
    assert_eq!(crate::handler(&metrics, "run").namespace, "/job/{id}");
}
