//! What is left after the last kill, read as any member would read it.

use anyhow::Result;
use protocol::wire::{Event, Message};
use protocol::{Rev, RoomId};

use super::prepare::Stage;
use super::{World, insist};
use crate::check::account::Account;
use crate::check::history::{Entry, What};

pub async fn read(world: &World, stage: &Stage) -> Result<()> {
    for hall in &stage.halls {
        read_room(world, hall.room, &hall.reader).await?;
    }
    read_room(world, stage.hose, &stage.pump).await?;
    for account in &stage.accounts {
        let mut account = account.clone();
        let token = account.fresh_token(world.api).await?.to_owned();
        for room in insist(|| world.api.rooms(&token)).await? {
            let (head, read, unread) = (room.head, room.read, room.unread);
            world.history.note(
                account.who,
                What::Mine {
                    room: room.id,
                    head,
                    read,
                    unread,
                },
            );
        }
    }
    Ok(())
}

async fn read_room(world: &World, room: RoomId, reader: &Account) -> Result<()> {
    let mut reader = reader.clone();
    let token = reader.fresh_token(world.api).await?.to_owned();
    let events: Vec<Event> = insist(|| world.api.events(&token, room, Rev::ZERO)).await?;
    for event in &events {
        world.note(What::Log {
            entry: Entry::from(event),
        });
    }
    let messages: Vec<Message> = insist(|| world.api.messages(&token, room)).await?;
    for message in &messages {
        world.note(What::State {
            room,
            message: message.into(),
        });
    }
    Ok(())
}
