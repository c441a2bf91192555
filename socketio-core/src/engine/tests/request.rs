//! The purposes of requests.

use http::{HeaderValue, Version, request::Parts};

use crate::engine::{
    ProtocolVersion,
    protocol::Protocol,
    refusal::Refusal,
    request::{Accept, Purpose},
    sid::Sid,
    v3::V3,
};

const SID: &str = "AAAAaaaa0000----____";

fn sid() -> Sid {
    Sid::parse(SID).unwrap()
}

fn of(method: &str, query: &str, headers: &[(&str, &str)]) -> Result<Purpose, Refusal> {
    let query = query.replace("$", SID);
    let request = http::Request::builder()
        .method(method)
        .uri(format!("/engine.io/?{query}"));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let request = request.body(()).unwrap().into_parts().0;
    read(&request, false).map(|(purpose, _)| purpose)
}

/// Reads a request of a server whose session has version 4.
fn read(request: &Parts, allow_eio3: bool) -> Result<(Purpose, Protocol), Refusal> {
    Purpose::of(request, allow_eio3, |_| ProtocolVersion::Eio4)
}

/// Reads a polling handshake of version 3.
fn v3(query: &str) -> Result<Protocol, Refusal> {
    let uri = format!("/engine.io/?EIO=3&{query}");
    let request = http::Request::get(uri).body(()).unwrap().into_parts().0;
    read(&request, true).map(|(_, protocol)| protocol)
}

const WEBSOCKET: [(&str, &str); 4] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "WebSocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

