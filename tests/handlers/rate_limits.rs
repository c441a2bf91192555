//! Rate limits of handlers, namespaces and the server, per client, user and address.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{
    EventHandlerExt, Handlers, RateLimitPolicy, Reason, SocketIo, SocketIoBuilder, handlers,
    set_user,
};
use socketio_test::{TestClient, event};
use test_support::{Log, problem};
use tokio::time::advance;

#[socketio::event(rate = "2/s burst 3")]
fn search(text: String) -> String {
    text
}

#[socketio::on("vote", rate = "1/min", per = "user")]
fn vote() -> &'static str {
    "counted"
}

struct Shop;

#[socketio::namespace("/shop", rate = "2/s")]
impl Shop {
    #[event]
    fn buy(&self) -> &'static str {
        "bought"
    }

    #[event(rate = "1/s")]
    fn sell(&self) -> &'static str {
        "sold"
    }
}

fn server(options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder) -> SocketIo {
    let builder = SocketIo::bare()
        .handlers(handlers![search, vote])
        .namespace(Shop)
        .on("login", |user: String| set_user(user))
        .on("free", || "free");
    options(builder).build().unwrap()
}

async fn ack(client: &TestClient, name: &str) -> Value {
    client.call(name, "x").await.unwrap()
}

fn limited(retry_after: f64) -> Value {
    json!({"error": "rate limited", "retry_after": retry_after})
}

#[tokio::test(start_paused = true)]
async fn events_over_the_limit_are_acknowledged_with_the_time_to_wait() {
    let io = server(|builder| builder);
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..3 {
        assert_eq!(ack(&client, "search").await, "x");
    }
    assert_eq!(ack(&client, "search").await, limited(0.5));
    assert_eq!(
        ack(&client, "search").await,
        limited(0.5),
        "a refused event does not count"
    );
    // Other clients and other events are counted separately.
    let other = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(ack(&other, "search").await, "x");
    for _ in 0..10 {
        assert_eq!(client.call::<String>("free", ()).await.unwrap(), "free");
    }
    advance(Duration::from_millis(400)).await;
    assert_eq!(ack(&client, "search").await, limited(0.1));
    advance(Duration::from_millis(100)).await;
    assert_eq!(ack(&client, "search").await, "x");
    assert_eq!(ack(&client, "search").await, limited(0.5));
    advance(Duration::from_secs(60)).await;
    for _ in 0..3 {
        assert_eq!(ack(&client, "search").await, "x");
    }
    assert_eq!(ack(&client, "search").await, limited(0.5));
}

