//! [`Subprotocol`]: which subprotocol of a WebSocket is accepted.

use std::{fmt, sync::Arc};

use http::{HeaderValue, header, request::Parts};
use hyper::upgrade::OnUpgrade;

use super::config::Config;
use crate::base::{Problem, ProblemDetails, Request, fault, websocket_protocols};

type Choice = dyn Fn(&Request) -> Option<String> + Send + Sync;

/// The subprotocol that the response to a WebSocket handshake names, of those that the client offers in
/// `Sec-WebSocket-Protocol`. Default: the first.
///
/// Engine.IO has no subprotocols, but a browser closes a WebSocket if the server accepts none of its offers. Clients
/// also use the header for credentials, because a page can set no other.
#[derive(Clone, Default)]
pub struct Subprotocol(Option<Arc<Choice>>);

impl Subprotocol {
    /// Creates a choice by a function of the request, whose offers are
    /// [`Request::websocket_protocols`](crate::Request::websocket_protocols). With `None`, or a name that was not
    /// offered, the response names none.
    pub fn choose(choice: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> Self {
        Subprotocol(Some(Arc::new(choice)))
    }

    /// Returns the header of the response; `None` if the client offers nothing or nothing is accepted.
    pub(super) fn answer(&self, request: &Parts, config: &Config) -> Option<HeaderValue> {
        let offers = request
            .headers
            .get_all(header::SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .map(HeaderValue::as_bytes);
        let mut offered = websocket_protocols(offers);
        let accepted = match &self.0 {
            None => offered.next()?.to_owned(),
            Some(choice) => {
                let request = without_upgrade(request).behind(&config.trusted_proxies);
                let chosen = fault::catch(|| choice(&request)).unwrap_or_else(|panic| {
                    tracing::error!(target: "engineio", %panic, ?request, "the choice of a subprotocol failed");
                    None
                })?;
                if !offered.any(|offer| offer == chosen) {
                    let details = ProblemDetails::of(&request, "websocket");
                    let details = details.input(chosen.as_bytes());
                    config.problems.report(Problem::OtherSubprotocol, details);
                    return None;
                }
                chosen
            }
        };
        HeaderValue::try_from(accepted).ok()
    }
}

/// Returns the request for a function that may keep it: it must not keep the connection.
fn without_upgrade(request: &Parts) -> Request {
    let mut request = request.clone();
    request.extensions.remove::<OnUpgrade>();
    request.into()
}

impl fmt::Debug for Subprotocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => "the first offer",
            Some(_) => "by a function",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(subprotocol: &Subprotocol, offers: &[&str]) -> Option<String> {
        let request = offers
            .iter()
            .fold(http::Request::get("/"), |request, offer| {
                request.header("sec-websocket-protocol", *offer)
            });
        let answer = subprotocol.answer(
            &request.body(()).unwrap().into_parts().0,
            &Config::default(),
        )?;
        Some(answer.to_str().unwrap().to_owned())
    }

    #[test]
    fn by_default_the_first_offer_is_accepted() {
        let first = Subprotocol::default();
        for (offers, expected) in [
            (&["v1"][..], Some("v1")),
            (&["v2, v1"], Some("v2")),
            (&["", " , v2 ,v1", "v0"], Some("v2")),
            // Not a token: no client could accept it.
            (&["not a token, v1"], Some("v1")),
            (&[], None),
            (&[","], None),
        ] {
            assert_eq!(answer(&first, offers).as_deref(), expected, "{offers:?}");
        }
    }

    #[test]
    fn a_function_may_choose_one_that_was_offered() {
        let choose = |name: &'static str| {
            Subprotocol::choose(move |request| {
                assert!(request.websocket_protocols().count() > 0);
                (!name.is_empty()).then(|| name.to_owned())
            })
        };
        let offers = &["token.abc, chat", "v1"][..];
        assert_eq!(answer(&choose("v1"), offers).as_deref(), Some("v1"));
        assert_eq!(answer(&choose("v2"), offers), None);
        assert_eq!(answer(&choose(""), offers), None);
        assert_eq!(answer(&choose("v1"), &[]), None, "it is not called");
        let fails = Subprotocol::choose(|_| panic!("by a test"));
        assert_eq!(answer(&fails, offers), None);
    }
}
