//! Parsers: handlers do not depend on the parser, and values that a parser cannot encode are errors.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, ConnectionRefused, Data, Rest, SocketIo, SocketIoBuilder, broadcast, call,
    disconnect, emit, handlers,
    parser::{Decoder, Json, Message, Packet, PacketLimits, Parser},
};
use socketio_test::{ConnectError, TestClient, event};

#[derive(Deserialize, Serialize)]
struct Upload {
    name: String,
    data: Bytes,
    size: u64,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[socketio::event(namespace = "/private")]
async fn connect(auth: Auth<Option<Token>>) -> Result<(), ConnectionRefused> {
    match auth.into_inner() {
        Some(Token { token }) if token == "secret" => Ok(()),
        Some(_) => Err(ConnectionRefused::new("unknown token").data(json!({"retry": [1]}))),
        None => Err(ConnectionRefused::default()),
    }
}

#[socketio::event]
async fn echo(arguments: Rest<Data>) -> Rest<Data> {
    emit("echo", &arguments);
    arguments
}

#[socketio::event]
async fn upload(upload: Upload, exact: i128) -> (String, Bytes, i128) {
    broadcast().emit("uploaded", &upload);
    (upload.name, upload.data, exact + 1)
}

#[socketio::event]
async fn ask(question: String) -> socketio::Result<(u64, Bytes)> {
    Ok(call("question", (question, Bytes::from_static(b"?"))).await?)
}

#[socketio::event]
async fn leave() {
    disconnect();
}

fn server() -> SocketIoBuilder {
    SocketIo::bare().handlers(handlers![connect, echo, upload, ask, leave])
}

/// Checks the features of a server, with any parser.
async fn converses(io: SocketIo) {
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();

    let blob = Bytes::from_static(b"\x00\xff");
    let payload = (1, json!({"a": [null, true, -1.5]}), blob.clone());
    let echoed: (u8, Value, Bytes) = ana.call("echo", &payload).await.unwrap();
    assert_eq!(echoed, payload);
    assert_eq!(ana.received(), [event("echo", &payload)]);
    ana.call::<()>("echo", ()).await.unwrap();
    assert_eq!(ana.received(), [event("echo", ())]);

    let upload = Upload {
        name: String::from("é"),
        data: blob.clone(),
        size: u64::MAX,
    };
    let answer: (String, Bytes, i128) = ana.call("upload", (&upload, i64::MIN)).await.unwrap();
    assert_eq!(answer, ("é".into(), blob, i128::from(i64::MIN) + 1));
    assert_eq!(bo.received(), [event("uploaded", &upload)]);

    bo.on("question", |(text, mark): (String, Bytes)| {
        (text.len(), mark)
    });
    let (length, mark): (u64, Bytes) = bo.call("ask", "why").await.unwrap();
    assert_eq!((length, &mark[..]), (3, &b"?"[..]));

    let failed: Value = ana.call("upload", "no upload").await.unwrap();
    assert_eq!(
        failed,
        json!({"error": "argument 1: invalid type: string \"no upload\", expected struct Upload"})
    );
    let failed: Value = ana.call("nothing", ()).await.unwrap();
    assert_eq!(failed, json!({"error": "unknown event"}));

    let private = ana.connect_to("/private");
    let private = private.auth(&json!({"token": "secret"})).await.unwrap();
    assert!(private.is_connected());
    let refused = bo.connect_to("/private").auth(&json!({"token": ""})).await;
    let Err(ConnectError::Refused { message, data }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (&*message, data),
        ("unknown token", Some(json!({"retry": [1]})))
    );
    let refused = bo.connect_to("/private").await;
    assert!(matches!(refused, Err(ConnectError::Refused { .. })));
    let unknown = bo.connect_to("/unknown").await;
    assert!(
        matches!(unknown, Err(ConnectError::Refused { message, .. }) if message == "Invalid namespace")
    );

    ana.emit("leave", ()).await.unwrap();
    assert!(!ana.is_connected() && private.is_connected() && bo.is_connected());
    bo.disconnect().await.unwrap();
}

#[tokio::test]
async fn the_default_parser_works() {
    converses(server().build().unwrap()).await;
    converses(server().parser(Json).build().unwrap()).await;
}

/// JSON that sends large integers as strings.
struct ExactIntegers;

impl Parser for ExactIntegers {
    fn encode(&self, mut packet: Packet) -> Result<Vec<Message>, BoxError> {
        packet.values_mut().iter_mut().for_each(exact);
        Json.encode(packet)
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Json.decoder(limits)
    }
}

fn exact(data: &mut Data) {
    match data {
        Data::Number(number) if number.as_u64().is_some_and(|n| n > 1 << 53) => {
            *data = Data::String(number.to_string());
        }
        Data::Array(elements) => elements.iter_mut().for_each(exact),
        Data::Object(entries) => entries.values_mut().for_each(exact),
        _ => {}
    }
}

/// The JSON parser through the public interface of parsers.
struct Plain;

impl Parser for Plain {
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError> {
        Json.encode(packet)
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Json.decoder(limits)
    }
}

#[tokio::test]
async fn a_custom_parser_works() {
    converses(server().parser(Plain).build().unwrap()).await;
}

#[tokio::test]
async fn a_parser_that_wraps_another_can_change_values() {
    let io = server().parser(ExactIntegers).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    io.emit(
        "numbers",
        (u64::MAX, [1u64 << 54], BTreeMap::from([("a", 1)])),
    );
    let numbers = json!([u64::MAX.to_string(), ["18014398509481984"], {"a": 1}]);
    assert_eq!(
        client.next().await.args(),
        Data::from(numbers).as_array().unwrap()
    );
}

/// A parser that can't encode any packet.
struct Mute;

impl Parser for Mute {
    fn encode(&self, _packet: Packet) -> Result<Vec<Message>, BoxError> {
        Err("mute".into())
    }

    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
        Json.decoder(limits)
    }
}

