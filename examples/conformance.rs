//! The server for protocol test suites: `cargo run --release --example conformance -- --port 3000`
//!
//! Socket.IO at `/socket.io/`, Engine.IO alone at `/engine.io/`, nothing else. Options, in milliseconds and bytes, with
//! their defaults: `--ping-interval 300 --ping-timeout 200 --max-payload 1000000 --connect-timeout 1000`. With the feature
//! `msgpack`, `--parser msgpack` selects that parser. `--client DIRECTORY` serves the JavaScript client from there.
//! `--allow-eio3` lets old clients connect as well.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use http::{Request, StatusCode};
use socketio::{
    Auth, ConnectionRefused, Data, Rest, Socket, SocketIo, SocketIoBuilder, call, emit,
    engine::{Config, Cors, Engine, Session},
    join_room, to,
};
use tokio::net::TcpListener;

#[socketio::event]
#[socketio::event(namespace = "/custom")]
async fn connect(auth: Auth<Option<Data>>) {
    // Delayed, because the suites begin to listen for the second message after the first, and would miss it if both were read
    // at once.
    socketio::spawn(async {
        tokio::time::sleep(Duration::from_millis(15)).await;
        emit(
            "auth",
            auth.into_inner().unwrap_or(Data::Object(BTreeMap::new())),
        );
    });
}

#[socketio::event]
async fn message(arguments: Rest<Data>) {
    emit("message-back", arguments);
}

#[socketio::on("message-with-ack")]
async fn message_with_ack(arguments: Rest<Data>) -> Rest<Data> {
    arguments
}

#[socketio::event]
#[socketio::event(namespace = "/custom")]
async fn join(room: String) -> socketio::Result {
    Ok(join_room(&room)?)
}

/// Sends to a room.
#[socketio::event]
#[socketio::event(namespace = "/custom")]
async fn tell(room: String, arguments: Rest<Data>) {
    to(&room).emit("told", arguments);
}

/// Calls the client, and returns its acknowledgement.
#[socketio::event]
async fn ask(question: Data) -> socketio::Result<Rest<Data>> {
    Ok(Rest(vec![
        question.clone(),
        call("question", question).await?,
    ]))
}

#[socketio::on("connect", namespace = "/refused")]
async fn refuse(auth: Auth<Option<Data>>) -> Result<(), ConnectionRefused> {
    Err(ConnectionRefused::new("not today").data(&*auth))
}

/// Closes the client's connection.
#[socketio::on("close", namespace = "/goodbye")]
async fn close(socket: Socket) {
    socket.close();
}

/// Engine.IO alone: echoes every message.
fn echo(mut session: Session) {
    tokio::spawn(async move {
        while let Ok(message) = session.recv().await {
            if session.send(message).await.is_err() {
                break;
            }
        }
    });
}

#[tokio::main]
async fn main() -> socketio::Result {
    let options = Options::from_args()?;
    let mut builder = options.parser.give(SocketIo::builder())?;
    if let Some(directory) = options.client {
        builder = builder.serve_client(directory);
    }
    let io = builder
        .ping_interval(options.ping_interval)
        .ping_timeout(options.ping_timeout)
        .max_http_buffer_size(options.max_payload)
        .allow_eio3(options.allow_eio3)
        .connect_timeout(options.connect_timeout)
        .cors_allowed_origins(Cors::Any)
        .build()?;

    let mut config = Config::default();
    config.ping_interval = options.ping_interval;
    config.ping_timeout = options.ping_timeout;
    config.max_payload = options.max_payload;
    config.allow_eio3 = options.allow_eio3;
    config.cors = Cors::Any;
    let engine = Engine::new(config, echo);
    let app = tower::service_fn(move |request: Request<_>| {
        let engine = engine.clone();
        async move {
            if request.uri().path().starts_with("/engine.io/") {
                return Ok::<_, Infallible>(engine.handle(request).await);
            }
            let mut response = http::Response::new(Default::default());
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        }
    });

    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("READY");
    io.serve(app, listener).await
}

/// The options of the server.
enum Speech {
    Json,
    MsgPack,
}

impl Speech {
    fn give(&self, builder: SocketIoBuilder) -> socketio::Result<SocketIoBuilder> {
        match self {
            Speech::Json => Ok(builder),
            #[cfg(feature = "msgpack")]
            Speech::MsgPack => Ok(builder.parser(socketio::parser::MsgPack)),
            #[cfg(not(feature = "msgpack"))]
            Speech::MsgPack => Err("built without the feature `msgpack`".into()),
        }
    }
}

struct Options {
    parser: Speech,
    client: Option<String>,
    port: u16,
    ping_interval: Duration,
    ping_timeout: Duration,
    max_payload: usize,
    connect_timeout: Duration,
    allow_eio3: bool,
}

impl Options {
    fn from_args() -> socketio::Result<Self> {
        let mut options = Options {
            parser: Speech::Json,
            client: None,
            port: 3000,
            ping_interval: Duration::from_millis(300),
            ping_timeout: Duration::from_millis(200),
            max_payload: 1_000_000,
            connect_timeout: Duration::from_millis(1000),
            allow_eio3: false,
        };
        let mut args = std::env::args().skip(1);
        while let Some(name) = args.next() {
            if name == "--allow-eio3" {
                options.allow_eio3 = true;
                continue;
            }
            let value = args.next().ok_or(format!("{name} needs a value"))?;
            let number = |_| format!("{name} {value}: expected a number");
            let millis = || value.parse().map(Duration::from_millis).map_err(number);
            match &*name {
                "--port" => options.port = value.parse().map_err(number)?,
                "--ping-interval" => options.ping_interval = millis()?,
                "--ping-timeout" => options.ping_timeout = millis()?,
                "--max-payload" => options.max_payload = value.parse().map_err(number)?,
                "--parser" => {
                    options.parser = match &*value {
                        "json" => Speech::Json,
                        "msgpack" => Speech::MsgPack,
                        _ => return Err(format!("no parser is named {value}").into()),
                    };
                }
                "--client" => options.client = Some(value),
                "--connect-timeout" => options.connect_timeout = millis()?,
                _ => return Err(format!("unknown option {name}").into()),
            }
        }
        Ok(options)
    }
}
