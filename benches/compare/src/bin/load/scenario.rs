//! [`Scenario`]: the work of one row, and the cost that is measured.

use std::{cell::Cell, time::Duration};

use futures_util::future::try_join_all;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Error, Result,
    client::{Client, check},
    polling::Poller,
    server::Server,
};

/// An event of 118 bytes on the wire.
const DATA: &str = r#"{"id":123456789,"ok":true,"room":"lobby","user":{"name":"Ana Exemplar","tags":["red","amber","green"]}}"#;

/// One row of the table.
pub struct Scenario {
    pub name: &'static str,
    pub work: Work,
}

/// The work of a row.
pub enum Work {
    /// Each client has this number of requests in flight until it has sent `times`. The cost is per request.
    Exchange {
        request: fn() -> Request,
        clients: usize,
        in_flight: usize,
        times: usize,
    },
    /// One client has this number of broadcasts in flight. The cost is per delivery.
    Broadcast {
        clients: usize,
        in_flight: usize,
        times: usize,
    },
    /// The first client of each room emits to it, with one packet in flight. The cost is per delivery.
    Rooms {
        rooms: usize,
        members: usize,
        times: usize,
    },
    /// An echo over HTTP long-polling: one POST and one GET.
    Polling { clients: usize, times: usize },
    /// Connections are opened and join the namespace. The cost is per connection.
    Opening { clients: usize },
    /// Connections that do nothing. The cost is memory per connection, instead of CPU time.
    Idle { clients: usize },
}

/// The packet that a client sends, and the beginning of the response.
#[derive(Clone)]
pub struct Request {
    messages: Vec<Message>,
    answer: &'static str,
}

fn text(event: &'static str, data: &str, answer: &'static str) -> Request {
    Request {
        messages: vec![Message::text(format!("{event},{data}]"))],
        answer,
    }
}

