//! Clients that can't be installed here, frame by frame: their requests and frames were read from their sources, and are replayed over
//! TCP.
//!
//! `clients/` has a file for each client, with the source of each rule. The lines of a file:
//!
//! | line | meaning |
//! |---|---|
//! | `# ..` | a comment |
//! | `== title` | a case: a new server, and new connections |
//! | `fails: C3` | the case is known to fail; the test reports it when it passes |
//! | `mask: none` | frames are masked with zeros |
//! | `server: ping` | pings come at once; `server: non-web origins` allows origins like `file://` |
//! | `-- name` | the following lines are of this TCP connection, which is opened when it is named first |
//! | `> ..` | a line of the head of a request, up to an empty one; `>> ..` is its body |
//! | `< 200` | the status of the response; `< Name: ..` a header that it must have, `<< ..` its body |
//! | `> text ..`, `< text ..` | after status 101: a WebSocket frame. Others are `binary` (in hexadecimal), `ping`, `pong`, `close` (with code and reason); `text+` has further fragments, `more+` and `more` are these |
//! | `> end`, `< end` | TCP ends, without a Close frame |
//! | `< lost` | the end, in a way after which most clients reconnect: no Close frame, or one with another code than 1000; no response, or one with an error |
//!
//! In expected text, `*` stands for anything, and `$NAME` for letters, digits, `-` and `_` that are the same wherever the name
//! appears, in requests too. `$HOST` is the server's address, `$PORT` its port, `$LENGTH` the length of a body; `\x1e` is a byte.

mod pattern;
mod player;
mod recording;
mod server;

use recording::Recording;

macro_rules! clients {
    ($($client:ident: $file:literal,)*) => {
        const FILES: &[&str] = &[$($file),*];

        $(
            #[tokio::test]
            async fn $client() {
                play(include_str!(concat!("clients/", $file))).await;
            }
        )*
    };
}

clients! {
    swift_16: "swift.txt",
    cpp_3: "cpp.txt",
    dart_3: "dart.txt",
    dotnet_3: "dotnet-3.txt",
    dotnet_4: "dotnet-4.txt",
    arduino: "arduino.txt",
    esp_idf: "esp-idf.txt",
}

/// Plays all cases of a client.
async fn play(text: &str) {
    let mut problems = Vec::new();
    for recording in Recording::parse(text) {
        let title = recording.title;
        let played = player::play(&recording).await;
        match (played, recording.fails) {
            (Ok(()), None) => {}
            (Err(problem), Some(why)) => println!("{title}: fails as expected ({why}): {problem}"),
            (Err(problem), None) => problems.push(format!("{title}: {problem}")),
            (Ok(()), Some(why)) => problems.push(format!(
                "{title}: works now, remove `fails: {why}` from its recording"
            )),
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_recording_is_played() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/clients");
    let files = std::fs::read_dir(directory).unwrap();
    let mut files: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut listed = FILES.to_vec();
    listed.sort_unstable();
    assert_eq!(files, listed);
}
