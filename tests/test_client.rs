//! The test client itself: what it sends, what it sees, when it waits.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, CallError, ConnectionRefused, Data, Reason, Rest, Socket, SocketIo, State,
    broadcast, call, emit, handlers, join_room, request, sid, to,
};
use socketio_test::{CallFailed, ConnectError, EmitFailed, Event, TestClient, event};
use tokio::sync::Notify;

#[derive(Default)]
struct Users(Mutex<BTreeMap<String, String>>);

#[derive(Serialize, Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct Message {
    room: String,
    text: String,
}

#[derive(Serialize)]
struct Status {
    online: usize,
}

#[socketio::event(namespace = "/chat")]
async fn connect(auth: Auth<Option<Token>>, users: State<Users>) -> Result<(), ConnectionRefused> {
    let name = match &*auth {
        None => String::from("guest"),
        Some(token) if token.token == "bo's" => String::from("bo"),
        Some(token) => {
            let error = ConnectionRefused::new("unknown token").data(json!([token.token]));
            return Err(error);
        }
    };
    users.0.lock().unwrap().insert(sid().to_string(), name);
    Ok(())
}

#[socketio::event(namespace = "/chat")]
async fn join(room: String) -> socketio::Result {
    join_room(&room)?;
    to(&room).emit("joined", sid());
    Ok(())
}

#[socketio::on("chat message", namespace = "/chat")]
async fn chat_message(message: Message, socket: Socket) {
    to(&message.room)
        .skip(socket.sid())
        .emit("chat message", &message.text);
    emit("sent", ());
}

#[socketio::on("status", namespace = "/chat")]
fn status(users: State<Users>) -> Status {
    Status {
        online: users.0.lock().unwrap().len(),
    }
}

fn chat() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![connect, join, chat_message, status])
        .state(Users::default())
        .build()
        .unwrap()
}

/// A server whose handlers are closures.
macro_rules! server {
    ($($event:literal => $handler:expr),* $(,)?) => {
        SocketIo::bare()$(.on($event, $handler))*.build().unwrap()
    };
}

/// What a panicking future panics with.
async fn panic_of<T>(future: impl Future<Output = T>) -> String {
    use std::{pin::pin, task::Poll};

    let mut future = pin!(future);
    let panic = std::future::poll_fn(|cx| {
        let polled = AssertUnwindSafe(|| future.as_mut().poll(cx));
        match std::panic::catch_unwind(polled) {
            Ok(Poll::Ready(_)) => panic!("it did not panic"),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(panic),
        }
    })
    .await;
    text_of(panic)
}

fn text_of(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().unwrap().to_string(),
    }
}

#[tokio::test]
async fn the_room_hears_it_and_the_sender_does_not() {
    let io = chat();
    let token = Token {
        token: "bo's".into(),
    };
    let ana = TestClient::connect(&io, "/chat").await.unwrap();
    let bo = TestClient::builder(&io)
        .namespace("/chat")
        .auth(&token)
        .header("x", "y")
        .connect()
        .await
        .unwrap();
    bo.emit("join", "lobby").await.unwrap();
    ana.emit("chat message", json!({"room": "lobby", "text": "hi"}))
        .await
        .unwrap();
    assert_eq!(
        bo.received(),
        [event("joined", bo.sid()), event("chat message", "hi")]
    );
    assert_eq!(ana.received(), [event("sent", ())]);
    assert_eq!(
        ana.call::<Value>("status", ()).await.unwrap(),
        json!({"online": 2})
    );
}

