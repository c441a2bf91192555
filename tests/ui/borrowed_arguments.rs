//! Arguments own their data.

use socketio::Rest;

#[socketio::event]
fn string(_: &str) {}

#[socketio::event]
fn slice(_: &[u8], _: &Vec<u32>) {}

#[socketio::event]
fn inside(_: Option<&str>, _: (u32, &'static str), _: Vec<[&std::path::Path; 2]>) {}

#[socketio::event]
fn mutable(_: &mut String) {}

#[socketio::event]
fn rest_first(_: Rest<Vec<u32>>, _: String) {}

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    fn on_say(&self, _: &str) {}
}

fn main() {}
