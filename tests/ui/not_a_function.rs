//! Handler attributes on other items.

#[socketio::event]
struct Struct;

#[socketio::on("a")]
pub enum Enum {}

#[socketio::event]
impl Struct {}

#[socketio::on_error]
mod module {}

#[socketio::on_error_default]
const CONST: u8 = 0;

trait Trait {
    #[socketio::event]
    fn declared();
}

fn main() {
    let _ = Struct;
    let _ = CONST;
}