#[tokio::test]
async fn a_refusal_can_be_read() {
    let io = chat();
    let token = Token {
        token: "eve's".into(),
    };
    let refused = TestClient::builder(&io)
        .namespace("/chat")
        .auth(&token)
        .connect()
        .await;
    let Err(ConnectError::Refused { message, data }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(message, "unknown token");
    assert_eq!(data, Some(json!(["eve's"])));
}

#[tokio::test]
async fn an_unknown_namespace_is_refused() {
    let refused = TestClient::connect(&chat(), "/nowhere").await;
    let Err(ConnectError::Refused { message, data }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (message.as_str(), data),
        ("Invalid namespace", None::<Value>)
    );
}

#[tokio::test]
async fn a_query_behind_the_namespace_is_no_part_of_it_and_its_slash_may_be_left_out() {
    let io = chat();
    for name in ["chat", "/chat?from=home"] {
        let client = TestClient::connect(&io, name).await.unwrap();
        assert_eq!(client.namespace(), "/chat");
        client.emit("join", "lobby").await.unwrap();
        assert_eq!(client.received(), [event("joined", client.sid())]);
        client.close().await;
    }
}

#[tokio::test]
async fn auth_must_be_an_object_and_is_checked_before_anything_is_sent() {
    let io = chat();
    let failed = TestClient::builder(&io).auth("secret").connect().await;
    assert!(matches!(failed, Err(ConnectError::Auth(_))), "{failed:?}");
}

#[tokio::test]
async fn a_header_that_is_none_is_an_error_and_not_a_panic() {
    let failed = TestClient::builder(&chat())
        .header("x", "a\nb")
        .connect()
        .await;
    assert!(
        matches!(failed, Err(ConnectError::Request(_))),
        "{failed:?}"
    );
}

#[tokio::test]
async fn handlers_find_the_request_that_the_builder_described() {
    let io = server!("who" => || {
        let request = request();
        json!({
            "header": request.header("x-team"),
            "cookie": request.cookie("b"),
            "query": request.query("name"),
            "engine": request.query("EIO"),
            "peer": request.peer_addr(),
            "path": request.uri().path(),
            "extension": request.extensions().get::<u32>(),
        })
    });
    let client = TestClient::builder(&io)
        .header("x-team", "red")
        .cookie("a", "1")
        .cookie("b", "2")
        .query("name", "café & co")
        .peer_addr(([10, 0, 0, 1], 80))
        .path("/io/")
        .extension(7_u32)
        .connect()
        .await
        .unwrap();
    assert_eq!(
        client.call::<Value>("who", ()).await.unwrap(),
        json!({
            "header": "red",
            "cookie": "2",
            "query": "café & co",
            "engine": "4",
            "peer": "10.0.0.1:80",
            "path": "/io/",
            "extension": 7,
        })
    );
}

/// The cookies of one response, one handler that looks at them.
#[tokio::test]
async fn cookies_set_by_an_http_route_are_seen_by_handlers() {
    use axum::{Router, body::Body, http::Request, response::AppendHeaders, routing::post};
    use tower::ServiceExt;

    let app: Router = Router::new()
        .route(
            "/login",
            post(|| async { AppendHeaders([("set-cookie", "user=ana; HttpOnly; Path=/")]) }),
        )
        .route(
            "/logout",
            post(|| async { AppendHeaders([("set-cookie", "user=; Max-Age=0")]) }),
        );
    let io = server!("whoami" => || request().cookie("user").map(String::from));

    let http = |path: &'static str| {
        let request = Request::post(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request)
    };
    let (login, logout) = (
        http("/login").await.unwrap(),
        http("/logout").await.unwrap(),
    );
    let ana = TestClient::builder(&io)
        .cookies_from(&login)
        .connect()
        .await
        .unwrap();
    assert_eq!(ana.call::<String>("whoami", ()).await.unwrap(), "ana");
    let nobody = TestClient::builder(&io)
        .cookies_from(&login)
        .cookies_from(&logout)
        .connect()
        .await
        .unwrap();
    assert_eq!(
        nobody.call::<Option<String>>("whoami", ()).await.unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn received_holds_what_was_emitted_before_in_every_one_of_two_thousand_rounds() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let mut wrong = 0;
    for round in 0..2_000 {
        io.emit("round", round);
        if client.received() != [event("round", round)] {
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_is_kept_whoever_takes_the_packets() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let emitting = io.spawn(|io| async move {
        for number in 0..5_000 {
            io.emit("number", number);
            if number % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    let mut numbers = Vec::new();
    while numbers.len() < 5_000 {
        numbers.extend(
            client
                .received()
                .iter()
                .map(|event| event.read::<usize>().unwrap()),
        );
        tokio::task::yield_now().await;
    }
    emitting.await.unwrap();
    assert!(numbers.into_iter().eq(0..5_000));
}

#[tokio::test]
async fn emit_resolves_when_the_handler_has_ended_and_asks_for_no_acknowledgement() {
    let done = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&done);
    let io = server!("slow" => move |wanted: Value| {
        let count = Arc::clone(&count);
        async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            count.fetch_add(1, Ordering::SeqCst);
            wanted
        }
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("slow", 1).await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
    let sent: Vec<_> = client.packets();
    assert_eq!(
        format!("{sent:?}"),
        format!(
            r#"[sent 0, received 0{{"sid":"{}"}}, sent 2["slow",1]]"#,
            client.sid()
        )
    );
}

#[tokio::test]
async fn an_event_is_on_its_way_before_it_is_awaited_and_goes_on_when_it_is_not() {
    let io = server!(
        "say" => |text: String| broadcast().emit("said", text),
        "end" => || (),
    );
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.emit("say", "a"));
    let b = client.emit("say", "b");
    client.emit("end", ()).await.unwrap();
    assert_eq!(client.received(), [event("said", "a"), event("said", "b")]);
    b.await.unwrap();
}

#[tokio::test]
async fn emit_gives_back_what_the_handler_failed_with() {
    #[derive(Debug, PartialEq)]
    struct SoldOut(u8);
    impl std::fmt::Display for SoldOut {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "sold out: {}", self.0)
        }
    }
    impl std::error::Error for SoldOut {}

    let io = server!(
        "buy" => |item: u8| Err::<(), _>(BoxError::from(SoldOut(item))),
        "panic" => || -> () { panic!("oh") },
    );
    let client = TestClient::connect(&io, "/").await.unwrap();

    let Err(EmitFailed::Handler(error)) = client.emit("buy", 7).await else {
        panic!();
    };
    assert_eq!(error.downcast_ref(), Some(&SoldOut(7)));
    assert_eq!((error.event(), error.sid()), ("buy", client.sid()));
    assert!(error.location().file().ends_with("test_client.rs"));

    let Err(EmitFailed::Handler(error)) = client.emit("buy", "x").await else {
        panic!();
    };
    assert_eq!(error.argument_error().unwrap().index(), 1);

    let Err(EmitFailed::Handler(error)) = client.emit("panic", ()).await else {
        panic!();
    };
    assert!(error.is_panic() && client.is_connected());

    let failed = client.emit("typo", ()).await.unwrap_err();
    assert_eq!(failed.to_string(), r#"no handler knows the event "typo""#);
}

#[tokio::test]
async fn what_an_error_handler_has_taken_is_no_failure() {
    #[socketio::event]
    async fn buy() -> Result<(), BoxError> {
        Err("sold out".into())
    }
    #[socketio::on_error]
    async fn failed(error: socketio::HandlerError) -> String {
        emit("sorry", error.to_string());
        String::from("taken")
    }
    let io = SocketIo::bare()
        .handlers(handlers![buy, failed])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("buy", ()).await.unwrap();
    assert_eq!(client.received(), [event("sorry", "sold out")]);
    assert_eq!(client.call::<String>("buy", ()).await.unwrap(), "taken");
}

#[tokio::test]
async fn what_can_not_be_encoded_is_not_sent() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let before = client.packets().len();
    let reserved = client.emit("disconnect", ()).await;
    assert!(
        matches!(reserved, Err(EmitFailed::Encode(_))),
        "{reserved:?}"
    );
    let unfit = client.call::<()>("a", BTreeMap::from([(vec![1], 1)])).await;
    assert!(matches!(unfit, Err(CallFailed::Encode(_))), "{unfit:?}");
    assert_eq!(client.packets().len(), before);
}

#[tokio::test]
async fn a_call_reads_one_several_or_no_arguments() {
    let io = server!(
        "two" => || (1, "b"),
        "one" => || [1, 2],
        "none" => || (),
        "bytes" => || (Bytes::from_static(b"\x00\xff"), 1),
    );
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<(u8, String)>("two", ()).await.unwrap(),
        (1, "b".into())
    );
    assert_eq!(client.call::<u8>("two", ()).await.unwrap(), 1);
    client.call::<()>("two", ()).await.unwrap();
    assert_eq!(client.call::<[u8; 2]>("one", ()).await.unwrap(), [1, 2]);
    assert_eq!(client.call::<Option<u8>>("none", ()).await.unwrap(), None);
    let (bytes, number): (Bytes, u8) = client.call("bytes", ()).await.unwrap();
    assert_eq!((&bytes[..], number), (&b"\x00\xff"[..], 1));
    assert_eq!(
        client.call::<Data>("bytes", ()).await.unwrap(),
        Data::Binary(bytes)
    );
    let unfit = client.call::<u8>("one", ()).await;
    assert!(matches!(unfit, Err(CallFailed::Answer(_))), "{unfit:?}");
}

#[tokio::test]
async fn a_failed_call_is_the_error_unless_the_servers_answer_was_asked_for() {
    let io = server!("fail" => || Err::<u8, _>(BoxError::from("why")));
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<Value>("fail", ()).await.unwrap(),
        json!({"error": "internal error"})
    );
    for failed in [
        client.call::<u8>("fail", ()).await.unwrap_err(),
        client.call::<()>("fail", ()).await.map(|()| 0).unwrap_err(),
    ] {
        let CallFailed::Handler(error) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(error.to_string(), "why");
    }
    assert_eq!(
        client.call::<Value>("typo", ()).await.unwrap(),
        json!({"error": "unknown event"})
    );
    let typo = client.call::<()>("typo", ()).await.unwrap_err();
    assert!(matches!(typo, CallFailed::Handler(error) if error.is_unknown_event()));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_five_seconds_or_as_long_as_it_was_told() {
    let io = server!("sleep" => |seconds: u64| async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        seconds
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<u64>("sleep", 4).await.unwrap(), 4);
    let late = client.call::<u64>("sleep", 6).await;
    assert!(matches!(late, Err(CallFailed::Timeout)), "{late:?}");
    let patient = TestClient::builder(&io)
        .patience(Duration::from_secs(60))
        .connect()
        .await
        .unwrap();
    assert_eq!(patient.call::<u64>("sleep", 6).await.unwrap(), 6);
}

#[tokio::test]
async fn received_takes_and_received_named_leaves_the_others() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for (name, number) in [("a", 1), ("b", 2), ("a", 3)] {
        io.emit(name, number);
    }
    assert_eq!(client.received_named("a"), [event("a", 1), event("a", 3)]);
    assert_eq!(client.received_named("a"), []);
    assert_eq!(client.received(), [event("b", 2)]);
    assert!(client.received().is_empty());
}

#[tokio::test]
async fn events_are_read_as_they_were_sent() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let bytes = Bytes::from_static(b"\x01");
    io.emit("all", ("a", [1, 2], &bytes, json!({"b": null}), u128::MAX));
    let [all] = &client.received()[..] else {
        panic!();
    };
    assert_eq!(all.name(), "all");
    assert_eq!(all.args().len(), 5);
    assert_eq!(all.args()[3], json!({"b": null}));
    assert_eq!(all.arg::<Bytes>(2).unwrap(), bytes);
    assert_eq!(all.arg::<u128>(4).unwrap(), u128::MAX);
    assert_eq!(all.arg::<Option<u8>>(5).unwrap(), None);
    let (a, numbers): (String, Vec<u8>) = all.read().unwrap();
    assert_eq!((a.as_str(), &numbers[..]), ("a", &[1, 2][..]));
    assert!(!all.asks());
}

