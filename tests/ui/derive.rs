//! The requirements of `#[derive(Namespace)]`.

#[derive(socketio::Namespace)]
struct Missing;

#[derive(socketio::Namespace)]
#[socketio]
struct Bare;

#[derive(socketio::Namespace)]
#[socketio = "/path"]
struct Equals;

#[derive(socketio::Namespace)]
#[socketio()]
struct Empty;

#[derive(socketio::Namespace)]
#[socketio("/path")]
struct Unnamed;

#[derive(socketio::Namespace)]
#[socketio(path = "/path")]
struct OtherWord;

#[derive(socketio::Namespace)]
#[socketio(namespace = "/path", sevrer = "admin")]
struct Unknown;

#[derive(socketio::Namespace)]
#[socketio(namespace = "/a")]
#[socketio(namespace = "/b")]
struct Twice;

#[derive(socketio::Namespace)]
#[socketio(namespace = "/path")]
struct Generic<T>(T);

fn main() {}
