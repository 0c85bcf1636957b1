//! What the tests of this crate share: ids, messages, and pages rendered as the server does.

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;

use leptos::prelude::*;
use protocol::wire::{Boot, Member, Message, Reaction, Room, RoomKind, RoomWindow, User};
use protocol::{Rev, RoomId, Timestamp, UserId};

use crate::Assets;
use crate::address::Address;

pub fn id<T: FromStr<Err: Debug>>(n: u128) -> T {
    format!("00000000-0000-7000-8000-{n:012x}").parse().unwrap()
}

pub fn message(n: u64, author: u128, at: i64, body: &str) -> Message {
    Message {
        id: id(1000 + u128::from(n)),
        rev: Rev(n),
        author: id(author),
        at: Timestamp::from_millis(at),
        body: body.to_owned(),
        reply_to: None,
        edited_at: None,
        deleted: false,
        reactions: Vec::new(),
    }
}

pub fn user(n: u128, name: &str) -> User {
    User {
        id: id(n),
        username: format!("user{n}"),
        display_name: name.to_owned(),
        deleted: false,
    }
}

/// The page at `path` as the server would send it.
pub fn page(path: &str, boot: Boot) -> String {
    let owner = Owner::new();
    let assets = Assets {
        script: "/pkg/madang.js".to_owned(),
        wasm: "/pkg/madang.wasm".to_owned(),
        style: "/pkg/madang.css".to_owned(),
        icon: "/favicon.svg".to_owned(),
    };
    owner.with(|| {
        provide_context(Address::asked(path));
        provide_context(Arc::new(boot));
        crate::shell::shell(assets).to_html()
    })
}

const NOON: i64 = 1_795_230_000_000;
const MINUTE: i64 = 60_000;

pub const GROUP: u128 = 100;
pub const ME: u128 = 1;

/// A small house with people talking in it, in the language of the boot's.
pub fn lived_in(mut boot: Boot, open: Option<RoomId>) -> Boot {
    let names = [
        "하늘",
        "바다",
        "Mina Park",
        "지우",
        "Alexander von Humboldt-Rosenthal the Third",
    ];
    let people: Vec<User> = names
        .iter()
        .enumerate()
        .map(|(at, name)| user(at as u128 + 1, name))
        .collect();
    boot.me = Some(people[0].clone());
    boot.now = Timestamp::from_millis(NOON);
    boot.utc_offset = 540;
    boot.online = vec![id(2), id(4)];
    let group = group_messages();
    let direct = direct_messages();
    boot.rooms = vec![
        room(GROUP, "주말 산행", None, &group, 3),
        direct_room(2, "바다", &direct, 0),
        room(
            101,
            "Design review with a rather long name that does not fit",
            None,
            &[message(
                1,
                3,
                NOON - 90 * MINUTE,
                "Let's look at the courtyard drawings tomorrow",
            )],
            128,
        ),
        direct_room(
            4,
            "지우",
            &[message(1, 1, NOON - 26 * 60 * MINUTE, "고마워요")],
            0,
        ),
        direct_room(5, names[4], &[], 0),
    ];
    boot.users.clone_from(&people);
    if let Some(open) = open {
        let group_is_open = open == id(GROUP);
        let messages = if group_is_open { group } else { direct };
        let members: &[User] = if group_is_open { &people } else { &people[..2] };
        let head = messages.last().map_or(Rev::ZERO, |message| message.rev);
        boot.room = Some(RoomWindow {
            notes: Vec::new(),
            room: open,
            members: members.iter().map(|user| member(user, head)).collect(),
            messages,
            head,
            more: group_is_open,
            newer: false,
        });
    }
    boot
}

fn member(user: &User, head: Rev) -> Member {
    let read = if user.id == id::<UserId>(3) {
        Rev::ZERO
    } else {
        head
    };
    Member {
        user: user.clone(),
        read,
        online: None,
    }
}

