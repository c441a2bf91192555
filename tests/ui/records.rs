//! Invalid forms of `record`.

#[socketio::event(record = true)]
fn with_a_value() {}

#[socketio::event(record())]
fn empty() {}

#[socketio::event(record("password"))]
fn without_skip() {}

#[socketio::event(record(skip = password))]
fn no_text() {}

#[socketio::event(record(except = "password"))]
fn another_word() {}

#[socketio::event(record, record(skip = "password"))]
fn twice() {}

#[socketio::event(record)]
fn connect() {}

#[socketio::on_error(record)]
fn failed() {}

fn main() {}
