//! The rules of the contract.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use socketio_core::{
    BoxError, Claim, EpochEnded, EventStore, OpenedStore, SessionKey, StoredSession,
};
use tokio::time::{Instant, sleep, timeout};

/// The result of a rule: an error that says how it was broken.
type Outcome = Result<(), BoxError>;

/// How long a read waits.
const WAIT: Duration = Duration::from_secs(5);

fn random() -> String {
    format!("{:032x}", Claim::new().get())
}

/// Returns an epoch that no store has had.
fn epoch() -> String {
    random()[..8].to_owned()
}

fn key() -> SessionKey {
    SessionKey::of(&random())
}

fn session(key: &SessionKey, record: &'static [u8], ttl: u64) -> StoredSession {
    StoredSession {
        key: key.clone(),
        record: Bytes::from_static(record),
        ttl: Duration::from_millis(ttl),
    }
}

fn numbered(count: usize) -> Vec<Bytes> {
    (0..count)
        .map(|number| Bytes::from(number.to_string()))
        .collect()
}

fn check(is: bool, otherwise: &str) -> Outcome {
    match is {
        true => Ok(()),
        false => Err(otherwise.into()),
    }
}

async fn open(store: &dyn EventStore) -> Result<OpenedStore, BoxError> {
    store.open(&epoch(), None).await
}

pub(super) async fn a_store_has_one_epoch(store: &dyn EventStore) -> Outcome {
    let (one, two) = (open(store).await?, open(store).await?);
    check(!one.epoch.is_empty(), "the epoch is empty")?;
    check(one == two, "the epoch changes although nothing was lost")?;
    let again = store.open(&epoch(), Some((&one.epoch, one.last))).await?;
    check(again == one, "the epoch changes although nothing was lost")
}

pub(super) async fn entries_are_numbered_without_gaps(store: &dyn EventStore) -> Outcome {
    let OpenedStore { epoch, last } = open(store).await?;
    for count in 1..=3 {
        store.append(&epoch, &numbered(count)).await?;
    }
    let number = store.append(&epoch, &numbered(1)).await?;
    check(
        number == last + 7,
        "an append does not return the number of its last entry",
    )?;
    let first = store.read(&epoch, last, 5, WAIT).await?;
    let numbers: Vec<_> = first.iter().map(|entry| entry.number).collect();
    check(
        numbers == [1, 2, 3, 4, 5].map(|number| last + number),
        "a read returns other numbers, or more than its limit",
    )?;
    let rest = store.read(&epoch, last + 5, 5, WAIT).await?;
    let all: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|entry| &entry.entry)
        .collect();
    let expected = ["0", "0", "1", "0", "1", "2", "0"].map(Bytes::from);
    check(
        all == expected.iter().collect::<Vec<_>>(),
        "the entries are not in the order in which they were appended",
    )?;
    check(
        open(store).await?.last == number,
        "`open` does not return the number of the last entry",
    )
}

pub(super) async fn entries_of_an_append_are_next_to_each_other(store: &dyn EventStore) -> Outcome {
    const ENTRIES: usize = 50;
    let OpenedStore { epoch, last } = open(store).await?;
    let batches = ["a", "b", "c"].map(|name| vec![Bytes::from(name); ENTRIES]);
    let [a, b, c] = &batches;
    tokio::try_join!(
        store.append(&epoch, a),
        store.append(&epoch, b),
        store.append(&epoch, c)
    )?;
    let entries = store.read(&epoch, last, 1_000, WAIT).await?;
    check(entries.len() == 3 * ENTRIES, "entries are missing")?;
    let is_whole = entries.chunks(ENTRIES).all(|chunk| {
        let mut chunk = chunk.iter();
        let first = chunk.next().map(|entry| &entry.entry);
        chunk.all(|entry| Some(&entry.entry) == first)
    });
    check(is_whole, "entries of other appends are between them")
}

