//! TLS towards a broker.

use std::sync::Arc;

use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};

use crate::BoxError;

/// The configuration that trusts what the platform trusts.
///
/// # Errors
///
/// When that is nothing.
pub(super) fn platform() -> Result<ClientConfig, BoxError> {
    let mut found = rustls_native_certs::load_native_certs();
    match found.errors.pop() {
        Some(error) if found.certs.is_empty() => Err(error.into()),
        None if found.certs.is_empty() => Err("this platform trusts no certificates".into()),
        _ => trusting(found.certs),
    }
}

/// The configuration that trusts these authorities.
pub(super) fn trusting(
    authorities: Vec<CertificateDer<'static>>,
) -> Result<ClientConfig, BoxError> {
    let mut roots = RootCertStore::empty();
    // A platform's store may hold some that rustls can't read.
    roots.add_parsable_certificates(authorities);
    // Named, because a program with several providers has no default one.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
