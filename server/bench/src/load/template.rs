//! Destinations, headers and bodies with places to be filled in, so that one client can drive any
//! STOMP server; and the mark inside a body by which a delivery is recognised again.

use std::time::Duration;

/// What the places stand for in one message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fill<'a> {
    pub room: &'a str,
    pub user: &'a str,
    pub n: &'a str,
    pub id: &'a str,
    pub pad: &'a str,
}

/// Replaces `{room}`, `{user}`, `{n}`, `{id}` and `{pad}`; all other braces stay, so that JSON can
/// be written as it is.
pub fn fill(template: &str, with: Fill<'_>) -> String {
    let mut filled = String::with_capacity(template.len() + with.pad.len() + 64);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let places = [
            ("{room}", with.room),
            ("{user}", with.user),
            ("{n}", with.n),
            ("{id}", with.id),
            ("{pad}", with.pad),
        ];
        match places
            .into_iter()
            .find(|(place, _)| rest.starts_with(place))
        {
            Some((place, value)) => {
                filled.push_str(value);
                rest = &rest[place.len()..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// Travels inside the body as `{n}` and carries the time at which the message was meant to be
/// sent; so no table is needed, and no clock but our own.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Tells this run's messages from those of another.
    tag: String,
}

impl Mark {
    pub fn new(run: &str) -> Self {
        Self {
            tag: format!("~{run}t"),
        }
    }

    pub fn write(&self, meant_at: Duration) -> String {
        format!("{}{};", self.tag, meant_at.as_nanos())
    }

    /// The time in the first mark of the text.
    pub fn read(&self, text: &str) -> Option<Duration> {
        let (_, behind) = text.split_once(&self.tag)?;
        let (digits, _) = behind.split_once(';')?;
        digits.parse().ok().map(Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_places_are_filled() {
        let with = Fill {
            room: "r1",
            user: "u",
            n: "7",
            ..Fill::default()
        };
        assert_eq!(
            fill(r#"{"room":"{room}","x":{},"n":{n}}"#, with),
            r#"{"room":"r1","x":{},"n":7}"#
        );
        assert_eq!(fill("/topic/{room}/{other}{", with), "/topic/r1/{other}{");
    }

    #[test]
    fn a_mark_is_found_in_any_body() {
        let mark = Mark::new("abc");
        let written = mark.write(Duration::from_nanos(1_234_567));
        let body = format!("MESSAGE\nx:y\n\n{{\"body\":\"{written} 안녕\"}}\0");
        assert_eq!(mark.read(&body), Some(Duration::from_nanos(1_234_567)));
        assert_eq!(Mark::new("other").read(&body), None);
        assert_eq!(mark.read("~abct12"), None);
    }
}
