//! Whether a request was sent by our own pages. Cookies travel with requests that other sites
//! make a browser send, so whatever changes something by cookie is asked where it comes from.

use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderMap, header};
use protocol::wire::code;

use super::settings::WebSettings;
use crate::chat::Refused;

/// A scheme and an authority, lower case, without the scheme's default port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOrigin {
    https: bool,
    authority: String,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin: `https://host` or `http://host:port` was expected")]
pub struct BadOrigin(String);

impl PublicOrigin {
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether a `Host` header names the same place for someone who came by this scheme.
    fn is_at(&self, host: &str) -> bool {
        without_default_port(&host.to_ascii_lowercase(), self.https) == self.authority
    }
}

impl FromStr for PublicOrigin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let bad = || BadOrigin(text.chars().take(120).collect());
        let lower = text.trim().to_ascii_lowercase();
        let (https, rest) = match lower.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(bad()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(plain) {
            return Err(bad());
        }
        Ok(Self {
            https,
            authority: without_default_port(authority, https).to_owned(),
        })
    }
}

impl fmt::Display for PublicOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

fn without_default_port(authority: &str, https: bool) -> &str {
    authority
        .strip_suffix(if https { ":443" } else { ":80" })
        .unwrap_or(authority)
}

/// Refuses what a browser sent for another site. Every browser of the last years says where a
/// form, a fetch or a socket comes from, in `Sec-Fetch-Site`, in `Origin`, or in both; a request
/// that has neither was not made by a page, and a program cannot be tricked into sending cookies.
pub fn same_origin(headers: &HeaderMap, settings: &WebSettings) -> Result<(), Refused> {
    let refused = || {
        Refused::new(
            code::WRONG_ORIGIN,
            "This was sent from another site's page. Open Madang itself and try again.",
        )
    };
    if let Some(site) = headers.get("sec-fetch-site") {
        return match site.as_bytes() {
            // `none`: the person typed the address or used a bookmark.
            b"same-origin" | b"none" => Ok(()),
            _ => Err(refused()),
        };
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    // An opaque origin (`null`) does not parse, and is nobody's.
    let origin: PublicOrigin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.parse().ok())
        .ok_or_else(refused)?;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let ours = settings.public_origin.as_ref() == Some(&origin)
        || host.is_some_and(|host| origin.is_at(host));
    if ours { Ok(()) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(pairs: &[(&'static str, &str)], public: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        let settings = WebSettings {
            public_origin: public.map(|origin| origin.parse().unwrap()),
            ..WebSettings::default()
        };
        same_origin(&headers, &settings).is_ok()
    }

    #[test]
    fn a_page_of_ours_may_ask() {
        let host = ("host", "chat.example:3000");
        assert!(ask(&[host, ("origin", "http://chat.example:3000")], None));
        assert!(ask(&[host, ("origin", "HTTP://Chat.Example:3000")], None));
        assert!(ask(
            &[("host", "chat.example"), ("origin", "https://chat.example")],
            None
        ));
        assert!(ask(
            &[
                ("host", "chat.example:443"),
                ("origin", "https://chat.example")
            ],
            None
        ));
        assert!(ask(
            &[("host", "[::1]:3000"), ("origin", "http://[::1]:3000")],
            None
        ));
        assert!(ask(&[host, ("sec-fetch-site", "same-origin")], None));
    }

    #[test]
    fn another_sites_page_may_not() {
        let host = ("host", "chat.example:3000");
        for origin in [
            "http://evil.example",
            "http://chat.example",
            "http://chat.example:3001",
            "http://chat.example:3000.evil.example",
            "http://chat.example:3000@evil.example",
            "null",
            "",
            "file://",
        ] {
            assert!(!ask(&[host, ("origin", origin)], None), "{origin}");
        }
        for site in ["cross-site", "same-site", "surprise"] {
            let origin = ("origin", "http://chat.example:3000");
            assert!(
                !ask(&[host, origin, ("sec-fetch-site", site)], None),
                "{site}"
            );
        }
    }

    #[test]
    fn a_proxy_may_change_the_host_when_the_public_origin_is_known() {
        let asked = [
            ("host", "10.0.0.7:3000"),
            ("origin", "https://chat.example"),
        ];
        assert!(!ask(&asked, None));
        assert!(ask(&asked, Some("https://chat.example/")));
        assert!(ask(&asked, Some("https://CHAT.example:443")));
        assert!(!ask(&asked, Some("http://chat.example")));
    }

    #[test]
    fn a_program_says_nothing_and_may_ask() {
        assert!(ask(&[("host", "chat.example")], None));
    }

    #[test]
    fn an_origin_with_a_path_or_a_user_is_refused_with_what_was_expected() {
        for text in [
            "chat.example",
            "https://",
            "https://a/b",
            "ftp://a",
            "https://u@a",
            "https://a b",
        ] {
            assert!(text.parse::<PublicOrigin>().is_err(), "{text}");
        }
    }
}
