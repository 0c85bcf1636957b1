//! Everything that a page shows, loaded before it is rendered: the pages themselves wait for
//! nothing.

use std::collections::HashSet;

use protocol::wire::{Boot, Message, Room, RoomWindow, User, code};
use protocol::{OpId, RoomRef, UserId};
use uuid::Uuid;

use super::visit::Visit;
use crate::chat::{Principal, Refused};
use crate::store::Span;
use crate::web::Web;

/// The page for whoever looks; with what was refused when something could not be loaded.
pub async fn load(
    web: &Web,
    visit: &Visit,
    room: Option<(RoomRef, Span)>,
) -> (Boot, Option<Refused>) {
    let mut boot = Boot {
        language: visit.language,
        theme: visit.theme,
        utc_offset: visit.utc_offset,
        now: web.clock.now(),
        ..Boot::default()
    };
    let Some(who) = visit.who else {
        return (boot, visit.trouble.clone());
    };
    let refused = match fill(web, who, room, &mut boot).await {
        Ok(refused) => refused,
        // Signed in by a token that outlived the account: a stranger.
        Err(refused) if refused.code == code::UNAUTHENTICATED => None,
        Err(refused) => Some(refused),
    };
    (boot, refused)
}

async fn fill(
    web: &Web,
    who: Principal,
    room: Option<(RoomRef, Span)>,
    boot: &mut Boot,
) -> Result<Option<Refused>, Refused> {
    let (me, rooms) = tokio::join!(web.chat.me(who), web.chat.rooms(who));
    boot.me = Some(me?.user);
    let rooms = rooms?;
    boot.rooms = rooms.items;
    let mut users = rooms.users;
    // A room that cannot be shown leaves the rest of the page as it is.
    let mut refused = None;
    if let Some((room, span)) = room {
        boot.form_id = Some(OpId(Uuid::now_v7()));
        match web.chat.window_at(who, room, span).await {
            Ok(window) => {
                users.extend(window.members.iter().map(|member| member.user.clone()));
                boot.room = Some(window);
            }
            Err(reason) => refused = Some(reason),
        }
    }
    let missing = missing(&boot.rooms, boot.room.as_ref(), &users);
    if !missing.is_empty() {
        users.extend(web.chat.users(who, &missing).await?.items);
    }
    boot.users = distinct(users);
    let watched = watched(&boot.rooms, boot.room.as_ref());
    boot.online = web.chat.online(&watched).await.unwrap_or_default();
    Ok(refused)
}

/// Those whom the page names, and of whom nothing is known yet.
fn missing(rooms: &[Room], open: Option<&RoomWindow>, known: &[User]) -> Vec<UserId> {
    let known: HashSet<UserId> = known.iter().map(|user| user.id).collect();
    let last = rooms.iter().filter_map(|room| room.last_message.as_ref());
    let shown = open.iter().flat_map(|window| &window.messages);
    let mut named: HashSet<UserId> = last.chain(shown).flat_map(named_by).collect();
    let notes = open.iter().flat_map(|window| &window.notes);
    named.extend(notes.flat_map(crate::chat::named_by_event));
    named.extend(rooms.iter().filter_map(|room| room.peer));
    named.retain(|user| !known.contains(user));
    named.into_iter().collect()
}

fn named_by(message: &Message) -> impl Iterator<Item = UserId> {
    let reacting = message
        .reactions
        .iter()
        .flat_map(|reaction| &reaction.users);
    std::iter::once(message.author).chain(reacting.copied())
}

fn distinct(mut users: Vec<User>) -> Vec<User> {
    let mut seen = HashSet::new();
    users.retain(|user| seen.insert(user.id));
    users
}

/// Whose presence the page shows: the people of direct rooms, and who is in the open room, unless
/// that is not there yet.
fn watched(rooms: &[Room], open: Option<&RoomWindow>) -> Vec<UserId> {
    let peers = rooms.iter().filter_map(|room| room.peer);
    let here = open
        .iter()
        .flat_map(|window| &window.members)
        .filter(|member| member.online.is_some())
        .map(|member| member.user.id);
    let watched: HashSet<UserId> = peers.chain(here).collect();
    watched.into_iter().collect()
}
