//! [`RedisDeliveries`]: kept events in Redis, for all nodes.
//!
//! Each recipient has a list of ids in order, and a claim. All recipients share a table of events, a table of attempts, a table of how many bytes
//! each has, and a list by expiry.
//! All names have the same hash tag, so that one script may change several keys.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::redis::{Cmd, cmd};
use bytes::Bytes;
use form_urlencoded::byte_serialize;
use serde::{Deserialize, Serialize};

use super::{
    Recipient,
    recipient::Kind,
    store::{DeliveryLimits, DeliveryStore, KeptEvent, Taken},
};
use crate::{
    base::{BoxError, DeliverError},
    message_queue::{BoxFuture, MessageQueue, Redis, RedisCommands},
    once::Claim,
};

/// `KEYS`: list, events, expiries, sizes. `ARGV`: id, event, expiry, limit of the recipient, limit of all, recipient, channel, bytes of the
/// recipient. The size of an empty list counts as zero, whatever the table says.
const PUSH: &str = "
local count, bytes = redis.call('LLEN', KEYS[1]), #ARGV[2]
if count >= tonumber(ARGV[4]) then return 1 end
if count > 0 then bytes = bytes + (redis.call('HGET', KEYS[4], ARGV[6]) or 0) end
if bytes > tonumber(ARGV[8]) then return 3 end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[5]) then return 2 end
redis.call('HSET', KEYS[4], ARGV[6], bytes)
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[6] .. ' ' .. ARGV[1])
redis.call('PUBLISH', ARGV[7], ARGV[6])
return 0";

/// `KEYS`: list, events, attempts, claim. `ARGV`: claim, lease. An id without an event is a leftover, and skipped.
const TAKE: &str = "
while true do
  local id = redis.call('LINDEX', KEYS[1], 0)
  if not id then return {0, '', 0, ''} end
  local event = redis.call('HGET', KEYS[2], id)
  if event then
    if not redis.call('SET', KEYS[4], ARGV[1], 'NX', 'PX', ARGV[2]) then
      return {1, '', redis.call('PTTL', KEYS[4]), ''}
    end
    return {2, id, redis.call('HINCRBY', KEYS[3], id, 1), event}
  end
  redis.call('LPOP', KEYS[1])
end";

/// `KEYS`: list, events, attempts, claim, expiries, sizes. `ARGV`: claim, id, recipient.
const REMOVE: &str = "
if redis.call('GET', KEYS[4]) == ARGV[1] then redis.call('DEL', KEYS[4]) end
redis.call('LREM', KEYS[1], 1, ARGV[2])
redis.call('HINCRBY', KEYS[6], ARGV[3], -redis.call('HSTRLEN', KEYS[2], ARGV[2]))
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HDEL', KEYS[6], ARGV[3]) end
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[3] .. ' ' .. ARGV[2])
return redis.call('HDEL', KEYS[2], ARGV[2])";

/// `KEYS`: claim. `ARGV`: claim.
const RELEASE: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1";

/// `KEYS`: expiries, events, attempts, sizes. `ARGV`: the time, the prefix of the names of lists.
const EXPIRE: &str = "
local expired = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 100)) do
  local space = string.find(member, ' ', 1, true)
  local recipient, id = string.sub(member, 1, space - 1), string.sub(member, space + 1)
  redis.call('ZREM', KEYS[1], member)
  redis.call('LREM', ARGV[2] .. recipient, 1, id)
  redis.call('HINCRBY', KEYS[4], recipient, -redis.call('HSTRLEN', KEYS[2], id))
  if redis.call('EXISTS', ARGV[2] .. recipient) == 0 then redis.call('HDEL', KEYS[4], recipient) end
  local attempts, event = redis.call('HGET', KEYS[3], id), redis.call('HGET', KEYS[2], id)
  redis.call('HDEL', KEYS[3], id)
  redis.call('HDEL', KEYS[2], id)
  if event then
    table.insert(expired, {recipient, id, attempts or '0', event})
  end
end
return expired";

/// The events of all nodes with the same prefix.
#[derive(Debug)]
pub(super) struct RedisDeliveries {
    queue: Redis,
    redis: RedisCommands,
    prefix: String,
}

/// Stored in front of the payload, and followed by a line feed.
#[derive(Serialize, Deserialize)]
struct Header<'a> {
    event: std::borrow::Cow<'a, str>,
    max_attempts: u32,
}

