//! Options that are unknown, misspelled, given twice or of the wrong shape; all are reported at once.

#[socketio::on("a", namepsace = "/chat", room = "r", sever = "admin")]
fn unknown() {}

#[socketio::event(nsp = "/chat", broadcast)]
fn other_words() {}

#[socketio::event(namespace = "/a", namespace = "/b", concurrent, concurrent)]
fn twice() {}

#[socketio::event(namespace, server)]
fn no_value() {}

#[socketio::event(namespace = CHAT, server = 1, crate = 'c')]
fn no_string() {}

#[socketio::event(namespace("/chat"), concurrent(true))]
fn parentheses() {}

#[socketio::event(namespace =)]
fn cut_short() {}

#[socketio::event(concurrent = true)]
fn flag_with_a_value() {}

#[socketio::event(blocking = true)]
fn blocking_with_a_value() {}

#[socketio::event(blocking)]
async fn blocking_and_async() {}

#[socketio::event(server = "", crate = "no path")]
fn empty_value() {}

#[socketio::event("chat")]
fn event_with_a_name() {}

#[socketio::event("/chat")]
fn event_with_a_namespace() {}

#[socketio::event(1)]
fn event_with_a_number() {}

fn main() {}
