//! People are brought into rooms and taken out of them while everybody talks.

use std::time::Duration;

use anyhow::{Result, bail};
use protocol::RoomId;
use rand::RngExt;

use super::prepare::Churn;
use super::{World, insist};
use crate::api::Failure;
use crate::check::history::What;
use crate::check::talker::Order;

pub async fn come_and_go(world: World, mut churn: Churn) -> Result<()> {
    if churn.moves.is_empty() {
        return Ok(());
    }
    let mut inside = vec![true; churn.moves.len()];
    loop {
        world
            .pause(Duration::from_millis(churn.dice.random_range(400..1_500)))
            .await;
        if !world.is_talking() {
            return Ok(());
        }
        let index = churn.dice.random_range(0..churn.moves.len());
        let (room, account, handle) = churn.moves[index].clone();
        let member = !inside[index];
        // The order goes first: who is about to be taken out starts nothing new there.
        if !member {
            let _ = handle.orders.send(Order::Leave(room)).await;
        }
        let user = account.user;
        world.note(What::MembershipAsked { room, user, member });
        if member {
            let token = churn.owner.fresh_token(world.api).await?.to_owned();
            insist(|| world.api.add_member(&token, room, user)).await?;
        } else if churn.dice.random_bool(0.5) {
            let token = churn.owner.fresh_token(world.api).await?.to_owned();
            take_out(&world, &token, room, user).await?;
        } else {
            take_out(&world, account.token(), room, user).await?;
        }
        world.note(What::MembershipDone { room, user, member });
        inside[index] = member;
        if member {
            let _ = handle.orders.send(Order::Enter(room)).await;
        }
    }
}

/// Asked again after an answer was lost, the room is no longer there for whoever left it.
async fn take_out(world: &World, token: &str, room: RoomId, user: protocol::UserId) -> Result<()> {
    let asked = crate::api::insist(Duration::from_secs(60), || {
        world.api.remove_member(token, room, user)
    });
    match asked.await {
        Ok(())
        | Err(Failure::Refused {
            status: 403 | 404 | 409,
            ..
        }) => Ok(()),
        Err(failure) => bail!("a member could not be taken out: {failure}"),
    }
}
