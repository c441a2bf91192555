//! A connection to the server that the sentinels name.

use std::sync::Arc;

use ::redis::{Value, cmd};
use futures_util::future::select_ok;
use tokio_rustls::rustls::ClientConfig;

use super::{address::Place, connection::Connection};
use crate::{
    BoxError,
    message_queue::authority::{Host, Login},
};

/// What it takes to find the master of a service.
pub(super) struct Sentinels<'a> {
    pub(super) places: &'a [Place],
    /// As whom to ask.
    pub(super) asking: &'a Login,
    pub(super) service: &'a str,
    pub(super) tls: Option<&'a Arc<ClientConfig>>,
}

impl Sentinels<'_> {
    /// Connects to the master. All sentinels are asked at once, and the first one through which there is a way to a master wins:
    /// one that hangs, or has not heard of a failover, does not matter while another one knows better.
    pub(super) async fn master(&self, login: &Login) -> Result<Connection, BoxError> {
        let ways = self
            .places
            .iter()
            .map(|sentinel| Box::pin(self.through(sentinel, login)));
        Ok(select_ok(ways).await?.0)
    }

    async fn through(&self, sentinel: &Place, login: &Login) -> Result<Connection, BoxError> {
        let mut connection = Connection::open(sentinel, self.asking, self.tls).await?;
        let mut commands = connection.commands();
        let mut question = cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(self.service);
        let answer = connection.run(question.query_async::<Option<(String, u16)>>(&mut commands));
        let Some((name, port)) = answer
            .await
            .map_err(|error| format!("{sentinel}: {error}"))?
        else {
            return Err(format!("{sentinel}: knows no service `{}`", self.service).into());
        };

        let master = Place::Tcp(Host { name, port });
        let mut connection = Connection::open(&master, login, self.tls).await?;
        // What a former master publishes would reach its own clients only. Who may not ask has to believe the sentinel.
        let mut commands = connection.commands();
        let role = cmd("ROLE");
        match connection.run(role.query_async(&mut commands)).await {
            Ok(Value::Array(role)) if role.first() != Some(&Value::BulkString("master".into())) => {
                Err(format!("{sentinel}: names {master}, which is no master (any more)").into())
            }
            Err(error) if error.is_io_error() => Err(format!("{master}: {error}").into()),
            _ => Ok(connection),
        }
    }
}
