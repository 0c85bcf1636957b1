//! A person or a room at a glance: the first letter on a hue of its own.

use leptos::prelude::*;
use protocol::UserId;

use super::names::shown;
use super::parts::part;
use crate::client::Client;
use crate::i18n::use_texts;

/// How many hues the style sheet knows (`data-hue`).
const HUES: u8 = 12;

pub fn hue(id: &[u8; 16]) -> u8 {
    id.iter().fold(0u8, |sum, byte| sum.rotate_left(3) ^ byte) % HUES
}

/// The first letter or syllable of a name.
pub fn initial(name: &str) -> String {
    name.trim()
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .chars()
        .next()
        .or_else(|| name.trim().chars().next())
        .map_or_else(String::new, |c| c.to_uppercase().collect())
}

/// The name stands beside it, so that it is silent itself.
#[component]
pub fn Face(user: UserId) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let letter = move || {
        client.people.with(|people| {
            people
                .get(&user)
                .map_or_else(String::new, |user| initial(&shown(user, texts)))
        })
    };
    view! {
        <span class="face" data-hue=hue(user.as_bytes()).to_string() aria-hidden="true">
            {part(letter)}
        </span>
    }
}

/// Whether someone is here, as a dot with its word. Nothing while it is not known.
#[component]
pub fn Presence(user: UserId) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let online = Memo::new(move |_| client.online.with(|online| online.get(&user).copied()));
    part(move || {
        online.get().map(|online| {
            let word = if online {
                texts.side.online
            } else {
                texts.side.offline
            };
            view! {
                <span class="presence" data-online=online.to_string()>
                    <span class="only-heard">{word}</span>
                </span>
            }
            .into_any()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_is_the_first_syllable_or_capital() {
        assert_eq!(initial("하늘"), "하");
        assert_eq!(initial(" bada"), "B");
        assert_eq!(initial("@kim"), "K");
        assert_eq!(initial("🍵"), "🍵");
        assert_eq!(initial(""), "");
    }

    #[test]
    fn an_id_has_the_same_hue_everywhere_and_one_that_exists() {
        for n in 0..=255u8 {
            assert!(hue(&[n; 16]) < HUES);
        }
    }
}
