//! Polling: every request gets a response.

use socketio::SocketIo;
use test_support::engine_client::Connector;

// D9
#[tokio::test]
async fn every_post_is_answered_whatever_it_holds() {
    for body in ["4\u{1e}9", "x", "2", "42[", "4\u{1e}", "b!!", ""] {
        let io = SocketIo::bare().build().unwrap();
        let polling = Connector::serve(&io).polling().await;
        polling.join("/").await;
        let answer = polling.post(body).await;
        // What Engine.IO can't read is refused at once, what Socket.IO can't ends the session a moment later.
        assert!(matches!(answer.status, 200 | 400), "{body:?}: {answer:?}");
        let answer = polling.get().await;
        assert!(
            answer.status == 400 || answer.body == "1",
            "{body:?}: {answer:?}"
        );
        let answer = polling.post("3").await;
        assert_eq!(answer.status, 400, "{body:?}");
    }
}
