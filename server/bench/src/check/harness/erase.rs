//! Promise 8: deletes a person and a room, kills the server, and looks everywhere.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result};
use protocol::stomp::{Command, Frame};
use protocol::wire::{EventKind, Page};
use protocol::{MessageId, Rev, RoomId, UserId};
use serde_json::Value;
use tokio::time::{timeout, timeout_at};

use super::prepare::Stage;
use super::{World, insist};
use crate::api::Answer;
use crate::check::account::Account;
use crate::check::history::What;
use crate::stomp::{Greeting, Heard, connect};

/// What is gone, and how it would be recognised.
struct Gone {
    person: Account,
    /// The texts that this person's messages had.
    texts: HashSet<String>,
    room: RoomId,
    members: Vec<Account>,
    messages: Vec<MessageId>,
}

pub async fn erase_and_look(world: &World, stage: &mut Stage) -> Result<()> {
    let mut owner = stage.owner.clone();
    let token = owner.fresh_token(world.api).await?.to_owned();
    // The last talker goes, and the last group room; the direct room behind it stays.
    let index = stage.accounts.len() - 1;
    let mut person = stage.accounts[index].clone();
    let hall = stage.halls[stage.halls.len() - 2].clone();
    let texts = texts_of(world, stage, &token, person.user).await?;
    let messages = insist(|| world.api.messages(&token, hall.room)).await?;
    let members = hall.members.iter().filter(|member| **member != index);
    let gone = Gone {
        texts,
        room: hall.room,
        members: members
            .map(|member| stage.accounts[*member].clone())
            .chain([owner.clone()])
            .collect(),
        messages: messages.iter().map(|message| message.id).collect(),
        person: person.clone(),
    };
    let own_token = person.fresh_token(world.api).await?.to_owned();
    world
        .api
        .delete_me(&own_token, &person.password)
        .await
        .context("an account could not be deleted")?;
    world
        .api
        .delete_room(&token, hall.room)
        .await
        .context("a room could not be deleted")?;
    look(world, stage, &gone).await?;
    {
        let mut nodes = world.nodes.lock().await;
        nodes.kill().await?;
        nodes.again().await?;
    }
    look(world, stage, &gone).await
}

/// Every text of this person that can be read now, in all rooms.
async fn texts_of(
    world: &World,
    stage: &Stage,
    token: &str,
    user: UserId,
) -> Result<HashSet<String>> {
    let mut texts = HashSet::new();
    for hall in stage
        .halls
        .iter()
        .filter(|hall| hall.reader.who == stage.owner.who)
    {
        let messages = insist(|| world.api.messages(token, hall.room)).await?;
        let theirs = messages
            .into_iter()
            .filter(|message| message.author == user);
        texts.extend(theirs.map(|message| message.body));
    }
    texts.remove("");
    Ok(texts)
}

async fn look(world: &World, stage: &Stage, gone: &Gone) -> Result<()> {
    for member in &gone.members {
        look_for_room(world, gone, member).await?;
    }
    look_for_person(world, stage, gone).await
}

fn readable(world: &World, path: impl Into<String>) {
    world.note(What::Readable { path: path.into() });
}

async fn look_for_room(world: &World, gone: &Gone, member: &Account) -> Result<()> {
    let mut member = member.clone();
    let token = member.fresh_token(world.api).await?.to_owned();
    let room = gone.room;
    let mut paths: Vec<String> = ["", "/messages", "/events", "/members"]
        .iter()
        .map(|part| format!("/api/rooms/{room}{part}"))
        .collect();
    if let Some(message) = gone.messages.first() {
        paths.push(format!("/api/rooms/{room}/messages/{message}"));
    }
    for path in paths {
        let answer: Answer<Value> = world.api.read(&path, &token).await;
        if answer.is_ok() {
            readable(world, path);
        }
    }
    let rooms = insist(|| world.api.rooms(&token)).await?;
    if rooms.iter().any(|mine| mine.id == room) {
        readable(world, format!("/api/rooms lists {room}"));
    }
    let greeting = Greeting::madang(world.api.address, &token);
    let (mut sender, mut receiver) = timeout(Duration::from_secs(5), connect(&greeting)).await??;
    let frame = Frame::new(Command::Subscribe)
        .with("id", "gone")
        .with("destination", format!("/sub/chat/room/{room}"))
        .with("after", "0");
    sender.send(&frame).await?;
    let end = tokio::time::Instant::now() + Duration::from_millis(300);
    while let Ok(heard) = timeout_at(end, receiver.next()).await {
        match heard {
            Heard::Frame(frame) if frame.command == Command::Message => {
                readable(world, format!("/sub/chat/room/{room}"));
                break;
            }
            Heard::Closed(_) => break,
            _ => {}
        }
    }
    sender.close().await;
    Ok(())
}

async fn look_for_person(world: &World, stage: &Stage, gone: &Gone) -> Result<()> {
    let api = world.api;
    let Account {
        username,
        password,
        user,
        ..
    } = &gone.person;
    let own: Answer<Value> = api.read("/api/me", gone.person.token()).await;
    if own.is_ok() {
        readable(world, "/api/me with the token of a deleted account");
    }
    if api.login(username, password).await.is_ok() {
        readable(world, "/api/auth/login of a deleted account");
    }
    let mut owner = stage.owner.clone();
    let token = owner.fresh_token(api).await?.to_owned();
    let found = insist(|| api.people(&token, username)).await?;
    if found.iter().any(|person| person.id == *user) {
        readable(world, format!("/api/users?query={username}"));
    }
    let theirs = stage
        .halls
        .iter()
        .filter(|hall| hall.room != gone.room && hall.reader.who == stage.owner.who);
    for hall in theirs {
        let room = hall.room;
        let messages = insist(|| api.messages(&token, room)).await?;
        if messages
            .iter()
            .any(|message| gone.texts.contains(&message.body))
        {
            readable(
                world,
                format!("/api/rooms/{room}/messages has a deleted account's text"),
            );
        }
        let events = insist(|| api.events(&token, room, Rev::ZERO)).await?;
        let has_text = events.iter().any(|event| match &event.kind {
            EventKind::Posted { message } => gone.texts.contains(&message.body),
            EventKind::Edited { message } => gone.texts.contains(&message.body),
            _ => false,
        });
        if has_text {
            readable(
                world,
                format!("/api/rooms/{room}/events has a deleted account's text"),
            );
        }
        // Names travel beside the items, wherever somebody is mentioned.
        let path = format!("/api/rooms/{room}/messages");
        let page: Page<Value> = insist(|| api.read(&path, &token)).await?;
        let members = insist(|| api.members(&token, room)).await?;
        let named = page
            .users
            .iter()
            .chain(members.iter().map(|member| &member.user));
        if named.into_iter().any(|person| person.username == *username) {
            readable(
                world,
                format!("the name of a deleted account beside {room}"),
            );
        }
    }
    Ok(())
}
