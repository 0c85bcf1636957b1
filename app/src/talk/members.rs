//! Who is in the room; adding, removing, renaming, leaving.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::UserId;
use protocol::wire::{Problem, Room, RoomKind, User};

use super::acts::Acts;
use super::header::Person;
use super::room::ShowingMembers;
use crate::address::Address;
use crate::client::Client;
use crate::common::dialog::{Dialog, Question};
use crate::common::dom;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{Lines, Shown, handler, part, value, watch};
use crate::i18n::use_texts;
use crate::side::finder::PeopleFinder;

#[component]
pub fn Members() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let showing = expect_context::<ShowingMembers>();
    let texts = use_texts();
    let address = expect_context::<Address>();
    let members = Memo::new(move |_| {
        acts.with_open(|open| {
            open.members
                .iter()
                .map(|seat| seat.user)
                .collect::<Vec<_>>()
        })
        .unwrap_or_default()
    });
    let of_room = move |of: fn(&Room) -> bool| {
        Memo::new(move |_| {
            client
                .rooms
                .with(|rooms| rooms.get(acts.room).is_some_and(of))
        })
    };
    let many = of_room(|room| room.kind != RoomKind::Direct);
    let mine = of_room(|room| room.mine);
    // With the room come only so many of them.
    let cut = Memo::new(move |_| {
        let all = client
            .rooms
            .with(|rooms| rooms.get(acts.room).map_or(0, |room| room.members));
        members.with(|members| members.len() as u64) < all
    });
    watch(move || {
        if cut.get() {
            attempt(acts, client, move |browser| async move {
                browser.members(acts.room).await
            });
        }
    });
    let adding = RwSignal::new(false);
    let leaving = RwSignal::new(false);
    let removing = RwSignal::new(None::<UserId>);
    let heading = NodeRef::<html::H2>::new();
    // Here the focus begins, and here it comes back to from what has gone.
    let focus_heading = move || {
        if let Some(heading) = heading.get() {
            dom::focus_quietly(&heading);
        }
    };
    watch(focus_heading);
    let add = Callback::new(move |user: User| {
        adding.set(false);
        untrack(focus_heading);
        attempt(acts, client, move |browser| async move {
            browser.add_member(acts.room, user.id).await
        });
    });
    let remove = move |user: UserId| {
        untrack(focus_heading);
        attempt(acts, client, move |browser| async move {
            browser.remove_member(acts.room, user).await
        });
    };
    let leave = Callback::new(move |()| {
        if let Some(me) = client.me.with_untracked(|me| me.as_ref().map(|me| me.id)) {
            attempt(acts, client, move |browser| async move {
                browser.remove_member(acts.room, me).await?;
                address.go("/");
                Ok(())
            });
        }
    });
    view! {
        <section class="members" aria-labelledby="members-title">
            <header class="members-head">
                <h2 id="members-title" node_ref=heading tabindex="-1">{texts.room.members}</h2>
                <button type="button" class="icon-button" aria-label=texts.side.close on:click=handler(move |_| showing.close())>
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
                        without=Signal::from(members)
                        verb=texts.side.add_person
                    />
                </Shown>
            </Shown>
            <ul class="member-list">
                <Lines
                    of=move || members.get()
                    key=|user| user.to_string()
                    line=move |user| view! { <MemberLine user mine removing/> }
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
                    <Question lead=texts.room.leave_lead yes=texts.room.leave on_yes=leave/>
                </Dialog>
            }.into_any()))}
            {part(move || removing.get().map(|user| {
                let name = untrack(|| client.name_of(user, texts));
                view! {
                    <Dialog title=(texts.room.remove_member)(&name) on_close=Callback::new(move |()| removing.set(None))>
                        <Question
                            lead=texts.room.remove_lead
                            yes=texts.room.remove
                            on_yes=Callback::new(move |()| remove(user))
                        />
                    </Dialog>
                }.into_any()
            }))}
        </section>
    }
    .into_any()
}

#[component]
fn MemberLine(user: UserId, mine: Memo<bool>, removing: RwSignal<Option<UserId>>) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let is_me = untrack(|| client.is_me(user));
    let label = move || (texts.room.remove_member)(&client.name_of(user, texts));
    view! {
        <li>
            {if is_me {
                view! { <Person user note=texts.room.you/> }.into_any()
            } else {
                view! { <Person user/> }.into_any()
            }}
            <Shown when=move || mine.get() && !is_me>
                <button
                    type="button"
                    class="icon-button remove"
                    aria-label=value(label)
                    on:click=handler(move |_| removing.set(Some(user)))
                >
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
