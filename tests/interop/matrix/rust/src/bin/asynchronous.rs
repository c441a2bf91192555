//! The steps of the matrix with rust_socketio's async client: `asynchronous URL TRANSPORT`
//!
//! As ../main.rs, with the same limits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_util::FutureExt;
use rust_socketio::{
    Payload, TransportType,
    asynchronous::{Client, ClientBuilder},
};
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

const TEXT: &str = "größe 👩‍🚀";
const TIMEOUT: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Connects to a namespace with the default options, besides the transport.
fn builder(namespace: &str) -> ClientBuilder {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_default();
    let transport = match arguments.next().unwrap_or_default().as_str() {
        "polling" => TransportType::Polling,
        "websocket" => TransportType::Websocket,
        _ => TransportType::Any,
    };
    ClientBuilder::new(url)
        .namespace(namespace)
        .transport_type(transport)
        .auth(json!({"token": TEXT}))
}

type Received = UnboundedReceiver<Value>;

/// Collects the events of one name.
fn collect(builder: ClientBuilder, event: &str) -> (ClientBuilder, Received) {
    let (sender, received) = unbounded_channel();
    let callback = move |payload: Payload, _: Client| {
        send(&sender, payload);
        async {}.boxed()
    };
    (builder.on(event, callback), received)
}

fn send(to: &UnboundedSender<Value>, payload: Payload) {
    let value = match payload {
        Payload::Text(arguments) => Value::Array(arguments),
        Payload::Binary(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!([{"hex": hex}])
        }
        _ => Value::Null,
    };
    let _ = to.send(value);
}

async fn next(received: &mut Received) -> Outcome<Value> {
    let value = timeout(TIMEOUT, received.recv()).await?;
    Ok(value.ok_or("the client has dropped its callback")?)
}

/// Emits, and waits for the acknowledgement.
async fn ask(client: &Client, event: &str, payload: impl Into<Payload>) -> Outcome<Value> {
    let (sender, mut answered) = unbounded_channel();
    let callback = move |payload: Payload, _: Client| {
        send(&sender, payload);
        async {}.boxed()
    };
    client
        .emit_with_ack(event, payload, TIMEOUT, callback)
        .await?;
    next(&mut answered).await
}

fn report(step: &str, value: Value) {
    println!("{}", json!({"step": step, "value": value}));
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let (main, mut hello) = collect(builder("/"), "hello");
    let (main, mut echoed) = collect(main, "echoed");
    let ready = Arc::new(AtomicUsize::new(0));
    let main = main.on("error", {
        let ready = Arc::clone(&ready);
        move |_, _| {
            if ready.load(SeqCst) == 1 {
                report("lost", Value::Null);
            }
            async {}.boxed()
        }
    });
    let main = main.connect().await?;
    report("connect", next(&mut hello).await?);

    let (chat, mut chat_hello) = collect(builder("/chat"), "hello");
    let (chat, mut chat_echoed) = collect(chat, "echoed");
    let (chat, mut left) = collect(chat, "close");
    let chat = chat.connect().await?;
    report("namespace", next(&mut chat_hello).await?);

    let arguments = vec![json!(TEXT), json!(1), json!({"a": [true, null]})];
    chat.emit("echo", arguments).await?;
    report("event", next(&mut chat_echoed).await?);
    let answer = ask(&main, "answer", vec![json!(TEXT), json!([2])]).await?;
    report("ack", answer[0].clone());

    // Over WebSocket it takes the byte 0x1e for the end of a packet.
    let bytes = (0..300).map(|i| i as u8).filter(|byte| *byte != 0x1e);
    main.emit("echo", bytes.collect::<Vec<_>>()).await?;
    report("binary", next(&mut echoed).await?);
    let transport = ask(&main, "transport", Vec::<Value>::new()).await?;
    report("transport", transport[0][0].clone());

    let (refused, mut error) = collect(builder("/refused"), "error");
    let refused = refused.connect().await?;
    let error = next(&mut error).await?;
    let error = error[0].as_str().unwrap_or_default();
    let data = error.trim_start_matches(|c| c != '{');
    report(
        "refused",
        serde_json::from_str(data).unwrap_or(json!(error)),
    );
    let _ = refused.disconnect().await;

    chat.emit("leave", Vec::<Value>::new()).await?;
    next(&mut left).await?;
    report("server disconnect", Value::Null);

    // It reconnects after other ends, but not after this one.
    let connects = Arc::new(AtomicUsize::new(0));
    let (closed, mut open) = collect(builder("/"), "hello");
    let (closed, mut end) = collect(closed, "close");
    let counted = Arc::clone(&connects);
    let closed = closed.on("open", move |_, _| {
        counted.fetch_add(1, SeqCst);
        async {}.boxed()
    });
    let closed = closed.connect().await?;
    next(&mut open).await?;
    closed.emit("close", Vec::<Value>::new()).await?;
    next(&mut end).await?;
    report("server close", Value::Null);

    ready.store(1, SeqCst);
    report("ready", Value::Null);
    tokio::spawn(async move {
        while let Some(arguments) = hello.recv().await {
            // Not in the callback, which the client waits for.
            while ask(&main, "answer", json!(1)).await.is_err() {
                tokio::task::yield_now().await;
            }
            report("back", arguments);
        }
    });
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    report("end", json!({"connects": connects.load(SeqCst)}));
    std::process::exit(0);
}
