//! `handlers!` takes handlers.

use socketio::handlers;

struct Status;

fn plain() {}

#[socketio::event(namespace = "chat")]
fn faulty() {}

fn main() {
    let _ = handlers![Status];
    let _ = handlers![faulty];
    plain();
}
