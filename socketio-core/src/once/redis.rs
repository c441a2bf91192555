//! [`RedisOnce`]: responses in Redis, for all nodes.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::redis::{Cmd, cmd};
use bytes::Bytes;
use form_urlencoded::byte_serialize;
use tokio::time::sleep;

use super::{Begun, Claim, OnceKey, OnceLimits, OnceStore};
use crate::{
    base::BoxError,
    message_queue::{BoxFuture, Redis, RedisCommands},
};

/// The interval at which a node checks whether another node has completed a key.
const POLL: Duration = Duration::from_millis(50);

/// The first byte of the value of a completed key. The value of a claimed key begins with `R`.
const COMPLETED: u8 = b'D';

/// `KEYS`: the key. `ARGV`: the claim, the lease in milliseconds.
const BEGIN: &str = "
local value = redis.call('GET', KEYS[1])
if value then
  if string.sub(value, 1, 1) == 'D' then return value end
  return 'R'
end
redis.call('SET', KEYS[1], 'R' .. ARGV[1], 'PX', ARGV[2])
return false";

/// `KEYS` and `ARGV` as for `BEGIN`.
const RENEW: &str = "
if redis.call('GET', KEYS[1]) ~= 'R' .. ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

/// `KEYS`: the key, the list of the owner's keys. `ARGV`: the claim, the time to live and the time in milliseconds, the limit of the
/// owner's keys, the response. A claim whose lease has ended may still complete a key that no other run has claimed.
const COMPLETE: &str = "
local value = redis.call('GET', KEYS[1])
if value and value ~= 'R' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'D' .. ARGV[5], 'PX', ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3] - ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local over = redis.call('ZCARD', KEYS[2]) - ARGV[4]
if over > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[2], over)
  for index = 1, #oldest, 2 do redis.call('DEL', oldest[index]) end
end
return 1";

/// `KEYS`: the key. `ARGV`: the claim.
const ABANDON: &str = "
if redis.call('GET', KEYS[1]) == 'R' .. ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

/// Stores the responses of events that run once in [Redis](https://redis.io) (6 or newer) or Valkey, for all nodes that use the same
/// prefix.
///
/// Redis must not evict keys: set `maxmemory-policy noeviction`, which is its default. When Redis is out of memory, events with `once` fail.
/// Keys are in database 0, even if the URL names another one.
#[derive(Clone)]
pub struct RedisOnce {
    redis: RedisCommands,
    prefix: String,
}

impl RedisOnce {
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
        RedisOnce {
            redis: RedisCommands::new(redis, "socketio"),
            prefix: String::from("socketio"),
        }
    }

    /// Sets the prefix of the names of its keys. Default: `socketio`. Programs that share a Redis server need different prefixes.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Returns the name of a key. All keys of an owner are in one slot of a Redis Cluster.
    fn name(&self, key: &OnceKey) -> String {
        let owner: String = byte_serialize(key.owner().as_bytes()).collect();
        format!("{}:once:{{{owner}}}:{}", self.prefix, key.name())
    }

    /// Returns the name of the list of an owner's keys.
    fn list(&self, key: &OnceKey) -> String {
        let owner: String = byte_serialize(key.owner().as_bytes()).collect();
        format!("{}:once-keys:{{{owner}}}", self.prefix)
    }

    fn eval(&self, script: &str, key: &OnceKey, claim: Claim) -> Cmd {
        let mut command = cmd("EVAL");
        let claim = format!("{:032x}", claim.get());
        command.arg(script).arg(1).arg(self.name(key)).arg(claim);
        command
    }
}

impl OnceStore for RedisOnce {
    fn begin<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<Begun, BoxError>> {
        Box::pin(async move {
            let mut command = self.eval(BEGIN, key, claim);
            command.arg(millis(limits.lease));
            let value: Option<Vec<u8>> = self.redis.query(&command).await?;
            Ok(match value {
                None => Begun::Claimed,
                Some(value) if value.first() == Some(&COMPLETED) => {
                    Begun::Completed(Bytes::from(value).slice(1..))
                }
                Some(_) => Begun::Running,
            })
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let mut command = self.eval(RENEW, key, claim);
            command.arg(millis(limits.lease));
            self.redis.query(&command).await
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        response: Bytes,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let mut command = cmd("EVAL");
            command
                .arg(COMPLETE)
                .arg(2)
                .arg(self.name(key))
                .arg(self.list(key))
                .arg(format!("{:032x}", claim.get()))
                .arg(millis(limits.ttl))
                .arg(millis(now.unwrap_or_default()))
                .arg(limits.owner_entries)
                .arg(&*response);
            self.redis.query(&command).await
        })
    }

    fn abandon<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.redis.query(&self.eval(ABANDON, key, claim)).await })
    }

    fn changed<'a>(&'a self, _: &'a OnceKey) -> BoxFuture<'a, ()> {
        Box::pin(sleep(POLL))
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX / 2)
}

impl fmt::Debug for RedisOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOnce")
            .field("redis", &self.redis)
            .field("prefix", &self.prefix)
            .finish()
    }
}