pub(super) async fn entries_are_arbitrary_bytes(store: &dyn EventStore) -> Outcome {
    let OpenedStore { epoch, last } = open(store).await?;
    let all: Vec<u8> = (0..=255).collect();
    let entries = [
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"\r\n\r\n"),
        Bytes::from_static(b"\xff\xfe \xc3\x28"),
        Bytes::from(all),
        Bytes::from(vec![b'x'; 1 << 20]),
    ];
    store.append(&epoch, &entries).await?;
    let read = store.read(&epoch, last, 10, WAIT).await?;
    let read: Vec<_> = read.into_iter().map(|entry| entry.entry).collect();
    check(
        read == entries,
        "the entries that are read differ from those that were appended",
    )
}

pub(super) async fn a_read_waits_for_the_next_entry(store: &dyn EventStore) -> Outcome {
    let OpenedStore { epoch, last } = open(store).await?;
    let append = async {
        sleep(Duration::from_millis(50)).await;
        store.append(&epoch, &numbered(1)).await
    };
    let (read, appended) = tokio::join!(store.read(&epoch, last, 10, WAIT), append);
    let (read, appended) = (read?, appended?);
    check(
        read.len() == 1 && read[0].number == appended,
        "it returns without the entry",
    )?;
    // A read that is dropped loses nothing.
    for _ in 0..20 {
        let dropped = store.read(&epoch, appended, 10, WAIT);
        drop(timeout(Duration::from_millis(1), dropped).await);
    }
    let next = store.append(&epoch, &numbered(1)).await?;
    let read = store.read(&epoch, appended, 10, WAIT).await?;
    check(
        read.len() == 1 && read[0].number == next,
        "an entry is lost when a read is dropped",
    )
}

pub(super) async fn a_read_without_an_entry_ends_in_time(store: &dyn EventStore) -> Outcome {
    let OpenedStore { epoch, last } = open(store).await?;
    let began = Instant::now();
    let read = store
        .read(&epoch, last, 10, Duration::from_millis(100))
        .await?;
    check(read.is_empty(), "it returns entries that are not there")?;
    let took = began.elapsed();
    check(
        took >= Duration::from_millis(90) && took < WAIT,
        "it returns too early or too late",
    )?;
    let read = store.read(&epoch, last, 10, Duration::ZERO).await?;
    check(read.is_empty(), "it returns entries that are not there")
}

pub(super) async fn later_entries_stay_when_the_oldest_are_trimmed(
    store: &dyn EventStore,
) -> Outcome {
    let OpenedStore { epoch, last } = open(store).await?;
    let newest = store.append(&epoch, &numbered(10)).await?;
    store.trim(&epoch, last + 4).await?;
    let read = store.read(&epoch, last + 4, 100, WAIT).await?;
    let numbers: Vec<_> = read.iter().map(|entry| entry.number).collect();
    let expected: Vec<_> = (last + 5..=newest).collect();
    check(numbers == expected, "entries after the number are missing")?;
    // A store may keep some of the trimmed entries, but without gaps.
    let read = store.read(&epoch, last, 100, WAIT).await?;
    let expected = read[0].number..=newest;
    let numbers = read.iter().map(|entry| entry.number);
    check(numbers.eq(expected), "entries are missing between others")?;
    store.trim(&epoch, newest).await?;
    let next = store.append(&epoch, &numbered(1)).await?;
    check(next == newest + 1, "trimming changes the numbers")
}

pub(super) async fn another_epoch_is_refused(store: &dyn EventStore) -> Outcome {
    let last = open(store).await?.last;
    let other = epoch();
    let ended = |error: Option<BoxError>| error.is_some_and(|error| error.is::<EpochEnded>());
    let append = store.append(&other, &numbered(1)).await;
    check(ended(append.err()), "it accepts an append")?;
    let read = store.read(&other, 0, 1, Duration::from_millis(10)).await;
    check(ended(read.err()), "it accepts a read")?;
    check(
        ended(store.trim(&other, last).await.err()),
        "it accepts a trim",
    )?;
    check(open(store).await?.last == last, "it appends nevertheless")
}

