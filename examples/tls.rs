//! HTTPS and secure WebSockets: `cargo run --example tls --features tls -- certificate.pem key.pem`. An address can
//! be given.
//!
//! To create a pair for a test: `openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 30 -subj
//! /CN=localhost -addext subjectAltName=DNS:localhost`

use socketio::{Request, SocketIo, Tls, emit};

#[socketio::event]
fn connect(request: Request) {
    emit("welcome", request.url());
}

#[tokio::main]
async fn main() -> socketio::Result {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (certificate, key, addr) = match &args[..] {
        [certificate, key] => (certificate, key, "127.0.0.1:5000"),
        [certificate, key, addr] => (certificate, key, &**addr),
        _ => return Err("which certificate and key? `tls certificate.pem key.pem`".into()),
    };
    let tls = Tls::from_pem_files(certificate, key)?;
    let io = SocketIo::builder().logger(true).build()?;
    io.run_tls((), addr, tls).await
}