fn echo() -> Request {
    text(r#"42["echo""#, DATA, r#"42["echo""#)
}

fn ack() -> Request {
    text(r#"427["ack""#, DATA, "437[")
}

fn large() -> Request {
    let items: Vec<_> = (0..1530)
        .map(|n| format!(r#"{{"key":"item-{n:05}","n":{n},"on":true,"tags":["red","green"]}}"#))
        .collect();
    let data = format!(r#"{{"id":1,"items":[{}]}}"#, items.join(","));
    text(r#"42["echo""#, &data, r#"42["echo""#)
}

fn binary(bytes: usize) -> Request {
    let packet = r#"451-["bin",{"_placeholder":true,"num":0}]"#;
    Request {
        messages: vec![Message::text(packet), Message::binary(vec![7; bytes])],
        answer: r#"451-["bin""#,
    }
}

/// Returns all rows.
pub fn all() -> Vec<Scenario> {
    let exchange = |request, clients, in_flight, times| Work::Exchange {
        request,
        clients,
        in_flight,
        times,
    };
    let broadcast = |in_flight| Work::Broadcast {
        clients: 1000,
        in_flight,
        times: 100,
    };
    let rows = [
        ("echo, 500 clients", exchange(echo, 500, 1, 100)),
        (
            "echo, 500 clients, 16 in flight",
            exchange(echo, 500, 16, 400),
        ),
        ("ack, 50 clients, 16 in flight", exchange(ack, 50, 16, 4000)),
        ("broadcast to 1,000", broadcast(1)),
        ("broadcast to 1,000, 4 in flight", broadcast(4)),
        (
            "rooms, 1,000 clients in 100",
            Work::Rooms {
                rooms: 100,
                members: 10,
                times: 60,
            },
        ),
        (
            "binary 1 KiB, 200 clients",
            exchange(|| binary(1024), 200, 1, 200),
        ),
        (
            "binary 64 KiB, 50 clients",
            exchange(|| binary(65_536), 50, 1, 100),
        ),
        ("JSON 100 KiB, 20 clients", exchange(large, 20, 1, 50)),
        (
            "polling echo, 100 clients",
            Work::Polling {
                clients: 100,
                times: 150,
            },
        ),
        ("opening a connection", Work::Opening { clients: 1000 }),
        ("idle connection", Work::Idle { clients: 5000 }),
    ];
    rows.map(|(name, work)| Scenario { name, work }).into()
}

impl Scenario {
    /// Returns the unit of the figures of this row.
    pub fn unit(&self) -> &'static str {
        match self.work {
            Work::Idle { .. } => "KiB",
            _ => "µs",
        }
    }

    /// Returns whether memory is measured, for which each sample needs a new process.
    pub fn is_memory(&self) -> bool {
        matches!(self.work, Work::Idle { .. })
    }

    /// Returns the transport, for the floor, which supports one at a time.
    pub fn transport(&self) -> &'static str {
        match self.work {
            Work::Polling { .. } => "polling",
            _ => "websocket",
        }
    }

    /// Takes a sample: microseconds of CPU time, or KiB of memory, per unit of work.
    pub async fn sample(&self, server: &Server) -> Result<f64> {
        match self.work {
            Work::Exchange {
                request,
                clients,
                in_flight,
                times,
            } => {
                let request = request();
                let mut clients = connect(server, clients).await?;
                let mut run = async |times| {
                    let each = |client| exchange(client, &request, in_flight, times);
                    try_join_all(clients.iter_mut().map(each)).await
                };
                run(times / 10 + in_flight).await?;
                let before = server.cpu()?;
                run(times).await?;
                Ok(micros(server.cpu()? - before, clients.len() * times))
            }
            Work::Broadcast {
                clients,
                in_flight,
                times,
            } => {
                let mut clients = connect(server, clients).await?;
                let request = text(r#"42["broadcast""#, DATA, r#"42["broadcast""#);
                let mut run = async |times| address(&mut clients, &request, in_flight, times).await;
                run(times / 5).await?;
                let before = server.cpu()?;
                run(times).await?;
                Ok(micros(server.cpu()? - before, clients.len() * times))
            }
            Work::Rooms {
                rooms,
                members,
                times,
            } => self.rooms(server, rooms, members, times).await,
            Work::Polling { clients, times } => {
                let connecting = (0..clients).map(|_| Poller::connect(server.port));
                let mut clients = try_join_all(connecting).await?;
                let packet = format!(r#"42["echo",{DATA}]"#);
                let mut run = async |times| {
                    let each = async |client: &mut Poller| {
                        for _ in 0..times {
                            client.exchange(&packet, r#"42["echo""#).await?;
                        }
                        Ok::<_, Error>(())
                    };
                    try_join_all(clients.iter_mut().map(each)).await
                };
                run(times / 10).await?;
                let before = server.cpu()?;
                run(times).await?;
                Ok(micros(server.cpu()? - before, clients.len() * times))
            }
            Work::Opening { clients } => {
                connect(server, clients / 10).await?;
                settle(server).await?;
                let before = server.cpu()?;
                let clients = connect(server, clients).await?;
                Ok(micros(server.cpu()? - before, clients.len()))
            }
            Work::Idle { clients } => {
                let warm = connect(server, 50).await?;
                let before = server.memory()?;
                let clients = connect(server, clients).await?;
                settle(server).await?;
                let grown = server.memory()?.saturating_sub(before);
                drop(warm);
                Ok(grown as f64 / 1024.0 / clients.len() as f64)
            }
        }
    }

    async fn rooms(
        &self,
        server: &Server,
        rooms: usize,
        members: usize,
        times: usize,
    ) -> Result<f64> {
        let mut clients = connect(server, rooms * members).await?;
        for (index, client) in clients.iter_mut().enumerate() {
            let join = format!(r#"427["join","room{}"]"#, index / members);
            client.send(Message::text(join)).await?;
            client.next_with("437").await?;
        }
        let mut run = async |times| {
            let each = async |(room, audience): (usize, &mut [Client])| {
                let packet = format!(r#"42["room","room{room}",{DATA}]"#);
                let request = Request {
                    messages: vec![Message::text(packet)],
                    answer: r#"42["room""#,
                };
                address(audience, &request, 1, times).await
            };
            try_join_all(clients.chunks_mut(members).enumerate().map(each)).await
        };
        run(times / 5).await?;
        let before = server.cpu()?;
        run(times).await?;
        Ok(micros(server.cpu()? - before, clients.len() * times))
    }
}

/// Opens connections, 50 at a time.
async fn connect(server: &Server, count: usize) -> Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        let batch = (count - clients.len()).min(50);
        let batch = (0..batch).map(|_| Client::connect(server.port));
        clients.extend(try_join_all(batch).await?);
    }
    Ok(clients)
}

/// Sends a request `times` times, with a number of them in flight, and reads all available messages at once, so that the system
/// calls of the load generator do not determine those of the server.
async fn exchange(
    client: &mut Client,
    request: &Request,
    in_flight: usize,
    times: usize,
) -> Result {
    let parts = request.messages.len();
    let (mut sent, mut received) = (0, 0);
    while received < times * parts {
        let allowed = times.min(received / parts + in_flight);
        if sent < allowed {
            for _ in sent..allowed {
                for message in &request.messages {
                    client.feed(message.clone()).await?;
                }
            }
            sent = allowed;
            client.flush().await?;
        }
        received += take(client, request.answer).await?;
    }
    Ok(())
}

/// The first of the clients emits to all of them `times` times. A packet is in flight until all have received it.
async fn address(
    audience: &mut [Client],
    request: &Request,
    in_flight: usize,
    times: usize,
) -> Result {
    let size = audience.len();
    let heard = Cell::new(0);
    let (speaker, listeners) = audience.split_first_mut().ok_or("nobody there")?;
    let speaking = async {
        let (mut sent, mut received) = (0, 0);
        while received < times {
            while sent < times && sent < heard.get() / size + in_flight {
                for message in &request.messages {
                    speaker.send(message.clone()).await?;
                }
                sent += 1;
            }
            if received < sent {
                let count = take(speaker, request.answer).await?;
                heard.set(heard.get() + count);
                received += count;
            } else {
                tokio::task::yield_now().await;
            }
        }
        Ok::<_, Error>(())
    };
    let listening = listeners.iter_mut().map(async |client| {
        let mut received = 0;
        while received < times {
            let count = take(client, request.answer).await?;
            heard.set(heard.get() + count);
            received += count;
        }
        Ok::<_, Error>(())
    });
    tokio::try_join!(speaking, try_join_all(listening))?;
    Ok(())
}

/// Waits for a message, and takes all that are available.
async fn take(client: &mut Client, prefix: &str) -> Result<usize> {
    check(&client.next().await?, prefix)?;
    let mut count = 1;
    while let Some(message) = client.try_next() {
        check(&message?, prefix)?;
        count += 1;
    }
    Ok(count)
}

/// Waits until the server has been idle for a while.
async fn settle(server: &Server) -> Result {
    let mut before = server.cpu()?;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = server.cpu()?;
        if now - before < Duration::from_millis(5) {
            break;
        }
        before = now;
    }
    Ok(())
}

fn micros(cpu: Duration, count: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / count as f64
}