fn sample_accept() -> Accept {
    Accept::Upgrade(HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
}

#[test]
fn each_purpose_has_its_request() {
    assert_eq!(
        of("GET", "EIO=4&transport=polling", &[]),
        Ok(Purpose::OpenPolling)
    );
    assert_eq!(
        of("GET", "EIO=4&transport=polling&j=&b64=1&t=x", &[]),
        Ok(Purpose::OpenPolling)
    );
    assert_eq!(
        of("GET", "transport=polling&EIO=4&sid=$", &[]),
        Ok(Purpose::Poll(sid()))
    );
    assert_eq!(
        of("POST", "transport=polling&EIO=4&sid=$", &[]),
        Ok(Purpose::Post(sid()))
    );
    assert_eq!(of("OPTIONS", "", &[]), Ok(Purpose::Preflight));
    let open = of("GET", "transport=websocket&EIO=4", &WEBSOCKET);
    assert_eq!(open, Ok(Purpose::OpenWebSocket(sample_accept())));
    let upgrade = of("GET", "transport=websocket&EIO=4&sid=$", &WEBSOCKET);
    assert_eq!(upgrade, Ok(Purpose::Upgrade(sid(), sample_accept())));
}

#[test]
fn an_unknown_transport_is_code_0() {
    for query in [
        "EIO=4",
        "EIO=4&transport=",
        "EIO=4&transport=__proto__",
        "EIO=4&transport=polling&transport=websocket",
        "",
    ] {
        assert_eq!(
            of("GET", query, &[]),
            Err(Refusal::UnknownTransport),
            "{query}"
        );
    }
}

#[test]
fn an_invalid_sid_is_code_1() {
    for sid in [
        "",
        "__proto__",
        "constructor",
        "%00",
        "%F0%9F%92%A9",
        "$&sid=AAAAaaaa0000----___1",
    ] {
        let query = format!("EIO=4&transport=polling&sid={sid}");
        assert_eq!(of("GET", &query, &[]), Err(Refusal::UnknownSid), "{sid}");
    }
}

#[test]
fn a_handshake_is_a_get() {
    for method in ["POST", "PUT", "DELETE", "HEAD", "PATCH"] {
        assert_eq!(
            of(method, "EIO=4&transport=polling", &[]),
            Err(Refusal::BadMethod),
            "{method}"
        );
    }
    for method in ["PUT", "DELETE", "HEAD", "PATCH"] {
        assert_eq!(
            of(method, "EIO=4&transport=polling&sid=$", &[]),
            Err(Refusal::MethodNotAllowed),
            "{method}"
        );
    }
}

#[test]
fn the_version_is_4_everywhere() {
    let open = |query: &str| of("GET", query, &[]);
    assert_eq!(open("transport=polling"), Err(Refusal::UnsupportedVersion));
    for version in ["EIO=&", "EIO=5&", "EIO=4&EIO=3&", "EIO=abc&"] {
        let query = format!("{version}transport=polling");
        assert_eq!(open(&query), Err(Refusal::UnsupportedVersion), "{query}");
        let poll = format!("{version}transport=polling&sid=$");
        assert!(
            matches!(of("GET", &poll, &[]), Err(Refusal::BadRequest(_))),
            "{poll}"
        );
    }
}

#[test]
fn a_later_request_without_a_version_has_that_of_its_session() {
    let query = format!("/engine.io/?transport=polling&sid={SID}&b64=1");
    let request = http::Request::get(query).body(()).unwrap().into_parts().0;
    let base64 = Protocol::V4 { base64: true };
    assert_eq!(read(&request, false), Ok((Purpose::Poll(sid()), base64)));
    let old = Purpose::of(&request, true, |_| ProtocolVersion::Eio3);
    let base64 = Protocol::V3(V3 {
        base64: true,
        jsonp: None,
    });
    assert_eq!(old, Ok((Purpose::Poll(sid()), base64)));
}

#[test]
fn parameters_may_be_encoded_empty_or_without_a_value() {
    for query in [
        "EIO=4&transport=polling",
        "E%49O=%34&transport=polling",
        "&&EIO=4&a&b=&=c&d=e=f&transport=polling&",
    ] {
        assert_eq!(of("GET", query, &[]), Ok(Purpose::OpenPolling), "{query}");
    }
    assert!(of("GET", "EIO=4+&transport=polling", &[]).is_err());
}

#[test]
fn a_parameter_that_is_repeated_with_the_same_value_counts_once() {
    let query = "EIO=4&EIO=4&transport=polling&transport=polling&sid=$&sid=$";
    assert_eq!(of("GET", query, &[]), Ok(Purpose::Poll(sid())));
}

#[test]
fn version_3_is_refused_with_a_reason_of_its_own() {
    assert_eq!(
        of("GET", "EIO=3&transport=polling", &[]),
        Err(Refusal::Eio3NotAllowed)
    );
    assert!(matches!(
        of("GET", "EIO=3&transport=polling&sid=$", &[]),
        Err(Refusal::BadRequest(_))
    ));
}

#[test]
fn the_query_of_version_3_names_the_formats_that_the_client_can_receive() {
    let protocol = |base64, jsonp| Ok(Protocol::V3(V3 { base64, jsonp }));
    assert_eq!(v3("transport=polling"), protocol(false, None));
    assert_eq!(v3("transport=polling&b64=&j="), protocol(false, None));
    assert_eq!(v3("transport=polling&b64=1"), protocol(true, None));
    assert_eq!(v3("transport=polling&b64=true"), protocol(true, None));
    assert_eq!(v3("transport=polling&j=12"), protocol(true, Some(12)));
    for index in [
        "-1",
        "%2B1",
        "1.5",
        "a",
        "0];alert(1)//",
        "4294967296",
        "1&j=2",
    ] {
        let query = format!("transport=polling&j={index}");
        assert!(matches!(v3(&query), Err(Refusal::BadRequest(_))), "{index}");
    }
}

#[test]
fn jsonp_is_refused() {
    assert!(matches!(
        of("GET", "EIO=4&transport=polling&j=0", &[]),
        Err(Refusal::BadRequest(_))
    ));
}

#[test]
fn over_http_2_an_extended_connect_opens_a_websocket() {
    let connect = |uri: &str, headers: &[(&str, &str)]| {
        let request = http::Request::builder()
            .method("CONNECT")
            .version(Version::HTTP_2)
            .uri(uri);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let request = request.body(()).unwrap().into_parts().0;
        read(&request, false).map(|(purpose, _)| purpose)
    };
    let uri = "https://a.test/engine.io/?EIO=4&transport=websocket";
    let version = [("sec-websocket-version", "13")];
    assert_eq!(
        connect(uri, &version),
        Ok(Purpose::OpenWebSocket(Accept::Stream))
    );
    assert_eq!(
        connect(&format!("{uri}&sid={SID}"), &version),
        Ok(Purpose::Upgrade(sid(), Accept::Stream))
    );
    assert_eq!(connect(uri, &[]), Err(Refusal::WebSocketVersion));
    assert!(connect("a.test:443", &version).is_err());
    assert_eq!(
        of("CONNECT", "EIO=4&transport=websocket", &WEBSOCKET),
        Err(Refusal::BadMethod)
    );
}

#[test]
fn a_websocket_request_must_be_one() {
    let open = |headers: &[(&str, &str)]| of("GET", "EIO=4&transport=websocket", headers);
    assert!(matches!(open(&[]), Err(Refusal::BadRequest(_))));
    for (name, _) in WEBSOCKET {
        let headers: Vec<_> = WEBSOCKET
            .into_iter()
            .filter(|header| header.0 != name)
            .collect();
        assert!(open(&headers).is_err(), "without {name}");
    }
    let mut headers = WEBSOCKET;
    headers[2].1 = "8";
    assert_eq!(open(&headers), Err(Refusal::WebSocketVersion));
    for key in [
        "",
        "c2hvcnQ=",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBs_SBub25jZQ==",
    ] {
        headers = WEBSOCKET;
        headers[3].1 = key;
        assert!(
            matches!(open(&headers), Err(Refusal::BadRequest(_))),
            "{key}"
        );
    }
    // Unused bits of the last character are set.
    headers[3].1 = "dGhlIHNhbXBsZSBub25jZR==";
    assert!(matches!(open(&headers), Ok(Purpose::OpenWebSocket(_))));
    assert!(matches!(
        of("POST", "EIO=4&transport=websocket&sid=$", &WEBSOCKET),
        Err(Refusal::BadRequest(_))
    ));
}
