//! Lists that are sorted by time, latest first, cut into pages. What is touched between two pages moves to the front, and is
//! found there; everything else is on one of the pages.

use std::fmt;
use std::str::FromStr;

use protocol::Timestamp;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// The last item of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: Timestamp,
    pub id: Uuid,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.millis(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('.')
            .and_then(|(at, id)| {
                Some(Self {
                    at: Timestamp(at.parse().ok()?),
                    id: id.parse().ok()?,
                })
            })
            .ok_or("`after` is not the `next` of a page of this list")
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Leaves one page of the list; the answer is the cursor of the following one.
pub(super) fn cut<T>(
    items: &mut Vec<T>,
    place: impl Fn(&T) -> Cursor,
    after: Option<Cursor>,
    limit: usize,
) -> Option<String> {
    if let Some(after) = after {
        let begin = match items.iter().position(|item| place(item) == after) {
            Some(last) => last + 1,
            None => items.partition_point(|item| place(item).at > after.at),
        };
        items.drain(..begin);
    }
    let more = items.len() > limit;
    items.truncate(limit);
    items
        .last()
        .filter(|_| more)
        .map(|last| place(last).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(at: i64, id: u128) -> Cursor {
        Cursor {
            at: Timestamp(at),
            id: Uuid::from_u128(id),
        }
    }

    fn page(list: &[Cursor], after: Option<&str>) -> (Vec<Cursor>, Option<String>) {
        let mut items = list.to_vec();
        let after = after.map(|after| after.parse().unwrap());
        let next = cut(&mut items, |item| *item, after, 2);
        (items, next)
    }

    #[test]
    fn pages_follow_each_other_and_end() {
        let list = [item(9, 1), item(5, 2), item(5, 3), item(5, 4), item(1, 5)];
        let (first, next) = page(&list, None);
        assert_eq!(first, list[..2]);
        let (second, next) = page(&list, next.as_deref());
        assert_eq!(second, list[2..4]);
        let (third, next) = page(&list, next.as_deref());
        assert_eq!((third.as_slice(), next), (&list[4..], None));
    }

    #[test]
    fn nothing_is_left_out_when_the_last_of_a_page_moved_to_the_front() {
        let (_, next) = page(&[item(9, 1), item(5, 2), item(5, 3)], None);
        let (rest, _) = page(&[item(11, 2), item(9, 1), item(5, 3)], next.as_deref());
        assert_eq!(rest, [item(5, 3)]);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "5",
            "5.",
            ".5",
            "five.00000000-0000-0000-0000-000000000001",
        ] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
