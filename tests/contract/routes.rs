//! The contract over HTTP, if it is turned on.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use socketio::{SocketIo, SocketIoBuilder};
use tower::ServiceExt;

fn server() -> SocketIoBuilder {
    SocketIo::bare().on("say", |text: String| text.len())
}

async fn get(io: &SocketIo, method: Method, path: &str) -> (StatusCode, http::HeaderMap, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let response = io.service().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn the_contract_is_served_in_every_format() {
    let io = server().serve_contract(true).build().unwrap();
    let contract = io.contract();
    for (file, content_type, content) in [
        (
            "contract.ts",
            "text/plain; charset=utf-8",
            contract.typescript(),
        ),
        ("contract.json", "application/json", contract.json_schema()),
        ("asyncapi.json", "application/json", contract.asyncapi()),
        ("contract.html", "text/html; charset=utf-8", contract.html()),
    ] {
        let path = format!("/socket.io-api/{file}");
        let (status, headers, body) = get(&io, Method::GET, &path).await;
        assert_eq!(status, StatusCode::OK, "{file}");
        assert_eq!(headers[header::CONTENT_TYPE], content_type);
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(body, content);
        let (status, headers, body) = get(&io, Method::HEAD, &path).await;
        assert_eq!((status, &*body), (StatusCode::OK, ""));
        assert_eq!(headers[header::CONTENT_LENGTH], content.len().to_string());
    }
}

/// Requests with an `Authorization` header.
async fn get_with(io: &SocketIo, path: &str, token: Option<&str>) -> (StatusCode, String) {
    let mut request = Request::builder().uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let response = io.service().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn with_the_http_api_a_token_is_needed_and_the_page_asks_for_it() {
    use socketio::{Api, Scope};

    for mounted in [true, false] {
        let api = Api::bearer("0123456789abcdef").token("only-for-reading", Scope::Read);
        let builder = server().serve_contract(true).api(api.mounted(mounted));
        let io = builder.build().unwrap();
        for file in ["contract.ts", "contract.json", "asyncapi.json"] {
            let path = format!("/socket.io-api/{file}");
            let (status, body) = get_with(&io, &path, None).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{file}");
            assert!(body.contains("unauthorized") && !body.contains("say"));
            for token in ["0123456789abcdef", "only-for-reading"] {
                let (status, body) = get_with(&io, &path, Some(token)).await;
                assert_eq!(status, StatusCode::OK, "{file}");
                assert!(body.contains("say"));
            }
        }
        let page = "/socket.io-api/contract.html";
        // Opening the page is not a wrong token, however often.
        for _ in 0..20 {
            let (status, body) = get_with(&io, page, None).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert!(body.contains("type=\"password\"") && !body.contains("say"));
        }
        let (status, body) = get_with(&io, page, Some("only-for-reading")).await;
        assert_eq!((status, body), (StatusCode::OK, io.contract().html()));
        for _ in 0..10 {
            get_with(&io, page, Some("guessed")).await;
        }
        let (status, _) = get_with(&io, page, Some("only-for-reading")).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_and_all_without_the_option() {
    let io = server().serve_contract(true).build().unwrap();
    for path in ["/socket.io-api/", "/socket.io-api/contract", "/contract.ts"] {
        let (status, ..) = get(&io, Method::GET, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, headers, _) = get(&io, Method::POST, "/socket.io-api/contract.ts").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(headers[header::ALLOW], "GET, HEAD");

    let io = server().build().unwrap();
    let (status, ..) = get(&io, Method::GET, "/socket.io-api/contract.ts").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
