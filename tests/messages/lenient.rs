//! Values that JSON lacks, and values that are not JSON: at most their event fails.

use serde_json::{Value, json};
use socketio::{Auth, Data, Rest, SocketIo, call, handlers};
use socketio_test::{CallFailed, TestClient};
use test_support::Log;

#[socketio::event]
async fn float(number: f64) -> String {
    number.to_string()
}

#[socketio::event]
async fn integer(number: i64) -> i64 {
    number
}

#[socketio::event]
async fn echo(values: Rest<Data>) -> Rest<Data> {
    values
}

#[socketio::event]
async fn text(text: String) -> String {
    text
}

#[socketio::event]
async fn ask() -> Result<Value, String> {
    call("question", ())
        .await
        .map_err(|error| error.to_string())
}

#[socketio::on("connect", namespace = "/auth")]
async fn connect(auth: Auth<Value>) {
    assert_eq!(*auth, json!({"age": null, "name": "cut \u{fffd}"}));
}

fn server() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![float, integer, echo, text, ask, connect])
        .build()
        .unwrap()
}

/// Sends an event with the id 7, and returns the text of its acknowledgement.
async fn acknowledgement(client: &TestClient, packet: &str) -> String {
    let _ = client.send_raw(packet).await;
    let packets = client.packets();
    let last = packets.last().unwrap();
    let text = last.text().unwrap_or_default();
    text.strip_prefix("37")
        .unwrap_or_else(|| panic!("{packet}: {packets:?}"))
        .to_owned()
}

#[tokio::test]
async fn numbers_that_json_lacks_are_read_and_the_connection_stays_open() {
    let log = Log::default();
    let _guard = log.collect();
    let client = TestClient::connect(&server(), "/").await.unwrap();
    for (packet, ack) in [
        (r#"27["float",NaN]"#, r#"["NaN"]"#),
        (r#"27["float",-Infinity]"#, r#"["-inf"]"#),
        (r#"27["float",1e999]"#, r#"["inf"]"#),
        (
            r#"27["integer",NaN]"#,
            r#"[{"error":"argument 1: invalid type: floating point `NaN`, expected i64"}]"#,
        ),
        (
            r#"27["echo",[NaN,1e999,"NaN"],{"a":Infinity},1]"#,
            r#"[[null,null,"NaN"],{"a":null},1]"#,
        ),
        (r#"27["integer",2]"#, "[2]"),
    ] {
        assert_eq!(acknowledgement(&client, packet).await, ack, "{packet}");
    }
    let lines = log.lines("which JSON lacks");
    assert_eq!(
        lines.len(),
        2,
        "once for each handler that read one: {lines:?}"
    );
    for part in ["WARN", "`NaN`", "tests/messages/lenient.rs:", "float"] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    assert_eq!(log.lines("an event failed").len(), 1);
}

#[tokio::test]
async fn a_value_that_is_not_json_fails_its_event_only() {
    let log = Log::default();
    let _guard = log.collect();
    let client = TestClient::connect(&server(), "/").await.unwrap();
    for (packet, value) in [
        (r#"27["echo",undefined]"#, "undefined"),
        (r#"27["echo",1,{"a":tru}]"#, r#"{\"a\":tru}"#),
        (r#"27["float",1,'surplus']"#, "'surplus'"),
        (r#"27["text","\x"]"#, r#"\"\\x\""#),
    ] {
        let ack: Value = serde_json::from_str(&acknowledgement(&client, packet).await).unwrap();
        let error = ack[0]["error"].as_str().unwrap();
        assert!(
            error.contains("is not valid JSON") && error.contains(value),
            "{packet}: {error}"
        );
        let lines = log.lines("is not valid JSON");
        assert!(lines.last().unwrap().contains("WARN"), "{lines:?}");
    }
    assert_eq!(
        acknowledgement(&client, r#"27["text","x"]"#).await,
        r#"["x"]"#
    );
}

#[tokio::test]
async fn half_a_surrogate_pair_is_replaced() {
    let client = TestClient::connect(&server(), "/").await.unwrap();
    assert_eq!(
        acknowledgement(&client, r#"27["text","abc\ud83d"]"#).await,
        "[\"abc\u{fffd}\"]"
    );
    assert_eq!(
        acknowledgement(&client, r#"27["echo",{"k\udc00":["\ud83d"]}]"#).await,
        "[{\"k\u{fffd}\":[\"\u{fffd}\"]}]"
    );
}

#[tokio::test]
async fn acknowledgements_of_clients_are_read_leniently() {
    for (answer, ack) in [
        (r#"["cut \ud83d"]"#, json!({"Ok": "cut \u{fffd}"})),
        ("[[NaN,1]]", json!({"Ok": [null, 1]})),
        ("[nonsense]", json!({"Err": "is not valid JSON"})),
    ] {
        let client = TestClient::connect(&server(), "/").await.unwrap();
        let asked = client.call::<Value>("ask", ());
        client.next().await;
        let packets = client.packets();
        let question = packets.last().unwrap().text().unwrap();
        let id = question[1..].split('[').next().unwrap();
        client.send_raw(&format!("3{id}{answer}")).await.unwrap();
        let asked = asked.await;
        match (ack.get("Ok"), asked) {
            (Some(value), Ok(read)) => assert_eq!(read, *value),
            (None, Err(CallFailed::Handler(_)) | Ok(Value::Object(_))) => {}
            (_, other) => panic!("{answer}: {other:?}"),
        }
        assert!(client.is_connected());
    }
}

#[tokio::test]
async fn auth_is_read_leniently() {
    let io = server();
    let connection = TestClient::builder(&io).open().unwrap();
    let _ = connection
        .send_raw(r#"0/auth,{"age":NaN,"name":"cut \ud83d"}"#)
        .await;
    let packets = connection.packets();
    let answer = packets.last().unwrap().text().unwrap();
    assert!(answer.starts_with(r#"0/auth,{"sid":"#), "{answer}");
}