impl RedisDeliveries {
    pub(super) fn new(redis: Redis, prefix: &str) -> Self {
        RedisDeliveries {
            redis: RedisCommands::new(redis.clone(), "socketio"),
            queue: redis,
            prefix: prefix.to_owned(),
        }
    }

    /// Returns the name of a key.
    fn name(&self, kind: &str, of: &str) -> String {
        format!("{{{}:deliver}}:{kind}:{of}", self.prefix)
    }

    fn channel(&self) -> String {
        format!("{}:deliver", self.prefix)
    }

    fn command(&self, script: &str, keys: &[String]) -> Cmd {
        let mut command = cmd("EVAL");
        command.arg(script).arg(keys.len()).arg(keys);
        command
    }

    async fn waiting(&self) -> Result<Vec<String>, BoxError> {
        let mut command = cmd("ZRANGE");
        command.arg(self.name("expiries", "")).arg(0).arg(-1);
        self.redis.query(&command).await
    }
}

impl DeliveryStore for RedisDeliveries {
    fn is_unused(&self) -> bool {
        false
    }

    fn push<'a>(
        &'a self,
        recipient: &'a Recipient,
        event: KeptEvent,
        limits: &'a DeliveryLimits,
    ) -> BoxFuture<'a, Result<(), DeliverError>> {
        Box::pin(async move {
            let text = write_recipient(recipient);
            let keys = [
                self.name("list", &text),
                self.name("events", ""),
                self.name("expiries", ""),
                self.name("sizes", ""),
            ];
            let mut command = self.command(PUSH, &keys);
            command
                .arg(write_id(event.id))
                .arg(write_event(&event).map_err(DeliverError::Store)?)
                .arg(now().saturating_add(millis(event.expiry)))
                .arg(limits.recipient_events)
                .arg(limits.events)
                .arg(text)
                .arg(self.channel())
                .arg(limits.recipient_bytes);
            match self.redis.query(&command).await {
                Ok(0_u8) => Ok(()),
                Ok(1) => Err(DeliverError::Full("`Deliveries::max_per_recipient`")),
                Ok(3) => Err(DeliverError::Full("`Deliveries::max_bytes_per_recipient`")),
                Ok(_) => Err(DeliverError::Full("`Deliveries::max_events`")),
                Err(error) => Err(DeliverError::Store(error)),
            }
        })
    }

    fn take<'a>(
        &'a self,
        recipient: &'a Recipient,
        claim: Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, BoxError>> {
        Box::pin(async move {
            let text = write_recipient(recipient);
            let keys = [
                self.name("list", &text),
                self.name("events", ""),
                self.name("attempts", ""),
                self.name("claim", &text),
            ];
            let mut command = self.command(TAKE, &keys);
            command.arg(write_id(claim.get())).arg(millis(lease));
            let (found, id, number, event): (u8, String, i64, Vec<u8>) =
                self.redis.query(&command).await?;
            let number = u64::try_from(number).unwrap_or_default();
            Ok(match found {
                0 => Taken::Empty,
                1 => Taken::Busy(Duration::from_millis(number)),
                _ => Taken::Event(read_event(&id, number, event.into())?),
            })
        })
    }

    fn remove<'a>(
        &'a self,
        recipient: &'a Recipient,
        id: u128,
        claim: Claim,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let text = write_recipient(recipient);
            let keys = [
                self.name("list", &text),
                self.name("events", ""),
                self.name("attempts", ""),
                self.name("claim", &text),
                self.name("expiries", ""),
                self.name("sizes", ""),
            ];
            let mut command = self.command(REMOVE, &keys);
            command
                .arg(write_id(claim.get()))
                .arg(write_id(id))
                .arg(text);
            self.redis.query(&command).await
        })
    }

    fn release<'a>(
        &'a self,
        recipient: &'a Recipient,
        claim: Claim,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let keys = [self.name("claim", &write_recipient(recipient))];
            let mut command = self.command(RELEASE, &keys);
            command.arg(write_id(claim.get()));
            self.redis.query(&command).await
        })
    }

    fn expire(&self) -> BoxFuture<'_, Result<Vec<(Recipient, KeptEvent)>, BoxError>> {
        Box::pin(async move {
            let keys = [
                self.name("expiries", ""),
                self.name("events", ""),
                self.name("attempts", ""),
                self.name("sizes", ""),
            ];
            let mut command = self.command(EXPIRE, &keys);
            command.arg(now()).arg(self.name("list", ""));
            let expired: Vec<(String, String, u64, Vec<u8>)> = self.redis.query(&command).await?;
            let read = |(recipient, id, attempts, event): (String, String, u64, Vec<u8>)| {
                let event = read_event(&id, attempts, event.into())?;
                Ok((read_recipient(&recipient)?, event))
            };
            expired.into_iter().map(read).collect()
        })
    }

    fn listen<'a>(
        &'a self,
        news: &'a (dyn Fn(Recipient) + Send + Sync),
    ) -> BoxFuture<'a, BoxError> {
        Box::pin(async move {
            let listen = async {
                let mut subscription = self.queue.subscription(&self.channel()).await?;
                // Events that were published before the subscription are in the list.
                for member in self.waiting().await? {
                    let recipient = member.split(' ').next().unwrap_or_default();
                    news(read_recipient(recipient)?);
                }
                loop {
                    let message = subscription.receive().await?;
                    news(read_recipient(std::str::from_utf8(&message)?)?);
                }
            };
            let Err::<std::convert::Infallible, BoxError>(error) = listen.await;
            error
        })
    }
}

