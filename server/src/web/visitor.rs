//! Where a request comes from: the address that throttling counts by, the name that the list of
//! devices shows, and whether the way was encrypted.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::Web;
use super::cookies::Kept;
use super::settings::WebSettings;
use crate::chat::Visitor;

/// An address, or all addresses that share its first `prefix` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network: `10.0.0.1` or `10.0.0.0/8` was expected")]
pub struct BadNetwork(String);

impl Network {
    pub fn contains(self, ip: IpAddr) -> bool {
        let (own, other, width) = match (self.address, ip.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let rest = width - u32::from(self.prefix);
        // A shift by all 128 bits is not defined; a prefix of 0 contains everything.
        own.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.chars().take(80).collect());
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| bad())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        if prefix > width {
            Err(bad())
        } else {
            Ok(Self { address, prefix })
        }
    }
}

/// The nearest address that is not a trusted proxy's. `X-Forwarded-For` grows to the right, and
/// only what a trusted proxy added is believed.
fn address(headers: &HeaderMap, peer: IpAddr, trusted: &[Network]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut nearest = peer.to_canonical();
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(nearest) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) => nearest = ip.to_canonical(),
            Err(_) => break,
        }
    }
    nearest
}

/// Whether the person's way to us is encrypted: as configured, or as a trusted proxy says.
fn is_https(headers: &HeaderMap, peer: IpAddr, settings: &WebSettings) -> bool {
    settings.is_https()
        || (settings
            .trusted_proxies
            .iter()
            .any(|network| network.contains(peer))
            && headers
                .get("x-forwarded-proto")
                .is_some_and(|scheme| scheme == "https"))
}

/// What handlers ask for.
pub struct Source {
    pub visitor: Visitor,
    /// How this browser is to keep its cookies.
    pub cookies: Kept,
}

/// What was longer than this was no browser's name.
const AGENT_LENGTH: usize = 200;

impl Source {
    pub fn of(parts: &Parts, settings: &WebSettings) -> Self {
        // In tests, and only there, a request comes without a socket.
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| {
                peer.ip()
            });
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Self {
            visitor: Visitor {
                ip: address(&parts.headers, peer, &settings.trusted_proxies),
                agent: agent
                    .unwrap_or_default()
                    .chars()
                    .take(AGENT_LENGTH)
                    .collect(),
            },
            cookies: Kept {
                https: is_https(&parts.headers, peer, settings),
                session_lifetime: settings.session_lifetime,
            },
        }
    }
}

impl FromRequestParts<Web> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &web.settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(forwarded: &[&str], peer: &str, trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        address(&headers, peer.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_about_their_address_unless_trusted() {
        assert_eq!(seen(&["1.2.3.4"], "9.9.9.9", &[]), "9.9.9.9");
        assert_eq!(seen(&["1.2.3.4"], "9.9.9.9", &["10.0.0.0/8"]), "9.9.9.9");
    }

    #[test]
    fn a_trusted_proxy_is_believed_but_not_what_came_before_it() {
        assert_eq!(
            seen(&["6.6.6.6, 1.2.3.4"], "10.0.0.1", &["10.0.0.0/8"]),
            "1.2.3.4"
        );
        assert_eq!(
            seen(
                &["6.6.6.6", "1.2.3.4, 10.1.1.1"],
                "10.0.0.1",
                &["10.0.0.0/8"]
            ),
            "1.2.3.4"
        );
        assert_eq!(seen(&["nonsense"], "10.0.0.1", &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(
            seen(&["1.2.3.4"], "::ffff:10.0.0.1", &["10.0.0.1"]),
            "1.2.3.4"
        );
    }

    #[test]
    fn networks_are_compared_by_their_prefix() {
        let network = |text: &str| text.parse::<Network>();
        assert!(
            network("0.0.0.0/0")
                .unwrap()
                .contains("9.9.9.9".parse().unwrap())
        );
        assert!(
            network("::/0")
                .unwrap()
                .contains("fe80::1".parse().unwrap())
        );
        assert!(
            !network("fe80::/10")
                .unwrap()
                .contains("2001::1".parse().unwrap())
        );
        assert!(
            !network("::/0")
                .unwrap()
                .contains("9.9.9.9".parse().unwrap())
        );
        for text in ["10.0.0.0/33", "::1/129", "host", "10.0.0.0/", ""] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
