//! TLS configurations for connections to brokers.

use std::sync::Arc;

use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};

use crate::BoxError;

/// Returns the configuration that trusts the certificates of the platform.
///
/// # Errors
///
/// Fails if there are none.
pub(super) fn platform() -> Result<ClientConfig, BoxError> {
    let mut found = rustls_native_certs::load_native_certs();
    match found.errors.pop() {
        Some(error) if found.certs.is_empty() => Err(error.into()),
        None if found.certs.is_empty() => Err("TLS: the platform trusts no certificates; install its package of certificate authorities (`ca-certificates`)".into()),
        _ => trusting(found.certs),
    }
}

/// Returns the configuration that trusts these authorities.
pub(super) fn trusting(
    authorities: Vec<CertificateDer<'static>>,
) -> Result<ClientConfig, BoxError> {
    let mut roots = RootCertStore::empty();
    // The platform's store may contain certificates that rustls can't read.
    roots.add_parsable_certificates(authorities);
    // Explicit, because a program with several providers has no default one.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
