//! [`EngineIo`]: the server of the tests of engine.io-client.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use socketio::{
    BoxError, Message,
    engine::{Config, Cors, Engine, Session},
};

const COOKIES: [&str; 4] = [
    "1=1; Max-Age=86400",
    "2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
    "3=3; Max-Age=0",
    "4=4; Expires=Thu, 01 Jan 2026 00:00:00 GMT",
];

/// The headers of the latest POST of each session, as JSON.
#[derive(Clone, Default)]
struct Posts(Arc<Mutex<BTreeMap<String, String>>>);

impl Posts {
    fn with<R>(&self, read: impl FnOnce(&mut BTreeMap<String, String>) -> R) -> R {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Clone)]
pub(crate) struct EngineIo {
    engine: Engine,
    posts: Posts,
}

impl EngineIo {
    pub(crate) fn new() -> Self {
        let mut config = Config::default();
        config.ping_interval = Duration::from_millis(500);
        config.max_payload = 100;
        config.cors = Cors::Any;
        let posts = Posts::default();
        let of_sessions = posts.clone();
        let engine = Engine::new(config, move |session| {
            tokio::spawn(serve(session, of_sessions.clone()));
        });
        EngineIo { engine, posts }
    }

    /// Refuses a handshake with the parameter `deny`, and sets the cookies of the others.
    pub(crate) async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let query = request.uri().query().unwrap_or_default();
        let parameter = |name: &str| {
            let mut pairs = query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs
                .find(|pair| pair.0 == name)
                .map(|pair| pair.1.to_owned())
        };
        let sid = parameter("sid");
        if sid.is_none() && parameter("deny").is_some() {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::FORBIDDEN;
            return response;
        }
        if let (&Method::POST, Some(sid)) = (request.method(), &sid) {
            let headers = request.headers().iter();
            let headers =
                headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
            let headers: BTreeMap<_, _> = headers.collect();
            let headers = serde_json::json!(headers).to_string();
            self.posts.with(|posts| posts.insert(sid.clone(), headers));
        }
        let mut response = self.engine.handle(request).await;
        if sid.is_none() {
            let values = COOKIES.map(HeaderValue::from_static);
            let cookies = values.into_iter().map(|value| (header::SET_COOKIE, value));
            for (name, value) in cookies {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

async fn serve(mut session: Session, posts: Posts) {
    let sid = session.sid().to_owned();
    let mut next = Ok(text("hi"));
    while let Ok(message) = next {
        if session.send(message).await.is_err() {
            break;
        }
        next = session.recv().await.map(|message| match &message {
            Message::Text(asked) if &**asked == "give binary" => {
                Message::Binary(Bytes::from_static(&[0, 1, 2, 3, 4]))
            }
            Message::Text(asked) if &**asked == "give utf8" => {
                text("пойду спать всем спокойной ночи")
            }
            Message::Text(asked) if &**asked == "sendHeaders" => {
                let headers = posts.with(|posts| posts.get(&sid).cloned());
                text(&headers.unwrap_or_default())
            }
            _ => message,
        });
    }
    posts.with(|posts| posts.remove(&sid));
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}
