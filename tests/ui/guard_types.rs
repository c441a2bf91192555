//! Functions that can't be guards.

#[socketio::event(guard = unknown)]
fn no_such_function() {}

#[socketio::event(guard = says_a_word)]
fn another_value() {}

#[socketio::event(guard = [fine, takes_a_reference])]
fn borrowed() {}

struct NotData;

#[socketio::event(guard = takes_no_data)]
fn no_data() {}

struct Rooms;

#[socketio::namespace("/rooms", guard = says_a_word)]
impl Rooms {}

fn fine() {}

fn says_a_word() -> &'static str {
    "yes"
}

fn takes_a_reference(_text: &str) -> bool {
    true
}

fn takes_no_data(_data: NotData) -> bool {
    true
}

fn main() {}