#[tokio::test]
async fn a_value_that_a_parser_cannot_encode_is_an_error_of_emit() {
    let io = server().parser(Mute).build().unwrap();
    assert_eq!(
        io.try_emit("x", 1).unwrap_err().to_string(),
        "the event was not sent: the parser can't encode the packet: mute"
    );
}

#[cfg(feature = "msgpack")]
mod msgpack {
    use socketio::{Reason, parser::MsgPack};

    use super::*;

    #[tokio::test]
    async fn messagepack_works() {
        converses(server().parser(MsgPack).build().unwrap()).await;
    }

    #[tokio::test]
    async fn each_packet_is_one_binary_message() {
        let io = server().parser(MsgPack).build().unwrap();
        let client = TestClient::connect(&io, "/").await.unwrap();
        let blobs = [Bytes::from_static(b"a"), Bytes::from_static(b"b")];
        client.call::<()>("echo", &blobs).await.unwrap();
        // CONNECT and its response; the event, its emits and its acknowledgement.
        let packets = client.packets();
        assert_eq!(packets.len(), 5, "{packets:?}");
        assert!(packets.iter().all(|packet| packet.binary().is_some()));
    }

    #[tokio::test]
    async fn a_client_that_sends_an_invalid_packet_is_disconnected() {
        for bytes in [
            &b""[..],
            b"\xc1",
            b"\x82\xa4type\x05\xa3nsp\xa1/",
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa7connect",
            b"\x83\xa4type\x02\xa3nsp\xa6/other\xa4data\x91\xa1x",
            b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\xa1x",
        ] {
            let io = server().parser(MsgPack).build().unwrap();
            let client = TestClient::connect(&io, "/").await.unwrap();
            _ = client.send_raw_binary(bytes).await;
            assert_eq!(
                client.disconnected().await,
                Reason::ParseError,
                "{bytes:x?}"
            );
        }
    }

    #[tokio::test]
    async fn a_client_that_sends_json_to_messagepack_is_disconnected() {
        let io = server().parser(MsgPack).build().unwrap();
        let connection = TestClient::builder(&io).open().unwrap();
        _ = connection.send_raw("0").await;
        assert_eq!(connection.closed().await, Reason::ParseError);
    }

    #[tokio::test]
    async fn an_integer_too_large_for_messagepack_fails_the_emit() {
        let io = server().parser(MsgPack).build().unwrap();
        assert!(io.try_emit("x", u128::MAX).is_err());
        assert!(io.try_emit("x", f64::NAN).is_ok());
    }
}

// D33
#[tokio::test]
async fn floats_that_json_can_not_represent_are_sent_as_null() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    io.emit("number", (f64::NAN, f64::INFINITY, 1.5));
    let packets = client.packets();
    let text = packets.last().unwrap().text().unwrap();
    assert_eq!(text, r#"2["number",null,null,1.5]"#);
}
