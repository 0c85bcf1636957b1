//! What the operator chooses about the web side, in one place.

use std::path::PathBuf;
use std::time::Duration;

use super::origin::PublicOrigin;
use super::visitor::Network;

#[derive(Clone, Debug)]
pub struct WebSettings {
    /// The address that people type, such as `https://chat.example.org`. With `https` the
    /// cookies are `Secure` and browsers are told to stay on https. Without it, an origin is
    /// compared with the `Host` header alone.
    pub public_origin: Option<PublicOrigin>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Empty: nobody's,
    /// and the peer's address counts.
    pub trusted_proxies: Vec<Network>,
    /// Where `cargo leptos watch` builds the site (`LEPTOS_SITE_ROOT`). When given, assets come
    /// from there under their plain names instead of from inside the binary.
    pub site: Option<PathBuf>,
    /// The port of `cargo leptos watch` (`LEPTOS_RELOAD_PORT`), when pages should reload
    /// themselves after a build.
    pub reload_port: Option<u16>,
    /// How long a session can last at the most: as long the browser keeps its cookie.
    pub session_lifetime: Duration,
    /// The largest body of a request, in bytes. The longest message in its longest spelling
    /// must fit.
    pub body_limit: usize,
    /// When a request is given up. What it had begun may still be done.
    pub timeout: Duration,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            public_origin: None,
            trusted_proxies: Vec::new(),
            site: None,
            reload_port: None,
            session_lifetime: Duration::from_secs(90 * 24 * 60 * 60),
            body_limit: 1024 * 1024,
            timeout: Duration::from_secs(15),
        }
    }
}

impl WebSettings {
    /// Under `cargo leptos watch`, which says in the environment where it builds and how pages
    /// hear of a build. Anywhere else, nothing changes.
    #[must_use]
    pub fn while_developing(mut self) -> Self {
        if std::env::var_os("LEPTOS_WATCH").is_some() {
            self.site = std::env::var_os("LEPTOS_SITE_ROOT").map(PathBuf::from);
            let port = std::env::var("LEPTOS_RELOAD_PORT").ok();
            self.reload_port = port.and_then(|port| port.parse().ok());
        }
        self
    }

    /// Whether people are known to come over https.
    pub fn is_https(&self) -> bool {
        self.public_origin
            .as_ref()
            .is_some_and(PublicOrigin::is_https)
    }
}
