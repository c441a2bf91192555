//! A function without an attribute has no hidden twin: the compiler's own words, which the documentation explains.

use socketio::handlers;

fn plain() {}

fn main() {
    let _ = handlers![plain];
}
