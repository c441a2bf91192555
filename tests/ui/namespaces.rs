//! Paths of namespaces.

#[socketio::event(namespace = "chat")]
fn relative() {}

#[socketio::event(namespace = "/a,b")]
fn comma() {}

#[socketio::event(namespace = "/chat?room=1")]
fn query() {}

#[socketio::event(namespace = "/chat*")]
fn part_of_a_star() {}

#[socketio::event(namespace = "/job/{id")]
fn open() {}

#[socketio::event(namespace = "/job/id}")]
fn closed() {}

#[socketio::event(namespace = "/job-{id}")]
fn part_of_a_segment() {}

#[socketio::event(namespace = "/job/{}")]
fn nameless() {}

#[socketio::event(namespace = "/job/{no name}")]
fn no_identifier() {}

#[socketio::event(namespace = "/job/{id}/{id}")]
fn twice() {}

struct Rooms;

#[socketio::namespace("rooms")]
impl Rooms {}

#[derive(socketio::Namespace)]
#[socketio(namespace = "rooms")]
struct Derived;

fn main() {}
