//! The crate under another name, given to every attribute with `crate =`.
#![deny(warnings)]

extern crate socketio as sio;

mod socketio {}

#[sio::on("a", crate = "sio")]
#[sio::on("b", namespace = "/b", crate = "sio")]
#[sio::event(crate = "::sio")]
fn handler(argument: u32) -> u32 {
    argument
}

#[sio::on_error(crate = "sio")]
fn failed(_: sio::HandlerError) {}

#[sio::on_error("/b", server = "admin", crate = "sio")]
fn b_failed(_: sio::HandlerError) {}

#[sio::on_error_default(crate = "sio")]
fn any_failed(_: sio::HandlerError) {}

#[derive(Default, sio::Namespace)]
#[socketio(namespace = "/c", crate = "sio")]
struct Chat;

#[sio::namespace(crate = "sio", server = "admin")]
impl Chat {
    #[sio::on("d")]
    #[event]
    fn event(&self) -> u8 {
        0
    }

    async fn trigger_event(
        &self,
        call: sio::EventCall,
        next: sio::Next,
    ) -> sio::Result<sio::Response> {
        Ok(next.run(call).await?)
    }
}

fn main() {
    let all = sio::handlers![handler, failed, b_failed, any_failed];
    assert_eq!(all[0].len(), 3);
}