pub(super) async fn a_session_has_one_owner(store: &dyn EventStore) -> Outcome {
    let last = open(store).await?.last;
    let (key, other) = (key(), key());
    let none = store.take_session(&key, "one").await?;
    check(none.is_none(), "there is a session that was never stored")?;
    let sessions = [
        session(&key, b"\0\xff1", 60_000),
        session(&other, b"", 60_000),
    ];
    let saved = store.save_sessions("one", &sessions).await?;
    check(saved == [true, true], "a new session is not stored")?;
    let saved = store.save_sessions("two", &sessions[..1]).await?;
    check(saved == [false], "another owner may store it")?;
    store.remove_session(&key, "two").await?;
    let taken = store.take_session(&key, "two").await?;
    let taken = taken.ok_or("another owner may remove it")?;
    check(taken.owner == "one", "the owner is not the former one")?;
    check(
        taken.record == b"\0\xff1"[..],
        "the record is not the one that was stored",
    )?;
    check(
        taken.last >= last,
        "the number of the latest entry is too low",
    )?;
    let saved = store.save_sessions("one", &sessions).await?;
    check(
        saved == [false, true],
        "its former owner may store it, or may not store another one",
    )?;
    let again = [session(&key, b"2", 60_000)];
    let saved = store.save_sessions("two", &again).await?;
    check(saved == [true], "its owner may not store it")?;
    store.remove_session(&key, "two").await?;
    let none = store.take_session(&key, "one").await?;
    check(none.is_none(), "it is still there")
}

pub(super) async fn a_session_is_taken_from_each_owner_once(store: &dyn EventStore) -> Outcome {
    let key = key();
    let sessions = [session(&key, b"record", 60_000)];
    store.save_sessions("0", &sessions).await?;
    let take = async |owner: &'static str| store.take_session(&key, owner).await;
    let (one, two, three) = tokio::try_join!(take("1"), take("2"), take("3"))?;
    let before: HashSet<_> = [one, two, three]
        .into_iter()
        .flatten()
        .map(|taken| taken.owner)
        .collect();
    let last = store.take_session(&key, "4").await?;
    let last = last.ok_or("the session is gone")?.owner;
    check(
        before.len() == 3 && before.contains("0") && !before.contains(&last),
        "several take it from the same owner",
    )
}

pub(super) async fn a_session_ends_after_its_time(store: &dyn EventStore) -> Outcome {
    let (short, long) = (key(), key());
    let sessions = [session(&short, b"1", 300), session(&long, b"2", 60_000)];
    store.save_sessions("one", &sessions).await?;
    let is_there = store.take_session(&short, "one").await?.is_some();
    check(is_there, "it ends too early")?;
    // Storing it again lengthens its time.
    let again = [session(&long, b"2", 60_000)];
    store.save_sessions("one", &again).await?;
    let deadline = Instant::now() + Duration::from_secs(5);
    while store.take_session(&short, "one").await?.is_some() {
        check(Instant::now() < deadline, "it does not end")?;
        sleep(Duration::from_millis(50)).await;
    }
    let is_there = store.take_session(&long, "one").await?.is_some();
    check(is_there, "another one ends, too")
}

pub(super) async fn a_store_that_has_lost_entries_has_another_epoch(
    store: &dyn EventStore,
) -> Outcome {
    let before = open(store).await?;
    store.append(&before.epoch, &numbered(3)).await?;
    let (proposal, seen) = (epoch(), Some((&*before.epoch, before.last + 4)));
    let after = store.open(&proposal, seen).await?;
    let expected = OpenedStore {
        epoch: proposal,
        last: 0,
    };
    check(after == expected, "it goes on with the same epoch")?;
    let refused = store.append(&before.epoch, &numbered(1)).await;
    let is_refused = refused.is_err_and(|error| error.is::<EpochEnded>());
    check(is_refused, "the old epoch is still accepted")?;
    // A node that opens the store later with the old epoch gets the same new one.
    let later = store.open(&epoch(), seen).await?;
    check(
        later == after,
        "a later node gets another epoch than the first",
    )?;
    let number = store.append(&after.epoch, &numbered(1)).await?;
    check(number == 1, "the first number is not 1")
}
