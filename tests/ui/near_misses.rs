//! Methods whose name resembles that of a lifecycle handler, an invalid list of handlers, an invalid error type.

use socketio::SocketIo;

#[derive(Default)]
struct Chat;

#[socketio::namespace("/chat")]
impl Chat {
    fn on_conect(&self) {}
    fn on_disconnected(&self) {}
    fn on_eror(&self) {}
    fn on_collect(&self) {}
}

const NAME: &str = "say";

#[socketio::on(NAME)]
fn constant() {}

#[derive(Debug)]
enum Problem {
    Full,
}

#[socketio::event]
fn join() -> Result<u8, Problem> {
    Err(Problem::Full)
}

fn main() {
    let _ = SocketIo::bare().handlers(join);
}