fn write_id(id: u128) -> String {
    format!("{id:032x}")
}

/// Encodes a recipient without spaces.
fn write_recipient(recipient: &Recipient) -> String {
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let kind = match recipient.kind {
        Kind::User => "user",
        Kind::Client => "client",
    };
    let (namespace, id) = (escaped(&recipient.namespace), escaped(&recipient.id));
    format!("{kind}:{namespace}:{id}")
}

fn read_recipient(text: &str) -> Result<Recipient, BoxError> {
    let unescaped = |text: &str| -> Arc<str> {
        let mut pairs = form_urlencoded::parse(text.as_bytes());
        pairs
            .next()
            .map_or(Arc::from(""), |(text, _)| Arc::from(&*text))
    };
    let invalid = || format!("an invalid recipient of an event: {text:?}");
    let mut parts = text.split(':');
    let (Some(kind), Some(namespace), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(invalid().into());
    };
    Ok(Recipient {
        namespace: unescaped(namespace),
        kind: match kind {
            "user" => Kind::User,
            "client" => Kind::Client,
            _ => return Err(invalid().into()),
        },
        id: unescaped(id),
    })
}

fn write_event(event: &KeptEvent) -> Result<Vec<u8>, BoxError> {
    let mut text = serde_json::to_vec(&Header {
        event: (&*event.event).into(),
        max_attempts: event.max_attempts,
    })?;
    text.push(b'\n');
    text.extend_from_slice(&event.payload);
    Ok(text)
}

fn read_event(id: &str, attempts: u64, text: Bytes) -> Result<KeptEvent, BoxError> {
    let end = text.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or("an event in Redis has no header")?;
    let header: Header<'_> = serde_json::from_slice(&text[..end])?;
    Ok(KeptEvent {
        id: u128::from_str_radix(id, 16)?,
        event: Arc::from(&*header.event),
        payload: text.slice(end + 1..),
        expiry: Duration::ZERO,
        max_attempts: header.max_attempts,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
    })
}

fn now() -> u64 {
    millis(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

/// Returns a duration in milliseconds, limited to a number with which a script can calculate exactly.
fn millis(duration: Duration) -> u64 {
    duration
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX)
        .min(1 << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_and_events_are_the_same_after_they_were_stored() {
        for (kind, namespace, id) in [
            (Kind::User, "/", ""),
            (Kind::User, "/a b:c", "x:y z=%20\n&"),
            (Kind::Client, "/ä", "AbC"),
        ] {
            let recipient = Recipient {
                namespace: namespace.into(),
                kind,
                id: id.into(),
            };
            let text = write_recipient(&recipient);
            assert!(!text.contains(' '), "{text}");
            assert_eq!(read_recipient(&text).unwrap(), recipient);
        }
        let event = KeptEvent {
            id: 7,
            event: "a\nb".into(),
            payload: Bytes::from_static(b"\n\0\xff"),
            expiry: Duration::ZERO,
            max_attempts: 3,
            attempts: 2,
        };
        let text = write_event(&event).unwrap();
        assert_eq!(read_event(&write_id(7), 2, text.into()).unwrap(), event);
    }
}
