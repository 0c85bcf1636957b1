//! Making a group: a name and the people.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::RoomId;
use protocol::wire::{NewRoom, RoomKind, User};

use super::finder::PeopleFinder;
use crate::address::Address;
use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::dialog::{Dialog, DialogHandle};
use crate::common::icon::{Glyph, Icon};
use crate::common::names::shown;
use crate::common::parts::{Lines, handler, part};
use crate::i18n::use_texts;

#[component]
pub fn GroupDialog(on_close: Callback<()>) -> impl IntoView {
    let texts = use_texts();
    view! {
        <Dialog title=texts.side.new_group on_close>
            <GroupForm/>
        </Dialog>
    }
}

#[component]
fn GroupForm() -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let dialog = expect_context::<DialogHandle>();
    let texts = use_texts();
    let address = expect_context::<Address>();
    let name = NodeRef::<html::Input>::new();
    let chosen = RwSignal::new(Vec::<User>::new());
    let refused = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    // One for as long as the dialog is open: where the answer is lost, asking again makes no second group.
    let id = StoredValue::new(None::<RoomId>);
    let without = Signal::derive(move || {
        let chosen = chosen.with(|chosen| chosen.iter().map(|user| user.id).collect::<Vec<_>>());
        chosen.into_iter().chain(client.my_id()).collect::<Vec<_>>()
    });
    let choose = Callback::new(move |user: User| chosen.update(|chosen| chosen.push(user)));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(field), Some(browser)) = (name.get_untracked(), browser.get()) else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        if id.get_value().is_none() {
            id.set_value(Some(browser.new_room()));
        }
        let new = NewRoom {
            id: id.get_value(),
            kind: RoomKind::Group,
            name: Some(field.value().trim().to_owned()),
            members: chosen.with_untracked(|chosen| chosen.iter().map(|user| user.id).collect()),
        };
        spawn_local(async move {
            match browser.make_room(new).await {
                Ok(room) => {
                    dialog.close();
                    address.go(&format!("/rooms/{}", room.id));
                }
                Err(problem) => {
                    busy.set(false);
                    refused.set(Some(texts.problem(&problem)));
                }
            }
        });
    };
    view! {
        <form class="group-form" on:submit=handler(submit)>
            <label class="field">
                <span>{texts.side.group_name}</span>
                <input node_ref=name type="text" autocomplete="off" required maxlength="80" autofocus/>
            </label>
            <div class="field">
                <span aria-hidden="true">{texts.side.group_people}</span>
                <ul class="chips">
                    <Lines
                        of=move || chosen.get()
                        key=|user| user.id.to_string()
                        line=move |user: User| {
                            let (id, name) = (user.id, shown(&user, texts));
                            view! {
                                <li class="chip">
                                    <span dir="auto">{name.clone()}</span>
                                    <button
                                        type="button"
                                        class="icon-button tiny"
                                        aria-label=(texts.side.remove_person)(&name)
                                        on:click=handler(move |_| chosen.update(|chosen| chosen.retain(|user| user.id != id)))
                                    >
                                        <Glyph icon=Icon::Close/>
                                    </button>
                                </li>
                            }
                        }
                    />
                </ul>
                <PeopleFinder
                    label=texts.side.group_people
                    placeholder=texts.side.group_people_hint
                    on_pick=choose
                    without
                    verb=texts.side.add_person
                />
            </div>
            {part(move || refused.get().map(|why| view! { <p class="field-error" role="alert">{why}</p> }.into_any()))}
            <p class="dialog-acts">
                <button type="button" class="button plain" on:click=handler(move |_| dialog.close())>{texts.side.cancel}</button>
                <button type="submit" class="button" aria-disabled=move || busy.get().to_string()>
                    {texts.side.make_group}
                </button>
            </p>
        </form>
    }
    .into_any()
}
