//! A library with handlers, as in a large program that is split into crates.

/// A state that the server does not have: `build()` names the handlers that need it.
pub struct Missing;

#[socketio::event(namespace = "/library")]
async fn hello(_missing: socketio::State<Missing>) {}

#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/struct")]
struct Struct;

#[socketio::namespace]
impl Struct {
    async fn on_hello(&self, _missing: socketio::State<Missing>) {}
}
