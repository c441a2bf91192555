//! A function without an attribute has no hidden type: the message of the compiler, which the documentation explains.

use socketio::handlers;

fn plain() {}

fn main() {
    let _ = handlers![plain];
}
