//! [`RedisStreams`]: events and sessions in Redis, for all nodes with the same prefix.
//!
//! One stream has the entries of all namespaces, with ids `0-N`, where N comes from a counter next to it. Stream and counter have the epoch in
//! their names, so that a reader of an old epoch does not read entries of a new one. All names have the same hash tag, so that they share one
//! slot of a Redis Cluster and a script may change several of them.

use std::{fmt, time::Duration};

use ::redis::{Cmd, cmd};
use bytes::Bytes;

use super::{
    EpochEnded, EventStore, OpenedStore, SessionKey, StoredEntry, StoredSession, TakenSession,
};
use crate::{
    base::BoxError,
    message_queue::{BoxFuture, Redis, RedisCommands},
};

/// `KEYS`: the epoch. `ARGV`: the prefixes of the names of stream and counter, a new epoch, the epoch and the number that were seen.
const OPEN: &str = "
local epoch = redis.call('GET', KEYS[1])
if epoch and epoch == ARGV[4] then
  local last = redis.call('GET', ARGV[2] .. epoch)
  if tonumber(last or '0') < tonumber(ARGV[5]) then
    redis.call('DEL', ARGV[1] .. epoch, ARGV[2] .. epoch)
    epoch = false
  end
end
if not epoch then
  epoch = ARGV[3]
  redis.call('SET', KEYS[1], epoch)
end
return {epoch, redis.call('GET', ARGV[2] .. epoch) or '0'}";

/// `KEYS`: epoch, stream, counter. `ARGV`: the epoch, the number of entries to keep, the entries.
const APPEND: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local last = 0
for index = 3, #ARGV do
  last = redis.call('INCR', KEYS[3])
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], string.format('0-%.0f', last), 'e', ARGV[index])
end
return last";

/// `KEYS`: epoch, stream. `ARGV`: the epoch, the first id to keep.
const TRIM: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('XTRIM', KEYS[2], 'MINID', '~', ARGV[2])
return 1";

/// `KEYS`: the sessions. `ARGV`: the owner; for each session the record and the time to live in milliseconds.
const SAVE: &str = "
local saved = {}
for index, key in ipairs(KEYS) do
  local owner = redis.call('HGET', key, 'owner')
  if owner and owner ~= ARGV[1] then
    saved[index] = 0
  else
    redis.call('HSET', key, 'owner', ARGV[1], 'record', ARGV[2 * index])
    redis.call('PEXPIRE', key, ARGV[2 * index + 1])
    saved[index] = 1
  end
end
return saved";

/// `KEYS`: the session, the epoch. `ARGV`: the new owner, the prefix of the name of the counter.
const TAKE: &str = "
local session = redis.call('HMGET', KEYS[1], 'owner', 'record')
if not session[1] then return false end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
local epoch = redis.call('GET', KEYS[2])
return {session[1], session[2], epoch and redis.call('GET', ARGV[2] .. epoch) or '0'}";

/// `KEYS`: the session. `ARGV`: the owner.
const REMOVE: &str = "
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1";

/// The response to `XREAD`: streams, each with entries of an id and fields.
type Streams = Vec<(String, Vec<(String, Vec<Vec<u8>>)>)>;

/// Stores events and sessions in [Redis](https://redis.io) (6.2 or newer) or Valkey, for all nodes that use the same prefix.
///
/// Redis must not evict keys: set `maxmemory-policy noeviction`, which is its default. A restart of Redis loses what its own persistence
/// (`appendonly`) does not contain; clients are then told that they have missed events. Keys are in database 0, even if the URL names
/// another one.
pub struct RedisStreams {
    server: Redis,
    /// The connection for commands that don't wait.
    redis: RedisCommands,
    /// The connection for commands that wait, one at a time.
    waiting: RedisCommands,
    prefix: String,
    max_entries: usize,
}

impl RedisStreams {
    /// Creates a store from a URL in the form of [`Redis`], without connecting.
    ///
    /// # Errors
    ///
    /// As [`Redis::new`].
    pub fn new(url: &str) -> Result<Self, BoxError> {
        Ok(Self::with(Redis::new(url)?))
    }

    /// Creates a store from the description of a server, which may have a TLS configuration. It does not connect.
    pub fn with(redis: Redis) -> Self {
        RedisStreams {
            redis: RedisCommands::new(redis.clone(), "socketio"),
            waiting: RedisCommands::new(redis.clone(), "socketio"),
            server: redis,
            prefix: String::from("socketio"),
            max_entries: 100_000,
        }
    }

    /// Sets the prefix in the names of its keys. Default: `socketio`. Programs that share a Redis server need different prefixes.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Sets approximately how many events of all namespaces are kept. A node that starts reads all of them. Default: 100,000 events.
    #[must_use]
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// Returns the name of a key.
    fn name(&self, kind: &str) -> String {
        format!("{{{}:events}}:{kind}", self.prefix)
    }

    fn stream(&self, epoch: &str) -> String {
        self.name("stream:") + epoch
    }

    fn count(&self, epoch: &str) -> String {
        self.name("count:") + epoch
    }

    fn session(&self, key: &SessionKey) -> String {
        self.name("session:") + key.as_str()
    }

