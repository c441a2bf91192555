//! The random behaviour of clients.

use std::sync::Arc;

use serde_json::{Value, json};
use test_support::engine_client::{Connector, Frame};
use tokio::time::{Duration, sleep};

use crate::{
    client::{Client, Out},
    random::Random,
    server::Hello,
    step::Step,
    wire::Wire,
    world::{NAMESPACES, World},
};

/// Opens and uses one or several connections.
pub(crate) async fn play(world: Arc<World>, connector: Connector, mut random: Random) {
    for _ in 0..1 + random.below(3) {
        sleep(Duration::from_millis(random.below(1_000))).await;
        let polling = random.chance(40);
        let connector = connector.clone().buffer(random.pick(&[64, 1_000, 65_536]));
        let (client, sent) = Client::new(&world, &mut random);
        let opened = Wire::open(&connector, client, sent, polling);
        // A handshake that the client gives up.
        let limit = Duration::from_secs(random.pick(&[1, 60]));
        let Ok(Some(wire)) = tokio::time::timeout(limit, opened).await else {
            continue;
        };
        connection(wire, &mut random).await;
    }
}

async fn connection(mut wire: Wire, random: &mut Random) {
    let client = Arc::clone(&wire.client);
    if !random.chance(5) {
        join(&client, random);
    }
    for _ in 0..random.below(30) {
        if !client.is_open() {
            return;
        }
        let namespace = random.pick(&NAMESPACES);
        match random.below(100) {
            0..60 => event(&client, namespace, random),
            60..72 => sleep(Duration::from_millis(random.pick(&[1, 50, 2_000]))).await,
            72..78 => tokio::task::yield_now().await,
            78..86 => join(&client, random),
            86..90 => client.leave(namespace),
            90..94 => {
                wire.set_reads(false);
                sleep(Duration::from_millis(random.below(3_000))).await;
                wire.set_reads(true);
            }
            94..99 => {
                let limit = Duration::from_secs(random.pick(&[1, 30]));
                // Only for a session over polling; a second attempt, or a failed one, does nothing more.
                let _ = tokio::time::timeout(limit, wire.upgrade()).await;
                if wire.is_lost() {
                    return;
                }
            }
            _ => client.send_text(garbage(random)),
        }
    }
    end(wire, &client, random).await;
}

async fn end(wire: Wire, client: &Client, random: &mut Random) {
    match random.below(10) {
        // Vanishes at once.
        0 | 1 => {}
        // A close packet, a WebSocket's Close, half a frame. Over polling, the last two are garbage.
        2 => client.send_text("1".to_owned()),
        3 => client.send(Out::Raw(Frame::Close(Some((1000, String::new()))).encode())),
        4 => client.send(Out::Raw(vec![0x81, 0xfe, 0x01])),
        // Stays, and does not read.
        5 => {
            wire.set_reads(false);
            sleep(Duration::from_secs(random.pick(&[3, 60, 200]))).await;
        }
        6 => {
            for namespace in NAMESPACES {
                client.leave(namespace);
            }
        }
        _ => {
            client.quiet().await;
            client.send_text("1".to_owned());
        }
    }
    // What was sent may or may not arrive.
    sleep(Duration::from_millis(random.pick(&[0, 5, 5_000]))).await;
    drop(wire);
}

fn join(client: &Client, random: &mut Random) {
    let namespace = random.pick(&NAMESPACES);
    client.join(namespace, |life| {
        let hello = Hello {
            life,
            steps: Step::of_connect(random),
            farewell: Step::of_disconnect(random),
        };
        serde_json::to_value(hello).expect("plain data")
    });
}

fn event(client: &Client, namespace: &'static str, random: &mut Random) {
    let name = random.pick(&["ordered", "ordered", "overlapping"]);
    let steps: Value = json!(Step::of_event(random));
    let asks = random.chance(60);
    let attachments = random.pick(&[0, 0, 0, 0, 1, 3]);
    client.event(namespace, name, steps, asks, attachments);
}

/// Packets that no client sends.
fn garbage(random: &mut Random) -> String {
    let packets = [
        "",
        "9",
        "4",
        "42",
        "4{",
        "42[]",
        "42[1",
        "42[\"connect\"]",
        "40/nowhere,",
        "43",
        "4399999[1]",
        "451-[\"x\"]",
        "452-[\"x\",{\"_placeholder\":true,\"num\":7}]",
        "44",
        "41/nowhere,",
        "6",
        "5",
        "3",
        "2probe",
    ];
    random.pick(&packets).to_owned()
}
