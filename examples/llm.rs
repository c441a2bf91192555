//! A chat whose answers come token by token: `cargo run --example llm`, then open <http://127.0.0.1:5000>.
//!
//! Press F5 in the middle of an answer, close the laptop, open the link on another device: the answer goes on, and the page shows all
//! of it. The stream is detached from its client and goes to a room; what it has said is kept in a `Chats`. `--help` shows the options.
//!
//! No model is needed: [`words`] makes the answers up. To plug in a real one, return the stream of its client there, with the text of
//! each part as the item: of `async-openai`, `client.chat().create_stream(request).await?` mapped to `delta.content`; of any HTTP
//! service, the lines of reqwest's `response.bytes_stream()`. An `Err` of it ends the answer with an error.

mod page;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use socketio::{Forbidden, RoomError, Socket, SocketIo, State, StreamTo, join_room, rooms, to};
use tokio::{net::TcpListener, time::sleep};

/// Questions and answers in turn, of each chat.
#[derive(Default)]
struct Chats(Mutex<HashMap<String, Vec<String>>>);

impl Chats {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a question and an empty answer, whose index is returned.
    fn add(&self, chat: &str, prompt: &str) -> Result<usize, Forbidden> {
        let mut chats = self.lock();
        if chats.len() > 1_000 {
            chats.clear();
        }
        let said = chats.entry(chat.to_owned()).or_default();
        if said.len() > 100 {
            return Err(Forbidden::new("this chat is long enough: begin a new one"));
        }
        said.extend([prompt.to_owned(), String::new()]);
        Ok(said.len() - 1)
    }

    /// Adds a part of an answer, and returns where it begins.
    fn append(&self, chat: &str, answer: usize, text: &str) -> usize {
        let mut chats = self.lock();
        let Some(said) = chats.get_mut(chat).and_then(|said| said.get_mut(answer)) else {
            return 0;
        };
        let at = said.chars().count();
        said.push_str(text);
        at
    }
}

/// A part of an answer, and where it belongs: a client that has it already, from `open`, leaves it out.
#[derive(Serialize)]
struct Token {
    answer: usize,
    at: usize,
    text: String,
}

/// Joins a chat, and returns what was said in it so far.
#[socketio::event]
fn open(chat: String, chats: State<Chats>) -> Result<Vec<String>, RoomError> {
    join_room(format!("chat:{chat}"))?;
    Ok(chats.lock().get(&chat).cloned().unwrap_or_default())
}

#[socketio::event(stream = "token", rate = "1/s burst 5")]
fn ask(
    chat: String,
    prompt: String,
    chats: State<Chats>,
) -> Result<StreamTo<impl Stream<Item = Token>>, Forbidden> {
    let room = format!("chat:{chat}");
    if !rooms().contains(&room) {
        return Err(Forbidden::new("open the chat first"));
    }
    let prompt: String = prompt.chars().take(500).collect();
    let answer = chats.add(&chat, &prompt)?;
    to(&room).emit("asked", (answer - 1, &prompt));
    let key = chat.clone();
    let tokens = words(&prompt).map(move |text| {
        let at = chats.append(&chat, answer, &text);
        Token { answer, at, text }
    });
    Ok(to(room).stream(tokens).key(key).detached())
}

/// Stops the answer of a chat, whoever has asked.
#[socketio::event]
fn stop(chat: String, socket: Socket) -> usize {
    socket.cancel_stream(chat)
}

/// In place of a model: words about the question, one after another.
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
        sleep(Duration::from_millis(30 + 12 * word.len() as u64)).await;
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

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    tracing_subscriber::fmt().init();
    let io = SocketIo::builder().state(Chats::default()).build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    let app = options.page(include_str!("page/llm.html"));
    let listener = TcpListener::bind(options.addr()).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(io.serve(app, listener).await?)
}
