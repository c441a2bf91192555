//! A client over HTTP long-polling, on two connections that are kept alive, like a browser.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Result;

/// A client in the main namespace.
pub struct Poller {
    get: Http,
    post: Http,
    path: String,
}

impl Poller {
    /// Opens a session and joins the main namespace.
    pub async fn connect(port: u16) -> Result<Self> {
        let mut get = Http::connect(port).await?;
        let path = "/socket.io/?EIO=4&transport=polling";
        let open = get.request("GET", path, "").await?;
        let sid = open
            .split_once(r#""sid":""#)
            .and_then(|(_, rest)| rest.split_once('"'))
            .ok_or("no sid")?
            .0;
        let mut poller = Poller {
            path: format!("{path}&sid={sid}"),
            get,
            post: Http::connect(port).await?,
        };
        poller.exchange("40", "40{").await?;
        Ok(poller)
    }

    /// Posts a packet while a poll is pending. The response of the poll must begin with `prefix`.
    pub async fn exchange(&mut self, packet: &str, prefix: &str) -> Result {
        self.get.send("GET", &self.path, "").await?;
        let said = self.post.request("POST", &self.path, packet).await?;
        if !said.eq_ignore_ascii_case("ok") {
            return Err(format!("the POST was answered {said}").into());
        }
        loop {
            let payload = self.get.receive().await?;
            let mut pinged = false;
            for answer in payload.split('\x1e') {
                match answer {
                    "2" => pinged = true,
                    _ if answer.starts_with(prefix) => return Ok(()),
                    _ => return Err(format!("expected {prefix}.., got {answer:.80}").into()),
                }
            }
            if pinged {
                self.post.request("POST", &self.path, "3").await?;
            }
            self.get.send("GET", &self.path, "").await?;
        }
    }
}

/// One connection, one request at a time.
struct Http {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Http {
    async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Http {
            stream,
            buffer: Vec::new(),
        })
    }

    async fn request(&mut self, method: &str, path: &str, body: &str) -> Result<String> {
        self.send(method, path, body).await?;
        self.receive().await
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Result {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
        if method == "POST" {
            let length = body.len();
            head +=
                &format!("content-type: text/plain;charset=UTF-8\r\ncontent-length: {length}\r\n");
        }
        head += "\r\n";
        head += body;
        Ok(self.stream.write_all(head.as_bytes()).await?)
    }

    async fn receive(&mut self) -> Result<String> {
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let text = str::from_utf8(&self.buffer)?;
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            if !head.starts_with("HTTP/1.1 200") {
                return Err(format!("{text:.200}").into());
            }
            let length: usize = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .ok_or("no content-length")?
                .1
                .trim()
                .parse()?;
            if body.len() >= length {
                return Ok(body.to_owned());
            }
        }
    }
}