#[tokio::test(start_paused = true)]
async fn next_waits_for_what_comes_later() {
    let io = server!("later" => |seconds: u64, socket: Socket| {
        socket.clone().spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            socket.emit("tick", seconds);
            socket.emit("tock", seconds);
        });
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("later", 2).await.unwrap();
    assert_eq!(client.received(), []);
    let started = tokio::time::Instant::now();
    assert_eq!(client.next_named("tock").await, event("tock", 2));
    assert_eq!(started.elapsed().as_secs(), 2);
    assert_eq!(client.next().await, event("tick", 2));
}

#[tokio::test(start_paused = true)]
async fn next_says_who_waited_for_what_and_what_came_instead() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    io.emit("other", 1);
    let line = line!() + 1;
    let waiting = client.next_named("wanted");
    let panic = panic_of(waiting).await;
    let (place, what) = panic.split_once(": ").unwrap();
    assert!(
        place.contains(&format!("test_client.rs:{line}:")),
        "{place}"
    );
    assert_eq!(
        what,
        r#"waited for the event "wanted", but none came within 5s; received: [event("other", 1)]"#
    );
}

#[tokio::test]
async fn next_does_not_wait_for_what_can_not_come() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let waiting = client.next();
    assert!(io.disconnect("/", client.sid()));
    let panic = panic_of(waiting).await;
    assert!(
        panic.contains("the client was disconnected (server namespace disconnect)"),
        "{panic}"
    );
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_as_long_as_it_was_expected_to() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let ticking = io.spawn(|io| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        io.emit("tick", ());
    });
    client.expect_silence(Duration::from_secs(59)).await;
    let panic = panic_of(client.expect_silence(Duration::from_secs(2))).await;
    assert!(panic.contains(r#"one came: event("tick")"#), "{panic}");
    ticking.await.unwrap();
    assert_eq!(client.received(), [event("tick", ())]);
}

#[tokio::test]
async fn a_closure_answers_the_server() {
    #[socketio::event]
    async fn sum(numbers: Rest<u32>) -> Result<u32, CallError> {
        let numbers: Vec<u32> = numbers.0;
        call("add", (numbers[0], numbers[1])).await
    }
    let io = SocketIo::bare().handlers(handlers![sum]).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("add", |(a, b): (u32, u32)| a + b);
    assert_eq!(client.call::<u32>("sum", (3, 4)).await.unwrap(), 7);
    assert_eq!(client.received(), [event("add", (3, 4))]);
    client.on("add", |()| 0);
    assert_eq!(client.call::<u32>("sum", (3, 4)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_closure_of_the_builder_answers_from_the_first_event_on() {
    let io = server!("connect" => |socket: Socket| {
        socket.clone().spawn(async move {
            let name: String = socket.call("name", ()).await.unwrap();
            socket.emit("welcome", name);
        });
    });
    let client = TestClient::builder(&io)
        .on("name", |()| "ana")
        .connect()
        .await
        .unwrap();
    assert_eq!(client.next_named("welcome").await, event("welcome", "ana"));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_answers_stays_unanswered() {
    let io = server!("ask" => || async {
        match call::<u8>("question", ()).await {
            Err(CallError::Timeout) => "timeout",
            _ => "answered",
        }
    });
    let client = TestClient::builder(&io)
        .patience(Duration::from_secs(61))
        .connect()
        .await
        .unwrap();
    assert_eq!(client.call::<String>("ask", ()).await.unwrap(), "timeout");
}

#[tokio::test]
async fn an_event_can_be_answered_later_and_by_hand() {
    let io = server!("ask" => || async { call::<(u8, Bytes)>("question", "why").await });
    let client = TestClient::connect(&io, "/").await.unwrap();
    let asking = client.call::<(u8, Bytes)>("ask", ());
    let question = client.next().await;
    assert!(question.asks());
    assert_eq!(question, event("question", "why"));
    let bytes = Bytes::from_static(b"because");
    client.answer(&question, (1, &bytes)).await.unwrap();
    assert_eq!(asking.await.unwrap(), (1, bytes));
    let unasked = client.answer(&event("question", ()), ()).await;
    assert!(matches!(unasked, Err(EmitFailed::NotAsked)));
}

#[tokio::test]
async fn a_closures_failed_assertion_fails_the_test() {
    let io = server!("ask" => || async { call::<u8>("question", 1).await });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("question", |number: u8| {
        assert_eq!(number, 2, "in the closure")
    });
    drop(client.emit("ask", ()));
    let panic = panic_of(client.next_named("nothing")).await;
    assert!(panic.contains("in the closure"), "{panic}");

    // At the latest when the client is dropped.
    io.emit("question", 1);
    let dropping = std::panic::catch_unwind(AssertUnwindSafe(|| drop(client)));
    let panic = text_of(dropping.unwrap_err());
    assert!(panic.contains("in the closure"), "{panic}");
}

#[tokio::test]
async fn a_closure_that_gets_other_arguments_names_itself() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let line = line!() + 1;
    client.on("question", |number: u8| number);
    io.emit("question", "a");
    let received = std::panic::catch_unwind(AssertUnwindSafe(|| client.received()));
    let panic = text_of(received.unwrap_err());
    let (place, what) = panic.split_once(": ").unwrap();
    assert!(
        place.contains(&format!("test_client.rs:{line}:")),
        "{place}"
    );
    assert!(
        what.starts_with(r#"`on("question")` got other arguments: argument 1"#),
        "{what}"
    );
}

#[tokio::test]
async fn several_namespaces_share_a_connection_and_nothing_else() {
    let io = SocketIo::bare()
        .on("where", || "main")
        .on_in("/admin", "where", || "admin")
        .on_in("/admin", "connect", |auth: Auth<Token>| {
            auth.token == "secret"
        })
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let refused = main.connect_to("/admin").await;
    assert!(matches!(refused, Err(ConnectError::Refused { .. })));
    let admin = main
        .connect_to("/admin")
        .auth(&json!({"token": "secret"}))
        .await
        .unwrap();
    assert_eq!(io.connections(), 1);
    assert_ne!(main.sid(), admin.sid());
    assert_eq!(main.call::<String>("where", ()).await.unwrap(), "main");
    assert_eq!(admin.call::<String>("where", ()).await.unwrap(), "admin");
    io.emit("a", 1);
    io.of("/admin").emit("b", 2);
    assert_eq!(admin.received(), [event("b", 2)]);
    assert_eq!(main.received(), [event("a", 1)]);
    admin.disconnect().await.unwrap();
    assert!(main.is_connected() && !admin.is_connected());
    drop(main);
    assert_eq!(io.connections(), 1, "the other handle holds it");
}

#[tokio::test]
async fn a_namespace_can_be_joined_anew() {
    let io = server!("hello" => || "hello");
    let first = TestClient::connect(&io, "/").await.unwrap();
    io.emit("before", ());
    io.disconnect("/", first.sid());
    let second = first.connect_to("/").await.unwrap();
    assert_ne!(first.sid(), second.sid());
    io.emit("after", ());
    assert_eq!(second.received(), [event("after", ())]);
    assert_eq!(first.received(), [event("before", ())]);
    assert!(second.is_connected() && !first.is_connected());
    let gone = first.emit("hello", ()).await;
    assert!(
        matches!(
            gone,
            Err(EmitFailed::Disconnected(Reason::ServerDisconnect))
        ),
        "{gone:?}"
    );
}

/// A server that reports why its clients went.
fn reporting() -> (SocketIo, Arc<Mutex<Vec<Reason>>>) {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reasons);
    let io = SocketIo::bare()
        .on("disconnect", move |reason: Reason| {
            let log = Arc::clone(&log);
            async move {
                tokio::task::yield_now().await;
                log.lock().unwrap().push(reason);
            }
        })
        .on("leave", |socket: Socket| {
            socket.emit("bye", ());
            socket.disconnect();
            "left"
        })
        .on("close", |socket: Socket| socket.close())
        .build()
        .unwrap();
    (io, reasons)
}

#[tokio::test]
async fn leaving_resolves_when_the_disconnect_handler_has_ended() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.disconnect().await.unwrap();
    assert_eq!(*reasons.lock().unwrap(), [Reason::ClientDisconnect]);
    assert_eq!(client.disconnected().await, Reason::ClientDisconnect);
    let again = client.disconnect().await;
    assert!(matches!(again, Err(EmitFailed::Disconnected(_))));
    assert!(client.connection().is_open());
}

#[tokio::test]
async fn closing_and_losing_end_the_connection_for_the_given_reason() {
    let (io, reasons) = reporting();
    let wanted = [
        Reason::ClientClose,
        Reason::PingTimeout,
        Reason::TransportError,
    ];
    for reason in wanted {
        let client = TestClient::connect(&io, "/").await.unwrap();
        match reason {
            Reason::ClientClose => client.close().await,
            reason => client.lose(reason).await,
        }
        assert_eq!(client.disconnected().await, reason);
        assert_eq!(io.connections(), 0);
    }
    assert_eq!(*reasons.lock().unwrap(), wanted);
}

#[tokio::test]
async fn a_dropped_client_is_a_closed_transport() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client);
    while io.connections() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*reasons.lock().unwrap(), [Reason::TransportClose]);
}

