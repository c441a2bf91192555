//! Tests of [`EventLog`].

use std::{convert::Infallible, time::Duration};

use super::{Epoch, EventLog, LogLimits, Offset, Place, Recipients};
use crate::{
    base::{Message, Sid, turn_clock},
    packet::Codec,
};

fn session_log(limits: LogLimits) -> EventLog {
    let log = EventLog::new(Epoch::random(), limits, Vec::new());
    log.begin_session();
    log
}

fn append(log: &EventLog) {
    let packet = Codec::default().event("/", None, "tick", &1).unwrap();
    let everyone = || Recipients::Some {
        rooms: None,
        skip: Vec::new(),
        except: Vec::new(),
        node: None,
    };
    let Ok(()) = log.publish(&packet, &[], everyone, |_| Ok::<_, Infallible>(()));
}

fn kept(log: &EventLog, after: u64) -> Vec<u64> {
    let state = log.lock();
    let kept = state.after(Place::of(after));
    kept.map(|entry| entry.seq.number()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_latest_events_are_kept_by_age() {
    let log = session_log(LogLimits {
        bytes: usize::MAX,
        age: Duration::from_secs(10),
    });
    for _ in 0..4 {
        append(&log);
        tokio::time::advance(Duration::from_secs(4)).await;
    }
    log.trim();
    assert_eq!(kept(&log, 0), [3, 4]);
    assert_eq!(kept(&log, 3), [4]);
    assert_eq!(kept(&log, 4), [0; 0]);
    assert_eq!(kept(&log, 99), [0; 0]);
    assert!(log.lock().is_complete_after(Place::of(2)));
    assert!(!log.lock().is_complete_after(Place::of(1)));
}

#[test]
fn the_latest_events_are_kept_by_bytes() {
    let log = session_log(LogLimits {
        bytes: 700,
        age: Duration::MAX,
    });
    for _ in 0..9 {
        append(&log);
    }
    assert_eq!(kept(&log, 0), [8, 9]);
    assert_eq!(log.lock().floor(), Place::of(7));
    assert!(log.size().1 <= 700);
}

#[test]
fn an_event_that_could_not_be_delivered_has_no_position() {
    let log = session_log(LogLimits {
        bytes: 700,
        age: Duration::MAX,
    });
    let packet = Codec::default().event("/", None, "tick", &1).unwrap();
    let refused = log.publish(
        &packet,
        &[],
        || unreachable!("it is not kept"),
        |_| Err::<(), _>(()),
    );
    assert_eq!(refused, Err(()));
    let refused = log.publish_to(&Sid::random(), packet, |_| Err::<(), _>(()));
    assert_eq!(refused, Err(()));
    assert_eq!(log.lock().seq(), Place::START);
    assert_eq!(log.size(), (0, 0));
    append(&log);
    assert_eq!(kept(&log, 0), [1]);
}

#[tokio::test(start_paused = true)]
async fn an_event_for_one_client_has_its_own_bytes_and_is_kept_as_it_was_sent() {
    let log = session_log(LogLimits {
        bytes: usize::MAX,
        age: Duration::from_secs(10),
    });
    let (sid, packet) = (
        Sid::random(),
        Codec::default().event("/", None, "tick", &1).unwrap(),
    );
    for seq in 1..=4 {
        let sent = log.publish_to(&sid, packet.clone(), |stamped| {
            assert_eq!(stamped.seq, Place::of(seq));
            Ok::<_, Infallible>(stamped.packet)
        });
        let Ok(sent) = sent;
        let offset = Offset {
            epoch: log.epoch(),
            seq: Place::of(seq),
        };
        let expected = format!(r#"2["tick",1,"{offset}"]"#);
        assert_eq!(sent.text_alone(), Some(&*expected));
        let newest = log
            .lock()
            .after(Place::of(seq - 1))
            .next()
            .unwrap()
            .packet();
        assert_eq!(newest, sent);
        // The packet does not share its allocation with the log.
        let messages = sent.into_messages();
        let [Message::Text(text)] = <[_; 1]>::try_from(messages).unwrap() else {
            panic!("a text")
        };
        assert!(bytes::Bytes::from(text.into_framed()).is_unique());
        tokio::time::advance(Duration::from_secs(4)).await;
    }
    log.trim();
    assert_eq!(kept(&log, 0), [3, 4]);
    assert_eq!(log.lock().floor(), Place::of(2));
}

#[tokio::test(start_paused = true)]
async fn within_a_turn_events_are_kept_by_bytes_too() {
    let log = session_log(LogLimits {
        bytes: 700,
        age: Duration::MAX,
    });
    turn_clock::start(Duration::from_secs(1));
    let packet = Codec::default().event("/", None, "tick", &1).unwrap();
    for _ in 0..20 {
        let Ok(()) = log.publish_to(&Sid::random(), packet.clone(), |_| Ok::<_, Infallible>(()));
    }
    turn_clock::stop();
    let (events, bytes) = log.size();
    assert!(events < 20 && bytes <= 700, "{events} {bytes}");
    assert_eq!(kept(&log, 0).last(), Some(&20));
    assert_eq!(log.lock().floor(), Place::of(20 - events as u64));
}
