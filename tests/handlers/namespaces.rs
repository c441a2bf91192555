//! Namespaces: namespace impls, patterns, and the most specific handler of an event.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};
use socketio::{
    Auth, ConnectionRefused, Data, EventName, HandlerError, Reason, Rest, Socket, SocketIo, State,
    emit, handlers, to,
};
use socketio_test::{ConnectError, TestClient, event};

#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/room")]
struct Rooms {
    history: Mutex<Vec<String>>,
    limit: usize,
}

#[socketio::namespace]
impl Rooms {
    async fn on_connect(&self, auth: Auth<Option<Value>>) -> Result<(), ConnectionRefused> {
        match *auth {
            Some(_) => Err(ConnectionRefused::new("no tokens here")),
            None => Ok(()),
        }
    }

    fn on_disconnect(&self, reason: Reason) {
        self.remember(reason.as_str());
    }

    async fn on_say(&self, text: String, socket: Socket) -> Result<usize, String> {
        if self.len() >= self.limit {
            return Err(String::from("full"));
        }
        self.remember(&text);
        socket.broadcast().emit("said", &text);
        Ok(self.len())
    }

    #[on("clear all")]
    async fn clear(&self) {
        self.history.lock().unwrap().clear();
    }

    async fn on_error(&self, error: HandlerError) -> String {
        emit("failed", error.event());
        format!("{}: {error}", error.function())
    }

    fn remember(&self, text: &str) {
        self.history.lock().unwrap().push(text.to_owned());
    }

    fn len(&self) -> usize {
        self.history.lock().unwrap().len()
    }
}

fn rooms(limit: usize) -> Rooms {
    Rooms {
        limit,
        ..Rooms::default()
    }
}

#[tokio::test]
async fn methods_are_handlers_of_one_value() {
    let io = SocketIo::bare().namespace(rooms(2)).build().unwrap();
    let ana = TestClient::connect(&io, "/room").await.unwrap();
    let bo = TestClient::connect(&io, "/room").await.unwrap();
    assert_eq!(ana.call::<usize>("say", "a").await.unwrap(), 1);
    assert_eq!(bo.call::<usize>("say", "b").await.unwrap(), 2);
    assert_eq!(ana.received(), [event("said", "a"), event("said", "b")]);
    assert_eq!(
        ana.call::<String>("say", "c").await.unwrap(),
        "Rooms::on_say: full"
    );
    assert_eq!(ana.received(), [event("failed", "say")]);
    ana.emit("clear all", ()).await.unwrap();
    bo.disconnect().await.unwrap();
    assert_eq!(
        ana.call::<usize>("say", "d").await.unwrap(),
        2,
        "on_disconnect has left a line"
    );
}

