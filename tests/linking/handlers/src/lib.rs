//! A library that has handlers, as users split large programs.

/// What the server lacks; `build()` names the handlers that ask for it.
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