fn group_messages() -> Vec<Message> {
    let day = 24 * 60 * MINUTE;
    let mut messages = vec![
        message(
            1,
            3,
            NOON - day - 30 * MINUTE,
            "Is anyone up for Bukhansan on Saturday? The maples should be at their best, and the weather looks dry until the evening.",
        ),
        message(
            2,
            2,
            NOON - day - 28 * MINUTE,
            "좋아요! 저는 아침 7시에 출발할 수 있어요.",
        ),
        message(
            3,
            2,
            NOON - day - 27 * MINUTE,
            "코스는 여기 참고해 주세요: https://www.knps.or.kr/front/portal/visit/visitCourseMain.do 그리고 도시락은 각자 챙겨요.",
        ),
        message(
            4,
            1,
            NOON - day - 20 * MINUTE,
            "저도 갈게요. 따뜻한 차를 가져갈게요.",
        ),
        message(5, 1, NOON - day - 19 * MINUTE, "🍵🍁"),
        message(
            6,
            4,
            NOON - 50 * MINUTE,
            "늦게 봤네요. 저도 같이 가도 될까요?",
        ),
        message(
            7,
            3,
            NOON - 44 * MINUTE,
            "Of course — the more the merrier.",
        ),
        message(
            8,
            1,
            NOON - 40 * MINUTE,
            "그럼요. 불광역 2번 출구에서 7시에 만나요.",
        ),
        message(9, 5, NOON - 12 * MINUTE, ""),
        message(
            10,
            2,
            NOON - 6 * MINUTE,
            "내일 비 소식이 있던데 괜찮을까요?",
        ),
        message(11, 2, NOON - 5 * MINUTE, "우산 챙길게요"),
        message(
            12,
            3,
            NOON - 2 * MINUTE,
            "Forecast says it clears by six. We should be fine.",
        ),
    ];
    messages[1].reactions = vec![
        Reaction {
            emoji: "👍".to_owned(),
            users: vec![id(1), id(3)],
        },
        Reaction {
            emoji: "🎉".to_owned(),
            users: vec![id(4)],
        },
    ];
    messages[6].reply_to = Some(messages[5].id);
    messages[7].edited_at = Some(Timestamp::from_millis(NOON - 39 * MINUTE));
    messages[8].deleted = true;
    messages
}

fn direct_messages() -> Vec<Message> {
    vec![
        message(1, 2, NOON - 80 * MINUTE, "오늘 저녁에 시간 있어요?"),
        message(
            2,
            2,
            NOON - 79 * MINUTE,
            "새로 생긴 국숫집이 있는데 같이 가고 싶어서요.",
        ),
        message(3, 1, NOON - 75 * MINUTE, "네, 좋아요. 여섯 시 반 어때요?"),
        message(4, 2, NOON - 74 * MINUTE, "딱 좋아요. 가게 앞에서 봐요."),
        message(5, 1, NOON - 73 * MINUTE, "🍜"),
        message(
            6,
            1,
            NOON - 20 * MINUTE,
            "조금 일찍 도착할 것 같아요. 먼저 자리 잡고 있을게요. 혹시 못 찾으면 전화 주세요.",
        ),
    ]
}

fn room(n: u128, name: &str, peer: Option<UserId>, messages: &[Message], unread: u64) -> Room {
    let posted = messages.len() as u64;
    let head = messages.last().map_or(Rev(1), |message| message.rev);
    Room {
        id: id(n),
        kind: if peer.is_some() {
            RoomKind::Direct
        } else {
            RoomKind::Group
        },
        name: name.to_owned(),
        peer,
        head,
        read: Rev(head.0.saturating_sub(unread)),
        posted,
        read_posted: posted.saturating_sub(unread),
        unread,
        members: if peer.is_some() { 2 } else { 5 },
        mine: false,
        active_at: messages
            .last()
            .map_or(Timestamp::from_millis(NOON - 400 * 24 * 60 * MINUTE), |m| {
                m.at
            }),
        last_message: messages.last().cloned(),
    }
}

fn direct_room(n: u128, name: &str, messages: &[Message], unread: u64) -> Room {
    let mut room = room(0, name, Some(id(n)), messages, unread);
    room.id = direct(n);
    room
}

pub fn direct(n: u128) -> RoomId {
    RoomId::direct(id(ME), id(n))
}
