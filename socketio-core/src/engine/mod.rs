//! stub
#![allow(missing_docs)]
use std::{task::{Context,Poll}, time::Duration};
use crate::{Message, BoxError, Request};
#[derive(Clone,Debug,Default)] pub enum Cors { #[default] SameOrigin }
#[derive(Clone,Copy,Debug,Default)] pub struct Transports { pub polling: bool, pub websocket: bool }
#[derive(Clone,Debug,Default)] pub struct Config { pub ping_interval: Duration, pub ping_timeout: Duration, pub upgrade_timeout: Duration, pub max_payload: usize, pub max_sessions: usize, pub transports: Transports, pub allow_upgrades: bool, pub cors: Cors, pub cors_credentials: bool }
#[derive(Clone,Debug)] pub struct Engine;
#[derive(Debug)] pub struct Session;
pub enum Event { Message(Message), Closed(CloseReason) }
pub enum CloseReason { ForcedClose, PingTimeout, ParseError, TransportError, ServerClose, ServerShutdown, TransportClose }
pub trait Outgoing { fn pop(&mut self) -> Option<Message>; }
pub struct Kind; impl Kind { pub fn as_str(&self) -> &'static str { "polling" } }
impl Session {
 pub fn poll(&mut self, _: &mut Context<'_>, _: &mut dyn Outgoing, _: bool) -> Poll<Event> { Poll::Pending }
 pub fn can_write(&self) -> bool { false }
 pub fn close(&mut self, _: CloseReason) {}
 pub fn transport(&self) -> Kind { Kind }
 pub fn request(&self) -> &Request { unimplemented!() }
}
impl Engine {
 pub fn new(_: Config, _: impl Fn(Session)+Send+Sync+'static) -> Self { Engine }
 pub fn stop(&self) {}
 pub fn handle<B>(&self, _: http::Request<B>) -> impl Future<Output = http::Response<http_body_util::Full<bytes::Bytes>>> + Send + 'static where B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static { async { http::Response::new(Default::default()) } }
}
