#!/usr/bin/env python3
"""Measures `cargo check` for many handlers: functions and one class of this crate, compared with routes of axum.

    benches/compile/run.py [--contract] [COUNT..]        # default: 10 100 300 1000

Prints CPU seconds (user and system) of rustc for a crate whose dependencies are built: "cold" after `cargo clean -p`, "edit" after
the body of the sixth handler has grown by a few characters. Each figure is the least of three. The ratio to axum is in brackets.
With `--contract`, the crate has the feature `contract`, with which attributes also register the types of their handlers.
Needs nothing but Rust and Python; writes below `target/compile-bench` (or CARGO_TARGET_DIR).
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "compile-bench"
KINDS = ["axum", "functions", "class"]
ROUNDS = 3

MANIFEST = f"""
[package]
name = "subject"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
axum = {{ version = "0.8", default-features = false, features = ["http1", "json", "tokio"] }}
serde = {{ version = "1", features = ["derive"] }}
socketio = {{ path = "{ROOT}", features = [FEATURES] }}
tokio = {{ version = "1", features = ["macros", "net", "rt-multi-thread"] }}
"""


def body(index, edited):
    """The body of a handler. The sixth is the one that is edited."""
    return "a.len() + b as usize + 1234" if edited and index == 5 else "a.len() + b as usize"


def axum(count, edited):
    handlers = "\n".join(
        f"async fn h{i}(Json((a, b)): Json<(String, u32)>) -> Json<usize> {{\n    Json({body(i, edited)})\n}}\n"
        for i in range(count)
    )
    routes = "\n".join(f'        .route("/h{i}", post(h{i}))' for i in range(count))
    return f"""use axum::{{Json, Router, routing::post}};

#[tokio::main]
async fn main() {{
    let app: Router = Router::new()
{routes};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}}

{handlers}"""


MAIN = """
#[tokio::main]
async fn main() -> socketio::Result {
    socketio::SocketIo::builder().build()?.run((), "127.0.0.1:0").await
}
"""


def functions(count, edited):
    return MAIN + (
        "\n".join(
            f"#[socketio::event]\nasync fn h{i}(a: String, b: u32) -> usize {{\n    {body(i, edited)}\n}}\n"
            for i in range(count)
        )
    )


def one_class(count, edited):
    methods = "\n".join(
        f"    async fn on_h{i}(&self, a: String, b: u32) -> usize {{\n        {body(i, edited)}\n    }}\n"
        for i in range(count)
    )
    return f"""{MAIN}
#[derive(Default)]
struct Class;

#[socketio::namespace("/class")]
impl Class {{
{methods}}}
"""


WRITERS = {"axum": axum, "functions": functions, "class": one_class}


def cpu(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=WORK, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(kind, count):
    source, write = WORK / "src" / "main.rs", WRITERS[kind]
    cold, edit = [], []
    for _ in range(ROUNDS):
        source.write_text(write(count, False))
        subprocess.run(["cargo", "clean", "--quiet", "-p", "subject"], cwd=WORK, check=True)
        cold.append(cpu("cargo", "check", "--quiet"))
        source.write_text(write(count, True))
        edit.append(cpu("cargo", "check", "--quiet"))
    return min(cold), min(edit)


def main():
    counts = [int(count) for count in sys.argv[1:] if count != "--contract"] or [10, 100, 300, 1000]
    (WORK / "src").mkdir(parents=True, exist_ok=True)
    features = '"contract"' if "--contract" in sys.argv else ""
    (WORK / "Cargo.toml").write_text(MANIFEST.replace("FEATURES", features))
    # Uses the locked versions of the workspace.
    (WORK / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())
    (WORK / "src" / "main.rs").write_text(axum(1, False))
    os.environ["CARGO_TARGET_DIR"] = str(WORK / "target")
    os.environ["CARGO_INCREMENTAL"] = "1"
    subprocess.run(["cargo", "check", "--quiet"], cwd=WORK, check=True)
    print("| handlers | | " + " | ".join(KINDS) + " |")
    print("|---:|---|" + "---:|" * len(KINDS))
    for count in counts:
        results = {kind: measure(kind, count) for kind in KINDS}
        for index, what in enumerate(["cold", "edit"]):
            base = results["axum"][index]
            cells = [f"{results[kind][index]:.2f} s ({results[kind][index] / base:.1f})" for kind in KINDS]
            print(f"| {count} | {what} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
