//! Events that are kept until they are acknowledged, across reconnects.

use std::time::Duration;

use bytes::Bytes;
use socketio::{Data, DeliverError, Deliveries, SocketIo, set_user};
use socketio_test::{TestClient, event};
use test_support::Notes;
use tokio::time::{advance, sleep};

fn server(deliveries: Deliveries) -> SocketIo {
    SocketIo::bare()
        .on("login", |user: String| set_user(user))
        .on_in("/shop", "connect", || set_user("ana").is_ok())
        .on("answered", || ())
        .deliveries(deliveries)
        .build()
        .unwrap()
}

/// Connects a client of a user. It does not acknowledge by itself.
async fn user(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.call::<()>("login", name).await.unwrap();
    client
}

/// Acknowledges events of this name, and notes their argument.
fn acknowledge(client: &TestClient, name: &str) -> Notes {
    let notes = Notes::default();
    let seen = notes.clone();
    client.on(name, move |text: String| seen.add(text));
    notes
}

#[tokio::test(start_paused = true)]
async fn an_event_for_a_user_who_is_away_arrives_when_a_client_of_the_user_connects() {
    let io = server(Deliveries::default());
    io.to_user("ana")
        .deliver("paid", "invoice 1")
        .await
        .unwrap();
    io.to_user("ana")
        .deliver("paid", "invoice 2")
        .await
        .unwrap();
    let other = user(&io, "bo").await;
    let client = TestClient::connect(&io, "/").await.unwrap();
    let paid = acknowledge(&client, "paid");
    client.call::<()>("login", "ana").await.unwrap();
    client.next_named("paid").await;
    client.next_named("paid").await;
    assert_eq!(paid.take(), ["invoice 1", "invoice 2"]);
    // They were acknowledged, so they are not sent again.
    drop(client);
    let again = user(&io, "ana").await;
    again.expect_silence(Duration::from_secs(600)).await;
    other.expect_silence(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_not_acknowledged_is_sent_again_after_a_reconnect() {
    let io = server(Deliveries::default());
    let client = user(&io, "ana").await;
    io.to_user("ana").deliver("paid", "invoice").await.unwrap();
    assert_eq!(client.next().await, event("paid", "invoice"));
    // It is lost before it acknowledges.
    drop(client);
    sleep(Duration::from_secs(600)).await;
    let client = TestClient::connect(&io, "/").await.unwrap();
    let paid = acknowledge(&client, "paid");
    client.call::<()>("login", "ana").await.unwrap();
    client.next_named("paid").await;
    assert_eq!(paid.take(), ["invoice"]);
    client.expect_silence(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_slow_to_acknowledge_gets_the_event_again() {
    let io = server(Deliveries::default().ack_timeout(Duration::from_secs(5)));
    let client = user(&io, "ana").await;
    io.to_user("ana").deliver("paid", "invoice").await.unwrap();
    let first = client.next().await;
    advance(Duration::from_secs(4)).await;
    assert_eq!(client.received(), []);
    let second = client.next().await;
    assert_eq!(first, second);
    client.ack(&second, ()).await.unwrap();
    client.expect_silence(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn events_arrive_in_order_and_one_waits_for_the_one_before() {
    let io = server(Deliveries::default());
    let client = user(&io, "ana").await;
    for number in 1..=3 {
        io.to_user("ana").deliver("n", number).await.unwrap();
    }
    for number in 1..=3 {
        let received = client.next().await;
        assert_eq!(received, event("n", number));
        assert_eq!(client.received(), []);
        client.ack(&received, ()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_acknowledgement_of_one_client_of_a_user_is_enough() {
    let io = server(Deliveries::default());
    let (silent, client) = (user(&io, "ana").await, user(&io, "ana").await);
    let paid = acknowledge(&client, "paid");
    io.to_user("ana").deliver("paid", "invoice").await.unwrap();
    client.next_named("paid").await;
    assert_eq!(silent.next().await, event("paid", "invoice"));
    assert_eq!(paid.take(), ["invoice"]);
    silent.expect_silence(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_is_addressed_by_its_id_in_its_namespace() {
    let io = server(Deliveries::default());
    let (one, other) = (user(&io, "ana").await, user(&io, "ana").await);
    io.to(one.sid()).deliver("x", ("a", 1)).await.unwrap();
    let received = one.next().await;
    assert_eq!(received, event("x", ("a", 1)));
    one.ack(&received, ()).await.unwrap();
    other.expect_silence(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn namespaces_have_users_of_their_own_and_connect_may_name_them() {
    let io = server(Deliveries::default());
    io.of("/shop").to_user("ana").deliver("x", 1).await.unwrap();
    let main = user(&io, "ana").await;
    let shop = main.connect_to("/shop").await.unwrap();
    let received = shop.next().await;
    assert_eq!(received, event("x", 1));
    shop.ack(&received, ()).await.unwrap();
    main.expect_silence(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn binary_data_is_kept() {
    let io = server(Deliveries::default());
    let bytes = Bytes::from_static(&[0, 255]);
    let kept = io
        .to_user("ana")
        .deliver("file", Data::Binary(bytes.clone()));
    kept.await.unwrap();
    let client = user(&io, "ana").await;
    let received = client.next().await;
    assert_eq!(received, event("file", Data::Binary(bytes)));
}

#[tokio::test(start_paused = true)]
async fn rooms_and_invalid_events_are_refused_before_anything_is_kept() {
    let io = server(Deliveries::default());
    let client = user(&io, "ana").await;
    for to in [io.to("room"), io.broadcast(), io.to(Vec::<String>::new())] {
        let refused = to.deliver("x", ()).await.unwrap_err();
        assert!(matches!(refused, DeliverError::NoRecipient), "{refused}");
        assert!(refused.to_string().contains("`to_user(key)`"));
    }
    let refused = io.to_user("ana").deliver("connect", ()).await.unwrap_err();
    assert!(matches!(refused, DeliverError::Emit(_)), "{refused}");
    client.expect_silence(Duration::from_secs(60)).await;
}
