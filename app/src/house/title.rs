//! The title of the page: how much is unread, and which room is open. It is set from here as
//! text, never written into the page by the server.

use leptos::prelude::*;

use crate::address::Address;
use crate::client::Client;
use crate::common::parts::watch;
use crate::i18n::use_texts;
use crate::side::room_in;

pub fn follow(client: Client) {
    let texts = use_texts();
    let path = expect_context::<Address>().path;
    watch(move || {
        let title = client.rooms.with(|rooms| {
            let open = path
                .with(|path| room_in(path))
                .and_then(|room| rooms.get(room))
                .map(|room| client.room_name(room, texts));
            title(rooms.unread(), open.as_deref(), texts.brand)
        });
        document().set_title(&title);
    });
}

fn title(unread: u64, room: Option<&str>, brand: &str) -> String {
    let place = room.map_or_else(|| brand.to_owned(), |room| format!("{room} · {brand}"));
    if unread == 0 {
        place
    } else {
        format!("({unread}) {place}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_counts_what_is_unread_and_names_the_room() {
        assert_eq!(title(0, None, "Madang"), "Madang");
        assert_eq!(title(3, Some("Tea"), "Madang"), "(3) Tea · Madang");
    }
}
