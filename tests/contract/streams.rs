//! Handlers that return a stream: each item is an event, the end is the acknowledgement.

use futures_util::{Stream, stream};
use schemars::JsonSchema;
use serde::Serialize;
use socketio::{SocketIo, handlers};

#[derive(Serialize, JsonSchema)]
struct Token {
    text: String,
}

/// Answers word by word.
#[socketio::event(stream = "token", server = "streams")]
fn ask(prompt: String) -> impl Stream<Item = Token> {
    stream::iter([Token { text: prompt }])
}

#[socketio::event(stream = "pair", server = "streams")]
async fn pairs() -> impl Stream<Item = Result<(u8, String), std::io::Error>> {
    stream::iter([Ok((1, String::from("a")))])
}

#[test]
fn an_item_is_an_outgoing_event_and_the_end_is_the_acknowledgement() {
    let io = SocketIo::bare().handlers(handlers![ask, pairs]);
    let contract = io.build().unwrap().contract();
    assert_eq!(contract.warnings(), [""; 0]);
    let text = contract.typescript();
    for line in [
        "ask: (prompt: string, ack: (end: { cancelled?: boolean; items: number }) => void) => void;",
        "pairs: (ack: (end: { cancelled?: boolean; items: number } | EventError) => void) => void;",
        "  /** An item of what `ask` streams. */\n  token: (data: Token) => void;",
        "pair: (arg1: number, arg2: string) => void;",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
