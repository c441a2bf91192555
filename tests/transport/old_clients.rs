//! Clients of Engine.IO 3 with Socket.IO 3 or 4, beside current ones.

use std::time::Duration;

use socketio::{Auth, ConnectionRefused, Data, Reason, Socket, SocketIo, State};
use test_support::{
    Log, Notes,
    engine_client::{Connector, Frame, WebSocket},
    settle,
};

const POLLING: &str = "/socket.io/?EIO=3&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=3&transport=websocket";

fn server() -> SocketIo {
    SocketIo::bare()
        .allow_eio3(true)
        .on("connect", |auth: Auth<Option<Data>>, socket: Socket| {
            if auth.is_some() {
                socket.emit("auth", &*auth);
            }
        })
        .on("echo", |data: Data| data)
        .on("join", |room: String, socket: Socket| {
            socket.join_room(&room).unwrap();
        })
        .on("ask", async |question: Data, socket: Socket| -> Data {
            socket.call("question", question).await.unwrap()
        })
        .on_in("/chat", "connect", |auth: Auth<Option<Data>>| {
            match auth.into_inner() {
                Some(Data::Object(auth)) if auth.contains_key("token") => Ok(()),
                auth => Err(ConnectionRefused::new("no token").data(auth)),
            }
        })
        .on_in("/chat", "sid", |socket: Socket| socket.sid().clone())
        .on_in("/refused", "connect", || false)
        .build()
        .unwrap()
}

async fn websocket(connector: &Connector, query: &str) -> WebSocket {
    let stream = connector.connect().await;
    let target = format!("{WEBSOCKET}{query}");
    let mut socket = WebSocket::upgrade(stream, &target).await.unwrap();
    assert!(socket.text().await.starts_with("0{"));
    socket
}

/// A client that polls without binary support.
struct Polling {
    connector: Connector,
    target: String,
}

impl Polling {
    async fn open(connector: &Connector, query: &str) -> Self {
        let target = format!("{POLLING}{query}");
        let open = connector.request("GET", &target, "").await;
        let (_, sid) = open.body.split_once("sid").unwrap();
        let sid: String = sid
            .trim_start_matches(['\\', '"', ':'])
            .chars()
            .take(20)
            .collect();
        Polling {
            connector: connector.clone(),
            target: format!("{POLLING}&sid={sid}"),
        }
    }

