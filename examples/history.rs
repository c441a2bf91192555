//! Jobs whose progress can be followed from the beginning, also after a reload of the page and by clients that join later:
//! `cargo run --example history`, then open <http://127.0.0.1:5000>, best twice. `--help` shows the options, `--list` the handlers.
//!
//! Each job writes its log to a room with a history. A page that follows it gets the earlier entries, and then new ones. The page
//! <http://127.0.0.1:5000/watch> does so without a Socket.IO client, with `EventSource`. Or: `curl -N -H 'Accept: text/event-stream'
//! 'http://127.0.0.1:5000/socket.io-history/?room=job:release'`.

mod page;

use std::time::Duration;

use axum::{response::Html, routing::get};
use socketio::{
    History, HistoryHttp, HistoryPage, HistoryRequest, Joined, Position, RoomError, SocketIo,
    broadcast, history, join_last, join_since,
};

const STEPS: [&str; 6] = ["fetch", "check", "build", "test", "pack", "publish"];

/// Starts a job, which does not depend on any client.
#[socketio::event]
fn start(name: String, io: SocketIo) -> String {
    let room = format!("job:{name}");
    let started = name.clone();
    io.spawn(move |io| async move {
        for (index, step) in STEPS.iter().enumerate() {
            for percent in (0..=100).step_by(10) {
                io.to(&room).emit("log", (index, step, percent));
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        }
        io.to(&room).emit("done", &name);
    });
    broadcast().emit("started", &started);
    started
}

/// Follows a job from a position, or from the beginning.
#[socketio::event]
fn follow(job: String, since: Option<Position>) -> Result<Joined, RoomError> {
    let room = format!("job:{job}");
    match since {
        Some(_) => join_since(room, since),
        None => join_last(room, usize::MAX),
    }
}

/// Reads the log without following it.
#[socketio::event]
fn read(job: String, since: Option<Position>) -> Option<HistoryPage> {
    history(format!("job:{job}")).since(since).limit(20).read()
}

/// Lets everybody read a log over HTTP. A real program checks a cookie of the request.
async fn may_read(request: HistoryRequest) -> bool {
    request.room().starts_with("job:")
}

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    let log = History::new()
        .max_events(1_000)
        .max_age(Duration::from_secs(600));
    let io = SocketIo::builder()
        .logger(true)
        .history("/", "job:{name}", log)
        .history_http(HistoryHttp::new(may_read))
        .build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    let watch = Html(include_str!("page/history_watch.html"));
    let app = options
        .page(include_str!("page/history.html"))
        .route("/watch", get(async move || watch));
    Ok(io.run(app, options.addr()).await?)
}
