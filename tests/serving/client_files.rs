//! The official JavaScript client, served from a directory of the user. `tests/interop/js` uses the real files.

use std::fs;

use axum::{Router, body::Body, routing::get};
use http::{Method, Request};
use socketio::{SocketIo, SocketIoBuilder};
use test_support::{
    Directory,
    http::{TextResponse, response, send},
    problem,
};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::fixture::{http, listener};

const SCRIPT: &str = "/socket.io/socket.io.min.js";

fn content() -> String {
    "const io = 1;\n".repeat(200)
}

/// A directory with the script, its map, and a file that is not the client's.
fn directory(test: &str) -> Directory {
    let directory = Directory::new(&format!("client-{test}"));
    fs::write(directory.join("socket.io.min.js"), content()).unwrap();
    fs::write(directory.join("socket.io.min.js.map"), r#"{"version":3}"#).unwrap();
    fs::write(directory.join("package.json"), "{}").unwrap();
    directory
}

/// A server with the files, which it keeps in memory.
fn server(test: &str) -> SocketIo {
    let directory = directory(test);
    let builder = SocketIo::bare().serve_client(directory.join(""));
    builder.build().unwrap()
}

async fn ask(io: &SocketIo, method: Method, path: &str, headers: &[(&str, &str)]) -> TextResponse {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    send(io, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_files_of_the_client_are_served_as_in_node() {
    let io = server("served");
    let script = ask(&io, Method::GET, SCRIPT, &[]).await;
    assert_eq!((script.status, script.body), (200, content()));
    let map = ask(&io, Method::GET, "/socket.io/socket.io.min.js.map?v=1", &[]).await;
    assert_eq!((map.status, &*map.body), (200, r#"{"version":3}"#));
    for (response, kind) in [(&script.headers, "javascript"), (&map.headers, "json")] {
        let kind = format!("application/{kind}; charset=utf-8");
        assert_eq!(response["content-type"], kind);
        assert_eq!(response["cache-control"], "public, max-age=0");
        let tag = response["etag"].to_str().unwrap();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    }
    assert_ne!(script.headers["etag"], map.headers["etag"]);
}

#[tokio::test]
async fn no_other_file_is_served() {
    let io = server("others");
    let without = SocketIo::bare().build().unwrap();
    for path in [
        "/socket.io/package.json",
        "/socket.io/",
        // In the list, but not in the directory.
        "/socket.io/socket.io.js",
        "/socket.io/./socket.io.min.js",
        "/socket.io//socket.io.min.js",
        "/socket.io/x/../socket.io.min.js",
        "/socket.io/..%2fsocket.io.min.js",
        "/socket.io/socket.io.min.js/",
        "/socket.io/socket.io.min.js%00",
        "/socket.io/SOCKET.IO.MIN.JS",
        "/socket.io/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    ] {
        let answer = ask(&io, Method::GET, path, &[]).await;
        assert_eq!(answer.status, 400, "{path}");
        let same = ask(&without, Method::GET, path, &[]).await;
        assert_eq!(answer.body, same.body, "{path}");
        assert!(answer.body.contains("Transport unknown"), "{path}");
    }
    let without = ask(&without, Method::GET, SCRIPT, &[]).await;
    assert_eq!(without.status, 400);
}

#[tokio::test]
async fn a_browser_that_has_the_file_does_not_get_it_again() {
    let io = server("known");
    let first = ask(&io, Method::GET, SCRIPT, &[]).await;
    let tag = first.header("etag");
    for known in [tag, &format!("W/{tag}"), &format!("\"old\", {tag}"), "*"] {
        let again = ask(&io, Method::GET, SCRIPT, &[("if-none-match", known)]).await;
        assert_eq!((again.status, &*again.body), (304, ""), "{known}");
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("cache-control"), "public, max-age=0");
    }
    let old = ask(&io, Method::GET, SCRIPT, &[("if-none-match", "\"4.8.3\"")]).await;
    assert_eq!(old.status, 200);
    // Another process of the same program.
    let other = ask(&server("known-too"), Method::GET, SCRIPT, &[]).await;
    assert_eq!(other.header("etag"), tag);
}

async fn accepting(io: &SocketIo, codings: &str) -> (String, String, String, usize) {
    let request = Request::get(SCRIPT).header("accept-encoding", codings);
    let request = request.body(Body::empty()).unwrap();
    let (head, body) = io.service().oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await;
    let header = |name| {
        let value = head.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    (
        header("content-encoding"),
        header("etag"),
        header("vary"),
        body.unwrap().len(),
    )
}

#[tokio::test]
async fn the_files_are_compressed_for_clients_that_accept_it() {
    let io = server("compressed");
    let (coding, plain, vary, length) = accepting(&io, "br").await;
    assert_eq!(
        (&*coding, &*vary, length),
        ("", "Accept-Encoding", content().len())
    );
    let mut tags = vec![plain];
    for coding in ["gzip", "deflate"] {
        let (answered, tag, vary, length) = accepting(&io, coding).await;
        assert_eq!((&*answered, &*vary), (coding, "Accept-Encoding"));
        assert!(length < content().len() / 10, "{length}");
        assert!(!tags.contains(&tag), "{tag}");
        let known = [("accept-encoding", coding), ("if-none-match", &tag)];
        assert_eq!(ask(&io, Method::GET, SCRIPT, &known).await.status, 304);
        tags.push(tag);
    }

    let directory = directory("plain");
    let builder = SocketIo::bare().serve_client(directory.join(""));
    let io = builder.http_compression(false).build().unwrap();
    let (coding, _, _, length) = accepting(&io, "gzip").await;
    assert_eq!((&*coding, length), ("", content().len()));
}

#[tokio::test]
async fn other_methods_get_no_file() {
    let io = server("methods");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = ask(&io, method.clone(), SCRIPT, &[]).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "OPTIONS, GET, HEAD");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_treated_as_everywhere() {
    let directory = directory("origins");
    let io = SocketIo::bare()
        .cors_allowed_origins("https://page.test")
        .serve_client(directory.join(""))
        .build()
        .unwrap();
    // A script that another page loads without `crossorigin`.
    assert_eq!(ask(&io, Method::GET, SCRIPT, &[]).await.status, 200);
    let origin = [("origin", "https://page.test")];
    for (method, status) in [
        (Method::GET, 200),
        (Method::HEAD, 200),
        (Method::OPTIONS, 204),
    ] {
        let allowed = ask(&io, method, SCRIPT, &origin).await;
        assert_eq!(allowed.status, status);
        assert_eq!(
            allowed.header("access-control-allow-origin"),
            "https://page.test"
        );
    }
    let other = ask(
        &io,
        Method::GET,
        SCRIPT,
        &[("origin", "https://other.test")],
    )
    .await;
    assert_eq!(other.status, 403);
}

#[tokio::test]
async fn hooks_do_not_run_for_files() {
    let directory = directory("hooks");
    let io = SocketIo::bare()
        .on_handshake(async |_| false)
        .serve_client(directory.join(""))
        .build()
        .unwrap();
    assert_eq!(ask(&io, Method::GET, SCRIPT, &[]).await.status, 200);
}

#[tokio::test]
async fn the_files_are_at_the_path_of_the_server_in_every_way_of_serving() {
    let directory = directory("ways");
    let io = SocketIo::bare()
        .path("/chat/io")
        .serve_client(directory.join(""))
        .build()
        .unwrap();
    let path = "/chat/io/socket.io.min.js";
    assert_eq!(ask(&io, Method::GET, path, &[]).await.status, 200);
    let elsewhere = Request::get(SCRIPT).body(Body::empty()).unwrap();
    assert_eq!(response(&io, elsewhere).await.status(), 404);

    let layered = Router::new()
        .route("/{*path}", get(|| async { "the application" }))
        .layer(io.layer());
    let request = Request::get(path).body(Body::empty()).unwrap();
    let script = layered.oneshot(request).await.unwrap();
    assert_eq!(test_support::http::text(script).await, content());

    let (listener, port) = listener().await;
    tokio::spawn(async move { io.serve((), listener).await });
    let script = http(port, "GET", path, "").await;
    assert!(script.ends_with(&content()), "{script}");
    let length = format!("content-length: {}\r\n", content().len());
    let head = http(port, "HEAD", path, "").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains(&length),
        "{head}"
    );
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    test_support::http::write_request(&mut stream, "POST", path, "a body").await;
    assert_eq!(TextResponse::read(stream).await.status, 405);
}

#[tokio::test]
async fn one_file_can_be_served_alone() {
    let directory = directory("alone");
    let script = directory.join("socket.io.min.js");
    let io = SocketIo::bare().serve_client(script).build().unwrap();
    assert_eq!(ask(&io, Method::GET, SCRIPT, &[]).await.status, 200);
    let map = format!("{SCRIPT}.map");
    assert_eq!(ask(&io, Method::GET, &map, &[]).await.status, 400);
}

fn serving(path: impl Into<std::path::PathBuf>) -> SocketIoBuilder {
    SocketIo::bare().serve_client(path)
}

#[test]
fn a_directory_without_the_files_is_refused_with_the_cure() {
    let cure = "npm install socket.io-client";
    let directory = directory("refused");
    let missing = directory.join("none");
    let missing = missing.to_str().unwrap();
    problem(serving(missing), &["`serve_client`", missing, cure, "dist"]);
    problem(serving("no/such/dist"), &["/no/such/dist", cure]);
    fs::create_dir(directory.join("empty")).unwrap();
    problem(
        serving(directory.join("empty")),
        &["empty", "socket.io.js", cure],
    );
    problem(
        serving(directory.join("package.json")),
        &["package.json", cure],
    );

    let script = directory.join("socket.io.js");
    fs::create_dir(&script).unwrap();
    problem(serving(directory.join("")), &["socket.io.js", "not a file"]);
    fs::remove_dir(&script).unwrap();
    let large = fs::File::create(&script).unwrap();
    large.set_len((4 << 20) + 1).unwrap();
    problem(
        serving(directory.join("")),
        &["socket.io.js", "4194304 bytes"],
    );
    large.set_len(4 << 20).unwrap();
    assert!(serving(&script).http_compression(false).build().is_ok());
}