#[tokio::test(start_paused = true)]
async fn the_clients_of_a_user_count_together() {
    let io = server(|builder| builder);
    let mut clients = vec![];
    for user in ["ana", "ana", "bo"] {
        let client = TestClient::connect(&io, "/").await.unwrap();
        client.emit("login", user).await.unwrap();
        clients.push(client);
    }
    let voted = async |client: &TestClient| client.call::<Value>("vote", ()).await.unwrap();
    assert_eq!(voted(&clients[0]).await, "counted");
    assert_eq!(voted(&clients[1]).await, limited(60.0));
    assert_eq!(voted(&clients[2]).await, "counted");
    // Without a user, each client counts alone.
    for _ in 0..2 {
        let nobody = TestClient::connect(&io, "/").await.unwrap();
        assert_eq!(voted(&nobody).await, "counted");
        assert_eq!(voted(&nobody).await, limited(60.0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_clients_of_an_address_count_together() {
    let io = server(|builder| builder.rate_limit("1/s per address"));
    let from = async |addr: [u8; 4], port: u16| {
        let builder = TestClient::builder(&io).peer_addr((addr, port));
        builder.connect().await.unwrap()
    };
    let (one, same) = (from([192, 0, 2, 1], 1).await, from([192, 0, 2, 1], 2).await);
    let other = from([192, 0, 2, 2], 1).await;
    assert_eq!(ack(&one, "search").await, "x");
    assert_eq!(ack(&same, "search").await, limited(1.0));
    assert_eq!(ack(&other, "search").await, "x");
}

/// One host may use all addresses of its network.
#[tokio::test(start_paused = true)]
async fn the_addresses_of_an_ipv6_network_count_together() {
    let io = server(|builder| builder.rate_limit("1/s per address"));
    let from = async |addr: &str| {
        let addr: std::net::SocketAddr = addr.parse().unwrap();
        let builder = TestClient::builder(&io).peer_addr(addr);
        builder.connect().await.unwrap()
    };
    let (one, same) = (
        from("[2001:db8::1]:1").await,
        from("[2001:db8::ff:1]:1").await,
    );
    let other = from("[2001:db8:0:1::1]:1").await;
    assert_eq!(ack(&one, "search").await, "x");
    assert_eq!(ack(&same, "search").await, limited(1.0));
    assert_eq!(ack(&other, "search").await, "x");
}

/// All programs of this machine share one address, and so do the clients of a proxy that does not forward addresses.
#[tokio::test(start_paused = true)]
async fn each_client_of_a_trusted_proxy_that_does_not_forward_addresses_counts_alone() {
    let io = server(|builder| builder.rate_limit("1/s per address"));
    for port in [1, 2] {
        let builder = TestClient::builder(&io).peer_addr(([127, 0, 0, 1], port));
        let client = builder.connect().await.unwrap();
        assert_eq!(ack(&client, "search").await, "x");
        assert_eq!(ack(&client, "search").await, limited(1.0));
    }
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_namespace_count_all_its_events_and_those_of_handlers_apply_too() {
    let io = server(|builder| builder);
    let client = TestClient::connect(&io, "/shop").await.unwrap();
    let call = async |name: &str| client.call::<Value>(name, ()).await.unwrap();
    assert_eq!(call("sell").await, "sold");
    // Refused by its own limit, it does not count for the namespace.
    assert_eq!(call("sell").await, limited(1.0));
    assert_eq!(call("buy").await, "bought");
    assert_eq!(call("buy").await, limited(0.5));
    assert_eq!(call("unknown").await, limited(0.5));
    let elsewhere = client.connect_to("/").await.unwrap();
    assert_eq!(elsewhere.call::<String>("free", ()).await.unwrap(), "free");
}

#[tokio::test(start_paused = true)]
async fn closures_patterns_and_nested_handlers_have_limits() {
    let jobs = Handlers::new()
        .on_in("/{id}", "run", || "ran")
        .rate_limit_in("/{id}", "1/s");
    let io = SocketIo::bare()
        .on("ping", (|| "pong").rate("1/s").concurrent())
        .nest("/job", jobs)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<Value>("ping", ()).await.unwrap(), "pong");
    let job = client.connect_to("/job/7").await.unwrap();
    assert_eq!(job.call::<Value>("run", ()).await.unwrap(), "ran");
    assert_eq!(job.call::<Value>("run", ()).await.unwrap(), limited(1.0));
    assert_eq!(
        client.call::<Value>("ping", ()).await.unwrap(),
        limited(1.0)
    );
}

#[tokio::test(start_paused = true)]
async fn the_policy_decides_what_happens_over_the_limit() {
    let log = Log::default();
    let _guard = log.collect();
    let io = server(|builder| builder.rate_limit_policy(RateLimitPolicy::Warn));
    let client = TestClient::connect(&io, "/shop").await.unwrap();
    client.call::<Value>("sell", ()).await.unwrap();
    client.call::<Value>("sell", ()).await.unwrap();
    let warning = json!({"event": "sell", "retry_after": 1.0});
    assert_eq!(client.received(), [event("rate_limited", warning)]);
    assert_eq!(log.lines("more events than a rate limit allows").len(), 1);

    let io = server(|builder| builder.rate_limit_policy(RateLimitPolicy::DisconnectAfter(3)));
    let client = TestClient::connect(&io, "/shop").await.unwrap();
    for _ in 0..3 {
        client.call::<Value>("sell", ()).await.unwrap();
    }
    // After a minute without a refusal, the count begins anew.
    advance(Duration::from_secs(61)).await;
    for _ in 0..3 {
        client.call::<Value>("sell", ()).await.unwrap();
    }
    assert!(client.is_connected());
    let _ = client.emit("sell", ()).await;
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
}

#[test]
fn an_invalid_rate_is_refused_at_start_up() {
    problem(
        SocketIo::bare().on("x", (|| {}).rate("often")),
        &["rate_limits.rs", "\"often\" is not a rate", "10/s"],
    );
    problem(
        SocketIo::bare().rate_limit("10/day"),
        &["rate_limits.rs", "none of `s`, `min` and `h`"],
    );
    problem(
        SocketIo::bare().on("connect", (|| {}).rate("1/s")),
        &["`connect` is not sent by clients: leave `rate` out"],
    );
}
