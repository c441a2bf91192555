//! Checks the queue of a broker against the contract of message queues. `tests/brokers/test_contract.py` runs it for each rule:
//!
//! ```text
//! broker_contract --rules [--too-large BYTES]
//! broker_contract RULE --url URL --proxied-url URL --proxy LISTEN:TARGET --unreachable-url URL [--too-large BYTES]
//! broker_contract --unacknowledged CHANNEL --url URL
//! broker_contract --once-rules
//! broker_contract --once RULE --url URL
//! broker_contract --event-store PREFIX --url URL
//! broker_contract --deliveries PREFIX --url URL
//! ```
//!
//! `--proxied-url` leads to the port LISTEN, where a proxy passes everything on to the port TARGET of the broker, and fails as a rule
//! demands. Without the URLs nothing is checked, and the program fails. `--once` checks the store of `once` in Redis, `--event-store` the
//! event store, and `--deliveries` the limits of kept events, with keys of this prefix.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use socketio::{
    BoxError, DeliverError, Deliveries, MemoryOnce, RedisOnce, RedisStreams, SocketIo,
    message_queue::{Kafka, MessageQueue, Nats, RabbitMq, Redis},
};
use socketio_test::{
    EventStoreContract, MessageQueueContract, Network, OnceStoreContract, TestClient, TestQueue,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Up,
    Cut,
    Hung,
}

/// A TCP proxy between a queue and its broker.
struct Proxy {
    state: watch::Sender<State>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    async fn listen(port: u16, target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let proxy = Proxy {
            state: watch::Sender::new(State::Up),
            connections: Arc::default(),
        };
        let (state, connections) = (proxy.state.subscribe(), Arc::clone(&proxy.connections));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let open = Open::new(&connections);
                let state = state.clone();
                tokio::spawn(async move {
                    let _open = open;
                    let _ = carry(near, target, state).await;
                });
            }
        });
        Ok(proxy)
    }
}

impl Network for Proxy {
    fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    fn hang(&self) {
        self.state.send_replace(State::Hung);
    }

    fn restore(&self) {
        self.state.send_replace(State::Up);
    }

    fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

/// Counts a connection until it is dropped.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(connections: &Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, SeqCst);
        Open(Arc::clone(connections))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Carries one connection, until either side or the network ends it.
async fn carry(
    near: TcpStream,
    target: u16,
    mut state: watch::Receiver<State>,
) -> std::io::Result<()> {
    let (mut from_near, to_near) = near.into_split();
    let now = *state.borrow_and_update();
    match now {
        State::Cut => return Ok(()),
        State::Hung => return swallow(&mut from_near, &mut state).await,
        State::Up => {}
    }
    let far = TcpStream::connect(("127.0.0.1", target)).await?;
    far.set_nodelay(true)?;
    let (mut from_far, mut to_far) = far.into_split();
    let mut to_near = to_near;
    tokio::select! {
        // First, so that nothing that is sent after a cut passes.
        biased;
        _ = state.changed() => {}
        ended = copy(&mut from_near, &mut to_far) => return ended,
        ended = copy(&mut from_far, &mut to_near) => return ended,
    }
    let now = *state.borrow_and_update();
    match now {
        State::Hung => swallow(&mut from_near, &mut state).await,
        State::Up | State::Cut => Ok(()),
    }
}

async fn copy(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer).await? {
            0 => return Ok(()),
            length => to.write_all(&buffer[..length]).await?,
        }
    }
}

/// Reads without passing anything on, until the client closes the connection or the network changes.
async fn swallow(
    from: &mut OwnedReadHalf,
    state: &mut watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        tokio::select! {
            biased;
            _ = state.changed() => return Ok(()),
            read = from.read(&mut buffer) => if read? == 0 { return Ok(()) },
        }
    }
}

fn queue(url: &str) -> Result<Arc<dyn MessageQueue>, BoxError> {
    Ok(match url.split("://").next() {
        Some("redis") => Arc::new(Redis::new(url)?),
        Some("amqp") => Arc::new(RabbitMq::new(url)?),
        Some("kafka") => Arc::new(Kafka::new(url)?),
        Some("nats") => Arc::new(Nats::new(url)?),
        _ => return Err("an unknown scheme".into()),
    })
}

struct Options(Vec<String>);

impl Options {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }

    fn get(&self, name: &str) -> Result<&str, BoxError> {
        let at = self.0.iter().position(|argument| argument == name);
        let value = at.and_then(|at| self.0.get(at + 1));
        Ok(value.ok_or_else(|| format!("{name} is missing"))?)
    }

    fn limits(&self, contract: MessageQueueContract) -> Result<MessageQueueContract, BoxError> {
        match self.has("--too-large") {
            true => Ok(contract.too_large(self.get("--too-large")?.parse()?)),
            false => Ok(contract),
        }
    }
}

