//! A chat that is recorded: `cargo run --features api --example recorder`, then open <http://127.0.0.1:5000>, best twice.
//!
//! Connections and events become rows in files below `events/` and in the HTTP API at `/socket.io-api/`. `examples/dlt` loads
//! them into DuckDB. Another address and another directory can be given: `recorder 0.0.0.0:5000 /var/lib/chat/events`. Variables of the
//! environment: `SOCKETIO_API_TOKEN` is the token of the API (default: a random one, which is printed); `RECORDER_BYTES` and
//! `RECORDER_GZIP` (0 or 1) change the files.

use std::{env, time::Duration};

use axum::{Router, response::Html, routing::get};
use serde::Deserialize;
use socketio::{
    Api, Auth, Recorder, RoomError, SocketIo, UserError, join_room, set_user, to, user,
};
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct Visitor {
    name: String,
}

/// `auth` is never recorded; the user that it names is.
#[socketio::event]
fn connect(visitor: Auth<Option<Visitor>>) -> Result<(), UserError> {
    match visitor.into_inner() {
        Some(visitor) => set_user(visitor.name),
        None => Ok(()),
    }
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

/// The arguments are recorded without the password.
#[socketio::on("log in", record(skip = "password"))]
fn log_in(credentials: Credentials) -> Result<bool, UserError> {
    set_user(credentials.name)?;
    Ok(!credentials.password.is_empty())
}

#[socketio::event]
fn join(room: String) -> Result<(), RoomError> {
    join_room(&room)?;
    to(&room).emit("joined", (&room, user()));
    Ok(())
}

#[socketio::event(record)]
fn say(room: String, text: String) {
    to(&room).emit("said", (&room, user(), text));
}

#[socketio::event]
fn echo(text: String) -> String {
    text
}

/// Shows up among the slowest handlers.
#[socketio::event]
async fn search(words: String) -> Vec<String> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    words.split(' ').map(str::to_owned).collect()
}

#[tokio::main]
async fn main() -> socketio::Result {
    let mut args = env::args().skip(1);
    let addr = args.next().unwrap_or("127.0.0.1:5000".into());
    let directory = args.next().unwrap_or("events".into());
    let bytes = match env::var("RECORDER_BYTES") {
        Ok(bytes) => bytes.parse()?,
        Err(_) => 64 << 20,
    };
    let gzip = env::var("RECORDER_GZIP").as_deref() != Ok("0");
    let token = env::var("SOCKETIO_API_TOKEN");
    // A random secret of this process.
    let token = token.unwrap_or_else(|_| made_up_token());

    let recorder = Recorder::jsonl(&directory)
        .rotate(bytes, Duration::from_secs(300))
        .gzip(gzip);
    let io = SocketIo::builder()
        .recorder(recorder)
        .api(Api::bearer(&token))
        .logger(true)
        .build()?;
    let app = Router::new()
        .route("/", get(async || Html(include_str!("page/recorder.html"))))
        .route("/client.js", get(client));
    let listener = TcpListener::bind(addr).await?;
    println!("http://{}", listener.local_addr()?);
    println!("rows: {directory}/ and /socket.io-api/events");
    if env::var_os("SOCKETIO_API_TOKEN").is_none() {
        println!("token: {token}");
    }
    io.serve(app, listener).await
}

fn made_up_token() -> String {
    use std::hash::{BuildHasher, RandomState};
    let part = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", part(), part())
}

/// The Socket.IO client of the page. Programs of yours use the official one.
async fn client() -> ([(&'static str, &'static str); 1], &'static str) {
    let headers = [("content-type", "text/javascript; charset=utf-8")];
    (headers, include_str!("page/client.js"))
}
