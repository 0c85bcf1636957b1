//! `/rooms/{room}`: header, history, composer, and the members on demand.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::state::Divider;
use protocol::{Rev, RoomId};

use super::acts::Acts;
use super::composer::Composer;
use super::delete::DeleteDialog;
use super::follow::follow;
use super::header::{MEMBERS_BUTTON, RoomHeader};
use super::history::History;
use super::lobby::NoSuchRoom;
use super::members::Members;
use super::rows::{Rows, Sources};
use super::typing::TypingLine;
use crate::address::Address;
use crate::browser::{BrowserHandle, Intent};
use crate::client::{Client, OpenRoom, is_gone};
use crate::common::dom;
use crate::common::ime::is_escape;
use crate::common::parts::{Shown, handler, part, watch};
use crate::common::refusal::Refusal;
use crate::side::room_in;

#[component]
pub fn RoomPage() -> impl IntoView {
    let path = expect_context::<Address>().path;
    let room = Memo::new(move |_| path.with(|path| room_in(path)));
    part(move || match room.get() {
        Some(room) => view! { <Room room/> }.into_any(),
        None => view! { <NoSuchRoom/> }.into_any(),
    })
}

#[component]
fn Room(room: RoomId) -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let acts = Acts::new(room, client, browser);
    provide_context(acts);
    let entry = enter(acts, client);
    let showing_members = RwSignal::new(false);
    provide_context(ShowingMembers(showing_members));
    follow(acts, client, entry);
    watch(move || {
        browser.ask(Intent::Open(room));
    });
    let gone = Memo::new(move |_| {
        acts.with_open(|open| open.trouble().is_some_and(is_gone))
            .unwrap_or_else(|| {
                client
                    .problem
                    .with(|said| said.as_ref().is_some_and(is_gone))
            })
    });
    let pressed = move |event: KeyboardEvent| {
        let closes = is_escape(&event) && showing_members.get_untracked();
        if closes && !event.default_prevented() && !dom::dialog_is_open() {
            event.prevent_default();
            ShowingMembers(showing_members).close();
        }
    };
    part(move || {
        if gone.get() {
            view! { <NoSuchRoom/> }.into_any()
        } else {
            view! {
                <div
                    class="room"
                    data-members=move || showing_members.get().to_string()
                    on:keydown=handler(pressed)
                >
                    <section class="talk">
                        <RoomHeader/>
                        <History/>
                        <TypingLine/>
                        <Refusal/>
                        <Composer/>
                    </section>
                    <Shown when=move || showing_members.get()>
                        <Members/>
                    </Shown>
                    <DeleteDialog/>
                </div>
            }
            .into_any()
        }
    })
}

/// Whether the members are shown beside the history.
#[derive(Clone, Copy)]
pub struct ShowingMembers(pub RwSignal<bool>);

impl ShowingMembers {
    /// The focus goes back to where they were opened.
    pub fn close(self) {
        self.0.set(false);
        if let Some(button) = dom::by_id(MEMBERS_BUTTON) {
            dom::focus_quietly(&button);
        }
    }
}

/// Where I stood in the room when it was entered.
#[derive(Clone, Copy)]
pub struct Entry {
    pub read: Rev,
    /// Whatever is older than this was not watched as it came.
    pub head: Rev,
}

/// Where the divider stands is decided once, on entering.
fn enter(acts: Acts, client: Client) -> Entry {
    let listed = client.rooms.with_untracked(|rooms| {
        rooms.get(acts.room).map(|room| Entry {
            read: room.read,
            head: room.head,
        })
    });
    let held = acts.with_open_untracked(|open| Entry {
        read: open.read_on_entry,
        head: open.timeline.position(),
    });
    let entry = listed.or(held).unwrap_or(Entry {
        read: Rev::ZERO,
        head: Rev::ZERO,
    });
    if let Some(me) = client.me.with_untracked(|me| me.as_ref().map(|me| me.id)) {
        let divider = acts
            .with_open_untracked(|open| Divider::enter(me, entry.read, open.timeline.messages()));
        acts.divider.set(divider.unwrap_or_default());
    }
    entry
}

pub fn rows_of(
    room: RoomId,
    client: Client,
    held: Memo<Option<ArcRwSignal<OpenRoom>>>,
    divider: RwSignal<Divider>,
) -> Memo<Rows> {
    Memo::new(move |_| {
        let Some(open) = held.get() else {
            return Rows::default();
        };
        open.with(|open| {
            client.outbox.with(|outbox| {
                Rows::of(&Sources {
                    messages: open.timeline.messages(),
                    notes: open.timeline.notes().collect(),
                    pending: outbox.of_room(room).collect(),
                    detached: open.timeline.has_newer(),
                    me: client.my_id(),
                    offset: client.utc_offset.get(),
                    divider: divider.with(Divider::before),
                })
            })
        })
    })
}
