//! Types without a schema compile, are `unknown`, and are named.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use socketio::{BoxError, Data, EventContext, FromEvent, SocketIo, bytes::Bytes, handlers};

#[derive(Serialize, Deserialize)]
struct Plain;

struct Words(Vec<String>);

impl FromEvent for Words {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        let text: String = cx.next()?;
        Ok(Words(text.split(' ').map(str::to_owned).collect()))
    }

    fn needs(needs: &mut socketio::Needs) {
        needs.event_argument("words");
    }
}

#[socketio::event(server = "unknown")]
fn takes(_plain: Plain, _list: HashMap<String, Vec<Plain>>, _fine: String) -> Plain {
    Plain
}

#[socketio::event(server = "unknown")]
fn fallible() -> Result<(Plain, u8), BoxError> {
    Ok((Plain, 1))
}

#[socketio::event(server = "unknown")]
fn opaque() -> impl Serialize + 'static {
    1
}

#[socketio::event(server = "unknown")]
fn extracts(words: Words) -> usize {
    words.0.len()
}

#[socketio::event(server = "unknown")]
fn any(_data: Data, _value: serde_json::Value, bytes: Bytes) -> Vec<Bytes> {
    vec![bytes]
}

#[derive(Serialize, socketio::Event)]
#[socketio(event = "plain", server = "unknown")]
struct Emitted(Plain, u8);

#[test]
fn a_type_without_a_schema_is_unknown_and_named() {
    let handlers = handlers![takes, fallible, opaque, extracts];
    let io = SocketIo::bare().handlers(handlers).event::<Emitted>();
    let contract = io.build().unwrap().contract();
    let text = contract.typescript();
    for line in [
        "takes: (plain: unknown, list: Record<string, unknown[]>, fine: string, ack: (reply: unknown) => void) => void;",
        "fallible: (ack: (...reply: [reply1: unknown, reply2: number] | [error: EventError]) => void) => void;",
        "opaque: (ack: (reply: unknown) => void) => void;",
        "extracts: (words: unknown, ack: (reply: number) => void) => void;",
        "plain: (arg1: unknown, arg2: number) => void;",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let warnings = contract.warnings().join("\n");
    for part in [
        "tests/contract/unknown.rs:",
        "the type `Plain` of the argument `plain` of \"takes\"",
        "the type `Plain` of the acknowledgement of \"fallible\"",
        "the type `impl Serialize+'static` of the acknowledgement of \"opaque\"",
        "the type `words` of the argument `words` of \"extracts\"",
        "the type `Plain` of the argument `arg1` of \"plain\"",
        "derive `schemars::JsonSchema` for it",
    ] {
        assert!(warnings.contains(part), "{part}\n{warnings}");
    }
}

#[test]
fn a_type_for_any_value_needs_no_schema() {
    let io = SocketIo::bare().handlers(handlers![any]).build().unwrap();
    let contract = io.contract();
    assert_eq!(contract.warnings(), [""; 0]);
    let line = "any: (data: unknown, value: unknown, bytes: Binary, ack: (reply: Binary[]) => void) => void;";
    let text = contract.typescript();
    assert!(text.contains(line), "{text}");
    assert!(text.contains("export type Binary = ArrayBuffer | Uint8Array;"));
}

#[test]
fn closures_are_known_as_far_as_their_types_are_those_of_the_standard_library() {
    let io = SocketIo::bare()
        .on("add", |a: u32, b: Option<u32>| a + b.unwrap_or(0))
        .on("list", |names: Vec<String>| async move {
            Ok::<_, BoxError>(names)
        })
        .on("plain", |_: Plain| ());
    let contract = io.build().unwrap().contract();
    let text = contract.typescript();
    for line in [
        "add: (arg1: number, arg2: number | null, ack: (reply: number) => void) => void;",
        "list: (arg1: string[], ack: (reply: string[] | EventError) => void) => void;",
        "plain: (arg1: unknown) => void;",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(contract.warnings()[0].contains("give the event a function with an attribute"));
}
