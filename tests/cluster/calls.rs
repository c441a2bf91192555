//! Calls and callbacks across nodes.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::Value;
use socketio::{CallError, Sid};
use socketio_test::{TestClient, TestQueue};

use crate::nodes::{CHANNEL, Pair, builder, server};

#[tokio::test]
async fn a_client_of_another_server_is_called() {
    let pair = Pair::new().await;
    pair.bo.on("add", |args: (i64, i64)| args.0 + args.1);
    let sum: i64 = pair
        .one
        .to(pair.bo.sid())
        .call("add", (1, 2))
        .await
        .unwrap();
    assert_eq!(sum, 3);
    pair.bo.on("bytes", |_: ()| {
        (Bytes::from_static(b"\x00\xff"), Value::Null)
    });
    let answer: (Bytes, Value) = pair.one.to(pair.bo.sid()).call("bytes", ()).await.unwrap();
    assert_eq!(answer, (Bytes::from_static(b"\x00\xff"), Value::Null));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_recipients_times_out_and_a_disconnect_ends_a_call_at_once() {
    let pair = Pair::new().await;
    let call = pair.one.to("nobody").timeout(Duration::from_secs(3));
    let began = tokio::time::Instant::now();
    let error = call.call::<()>("ask", ()).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout));
    assert_eq!(began.elapsed(), Duration::from_secs(3));

    let sid = pair.bo.sid().clone();
    let (error, ()) = tokio::join!(pair.one.to(&sid).call::<()>("ask", ()), async {
        pair.settled().await;
        pair.bo.disconnect().await.unwrap();
    });
    assert!(matches!(error, Err(CallError::Disconnected)));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn all_clients_of_a_room_acknowledge_with_their_ids() {
    let pair = Pair::new().await;
    for (client, answer) in [(&pair.ana, "a"), (&pair.bo, "b")] {
        client.emit("join", "jury").await.unwrap();
        client.on("vote", move |_: ()| answer);
    }
    let votes = pair.one.to("jury").timeout(Duration::from_secs(2));
    let votes: Vec<(Sid, Result<String, CallError>)> = votes.call_all("vote", ()).await.unwrap();
    let votes: Vec<_> = votes
        .into_iter()
        .map(|(sid, vote)| (sid, vote.unwrap()))
        .collect();
    assert_eq!(votes.len(), 2);
    assert!(votes.contains(&(pair.ana.sid().clone(), "a".into())));
    assert!(votes.contains(&(pair.bo.sid().clone(), "b".into())));
    // With a single client, its acknowledgement is the last one to wait for.
    let began = tokio::time::Instant::now();
    let mut one = pair
        .one
        .to(pair.bo.sid())
        .call_stream::<String>("vote", ())
        .unwrap();
    assert_eq!(one.next().await.unwrap().1.unwrap(), "b");
    assert!(one.next().await.is_none());
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn clients_that_do_not_answer_are_named_on_every_node() {
    let pair = Pair::new().await;
    for client in [&pair.ana, &pair.bo] {
        client.emit("join", "jury").await.unwrap();
    }
    let ask = async |to: socketio::To| {
        let votes = to
            .timeout(Duration::from_secs(2))
            .call_all::<String>("vote", ());
        let mut votes: Vec<_> = votes.await.unwrap();
        votes.sort_by(|(one, _), (other, _)| one.cmp(other));
        let vote = |(sid, vote): (Sid, Result<String, CallError>)| {
            (sid, vote.map_err(|error| error.to_string()))
        };
        votes.into_iter().map(vote).collect::<Vec<_>>()
    };
    let late = Err(CallError::Timeout.to_string());
    let sorted = |mut votes: Vec<(Sid, Result<String, String>)>| {
        votes.sort_by(|(one, _), (other, _)| one.cmp(other));
        votes
    };
    let (ana, bo) = (pair.ana.sid().clone(), pair.bo.sid().clone());
    let nobody = sorted(vec![
        (ana.clone(), late.clone()),
        (bo.clone(), late.clone()),
    ]);
    assert_eq!(ask(pair.one.to("jury")).await, nobody);
    assert_eq!(ask(pair.one.broadcast()).await, nobody);
    assert_eq!(ask(pair.one.to(&bo)).await, [(bo.clone(), late.clone())]);
    pair.bo.on("vote", |_: ()| "aye");
    let one = sorted(vec![(ana, late), (bo, Ok("aye".into()))]);
    assert_eq!(ask(pair.one.to("jury")).await, one);
}

#[tokio::test]
async fn a_callback_runs_for_each_client_in_the_context_of_the_sender() {
    let queue = TestQueue::new();
    let one = builder(&queue).on("ask", async || {
        socketio::to("jury")
            .callback(async |vote: String| socketio::emit("voted", vote))
            .emit("vote", ());
    });
    let (one, two) = (one.build().unwrap(), server(&queue));
    let asks = TestClient::connect(&one, "/").await.unwrap();
    let mut jury = Vec::new();
    for (io, vote) in [(&one, "a"), (&two, "b"), (&two, "c")] {
        let client = TestClient::connect(io, "/").await.unwrap();
        client.emit("join", "jury").await.unwrap();
        client.on("vote", move |_: ()| vote);
        jury.push(client);
    }
    queue.settled([&one, &two]).await;
    asks.emit("ask", ()).await.unwrap();
    let mut votes = Vec::new();
    for _ in &jury {
        let vote = asks.next().await;
        votes.push(vote.read::<String>().unwrap());
    }
    votes.sort();
    assert_eq!(votes, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ignores_the_queue_asks_local_clients_only() {
    let pair = Pair::new().await;
    let elsewhere = pair.one.to(pair.bo.sid()).ignore_queue(true);
    let error = elsewhere.call::<()>("ask", ()).await.unwrap_err();
    assert!(matches!(error, CallError::NoRecipient));
    pair.ana.on("ask", |_: ()| 7);
    let here = pair.one.broadcast().ignore_queue(true);
    let answers = here.call_all::<u8>("ask", ()).await.unwrap();
    assert_eq!(answers.len(), 1);
    assert!(pair.queue.messages(CHANNEL).is_empty());
}
