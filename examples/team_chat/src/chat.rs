//! [`Chat`]: the Socket.IO handlers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use socketio::{
    ConnectionRefused, HandlerError, Request, RespondWith, Session, join_room, rooms, to,
};

use crate::{
    database::{Database, Message, User},
    login::{login_room, token},
};

/// The number of messages that a client receives when it opens a channel.
const HISTORY: u32 = 50;

/// The namespace, with the database that all handlers share.
pub(crate) struct Chat {
    database: Database,
}

/// The acknowledgement of `open`.
#[derive(Deserialize, Serialize)]
struct Opened {
    messages: Vec<Message>,
    online: BTreeSet<String>,
}

impl Chat {
    pub(crate) fn new(database: Database) -> Self {
        Chat { database }
    }
}

#[socketio::namespace("/")]
impl Chat {
    /// Only users with a login may connect. The browser has sent its cookie with the handshake.
    async fn on_connect(
        &self,
        request: Request,
        user: Session<User>,
    ) -> Result<(), ConnectionRefused> {
        let refused = || ConnectionRefused::new("log in first");
        let cookies = request.header("cookie").unwrap_or_default();
        let token = token(cookies).ok_or_else(refused)?;
        let known = self.database.user(token).await;
        let known = known.map_err(|_| ConnectionRefused::new("try again later"))?;
        user.set(known.ok_or_else(refused)?);
        let joined = join_room(login_room(token));
        joined.map_err(|_| ConnectionRefused::new("try again later"))
    }

    /// Opens a channel. A client that reconnects sends the id of its last message, and receives those after it.
    async fn on_open(
        &self,
        channel: String,
        since: Option<i64>,
        user: Session<User>,
    ) -> socketio::Result<Opened> {
        let room = room(&channel)?;
        join_room(&room)?;
        let messages = self
            .database
            .messages(&channel, since.unwrap_or(0), HISTORY);
        let messages = messages.await?;
        tell_online(&room);
        let online = online(&room);
        debug_assert!(online.contains(&user.get().name));
        Ok(Opened { messages, online })
    }

    /// Stores a message and sends it to the channel, its author included. The acknowledgement says that it is stored.
    async fn on_say(
        &self,
        channel: String,
        text: String,
        user: Session<User>,
    ) -> socketio::Result<i64> {
        let room = room(&channel)?;
        if !rooms().contains(&room) {
            return Err(RespondWith::new(problem("open the channel first")).into());
        }
        if text.trim().is_empty() || text.len() > 4_000 {
            return Err(RespondWith::new(problem("a message has 1 to 4,000 characters")).into());
        }
        let author = user.get().name;
        let message = self.database.add(&channel, &author, text.trim()).await?;
        to(&room).emit("message", &message);
        Ok(message.id)
    }

    fn on_typing(&self, channel: String, user: Session<User>) -> socketio::Result {
        let room = room(&channel)?;
        let others = to(&room).include_self(false);
        others.emit("typing", (channel, user.get().name));
        Ok(())
    }

    /// `rooms()` still returns the client's rooms here, although it has left them.
    fn on_disconnect(&self) {
        for room in rooms() {
            tell_online(&room);
        }
    }

    fn on_error(&self, error: HandlerError) -> serde_json::Value {
        eprintln!("{error}");
        problem("try again later")
    }
}

fn problem(error: &str) -> serde_json::Value {
    serde_json::json!({ "error": error })
}

/// The room of a channel. Clients choose the names of channels, so these have a prefix that no other room has.
fn room(channel: &str) -> Result<String, RespondWith> {
    match channel.trim().is_empty() || channel.len() > 40 {
        true => Err(RespondWith::new(problem(
            "a channel's name has 1 to 40 characters",
        ))),
        false => Ok(format!("channel:{channel}")),
    }
}

/// Returns the users who have the channel open, on this node. A user with two tabs is listed once.
fn online(room: &str) -> BTreeSet<String> {
    let sockets = to(room).sockets().into_iter();
    sockets
        .map(|socket| socket.session::<User>().get().name)
        .collect()
}

/// Sends the list of users who have the channel open to all of them.
fn tell_online(room: &str) {
    if let Some(channel) = room.strip_prefix("channel:") {
        to(room).emit("online", (channel, online(room)));
    }
}
