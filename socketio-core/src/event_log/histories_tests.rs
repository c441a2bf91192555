//! Tests of [`Histories`].

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{Histories, HistoryEntry, HistoryRule, Place, RoomPattern};
use crate::packet::Codec;

fn histories(change: impl FnOnce(&mut HistoryRule)) -> Histories {
    let mut rule = HistoryRule {
        pattern: RoomPattern::parse("room:{id}").unwrap(),
        max_events: 3,
        max_age: Duration::from_secs(10),
        max_bytes: 1 << 20,
        last_value: false,
    };
    change(&mut rule);
    Histories::new(vec![Arc::new(rule)], Place::START)
}

fn append(histories: &mut Histories, room: &str, event: &str, seq: u64) {
    let entry = Arc::new(HistoryEntry {
        seq: Place::of(seq),
        event: event.into(),
        packet: Codec::default().event("/", None, event, &seq).unwrap(),
        skip: Vec::new(),
        except: Vec::new(),
        at: Instant::now(),
        time: SystemTime::now(),
    });
    histories.append(&Arc::from(room), &entry);
}

#[test]
fn a_position_among_the_events_that_only_one_node_has_is_not_complete() {
    let mut histories = histories(|_| ());
    append(&mut histories, "room:a", "tick", 5);
    assert!(histories.is_complete_after("room:a", Place::of(5)));
    let lost = Place::of(5).next_local();
    histories.lose(lost);
    // Another node has counted more events there.
    for position in [Place::of(5), lost, lost.next_local()] {
        assert!(!histories.is_complete_after("room:a", position));
    }
    assert!(histories.is_complete_after("room:a", Place::of(6)));
}

fn kept(histories: &Histories, room: &str) -> Vec<u64> {
    let kept = histories.after(room, Place::START);
    kept.iter().map(|entry| entry.seq.number()).collect()
}

#[test]
fn each_room_keeps_so_many_events() {
    let mut histories = histories(|_| ());
    for seq in 1..=5 {
        append(&mut histories, "room:a", "tick", seq);
    }
    append(&mut histories, "room:b", "tick", 6);
    append(&mut histories, "other", "tick", 7);
    assert_eq!(kept(&histories, "room:a"), [3, 4, 5]);
    assert_eq!(kept(&histories, "room:b"), [6]);
    assert_eq!(kept(&histories, "other"), [0; 0]);
    assert!(histories.is_complete_after("room:a", Place::of(2)));
    assert!(!histories.is_complete_after("room:a", Place::of(1)));
    assert!(histories.is_complete_after("room:b", Place::of(0)));
}

#[test]
fn all_rooms_of_a_pattern_share_the_bytes_and_the_oldest_event_goes_first() {
    let mut histories = histories(|rule| rule.max_bytes = 1_000);
    for seq in 1..=6 {
        append(&mut histories, &format!("room:{}", seq % 2), "tick", seq);
    }
    assert!(histories.size().1 <= 1_000);
    assert_eq!(kept(&histories, "room:0"), [4, 6]);
    assert_eq!(kept(&histories, "room:1"), [5]);
    assert!(!histories.is_complete_after("room:1", Place::of(2)));
    assert!(histories.is_complete_after("room:1", Place::of(3)));
}

#[tokio::test(start_paused = true)]
async fn old_events_are_dropped_and_their_room_is_forgotten() {
    let mut histories = histories(|_| ());
    append(&mut histories, "room:a", "tick", 1);
    tokio::time::advance(Duration::from_secs(11)).await;
    append(&mut histories, "room:b", "tick", 2);
    histories.trim();
    assert_eq!(kept(&histories, "room:a"), [0; 0]);
    assert!(!histories.is_complete_after("room:a", Place::of(0)));
    assert!(histories.is_complete_after("room:a", Place::of(1)));
    assert_eq!(histories.rooms.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_somebody_waits_for_is_not_forgotten() {
    let mut histories = histories(|rule| rule.max_events = 1);
    let (room, other) = (Arc::from("room:a"), Arc::<str>::from("other"));
    assert!(histories.watch(&other).is_none());
    let changed = histories.watch(&room).unwrap();
    let notified = changed.notified();
    append(&mut histories, "room:a", "tick", 1);
    notified.await;
    // Events that other rooms have dropped make no difference.
    append(&mut histories, "room:b", "tick", 2);
    tokio::time::advance(Duration::from_secs(11)).await;
    histories.trim();
    assert_eq!(histories.forgotten, Place::of(2));
    assert!(histories.is_complete_after("room:a", Place::of(1)));
    histories.unwatch("room:a");
    assert!(!histories.is_complete_after("room:a", Place::of(1)));
    assert!(histories.is_unused());
}

#[test]
fn with_last_value_only_the_newest_event_of_each_name_is_kept() {
    let mut histories = histories(|rule| rule.last_value = true);
    for seq in 1..=3_000 {
        let event = ["price", "volume"][usize::try_from(seq % 2).unwrap()];
        append(&mut histories, "room:a", event, seq);
    }
    assert_eq!(kept(&histories, "room:a"), [2_999, 3_000]);
    assert!(histories.is_complete_after("room:a", Place::of(0)));
    assert!(histories.totals[0].order.len() <= 1_100);
}
