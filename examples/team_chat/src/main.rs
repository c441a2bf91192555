//! `cargo run -p team-chat -- [ADDRESS] [DATABASE]`, then open <http://127.0.0.1:5000> in two browsers.
//!
//! The database is `team_chat.sqlite` in the current directory by default; `:memory:` stores nothing on disk.

use team_chat::{Database, app};

#[tokio::main]
async fn main() -> socketio::Result {
    let mut arguments = std::env::args().skip(1);
    let addr = arguments.next().unwrap_or("127.0.0.1:5000".into());
    let file = arguments.next().unwrap_or("team_chat.sqlite".into());
    let (io, router) = app(Database::open(&file).await?)?;
    println!("http://{addr}");
    io.run(router, addr).await
}
