//! The steps of the matrix with rust_socketio's blocking client: `matrix-rust URL TRANSPORT`
//!
//! The steps and their output are described in ../README.md. This client has one namespace for each connection and one binary value
//! for each event; it can neither acknowledge events of the server nor ask for an acknowledgement of binary data.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use rust_socketio::{ClientBuilder, Payload, RawClient, TransportType, client::Client};
use serde_json::{Value, json};

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

/// Collects the events of one name.
fn collect(builder: ClientBuilder, event: &str) -> (ClientBuilder, Receiver<Value>) {
    let (sender, received) = channel();
    let callback = move |payload: Payload, _: RawClient| send(&sender, payload);
    (builder.on(event, callback), received)
}

fn send(to: &Sender<Value>, payload: Payload) {
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

/// Emits, and waits for the acknowledgement.
fn ask(client: &Client, event: &str, payload: impl Into<Payload>) -> Outcome<Value> {
    let (sender, answered) = channel();
    client.emit_with_ack(event, payload, TIMEOUT, move |payload, _| {
        send(&sender, payload)
    })?;
    Ok(answered.recv_timeout(TIMEOUT)?)
}

fn report(step: &str, value: Value) {
    println!("{}", json!({"step": step, "value": value}));
}

fn main() -> Outcome<()> {
    let (main, hello) = collect(builder("/"), "hello");
    let (main, echoed) = collect(main, "echoed");
    let lost = |_: Payload, _: RawClient| report("lost", Value::Null);
    let (ready, is_ready) = (Arc::new(AtomicUsize::new(0)), Ordering::SeqCst);
    let main = main.on("error", {
        let ready = Arc::clone(&ready);
        move |payload, client| {
            if ready.load(is_ready) == 1 {
                lost(payload, client);
            }
        }
    });
    let main = main.connect()?;
    report("connect", hello.recv_timeout(TIMEOUT)?);

    let (chat, chat_hello) = collect(builder("/chat"), "hello");
    let (chat, chat_echoed) = collect(chat, "echoed");
    let (chat, left) = collect(chat, "close");
    let chat = chat.connect()?;
    report("namespace", chat_hello.recv_timeout(TIMEOUT)?);

    chat.emit(
        "echo",
        vec![json!(TEXT), json!(1), json!({"a": [true, null]})],
    )?;
    report("event", chat_echoed.recv_timeout(TIMEOUT)?);
    let answer = ask(&main, "answer", vec![json!(TEXT), json!([2])])?;
    report("ack", answer[0].clone());

    // Over WebSocket it takes the byte 0x1e for the end of a packet.
    let bytes: Vec<u8> = (0..300)
        .map(|i| i as u8)
        .filter(|byte| *byte != 0x1e)
        .collect();
    main.emit("echo", bytes)?;
    report("binary", echoed.recv_timeout(TIMEOUT)?);
    let transport = ask(&main, "transport", Vec::<Value>::new())?;
    report("transport", transport[0][0].clone());

    let (refused, error) = collect(builder("/refused"), "error");
    let refused = refused.connect()?;
    let error = error.recv_timeout(TIMEOUT)?;
    let error = error[0].as_str().unwrap_or_default();
    let data = error.trim_start_matches(|c| c != '{');
    report(
        "refused",
        serde_json::from_str(data).unwrap_or(json!(error)),
    );
    let _ = refused.disconnect();

    chat.emit("leave", Vec::<Value>::new())?;
    left.recv_timeout(TIMEOUT)?;
    report("server disconnect", Value::Null);

    // It reconnects after other ends, but not after this one.
    let connects = Arc::new(AtomicUsize::new(0));
    let (closed, open) = collect(builder("/"), "hello");
    let (closed, end) = collect(closed, "close");
    let counted = Arc::clone(&connects);
    let closed = closed.on("open", move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let closed = closed.connect()?;
    open.recv_timeout(TIMEOUT)?;
    closed.emit("close", Vec::<Value>::new())?;
    end.recv_timeout(TIMEOUT)?;
    report("server close", Value::Null);

    ready.store(1, is_ready);
    report("ready", Value::Null);
    std::thread::spawn(move || {
        for arguments in hello {
            // Not in the callback, which holds a lock of the client.
            while ask(&main, "answer", json!(1)).is_err() {
                std::thread::yield_now();
            }
            report("back", arguments);
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    report("end", json!({"connects": connects.load(Ordering::SeqCst)}));
    std::process::exit(0);
}
