//! Flask-SocketIO's demo, in the form of `examples/functions.rs`.

#[allow(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/functions.rs"]
mod example;
mod played;

use socketio::SocketIo;

#[tokio::test]
async fn the_demo_behaves_like_the_one_of_flask_socketio() {
    played::is_played(SocketIo::builder().build().unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn the_background_task_emits_every_ten_seconds() {
    let io = SocketIo::builder().build().unwrap();
    io.spawn(example::background);
    played::is_heard_by(io).await;
}
