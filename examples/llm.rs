//! A chat whose answers come token by token: `cargo run --example llm`, then open <http://127.0.0.1:5000>.
//!
//! Press F5 in the middle of an answer, close the laptop, open the link on another device: the answer continues, and the page shows all
//! of it. Its tokens are sent to a room with a history, so the stream does not end with its client, and a client that joins later gets
//! the earlier tokens. With `--redis redis://localhost` (and `--features redis`), a restart of the server only cuts off the answers that
//! are running; without it, pages learn that they have missed events. `--help` shows the options.
//!
//! No model is needed: [`words`] makes the answers up. To use a real one, return the stream of its client there, with the text of each
//! part as the item. With `async-openai`, this is `client.chat().create_stream(request).await?` mapped to `delta.content`; with any HTTP
//! service, the lines of reqwest's `response.bytes_stream()`. An `Err` in the stream ends the answer with an error.

mod page;

use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use socketio::{
    Forbidden, History, Joined, Position, Recovery, RoomError, Socket, SocketIo, SocketIoBuilder,
    StreamTo, join_last, join_since, rooms, to,
};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

/// The events of a chat that are kept: about fifty answers.
const KEPT: usize = 5_000;

/// Joins a chat. The client receives its kept events, or those after a position.
#[socketio::event]
fn open(chat: String, since: Option<Position>) -> Result<Joined, RoomError> {
    let room = format!("chat:{chat}");
    match since {
        Some(since) => join_since(room, since),
        None => join_last(room, KEPT),
    }
}

/// Each token is an event to everybody in the chat; then the caller gets `{ items, position }`.
#[socketio::event(stream = "token", rate = "1/s burst 5")]
fn ask(chat: String, prompt: String) -> Result<StreamTo<impl Stream<Item = String>>, Forbidden> {
    let room = format!("chat:{chat}");
    if !rooms().contains(&room) {
        return Err(Forbidden::new("open the chat first"));
    }
    let prompt: String = prompt.chars().take(500).collect();
    to(&room).emit("asked", &prompt);
    Ok(to(room).stream(words(&prompt)).key(chat))
}

/// Stops the running answers in a chat, also those to other clients.
#[socketio::event]
fn stop(chat: String, socket: Socket) -> usize {
    socket.cancel_stream(chat)
}

/// Takes the place of a model: returns words about the question, one after another.
fn words(prompt: &str) -> impl Stream<Item = String> + use<> {
    let topic = prompt
        .trim()
        .trim_end_matches(['?', '.', '!'])
        .to_lowercase();
    let text = format!(
        "That is a good question. {} {}",
        TEXT[prompt.len() % 3],
        TEXT[3]
    );
    let text = text.replace("{}", &topic);
    let words: Vec<_> = text.split_inclusive(' ').map(str::to_owned).collect();
    stream::iter(words).then(|word| async move {
        sleep(Duration::from_millis(20 + 6 * word.len() as u64)).await;
        word
    })
}

const TEXT: [&str; 4] = [
    "People who asked about “{}” before you were often surprised how much depends on what is meant by it.",
    "To answer “{}”, it helps to begin with what is known for certain, which is little, and to go on from there.",
    "There are three things to say about “{}”: the first is obvious, the second is wrong, and the third is worth your time.",
    "Each of these words is an event of its own, sent at the pace at which you receive it, to everybody who has opened this chat. \
     Press F5 now, or turn off your network for a moment: the answer goes on without you, and when you are back, you see all of it. \
     If you have read enough, press “Stop”, and the stream is dropped where it stands.",
];

/// Keeps chats and sessions in Redis.
#[cfg(feature = "redis")]
fn in_redis(builder: SocketIoBuilder, url: &str) -> page::Result<SocketIoBuilder> {
    Ok(builder.event_store(socketio::RedisStreams::new(url)?))
}

#[cfg(not(feature = "redis"))]
fn in_redis(_: SocketIoBuilder, _: &str) -> page::Result<SocketIoBuilder> {
    Err("`--redis` needs `--features redis`".into())
}

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    tracing_subscriber::fmt().init();
    let builder = SocketIo::builder()
        .history("/", "chat:{id}", History::new().max_events(KEPT))
        // With recovery, each event has its position, from which a client continues after a lost connection.
        .recovery(Recovery::default());
    let io = match &options.redis {
        Some(url) => in_redis(builder, url)?.build()?,
        None => builder.build()?,
    };
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    // Loads the chats of earlier runs from Redis, if it can be reached.
    let _ = timeout(Duration::from_secs(5), io.subscribed()).await;
    let app = options.page(include_str!("page/llm.html"));
    let listener = TcpListener::bind(options.addr()).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(io.serve(app, listener).await?)
}
