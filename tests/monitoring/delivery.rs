//! Events that happen once, and events that are kept until they are acknowledged.

use std::time::Duration;

use socketio::{Deliveries, EventHandlerExt, SocketIo, set_user};
use socketio_test::TestClient;
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn repeated_acknowledged_and_undelivered_events_are_counted() {
    let io = SocketIo::bare()
        .on("order", (|id: u32| id).once(|id: u32| id))
        .on("login", |user: String| set_user(user))
        .deliveries(Deliveries::default().max_attempts(2))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.call::<()>("login", "ana").await.unwrap();
    for id in [1, 1, 2, 1] {
        assert_eq!(client.call::<u32>("order", id).await.unwrap(), id);
    }
    client.on("paid", |_: u32| ());
    io.to_user("ana").deliver("paid", 1).await.unwrap();
    client.next_named("paid").await;
    // One event is not acknowledged, and the user of the other has no client.
    io.to_user("ana").deliver("unknown", 1).await.unwrap();
    let away = io.to_user("bo").deliver("paid", 1);
    away.expires(Duration::from_secs(60)).await.unwrap();
    sleep(Duration::from_secs(120)).await;
    let metrics = io.metrics();
    let delivery = &metrics.delivery;
    assert_eq!((delivery.repeated, delivery.not_stored), (2, 0));
    assert_eq!(delivery.acknowledged, 1);
    let undelivered = delivery
        .undelivered
        .iter()
        .map(|one| (one.reason, one.count));
    let undelivered: Vec<_> = undelivered.collect();
    assert_eq!(
        undelivered,
        [("expired", 1), ("attempts", 1), ("invalid", 0)]
    );
    let text = metrics.to_prometheus();
    for line in [
        "socketio_once_repeated_total 2\n",
        "socketio_deliver_acknowledged_total 1\n",
        "socketio_deliver_undelivered_total{reason=\"attempts\"} 1\n",
    ] {
        assert!(text.contains(line), "{line}");
    }
}
