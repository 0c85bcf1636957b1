//! Who is in the room; adding, removing, renaming, leaving.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::UserId;
use protocol::wire::{Member, Problem, RoomKind, User};

use super::acts::Acts;
use super::header::Person;
use super::room::ShowingMembers;
use crate::address::Address;
use crate::client::Client;
use crate::common::dialog::{Dialog, DialogHandle};
use crate::common::dom;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{Lines, Shown, handler, part, watch};
use crate::i18n::use_texts;
use crate::side::finder::PeopleFinder;

#[component]
pub fn Members() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let ShowingMembers(showing) = expect_context();
    let texts = use_texts();
    let members = Memo::new(move |_| {
        acts.with_open(|open| open.members.clone())
            .unwrap_or_default()
    });
    let many = Memo::new(move |_| {
        client.rooms.with(|rooms| {
            rooms
                .get(acts.room)
                .is_some_and(|room| room.kind != RoomKind::Direct)
        })
    });
    let adding = RwSignal::new(false);
    let leaving = RwSignal::new(false);
    let present = Signal::derive(move || {
        members.with(|members| members.iter().map(|m| m.user.id).collect::<Vec<_>>())
    });
    let add = Callback::new(move |user: User| {
        adding.set(false);
        attempt(acts, client, move |browser| async move {
            browser.add_member(acts.room, user.id).await
        });
    });
    let heading = NodeRef::<html::H2>::new();
    watch(move || {
        if let Some(heading) = heading.get() {
            dom::focus_quietly(&heading);
        }
    });
    view! {
        <section class="members" aria-labelledby="members-title">
            <header class="members-head">
                <h2 id="members-title" node_ref=heading tabindex="-1">{texts.room.members}</h2>
                <button type="button" class="icon-button" aria-label=texts.side.close on:click=handler(move |_| showing.set(false))>
                    <Glyph icon=Icon::Close/>
                </button>
            </header>
            <Shown when=move || many.get()>
                <p class="members-acts">
                    <button
                        type="button"
                        class="button plain small"
                        aria-expanded=move || adding.get().to_string()
                        on:click=handler(move |_| adding.update(|adding| *adding = !*adding))
                    >
                        <Glyph icon=Icon::Add/>
                        {texts.room.add_people}
                    </button>
                </p>
                <Shown when=move || adding.get()>
                    <PeopleFinder
                        label=texts.room.add_people
                        placeholder=texts.side.group_people_hint
                        on_pick=add
                        without=present
                        verb=texts.side.add_person
                    />
                </Shown>
            </Shown>
            <ul class="member-list">
                <Lines
                    of=move || members.get()
                    key=|member| format!("{} {}", member.user.id, member.user.display_name)
                    line=move |member| view! { <MemberLine member many/> }
                />
            </ul>
            <Shown when=move || many.get()>
                <Rename/>
                <p class="members-acts">
                    <button type="button" class="quiet alert" on:click=handler(move |_| leaving.set(true))>{texts.room.leave}</button>
                </p>
            </Shown>
            {part(move || leaving.get().then(|| view! {
                <Dialog title=texts.room.leave_sure on_close=Callback::new(move |()| leaving.set(false))>
                    <LeaveQuestion/>
                </Dialog>
            }.into_any()))}
        </section>
    }
    .into_any()
}

#[component]
fn MemberLine(member: Member, many: Memo<bool>) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let id = member.user.id;
    let is_me = client
        .me
        .with_untracked(|me| me.as_ref().is_some_and(|me| me.id == id));
    let name = crate::common::names::shown(&member.user, texts);
    let remove = move |_| {
        attempt(acts, client, move |browser| async move {
            browser.remove_member(acts.room, id).await
        });
    };
    let label = (texts.room.remove_member)(&name);
    let note = is_me.then_some(texts.room.you);
    view! {
        <li>
            {match note {
                Some(note) => view! { <Person user=member.user note/> }.into_any(),
                None => view! { <Person user=member.user/> }.into_any(),
            }}
            <Shown when=move || many.get() && !is_me>
                <button type="button" class="icon-button remove" aria-label=label.clone() on:click=handler(remove)>
                    <Glyph icon=Icon::Close/>
                </button>
            </Shown>
        </li>
    }
}

#[component]
fn Rename() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let field = NodeRef::<html::Input>::new();
    let name = client
        .rooms
        .with_untracked(|rooms| rooms.get(acts.room).map(|room| room.name.clone()))
        .unwrap_or_default();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let name = field
            .get_untracked()
            .map(|field| field.value().trim().to_owned())
            .unwrap_or_default();
        if !name.is_empty() {
            attempt(acts, client, move |browser| async move {
                browser.rename_room(acts.room, name).await
            });
        }
    };
    view! {
        <form class="rename" on:submit=handler(submit)>
            <label class="field">
                <span>{texts.room.room_name}</span>
                <input node_ref=field type="text" autocomplete="off" maxlength="80" value=name/>
            </label>
            <button type="submit" class="button plain small">{texts.room.rename}</button>
        </form>
    }
}

#[component]
fn LeaveQuestion() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let dialog = expect_context::<DialogHandle>();
    let texts = use_texts();
    let address = expect_context::<Address>();
    let leave = move |_| {
        let Some(me) = client.me.with_untracked(|me| me.as_ref().map(|me| me.id)) else {
            return;
        };
        dialog.close();
        leave_room(acts, client, me, move || address.go("/"));
    };
    view! {
        <p>{texts.room.leave_lead}</p>
        <p class="dialog-acts">
            <button type="button" class="button plain" on:click=handler(move |_| dialog.close())>{texts.side.cancel}</button>
            <button type="button" class="button alert" on:click=handler(leave)>{texts.room.leave}</button>
        </p>
    }
}

fn leave_room(acts: Acts, client: Client, me: UserId, then: impl FnOnce() + 'static) {
    let Some(browser) = acts.browser.get() else {
        return;
    };
    let room = acts.room;
    spawn_local(async move {
        match browser.remove_member(room, me).await {
            Ok(()) => then(),
            Err(problem) => client.tell(problem),
        }
    });
}

/// Asks the server for a change, and says so if it is refused; the change itself comes back as
/// an event.
fn attempt<F, Done>(acts: Acts, client: Client, change: F)
where
    F: FnOnce(std::rc::Rc<dyn crate::browser::Browser>) -> Done + 'static,
    Done: Future<Output = Result<(), Problem>> + 'static,
{
    if let Some(browser) = acts.browser.get() {
        spawn_local(async move {
            if let Err(problem) = change(browser).await {
                client.tell(problem);
            }
        });
    }
}
