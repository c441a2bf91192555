//! JSONP, which clients of version 3 of the protocol can use.

use super::{
    harness::{BAD_REQUEST, OK, Server},
    version_3::{POLLING, content_type, echo, open},
};
use crate::engine::Config;

#[tokio::test]
async fn jsonp_is_answered_with_scripts_and_posts_forms() {
    let server = echo();
    let reply = server.get(&format!("{POLLING}&j=7")).await;
    assert_eq!(content_type(&reply), "text/javascript; charset=UTF-8");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    assert!(reply.body.starts_with(r#"___eio[7]("93"#), "{reply:?}");
    assert!(reply.body.contains(r#":0{\"sid\":\""#) && reply.body.ends_with(r#"}");"#));

    let query = open(&server, "&j=7").await;
    let body = "d=16%3A4%3C%2Fscript%3E+%22%E2%80%A8%5C%5Cn%5Cn10%3Ab4AQIDBA%3D%3D";
    let reply = server.post(&query, body).await;
    assert_eq!(reply.brief(), OK);
    assert_eq!(content_type(&reply), "text/html; charset=UTF-8");
    assert_eq!(
        server.get(&query).await.brief(),
        (
            200,
            r#"___eio[7]("16:4\u003c/script> \"\u2028\\n\n10:b4AQIDBA==");"#
        )
    );
    assert_eq!(server.post(&query, "d=1%3A2").await.brief(), OK);
    let reply = server.get(&query).await;
    assert_eq!(reply.brief(), (200, r#"___eio[7]("1:3");"#));
    assert_eq!(server.post(&query, "1:2").await.brief(), BAD_REQUEST);
}

#[tokio::test]
async fn pages_that_may_not_connect_can_not_use_jsonp_either() {
    let server = echo();
    let query = format!("{POLLING}&j=0");
    for (name, value, status) in [
        ("referer", "http://a.test/page", 200),
        ("referer", "http://b.test/page", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-origin", 200),
    ] {
        let reply = server.request("GET", &query, &[(name, value)], "").await;
        assert_eq!(reply.status, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn an_index_of_jsonp_that_is_no_number_is_refused() {
    let server = echo();
    for index in ["abc", "1e3", "-1", "99999999999", "0]%3Balert(1)%2F%2F"] {
        let reply = server.get(&format!("{POLLING}&j={index}")).await;
        assert_eq!(reply.brief(), BAD_REQUEST, "{index}");
    }
    // Only version 3 has JSONP.
    let reply = server.get("EIO=4&transport=polling&j=0").await;
    assert_eq!(reply.brief(), BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_jsonp_is_compressed_like_others() {
    let config = Config {
        allow_eio3: true,
        ..Config::default()
    };
    let server = Server::echo(config);
    let query = open(&server, "&j=0").await;
    let body = format!("d=2001%3A4{}", "x".repeat(2_000));
    assert_eq!(server.post(&query, &body).await.brief(), OK);
    let gzip = [("accept-encoding", "gzip")];
    let reply = server.request("GET", &query, &gzip, "").await;
    assert_eq!(reply.headers["content-encoding"], "gzip");
    assert_eq!(content_type(&reply), "text/javascript; charset=UTF-8");
}
