//! Who is in the run, and in which rooms.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::StreamExt;
use protocol::RoomId;
use protocol::wire::{NewRoom, RoomKind};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::{Plan, World, insist};
use crate::check::account::Account;
use crate::check::history::{Role, What};
use crate::check::proxy::Proxy;
use crate::check::talker::{Handle, Talker};

/// A room, and who reads and rules it for the harness.
#[derive(Clone, Debug)]
pub struct Hall {
    pub room: RoomId,
    /// Indices of talkers.
    pub members: Vec<usize>,
    pub reader: Account,
}

pub struct Stage {
    pub talkers: Vec<Talker>,
    pub handles: Vec<Handle>,
    pub accounts: Vec<Account>,
    proxies: Vec<std::sync::Arc<Proxy>>,
    /// Made every room, says nothing.
    pub owner: Account,
    pub stranger: Account,
    pub guest: Account,
    pub pump: Account,
    pub sleeper: Account,
    /// The rooms where people talk; the last one is a direct room.
    pub halls: Vec<Hall>,
    /// Where the guest listens, whose sessions are ended.
    pub hall: Hall,
    /// Where the pump fills what the sleeper does not read.
    pub hose: RoomId,
}

/// A client, and the network that it lives behind.
#[derive(Clone)]
pub struct ClientLine {
    pub handle: Handle,
    pub proxy: std::sync::Arc<Proxy>,
}

/// People who are brought into a room and taken out of it, by its owner.
pub struct Churn {
    pub owner: Account,
    pub moves: Vec<(RoomId, Account, Handle)>,
    pub dice: SmallRng,
}

pub async fn stage(world: &World, plan: &Plan) -> Result<Stage> {
    let mut dice = SmallRng::seed_from_u64(plan.seed);
    let run = &Uuid::now_v7().simple().to_string()[20..];
    let talkers = plan.clients as usize;
    let mut accounts = accounts(world, run, plan.clients).await?;
    let mut extras = accounts.split_off(talkers).into_iter();
    let mut next = || {
        extras
            .next()
            .expect("as many were registered as are taken here")
    };
    let (owner, stranger, guest, pump, sleeper) = (next(), next(), next(), next(), next());

    let mut halls = Vec::new();
    for index in 0..plan.rooms {
        let members = choose(index, talkers, &mut dice);
        let mut people: Vec<_> = members.iter().map(|index| accounts[*index].user).collect();
        if index == 0 {
            people.push(guest.user);
        }
        let name = format!("room {index}");
        let room = make(world, &owner, RoomKind::Group, Some(name), people).await?;
        halls.push(Hall {
            room,
            members,
            reader: owner.clone(),
        });
    }
    let people = vec![accounts[1].user];
    let direct = make(world, &accounts[0], RoomKind::Direct, None, people).await?;
    halls.push(Hall {
        room: direct,
        members: vec![0, 1],
        reader: accounts[0].clone(),
    });
    let hall = halls[0].clone();
    let hose = make(
        world,
        &pump,
        RoomKind::Group,
        Some("hose".into()),
        vec![sleeper.user],
    )
    .await?;

    let mut stage = Stage {
        talkers: Vec::new(),
        handles: Vec::new(),
        proxies: Vec::new(),
        accounts,
        owner,
        stranger,
        guest,
        pump,
        sleeper,
        halls,
        hall,
        hose,
    };
    for index in 0..talkers {
        let proxy = Proxy::to(world.nodes.lock().await.addresses_from(index)).await?;
        let rooms: Vec<RoomId> = stage
            .halls
            .iter()
            .filter(|hall| hall.members.contains(&index))
            .map(|hall| hall.room)
            .collect();
        let account = stage.accounts[index].clone();
        let (talker, handle) =
            Talker::new(world.clone(), account, proxy.address, plan.manner, &rooms);
        stage.talkers.push(talker);
        stage.handles.push(handle);
        stage.proxies.push(std::sync::Arc::new(proxy));
    }
    Ok(stage)
}

/// The talkers, and behind them five with a task of their own.
async fn accounts(world: &World, run: &str, talkers: u32) -> Result<Vec<Account>> {
    let registering = (0..talkers + 5).map(|who| async move {
        let account = Account::register(world.api, who, format!("c{who}x{run}")).await?;
        let role = match who.checked_sub(talkers) {
            None => Role::Talker,
            Some(1) => Role::Stranger,
            Some(_) => Role::Visitor,
        };
        world.history.note(
            who,
            What::Is {
                user: account.user,
                role,
            },
        );
        anyhow::Ok(account)
    });
    // A few at a time: the password hash is meant to be slow.
    let registered: Vec<Result<Account>> = futures::stream::iter(registering)
        .buffered(4)
        .collect()
        .await;
    registered.into_iter().collect()
}

/// Everybody is in the first room, and in about two of three others.
fn choose(room: usize, talkers: usize, dice: &mut SmallRng) -> Vec<usize> {
    let mut members: BTreeSet<usize> = BTreeSet::from([room % talkers, (room + 1) % talkers]);
    members.extend((0..talkers).filter(|_| room == 0 || dice.random_bool(0.6)));
    members.into_iter().collect()
}

async fn make(
    world: &World,
    owner: &Account,
    kind: RoomKind,
    name: Option<String>,
    members: Vec<protocol::UserId>,
) -> Result<RoomId> {
    let new = NewRoom {
        id: None,
        kind,
        name,
        members,
    };
    Ok(insist(|| world.api.make_room(owner.token(), &new))
        .await?
        .id)
}

impl Stage {
    pub fn lines(&self) -> Vec<ClientLine> {
        let pairs = self.handles.iter().zip(&self.proxies);
        pairs
            .map(|(handle, proxy)| ClientLine {
                handle: handle.clone(),
                proxy: std::sync::Arc::clone(proxy),
            })
            .collect()
    }

    /// One or two of each group room but the first come and go.
    pub fn churn(&self, plan: &Plan) -> Churn {
        let mut dice = SmallRng::seed_from_u64(plan.seed ^ 0x00c4_0214);
        let groups = self.halls.len() - 1;
        let mut moves = Vec::new();
        for hall in self.halls[..groups].iter().skip(1) {
            for index in hall.members.sample(&mut dice, 2) {
                let (account, handle) = (&self.accounts[*index], &self.handles[*index]);
                moves.push((hall.room, account.clone(), handle.clone()));
            }
        }
        Churn {
            owner: self.owner.clone(),
            moves,
            dice,
        }
    }

    /// What a stranger would like to hear.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for hall in &self.halls {
            secrets.push(format!("/sub/chat/room/{}", hall.room));
            secrets.push(format!("/sub/chat/room/{}/signals", hall.room));
            secrets.push(format!("/topic/direct/{}", hall.room));
        }
        for account in &self.accounts {
            secrets.push(format!("/sub/chat/side/{}", account.user));
        }
        secrets
    }
}
