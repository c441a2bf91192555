//! A client over WebSocket that speaks just enough Engine.IO and Socket.IO.

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::{Error, Result};

/// A client in the main namespace.
pub struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// Opens a connection and joins the main namespace.
    pub async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024);
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        let mut client = Client(socket);
        client.next_with("0{").await?;
        client.send(Message::text("40")).await?;
        client.next_with("40{").await?;
        Ok(client)
    }

    /// Queues a message, which the next [`Client::flush`] sends.
    pub async fn feed(&mut self, message: Message) -> Result {
        Ok(self.0.feed(message).await?)
    }

    pub async fn flush(&mut self) -> Result {
        Ok(self.0.flush().await?)
    }

    pub async fn send(&mut self, message: Message) -> Result {
        self.feed(message).await?;
        self.flush().await
    }

    /// Waits for the next message that is not a ping.
    pub async fn next(&mut self) -> Result<Message> {
        loop {
            match self.0.next().await.ok_or("the server has gone")?? {
                Message::Text(text) if text == "2" => self.send(Message::text("3")).await?,
                Message::Close(_) => return Err("the server closed the connection".into()),
                message => return Ok(message),
            }
        }
    }

    /// Returns a message that has been received already.
    pub fn try_next(&mut self) -> Option<Result<Message>> {
        self.next().now_or_never()
    }

    /// Waits for the next message, which must begin with `prefix`.
    pub async fn next_with(&mut self, prefix: &str) -> Result {
        check(&self.next().await?, prefix)
    }
}

/// Checks that a text begins with `prefix`. Attachments are not checked.
pub fn check(message: &Message, prefix: &str) -> Result {
    match message {
        Message::Text(text) if !text.starts_with(prefix) => {
            Err(Error::from(format!("expected {prefix}.., got {text:.80}")))
        }
        _ => Ok(()),
    }
}
