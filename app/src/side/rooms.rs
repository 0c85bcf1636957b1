//! My rooms, latest activity first.

use leptos::prelude::*;
use protocol::wire::{Room, RoomKind};
use protocol::{RoomId, RoomRef};

use crate::address::{Address, decoded};
use crate::client::Client;
use crate::common::avatar::{Face, Presence, hue, initial};
use crate::common::hangul;
use crate::common::parts::{Lines, Shown, part, value};
use crate::i18n::use_texts;

/// More than this is not counted out.
const MOST_SHOWN: u64 = 99;

#[component]
pub fn RoomList(query: RwSignal<String>) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let shown = Memo::new(move |_| {
        let query = query.with(|query| query.trim().to_lowercase());
        client.rooms.with(|rooms| {
            let fits = |room: &&Room| {
                query.is_empty() || hangul::finds(&query, &client.room_name(room, texts))
            };
            rooms
                .iter()
                .filter(fits)
                .map(|room| room.id)
                .collect::<Vec<_>>()
        })
    });
    let none = move || query.with(String::is_empty) && shown.with(Vec::is_empty);
    view! {
        <nav class="rooms-nav" aria-label=texts.side.your_rooms>
            <Shown when=move || query.with(|query| !query.is_empty()) && shown.with(|shown| !shown.is_empty())>
                <h2 class="rooms-title">{texts.side.your_rooms}</h2>
            </Shown>
            <ul class="room-list">
                <Lines of=move || shown.get() key=RoomId::to_string line=|room| view! { <RoomLine room/> }/>
            </ul>
            <Shown when=none>
                <div class="empty-side">
                    <p class="empty-title">{texts.side.no_rooms}</p>
                    <p>{texts.side.no_rooms_lead}</p>
                </div>
            </Shown>
        </nav>
    }
    .into_any()
}

#[component]
fn RoomLine(room: RoomId) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let path = expect_context::<Address>().path;
    // A line that is being taken away keeps what it showed last.
    let line = Memo::new(move |before: Option<&Option<Room>>| {
        client
            .rooms
            .with(|rooms| rooms.get(room).cloned())
            .or_else(|| before.cloned().flatten())
    });
    let current = move || path.with(|path| room_in(path) == Some(room));
    let name = move || {
        line.with(|line| {
            line.as_ref()
                .map(|line| client.room_name(line, texts))
                .unwrap_or_default()
        })
    };
    let time = move || {
        line.with(|line| {
            line.as_ref()
                .map(|line| client.clock(texts).short(line.active_at))
        })
    };
    let stamp = move || line.with(|line| line.as_ref().map(|line| line.active_at.to_string()));
    let unread = Memo::new(move |_| line.with(|line| line.as_ref().map_or(0, |line| line.unread)));
    let last = move || line.with(|line| line.as_ref().map(|line| last_words(client, line, texts)));
    view! {
        <li>
            <a
                class="room-line"
                href=format!("/rooms/{room}")
                aria-current=move || current().then_some("page")
                data-unread=move || (unread.get() > 0).to_string()
            >
                <RoomFace line/>
                <span class="room-words">
                    <span class="room-top">
                        <span class="room-name" dir="auto">{part(name)}</span>
                        <time datetime=value(stamp)>{part(time)}</time>
                    </span>
                    <span class="room-bottom">
                        <span class="room-last" dir="auto">{part(last)}</span>
                        {part(move || (unread.get() > 0).then(|| view! {
                            <span class="badge">
                                <span aria-hidden="true">{capped(unread.get())}</span>
                                <span class="only-heard">{(texts.side.unread)(unread.get())}</span>
                            </span>
                        }.into_any()))}
                    </span>
                </span>
            </a>
        </li>
    }
    .into_any()
}

#[component]
fn RoomFace(line: Memo<Option<Room>>) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let who = Memo::new(move |_| {
        line.with(|line| {
            let line = line.as_ref()?;
            Some((line.id, line.peer, client.room_name(line, texts)))
        })
    });
    part(move || {
        who.get().map(|(id, peer, name)| match peer {
            Some(user) => view! {
                <span class="face-box"><Face user/><Presence user/></span>
            }
            .into_any(),
            None => view! {
                <span class="face-box">
                    <span class="face many" data-hue=hue(id.as_bytes()).to_string() aria-hidden="true">
                        {initial(&name)}
                    </span>
                </span>
            }
            .into_any(),
        })
    })
}

fn last_words(client: Client, room: &Room, texts: &crate::i18n::Texts) -> String {
    let Some(last) = &room.last_message else {
        return texts.side.nothing_said.to_owned();
    };
    if last.deleted {
        return texts.message.deleted.to_owned();
    }
    let words = excerpt(&last.body);
    if client.is_me(last.author) {
        (texts.side.you_said)(&words)
    } else if room.kind == RoomKind::Direct {
        words
    } else {
        (texts.side.someone_said)(&client.name_of(last.author, texts), &words)
    }
}

/// As much as a line can hold.
fn excerpt(body: &str) -> String {
    body.trim()
        .chars()
        .take(100)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect()
}

/// A number as a badge shows it.
pub fn capped(unread: u64) -> String {
    if unread > MOST_SHOWN {
        format!("{MOST_SHOWN}+")
    } else {
        unread.to_string()
    }
}

/// The room that an address names.
pub fn room_in(path: &str) -> Option<RoomId> {
    decoded(path.strip_prefix("/rooms/")?)
        .parse::<RoomRef>()
        .ok()
        .map(RoomRef::id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_unread_are_not_counted_out() {
        assert_eq!(capped(99), "99");
        assert_eq!(capped(100), "99+");
    }

    #[test]
    fn an_address_names_a_room_by_its_id_or_its_two_people() {
        let (a, b) = (crate::testing::id(1), crate::testing::id(2));
        assert_eq!(
            room_in(&format!("/rooms/{a}&{b}")),
            Some(RoomId::direct(a, b))
        );
        assert_eq!(room_in("/settings"), None);
    }
}