#[tokio::test]
async fn a_struct_can_refuse() {
    let io = SocketIo::bare().namespace(rooms(2)).build().unwrap();
    let refused = TestClient::builder(&io)
        .namespace("/room")
        .auth(&json!({}))
        .connect()
        .await;
    assert!(
        matches!(&refused, Err(ConnectError::Refused { message, .. }) if message == "no tokens here"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn plain_methods_are_not_handlers() {
    let io = SocketIo::bare().namespace(rooms(2)).build().unwrap();
    let client = TestClient::connect(&io, "/room").await.unwrap();
    for name in ["remember", "len", "on_say", "clear", "error"] {
        assert_eq!(
            client.call::<Value>(name, "x").await.unwrap(),
            json!({"error": "unknown event"}),
            "{name}"
        );
    }
}

#[tokio::test]
async fn one_struct_at_two_paths_has_two_values() {
    let io = SocketIo::bare()
        .namespace_at("/a", rooms(1))
        .namespace_at("/b", rooms(2))
        .build()
        .unwrap();
    let a = TestClient::connect(&io, "/a").await.unwrap();
    let b = a.connect_to("/b").await.unwrap();
    a.emit("say", "x").await.unwrap();
    assert_eq!(b.call::<usize>("say", "y").await.unwrap(), 1);
    assert_eq!(a.received(), [event("said", "x")]);
    assert_eq!(b.received(), [event("said", "y")]);
}

#[tokio::test]
async fn functions_and_a_struct_serve_one_namespace_together() {
    #[socketio::event(namespace = "/room")]
    fn extra() -> &'static str {
        "function"
    }
    let io = SocketIo::bare()
        .namespace(rooms(1))
        .handlers(handlers![extra])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/room").await.unwrap();
    assert_eq!(client.call::<usize>("say", "x").await.unwrap(), 1);
    assert_eq!(
        client.call::<String>("extra", ()).await.unwrap(),
        "function"
    );
}

#[tokio::test]
async fn the_most_specific_handler_of_an_event_runs() {
    fn named(who: &'static str) -> impl Fn(EventName, Rest<Data>) -> (String, usize) + Clone {
        move |name, rest| (format!("{who} {}", &*name), rest.0.len())
    }
    let io = SocketIo::bare()
        .on_in("/job/7", "known", named("exact"))
        .on_in("/job/7", "*", named("exact *"))
        .on_in("/job/{id}", "known", named("pattern"))
        .on_in("/job/{id}", "more", named("pattern"))
        .on_in("*", "known", named("any"))
        .on_in("*", "*", named("any *"))
        .build()
        .unwrap();
    for (path, event, answer) in [
        ("/job/7", "known", "exact known"),
        ("/job/7", "more", "exact * more"),
        ("/job/7", "what", "exact * what"),
        ("/job/8", "known", "pattern known"),
        ("/job/8", "more", "pattern more"),
        ("/job/8", "what", "any * what"),
        ("/elsewhere", "known", "any known"),
        ("/elsewhere", "what", "any * what"),
        ("/", "known", "any known"),
        ("/job/7", "*", "exact * *"),
        ("/job/8/9", "more", "any * more"),
    ] {
        let client = TestClient::connect(&io, path).await.unwrap();
        let (found, count): (String, usize) = client.call(event, (1, 2, 3)).await.unwrap();
        assert_eq!((&*found, count), (answer, 3), "{event} in {path}");
    }
}

#[tokio::test]
async fn a_handler_for_all_namespaces_handles_connect_and_disconnect_but_a_catch_all_does_not() {
    let count = Arc::new(AtomicU32::new(0));
    let io = SocketIo::bare()
        .on_in("*", "connect", |socket: Socket, count: State<AtomicU32>| {
            count.fetch_add(1, Ordering::SeqCst);
            socket.emit("welcome", socket.namespace());
        })
        .on_in("*", "disconnect", |count: State<AtomicU32>| {
            count.fetch_add(10, Ordering::SeqCst);
        })
        .on_in("*", "*", |name: EventName| -> () { panic!("{}", &*name) })
        .shared_state(Arc::clone(&count))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/anything/at/all").await.unwrap();
    assert_eq!(client.received(), [event("welcome", "/anything/at/all")]);
    client.disconnect().await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 11);
}

#[tokio::test]
async fn a_pattern_accepts_only_namespaces_that_match_it() {
    let io = SocketIo::bare()
        .on_in("/job/{id}", "where", |socket: Socket| {
            socket.namespace().to_owned()
        })
        .build()
        .unwrap();
    let one = TestClient::connect(&io, "/job/1").await.unwrap();
    let two = one.connect_to("/job/2").await.unwrap();
    assert_eq!(one.call::<String>("where", ()).await.unwrap(), "/job/1");
    assert_eq!(two.call::<String>("where", ()).await.unwrap(), "/job/2");
    assert_eq!(io.namespaces(), ["/job/1", "/job/2"]);
    io.of("/job/2").emit("progress", 1);
    assert!(one.received().is_empty());
    assert_eq!(two.received(), [event("progress", 1)]);
    for path in ["/job", "/job/", "/job/1/2"] {
        let refused = TestClient::connect(&io, path).await;
        assert!(
            matches!(&refused, Err(ConnectError::Refused { message, .. }) if message == "Invalid namespace"),
            "{path}: {refused:?}"
        );
    }
    one.close().await;
    assert!(io.namespaces().is_empty(), "nobody is left in them");
}

#[tokio::test]
async fn a_namespace_without_handlers_exists_when_it_is_allowed() {
    let io = SocketIo::bare().allow_namespace("/news").build().unwrap();
    TestClient::connect(&io, "/").await.unwrap();
    let news = TestClient::connect(&io, "/news").await.unwrap();
    io.of("/news").emit("news", 1);
    assert_eq!(news.received(), [event("news", 1)]);
    TestClient::connect(&io, "/olds").await.unwrap_err();
}

#[tokio::test]
async fn namespaces_of_one_connection_do_not_wait_for_each_other() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waiting = Arc::clone(&gate);
    let io = SocketIo::bare()
        .on("wait", move || {
            let gate = Arc::clone(&waiting);
            async move {
                let _ = gate.acquire().await;
            }
        })
        .on_in("/other", "quick", || "quick")
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let other = main.connect_to("/other").await.unwrap();
    let parked = main.emit("wait", ());
    assert_eq!(other.call::<String>("quick", ()).await.unwrap(), "quick");
    gate.add_permits(1);
    parked.await.unwrap();
}

