//! Guards of all forms, in all places.

#![deny(warnings)]

use socketio::{RespondWith, ConnectionRefused, Forbidden, Request, Session, SocketIo, handlers};

mod auth {
    use super::*;

    #[derive(Clone, Default)]
    pub(crate) struct User(pub(crate) Option<String>);

    pub(crate) async fn logged_in(user: Session<User>) -> bool {
        user.get().0.is_some()
    }

    pub(crate) fn role(role: &'static str) -> impl Fn(Session<User>) -> bool + Clone {
        move |user| user.get().0.as_deref() == Some(role)
    }
}

fn pass() {}

fn refuse(_first: u32, _request: Request) -> Result<(), Forbidden> {
    Err(Forbidden::new("no"))
}

async fn answer(_first: Option<String>) -> Result<bool, RespondWith> {
    Err(RespondWith::new(1))
}

fn known() -> Result<(), ConnectionRefused> {
    Ok(())
}

#[socketio::event(guard = known)]
fn connect() {}

#[socketio::event(guard = auth::logged_in)]
fn one() {}

#[socketio::on("several", guard = [pass, crate::refuse, answer, auth::role("admin")], concurrent)]
#[socketio::event(namespace = "/other", guard = self::pass)]
async fn several(_number: u32) {}

#[derive(Default)]
struct Rooms;

#[socketio::namespace("/rooms", guard = [auth::logged_in, Self::open])]
impl Rooms {
    fn open() -> bool {
        true
    }

    #[on("say", guard = Self::open)]
    async fn say(&self) {}

    async fn on_disconnect(&self) {}
}

fn main() {
    let io = SocketIo::bare()
        .handlers(handlers![connect, one, several])
        .namespace(Rooms)
        .guard(pass)
        .build();
    assert!(io.is_ok());
}
