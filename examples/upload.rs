//! Uploads in chunks, with progress: `cargo run --example upload`, then open <http://127.0.0.1:5000>.
//!
//! The page sends each file in slices, one event each, and waits for the acknowledgement before the next. The handler takes them as one
//! stream, writes them to a file in the system's temporary directory, and removes that file if the upload is not finished. `--help`
//! shows the options.

mod page;

use std::{
    fs::File,
    io::Write,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use socketio::{BoxError, SocketIo, State, Upload};
use tokio::{net::TcpListener, task::spawn_blocking};

/// The data that the page sends about a file, besides its size.
#[derive(Deserialize)]
struct About {
    name: String,
}

#[derive(Serialize)]
struct Stored {
    name: String,
    bytes: u64,
    /// The sum of all bytes, for the page to compare.
    sum: u32,
}

struct Directory(PathBuf);

/// The name of the next file.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// Removes a file that was not finished.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // A failure can't be reported to anyone.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[socketio::event]
async fn upload(mut upload: Upload<About>, to: State<Directory>) -> Result<Stored, BoxError> {
    // The client chooses the name of the file, so it must not become a path.
    let path = to.0.join(NEXT.fetch_add(1, Relaxed).to_string());
    let mut file = File::create_new(&path)?;
    let mut unfinished = Unfinished(Some(path));
    let mut sum = 0_u32;
    while let Some(chunk) = upload.next().await {
        let chunk = chunk?;
        sum = chunk
            .iter()
            .fold(sum, |sum, byte| sum.wrapping_add(u32::from(*byte)));
        file = spawn_blocking(move || file.write_all(&chunk).map(|()| file)).await??;
    }
    unfinished.0 = None;
    tracing::info!(
        name = upload.meta().name,
        bytes = upload.received(),
        "stored"
    );
    Ok(Stored {
        name: upload.meta().name.clone(),
        bytes: upload.received(),
        sum,
    })
}

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    tracing_subscriber::fmt().init();
    let directory = std::env::temp_dir().join(format!("socketio-upload-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let io = SocketIo::builder()
        .state(Directory(directory))
        .max_upload_size(1 << 30)
        .build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    let app = options.page(include_str!("page/upload.html"));
    let listener = TcpListener::bind(options.addr()).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(io.serve(app, listener).await?)
}