async fn check(options: &Options) -> Result<(), BoxError> {
    let rule = options.0.first().ok_or("a rule is missing")?;
    let (listen, target) = options
        .get("--proxy")?
        .split_once(':')
        .ok_or("LISTEN:TARGET")?;
    let proxy = Proxy::listen(listen.parse()?, target.parse()?).await?;
    let contract = MessageQueueContract::new(queue(options.get("--url")?)?)
        .network(queue(options.get("--proxied-url")?)?, proxy)
        .unreachable(
            queue(options.get("--unreachable-url")?)?,
            "127.0.0.1:1",
            "hunter2",
        );
    Ok(options.limits(contract)?.check(rule).await?)
}

/// Prints the rules, without a broker.
fn list(options: &Options) -> Result<(), BoxError> {
    let queue = TestQueue::new();
    let contract = MessageQueueContract::new(queue.clone())
        .unreachable(queue.clone(), "", "")
        .network(queue, NoNetwork);
    for rule in options.limits(contract)?.rules() {
        println!("{rule}");
    }
    Ok(())
}

/// Checks the store of `once` in Redis.
async fn check_once(options: &Options) -> Result<(), BoxError> {
    let store = RedisOnce::new(options.get("--url")?)?.prefix("socketio-contract");
    let contract = OnceStoreContract::new(store).leases(true);
    Ok(contract.check(options.get("--once")?).await?)
}

struct NoNetwork;

impl Network for NoNetwork {
    fn cut(&self) {}

    fn hang(&self) {}

    fn restore(&self) {}

    fn connections(&self) -> usize {
        0
    }
}

/// Checks the store of events and sessions in Redis.
async fn check_event_store(options: &Options) -> Result<(), BoxError> {
    let store = RedisStreams::new(options.get("--url")?)?;
    let store = store.prefix(options.get("--event-store")?);
    EventStoreContract::new(store).check_all().await;
    Ok(())
}

/// Checks that kept events of one recipient in Redis take no more than their share, which is free again when they have gone.
async fn check_deliveries(options: &Options) -> Result<(), BoxError> {
    let redis = Redis::new(options.get("--url")?)?;
    let io = SocketIo::bare()
        .on("login", |user: String| socketio::set_user(user).is_ok())
        .deliveries(
            Deliveries::default()
                .redis(redis, options.get("--deliveries")?)
                .on_undelivered(async |_| ())
                .max_bytes_per_recipient(10_000),
        )
        .build()?;
    let text = "x".repeat(3_000);
    let fill = async |user: &str| -> Result<(), BoxError> {
        for _ in 0..3 {
            let kept = io.to_user(user).deliver("x", &text);
            kept.expires(Duration::from_secs(3)).await?;
        }
        let refused = io.to_user(user).deliver("x", &text).await;
        assert!(
            matches!(refused, Err(DeliverError::Full(option)) if option.contains("max_bytes_per_recipient")),
            "{refused:?}"
        );
        Ok(())
    };
    fill("ana").await?;
    fill("bo").await?;
    let client = TestClient::connect(&io, "/").await?;
    client.on("x", |_: String| ());
    assert!(client.call::<bool>("login", "ana").await?);
    for _ in 0..3 {
        client.next().await;
    }
    // Those of the other user expire.
    tokio::time::sleep(Duration::from_secs(6)).await;
    client.disconnect().await?;
    fill("ana").await?;
    fill("bo").await
}

/// Receives one message, cancels the next `receive` after one poll, and stays idle until it is killed.
async fn leave_unacknowledged(options: &Options) -> Result<(), BoxError> {
    let channel = options.get("--unacknowledged")?;
    let queue = queue(options.get("--url")?)?;
    let mut subscription = queue.subscription(channel).await?;
    let mut publisher = queue.publisher(channel).await?;
    publisher.publish(&["message".into()]).await?;
    subscription.receive().await?;
    println!("RECEIVED");
    let cancelled = {
        let mut receiving = subscription.receive();
        std::future::poll_fn(|cx| std::task::Poll::Ready(receiving.as_mut().poll(cx))).await
    };
    assert!(cancelled.is_pending(), "there was one message only");
    println!("CANCELLED");
    std::future::pending().await
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options(std::env::args().skip(1).collect());
    let result = if options.has("--rules") {
        list(&options)
    } else if options.has("--once-rules") {
        let contract = OnceStoreContract::new(MemoryOnce::new()).leases(true);
        contract.rules().for_each(|rule| println!("{rule}"));
        Ok(())
    } else if options.has("--once") {
        check_once(&options).await
    } else if options.has("--unacknowledged") {
        leave_unacknowledged(&options).await
    } else if options.has("--event-store") {
        check_event_store(&options).await
    } else if options.has("--deliveries") {
        check_deliveries(&options).await
    } else {
        check(&options).await
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