    async fn get(&self) -> String {
        let answer = self.connector.request("GET", &self.target, "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    async fn post(&self, body: &str) {
        let answer = self.connector.request("POST", &self.target, body).await;
        assert_eq!((answer.status, &*answer.body), (200, "ok"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_namespace_is_joined_without_a_request() {
    let io = server();
    let connector = Connector::serve(&io);
    let mut socket = websocket(&connector, "").await;
    assert_eq!(socket.text().await, "40");
    socket.send(r#"421["echo","hé"]"#).await;
    assert_eq!(socket.text().await, r#"431["hé"]"#);
    // Some clients ask all the same.
    socket.send("40").await;
    socket.send(r#"422["echo",2]"#).await;
    assert_eq!(socket.text().await, "432[2]");

    let polling = Polling::open(&connector, "&b64=1").await;
    assert_eq!(polling.get().await, "2:40");
    polling.post(r#"16:421["echo","hé"]"#).await;
    assert_eq!(polling.get().await, r#"14:431["h\u00e9"]"#);
    assert_eq!(io.sockets("/").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_query_of_the_url_is_the_auth_of_the_default_namespace() {
    let connector = Connector::serve(&server());
    let mut socket = websocket(&connector, "&token=a%20b&t=x&n=1&n=2").await;
    assert_eq!(socket.text().await, "40");
    assert_eq!(
        socket.text().await,
        r#"42["auth",{"n":["1","2"],"token":"a b"}]"#
    );
}

#[tokio::test(start_paused = true)]
async fn the_query_of_a_connect_packet_is_the_auth_of_its_namespace() {
    let connector = Connector::serve(&server());
    let mut socket = websocket(&connector, "").await;
    assert_eq!(socket.text().await, "40");
    socket.send("40/chat,").await;
    assert_eq!(socket.text().await, r#"44/chat,"no token""#);
    socket.send("40/chat?name=x,").await;
    assert_eq!(socket.text().await, r#"44/chat,{"name":"x"}"#);
    socket.send("40/chat?token=secret").await;
    assert_eq!(socket.text().await, "40/chat,");
    socket.send(r#"42/chat,7["sid"]"#).await;
    assert!(socket.text().await.starts_with(r#"43/chat,7[""#));
    socket.send("41/chat,").await;
    socket.send(r#"421["echo",1]"#).await;
    assert_eq!(socket.text().await, "431[1]");
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_gets_an_error_and_not_an_object() {
    let connector = Connector::serve(&server());
    let mut socket = websocket(&connector, "").await;
    assert_eq!(socket.text().await, "40");
    socket.send("40/nowhere").await;
    assert_eq!(socket.text().await, r#"44/nowhere,"Invalid namespace""#);
    socket.send("40/refused").await;
    assert_eq!(
        socket.text().await,
        r#"44/refused,"Connection rejected by server""#
    );
    socket.send(r#"421["echo",1]"#).await;
    assert_eq!(socket.text().await, "431[1]");
}

#[tokio::test(start_paused = true)]
async fn the_default_namespace_is_joined_even_without_handlers() {
    let io = SocketIo::bare()
        .allow_eio3(true)
        .on_in("/chat", "echo", |data: Data| data)
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut socket = websocket(&connector, "").await;
    // Python clients wait for this before they ask for other namespaces.
    assert_eq!(socket.text().await, "40");
    socket.send("40/chat").await;
    assert_eq!(socket.text().await, "40/chat,");
    socket.send(r#"42/chat,1["echo",1]"#).await;
    assert_eq!(socket.text().await, "43/chat,1[1]");
    assert_eq!(io.sockets("/").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn binary_data_and_acknowledgements_go_both_ways() {
    let connector = Connector::serve(&server());
    let mut socket = websocket(&connector, "").await;
    assert_eq!(socket.text().await, "40");
    let attachment = Frame::Binary(vec![4, 1, 2, 3]);
    socket
        .send(r#"451-1["ask",{"_placeholder":true,"num":0}]"#)
        .await;
    socket.send_frame(&attachment).await.unwrap();
    assert_eq!(
        socket.text().await,
        r#"451-1["question",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(socket.frame().await, Some(attachment.clone()));
    socket.send(r#"461-1[{"_placeholder":true,"num":0}]"#).await;
    socket.send_frame(&attachment).await.unwrap();
    assert_eq!(
        socket.text().await,
        r#"461-1[{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(socket.frame().await, Some(attachment));

    let polling = Polling::open(&connector, "&b64=1").await;
    assert_eq!(polling.get().await, "2:40");
    let packets = r#"48:451-1["echo",{"_placeholder":true,"num":0}]"#;
    let packets = packets.replace("48:", &format!("{}:", packets.len() - 3));
    polling.post(&format!("{packets}6:b4AQID")).await;
    let ack = r#"461-1[{"_placeholder":true,"num":0}]"#;
    let expected = format!("{}:{ack}6:b4AQID", ack.len());
    assert_eq!(polling.get().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_old_and_current_clients_in_one_room() {
    let io = server();
    let connector = Connector::serve(&io);
    let mut current = connector.websocket().await;
    current.join("/").await;
    let mut old = websocket(&connector, "").await;
    assert_eq!(old.text().await, "40");
    let polling = Polling::open(&connector, "&b64=1").await;
    assert_eq!(polling.get().await, "2:40");
    let jsonp = Polling::open(&connector, "&j=3").await;
    assert_eq!(jsonp.get().await, r#"___eio[3]("2:40");"#);

    current.send(r#"42["join","r"]"#).await;
    old.send(r#"42["join","r"]"#).await;
    polling.post(r#"14:42["join","r"]"#).await;
    jsonp.post("d=14%3A42%5B%22join%22%2C%22r%22%5D").await;
    settle().await;

    let bytes = Data::Binary(vec![1, 2, 3].into());
    io.to("r").emit("news", (bytes, "é"));
    let packet = r#"451-["news",{"_placeholder":true,"num":0},"é"]"#;
    assert_eq!(current.text().await, packet);
    assert_eq!(current.frame().await, Some(Frame::Binary(vec![1, 2, 3])));
    assert_eq!(old.text().await, packet);
    assert_eq!(old.frame().await, Some(Frame::Binary(vec![4, 1, 2, 3])));
    let ascii = packet.replace('é', r"\u00e9");
    let payload = format!("{}:{ascii}6:b4AQID", ascii.len());
    assert_eq!(polling.get().await, payload);
    let script = format!("___eio[3]({});", serde_json::to_string(&payload).unwrap());
    assert_eq!(jsonp.get().await, script);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_or_is_silent_is_disconnected() {
    let notes = Notes::default();
    let io = SocketIo::bare()
        .allow_eio3(true)
        .ping_interval(Duration::from_secs(3))
        .ping_timeout(Duration::from_secs(2))
        .on("disconnect", |reason: Reason, notes: State<Notes>| {
            notes.add(reason.as_str());
        })
        .state(notes.clone())
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let mut leaving = websocket(&connector, "").await;
    leaving.send("41").await;
    settle().await;
    assert_eq!(notes.take(), ["client disconnect"]);

    let polling = Polling::open(&connector, "").await;
    polling.post("1:1").await;
    settle().await;
    assert_eq!(notes.take(), ["client disconnect"]);

    let mut silent = websocket(&connector, "").await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(4)).await;
        silent.send("2").await;
    }
    let frames = silent.frames_to_the_end().await;
    let pongs = frames
        .iter()
        .filter(|frame| **frame == Frame::Text("3".into()));
    assert_eq!(pongs.count(), 3);
    assert_eq!(notes.take(), ["ping timeout"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_disconnects_an_old_client_tells_it() {
    let io = server();
    let connector = Connector::serve(&io);
    let mut socket = websocket(&connector, "").await;
    assert_eq!(socket.text().await, "40");
    io.sockets("/")[0].disconnect();
    assert_eq!(socket.text().await, "41");
}

#[tokio::test(start_paused = true)]
async fn without_the_option_the_log_names_it() {
    let log = Log::default();
    let _collecting = log.collect();
    let io = SocketIo::bare().on("echo", || ()).build().unwrap();
    let connector = Connector::serve(&io);
    let answer = connector.request("GET", POLLING, "").await;
    assert_eq!(
        (answer.status, &*answer.body),
        (
            400,
            r#"{"code":5,"message":"Unsupported protocol version"}"#
        )
    );
    let lines = log.lines("allow_eio3(true)");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("WARN") && lines[0].contains("EIO=3"));
}
