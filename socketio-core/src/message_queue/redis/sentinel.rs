//! Finds the master that the sentinels name, and connects to it.

use std::sync::Arc;

use ::redis::{Value, cmd};
use futures_util::future::select_ok;
use tokio_rustls::rustls::ClientConfig;

use super::{
    connection::RedisConnection,
    url::{Endpoint, Protocol},
};
use crate::{
    BoxError,
    message_queue::authority::{Host, Login},
};

/// The sentinels of a service.
pub(super) struct Sentinels<'a> {
    pub(super) endpoints: &'a [Endpoint],
    /// The login at the sentinels.
    pub(super) login: &'a Login,
    pub(super) service: &'a str,
    pub(super) protocol: Option<Protocol>,
    pub(super) tls: Option<&'a Arc<ClientConfig>>,
}

impl Sentinels<'_> {
    /// Connects to the master. All sentinels are asked at once, and the first one that leads to a master wins: a sentinel that doesn't
    /// respond, or doesn't know of a failover yet, has no effect while another one does.
    pub(super) async fn connect_to_master(
        &self,
        login: &Login,
    ) -> Result<RedisConnection, BoxError> {
        let attempts = self
            .endpoints
            .iter()
            .map(|sentinel| Box::pin(self.connect_through(sentinel, login)));
        Ok(select_ok(attempts).await?.0)
    }

    async fn connect_through(
        &self,
        sentinel: &Endpoint,
        login: &Login,
    ) -> Result<RedisConnection, BoxError> {
        let opened = RedisConnection::open(sentinel, self.login, self.protocol, self.tls).await;
        let mut connection = opened.map_err(|error| format!("sentinel {sentinel}: {error}"))?;
        let mut commands = connection.commands();
        let mut command = cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(self.service);
        let master = connection.run(command.query_async::<Option<(String, u16)>>(&mut commands));
        let Some((name, port)) = master
            .await
            .map_err(|error| format!("sentinel {sentinel}: {error}"))?
        else {
            return Err(format!("sentinel {sentinel}: unknown service `{}`", self.service).into());
        };

        let master = Endpoint::Tcp(Host { name, port });
        let opened = RedisConnection::open(&master, login, self.protocol, self.tls).await;
        let mut connection = opened.map_err(|error| format!("master {master}: {error}"))?;
        // A former master would publish only to its own clients. A user without permission for ROLE has to trust the sentinel.
        let mut commands = connection.commands();
        let role = cmd("ROLE");
        match connection.run(role.query_async(&mut commands)).await {
            Ok(Value::Array(role)) if role.first() != Some(&Value::BulkString("master".into())) => {
                Err(format!("sentinel {sentinel}: names {master}, which is not a master").into())
            }
            Err(error) if error.is_io_error() => Err(format!("master {master}: {error}").into()),
            _ => Ok(connection),
        }
    }
}