#[tokio::test]
async fn several_attributes_register_one_function_several_times() {
    #[socketio::on("a")]
    #[socketio::on("b", namespace = "/other")]
    #[socketio::event(namespace = "/other")]
    fn both(name: EventName, socket: Socket) -> String {
        format!("{} {}", socket.namespace(), &*name)
    }
    let io = SocketIo::bare().handlers(handlers![both]).build().unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let other = main.connect_to("/other").await.unwrap();
    assert_eq!(main.call::<String>("a", ()).await.unwrap(), "/ a");
    assert_eq!(other.call::<String>("b", ()).await.unwrap(), "/other b");
    assert_eq!(
        other.call::<String>("both", ()).await.unwrap(),
        "/other both"
    );
    main.call::<()>("b", ()).await.unwrap_err();
}

#[tokio::test]
async fn any_json_string_can_be_the_name_of_an_event() {
    #[socketio::on("*")]
    fn any(name: EventName) -> String {
        name.into_string()
    }
    #[socketio::on("café \"☕\"")]
    async fn coffee() -> u8 {
        to("nobody").emit("x", ());
        1
    }
    let io = SocketIo::bare()
        .handlers(handlers![any, coffee])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for name in ["", " ", "*", "__proto__", "a\nb", "日本"] {
        assert_eq!(client.call::<String>(name, ()).await.unwrap(), name);
    }
    assert_eq!(client.call::<u8>("café \"☕\"", ()).await.unwrap(), 1);
    let before = client.packets().len();
    client
        .send_raw(r#"21["caf\u00e9 \"\u2615\""]"#)
        .await
        .unwrap();
    client.send_raw(r#"22[7]"#).await.unwrap();
    let packets = client.packets();
    let came: Vec<_> = packets[before..]
        .iter()
        .filter(|packet| !packet.is_sent())
        .map(|packet| packet.text().unwrap())
        .collect();
    assert_eq!(came, ["31[1]", r#"32["7"]"#]);
}

/// Handles events for which neither the namespace nor the event has a handler.
#[derive(Default)]
struct Everything;

#[socketio::namespace("*")]
impl Everything {
    async fn on_connect(&self, auth: Auth<Value>) {
        emit("welcome", auth.into_inner());
    }

    #[on("*")]
    async fn anything(
        &self,
        name: EventName,
        socket: socketio::Socket,
        Rest(arguments): Rest<Value>,
    ) -> (String, String, Vec<Value>) {
        let namespace = socket.namespace().to_owned();
        (namespace, name.to_string(), arguments)
    }
}

// D4
#[tokio::test]
async fn the_catch_all_of_all_namespaces_is_called_with_the_real_names() {
    let function = SocketIo::bare().on_in(
        "*",
        "*",
        |name: EventName, socket: socketio::Socket, Rest(arguments): Rest<Value>| {
            let namespace = socket.namespace().to_owned();
            (namespace, name.to_string(), arguments)
        },
    );
    for builder in [function, SocketIo::bare().namespace(Everything)] {
        let io = builder.build().unwrap();
        let client = TestClient::connect(&io, "/any/where").await.unwrap();
        let heard: (String, String, Vec<Value>) = client.call("what", (1, "two")).await.unwrap();
        let expected = (
            "/any/where".into(),
            "what".into(),
            vec![json!(1), json!("two")],
        );
        assert_eq!(heard, expected);
    }
}