    fn command(script: &str, keys: &[String]) -> Cmd {
        let mut command = cmd("EVAL");
        command.arg(script).arg(keys.len()).arg(keys);
        command
    }

    async fn check(&self, epoch: &str) -> Result<(), BoxError> {
        let mut command = cmd("GET");
        command.arg(self.name("epoch"));
        let current: Option<String> = self.redis.query(&command).await?;
        match current.as_deref() == Some(epoch) {
            true => Ok(()),
            false => Err(EpochEnded.into()),
        }
    }
}

impl EventStore for RedisStreams {
    fn open<'a>(
        &'a self,
        proposal: &'a str,
        seen: Option<(&'a str, u64)>,
    ) -> BoxFuture<'a, Result<OpenedStore, BoxError>> {
        Box::pin(async move {
            let (epoch, number) = seen.unwrap_or_default();
            let mut command = Self::command(OPEN, &[self.name("epoch")]);
            command
                .arg(self.stream(""))
                .arg(self.count(""))
                .arg(proposal)
                .arg(epoch)
                .arg(number);
            let (epoch, last) = self.redis.query(&command).await?;
            Ok(OpenedStore { epoch, last })
        })
    }

    fn append<'a>(
        &'a self,
        epoch: &'a str,
        entries: &'a [Bytes],
    ) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(async move {
            let keys = [self.name("epoch"), self.stream(epoch), self.count(epoch)];
            let mut command = Self::command(APPEND, &keys);
            command.arg(epoch).arg(self.max_entries);
            for entry in entries {
                command.arg(&**entry);
            }
            match self.redis.query(&command).await? {
                0 => Err(EpochEnded.into()),
                last => Ok(last),
            }
        })
    }

    fn read<'a>(
        &'a self,
        epoch: &'a str,
        after: u64,
        limit: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<StoredEntry>, BoxError>> {
        Box::pin(async move {
            let mut command = cmd("XREAD");
            command.arg("COUNT").arg(limit);
            let waits = !wait.is_zero();
            if waits {
                command.arg("BLOCK").arg(millis(wait).max(1));
            }
            command
                .arg("STREAMS")
                .arg(self.stream(epoch))
                .arg(format!("0-{after}"));
            let connection = if waits { &self.waiting } else { &self.redis };
            let streams: Option<Streams> = connection.query(&command).await?;
            let entries = streams.into_iter().flatten().flat_map(|(_, found)| found);
            let entries: Vec<_> = entries.map(read_entry).collect::<Result<_, _>>()?;
            if entries.is_empty() {
                self.check(epoch).await?;
            }
            Ok(entries)
        })
    }

    fn trim<'a>(&'a self, epoch: &'a str, up_to: u64) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let mut command = Self::command(TRIM, &[self.name("epoch"), self.stream(epoch)]);
            command
                .arg(epoch)
                .arg(format!("0-{}", up_to.saturating_add(1)));
            match self.redis.query(&command).await? {
                0_u8 => Err(EpochEnded.into()),
                _ => Ok(()),
            }
        })
    }

    fn save_sessions<'a>(
        &'a self,
        owner: &'a str,
        sessions: &'a [StoredSession],
    ) -> BoxFuture<'a, Result<Vec<bool>, BoxError>> {
        Box::pin(async move {
            let keys: Vec<_> = sessions.iter().map(|one| self.session(&one.key)).collect();
            let mut command = Self::command(SAVE, &keys);
            command.arg(owner);
            for session in sessions {
                command
                    .arg(&*session.record)
                    .arg(millis(session.ttl).max(1));
            }
            self.redis.query(&command).await
        })
    }

    fn take_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<Option<TakenSession>, BoxError>> {
        Box::pin(async move {
            let keys = [self.session(key), self.name("epoch")];
            let mut command = Self::command(TAKE, &keys);
            command.arg(owner).arg(self.count(""));
            let taken: Option<(String, Vec<u8>, u64)> = self.redis.query(&command).await?;
            Ok(taken.map(|(owner, record, last)| TakenSession {
                owner,
                record: record.into(),
                last,
            }))
        })
    }

    fn remove_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let mut command = Self::command(REMOVE, &[self.session(key)]);
            command.arg(owner);
            self.redis.query::<u8>(&command).await?;
            Ok(())
        })
    }
}

/// Gives the clone its own connection for commands that wait, since they would wait for each other on a shared one.
impl Clone for RedisStreams {
    fn clone(&self) -> Self {
        RedisStreams {
            server: self.server.clone(),
            redis: self.redis.clone(),
            waiting: RedisCommands::new(self.server.clone(), "socketio"),
            prefix: self.prefix.clone(),
            max_entries: self.max_entries,
        }
    }
}

fn read_entry((id, fields): (String, Vec<Vec<u8>>)) -> Result<StoredEntry, BoxError> {
    let number = id
        .strip_prefix("0-")
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| format!("an entry with the id {id:?} in the stream of events"))?;
    let entry = fields
        .into_iter()
        .nth(1)
        .ok_or("an entry without a value in the stream of events")?;
    Ok(StoredEntry {
        number,
        entry: entry.into(),
    })
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX / 2)
}

impl fmt::Debug for RedisStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStreams")
            .field("redis", &self.redis)
            .field("prefix", &self.prefix)
            .field("max_entries", &self.max_entries)
            .finish()
    }
}
