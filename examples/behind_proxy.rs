//! A node behind a proxy: `cargo run --example behind_proxy -- 127.0.0.1:5001 a`, and a second node with `127.0.0.1:5002 b`.
//! Configurations of nginx, HAProxy, Apache and Caddy are in `examples/proxies/`.
//!
//! Proxies on other machines are listed in `TRUSTED_PROXIES`, such as `10.0.0.0/8`.

use serde::Serialize;
use socketio::{Request, SocketIo, State, emit};

/// The name of this node.
struct Node(String);

/// What this node knows about a client.
#[derive(Serialize)]
struct Welcome {
    node: String,
    /// The address of the client, as the proxy has forwarded it.
    address: Option<String>,
    /// The URL that the client has asked for, as the proxy has forwarded it.
    url: Option<String>,
    /// The port of the proxy's connection to this node.
    proxy_port: Option<u16>,
}

#[socketio::event]
fn connect(request: Request, node: State<Node>) {
    emit(
        "welcome",
        Welcome {
            node: node.0.clone(),
            address: request.forwarded_addr().map(|addr| addr.to_string()),
            url: request.url(),
            proxy_port: request.peer_addr().map(|addr| addr.port()),
        },
    );
}

#[socketio::event]
fn echo(text: String) -> String {
    text
}

#[tokio::main]
async fn main() -> socketio::Result {
    let mut args = std::env::args().skip(1);
    let addr = args.next().unwrap_or("127.0.0.1:5001".into());
    let name = args.next().unwrap_or("a".into());
    let proxies = std::env::var("TRUSTED_PROXIES").unwrap_or("loopback, unix".into());
    let io = SocketIo::builder()
        .logger(true)
        .state(Node(name))
        .trusted_proxies(proxies)
        .build()?;
    io.run((), addr).await
}