#[tokio::test]
async fn what_was_sent_before_a_close_is_read_before_it() {
    let io = server!("say" => |text: String| broadcast().emit("said", text));
    let (ana, bo) = (
        TestClient::connect(&io, "/").await.unwrap(),
        TestClient::connect(&io, "/").await.unwrap(),
    );
    let saying = ana.emit("say", "bye");
    ana.close().await;
    saying.await.unwrap();
    assert_eq!(bo.received(), [event("said", "bye")]);
}

#[tokio::test]
async fn a_disconnect_by_the_server_is_seen_and_what_came_before_stays_readable() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(client.is_connected());
    assert_eq!(client.call::<String>("leave", ()).await.unwrap(), "left");
    assert!(!client.is_connected());
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
    assert_eq!(client.received(), [event("bye", ())]);
    assert!(client.connection().is_open());
    client.close().await;
    assert_eq!(*reasons.lock().unwrap(), [Reason::ServerDisconnect]);
}

#[tokio::test]
async fn a_close_by_the_server_is_told_from_a_disconnect() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("close", ()).await.unwrap();
    assert_eq!(client.disconnected().await, Reason::ServerClose);
    assert_eq!(client.connection().closed().await, Reason::ServerClose);
    assert!(!client.connection().is_open());
    client.close().await;
    assert_eq!(*reasons.lock().unwrap(), [Reason::ServerClose]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reason_is_the_same_however_closely_one_looks() {
    let (io, _) = reporting();
    for _ in 0..500 {
        let client = TestClient::connect(&io, "/").await.unwrap();
        drop(client.emit("close", ()));
        while client.is_connected() {
            std::hint::spin_loop();
        }
        assert_eq!(client.disconnected().await, Reason::ServerClose);
    }
}

#[tokio::test]
async fn a_shutdown_is_told_to_all_and_ends_what_waits() {
    let (io, _) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    io.shutdown().await;
    assert_eq!(client.disconnected().await, Reason::ServerShutdown);
    let late = client.emit("leave", ()).await;
    assert!(matches!(
        late,
        Err(EmitFailed::Disconnected(Reason::ServerShutdown))
    ));
    let late = TestClient::connect(&io, "/").await;
    assert!(
        matches!(late, Err(ConnectError::Closed(Reason::ServerShutdown))),
        "{late:?}"
    );
}

#[tokio::test]
async fn what_no_client_would_send_can_be_sent() {
    for text in [
        "garbage",
        "2",
        r#"2["disconnect"]"#,
        r#"2["a",]"#,
        "2/x,[\"a\"]",
        "51-[\"a\"]",
    ] {
        let (io, reasons) = reporting();
        let client = TestClient::connect(&io, "/").await.unwrap();
        let sent = client.send_raw(text).await;
        if text == "51-[\"a\"]" {
            sent.unwrap();
            assert!(client.connection().is_open(), "its attachment is due");
            client.send_raw("2[\"a\"]").await.unwrap_err();
        } else {
            assert!(
                matches!(sent, Err(EmitFailed::Disconnected(Reason::ParseError))),
                "{text}: {sent:?}"
            );
        }
        assert_eq!(client.disconnected().await, Reason::ParseError);
        client.close().await;
        assert_eq!(*reasons.lock().unwrap(), [Reason::ParseError], "{text}");
    }
}

#[tokio::test]
async fn raw_packets_come_to_handlers_and_are_waited_for() {
    let io = server!("put" => |bytes: Bytes| emit("got", bytes));
    let client = TestClient::connect(&io, "/").await.unwrap();
    client
        .send_raw(r#"51-["put",{"num":0,"_placeholder":true}]"#)
        .await
        .unwrap();
    client.send_raw_binary(&b"xyz"[..]).await.unwrap();
    assert_eq!(
        client.received(),
        [event("got", Bytes::from_static(b"xyz"))]
    );
    let packets = client.packets();
    let last = packets.last().unwrap();
    assert!(!last.is_sent() && last.text().is_none());
    assert_eq!(last.binary().unwrap(), "xyz");
    assert!(packets[packets.len() - 3].is_sent());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_joins_no_namespace_is_closed_in_the_end() {
    let io = server!();
    let connection = TestClient::builder(&io).open().unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(connection.closed().await, Reason::ServerClose);
    assert_eq!(started.elapsed().as_secs(), 45);
}

#[tokio::test]
async fn an_event_before_a_namespace_is_joined_closes_the_connection() {
    let io = server!("a" => || ());
    let connection = TestClient::builder(&io).open().unwrap();
    let sent = connection.send_raw(r#"2["a"]"#).await;
    assert!(matches!(
        sent,
        Err(EmitFailed::Disconnected(Reason::ParseError))
    ));
}

#[tokio::test]
async fn a_client_that_is_accepted_and_disconnected_at_once_has_connected() {
    let io = server!("connect" => |socket: Socket| {
        socket.emit("sorry", ());
        socket.disconnect();
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(!client.is_connected());
    assert_eq!(client.received(), [event("sorry", ())]);
}

#[tokio::test]
async fn servers_and_clients_do_not_know_of_each_other() {
    let (red, blue) = (server!("a" => || 1), server!("a" => || 2));
    let (a, b) = (
        TestClient::connect(&red, "/").await.unwrap(),
        TestClient::connect(&blue, "/").await.unwrap(),
    );
    red.emit("red", ());
    assert_eq!(a.call::<u8>("a", ()).await.unwrap(), 1);
    assert_eq!(b.call::<u8>("a", ()).await.unwrap(), 2);
    assert_eq!((a.received().len(), b.received().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_on_several_threads() {
    let notify = Arc::new(Notify::new());
    let waiting = Arc::clone(&notify);
    let io = server!(
        "enter" => |number: usize| broadcast().emit("entered", number),
        "wait" => move || {
            let waiting = Arc::clone(&waiting);
            async move { waiting.notified().await }
        },
    );
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(TestClient::connect(&io, "/").await.unwrap());
    }
    let parked = clients[0].emit("wait", ());
    let entering: Vec<_> = clients
        .iter()
        .enumerate()
        .skip(1)
        .map(|(number, client)| tokio::spawn(client.emit("enter", number)))
        .collect();
    for entered in entering {
        entered.await.unwrap().unwrap();
    }
    for client in &clients {
        let mut numbers: Vec<usize> = client
            .received()
            .iter()
            .map(|event: &Event| event.read().unwrap())
            .collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(1..20));
    }
    notify.notify_one();
    parked.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_read_costs_no_time() {
    let io = SocketIo::bare()
        .on("slow", async || {
            tokio::time::sleep(Duration::from_secs(1_000)).await;
        })
        .build()
        .unwrap();
    let client = Arc::new(TestClient::connect(&io, "/").await.unwrap());
    client.on("ask", |_: ()| 7);
    // More than its inbox takes.
    for _ in 0..1_000 {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.emit("slow", ()).await });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Its answer can't be read.
    io.broadcast().callback(async |_: u8| {}).emit("ask", ());
    // Time goes on only while nobody is busy.
    tokio::time::sleep(Duration::from_secs(10)).await;
}
