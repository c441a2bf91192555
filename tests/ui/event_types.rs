//! The requirements of `#[derive(Event)]`.

use serde::Serialize;

#[derive(Serialize, socketio::Event)]
struct Missing;

#[derive(Serialize, socketio::Event)]
#[socketio(namespace = "/chat")]
struct Unnamed;

#[derive(Serialize, socketio::Event)]
#[socketio("moved")]
struct WithoutWord;

#[derive(Serialize, socketio::Event)]
#[socketio(event = "disconnect", namespace = "chat", serfer = "x")]
struct Wrong;

#[derive(Serialize, socketio::Event)]
#[socketio(event = "moved")]
struct Generic<T>(T);

#[derive(Serialize, socketio::Event)]
#[socketio(event = "moved", ack = "bool")]
struct AckInQuotes(u8);

fn main() {}
