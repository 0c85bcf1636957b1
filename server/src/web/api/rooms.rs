//! Rooms as one of their members sees them.

use axum::extract::State;
use axum::http::StatusCode;
use protocol::wire::{ChangeRoom, NewRoom, Page, ReadTo, Room, RoomWindow};
use protocol::{Rev, RoomRef};
use serde::Serialize;
use utoipa::ToSchema;

use super::Refusals;
use crate::web::Web;
use crate::web::extract::{Json, Onward, Path, Query};
use crate::web::identity::Who;
use crate::web::problem::Failure;

/// My rooms, latest activity first
#[utoipa::path(
    get, path = "/rooms", tag = "rooms",
    params(Onward),
    responses((status = 200, body = Page<Room>), Refusals)
)]
pub async fn list(
    State(web): State<Web>,
    Who(who): Who,
    Query(onward): Query<Onward>,
) -> Result<axum::Json<Page<Room>>, Failure> {
    let page = web
        .chat
        .rooms_after(who, onward.after, onward.limit())
        .await?;
    Ok(axum::Json(page))
}

/// Make a room
///
/// A direct room of two people is made once; asking again answers the same room. So does asking
/// again under the same `id`.
#[utoipa::path(
    post, path = "/rooms", tag = "rooms",
    request_body = NewRoom,
    responses((status = 201, body = Room), Refusals)
)]
pub async fn create(
    State(web): State<Web>,
    Who(who): Who,
    Json(room): Json<NewRoom>,
) -> Result<(StatusCode, axum::Json<Room>), Failure> {
    Ok((
        StatusCode::CREATED,
        axum::Json(web.chat.create_room(who, room).await?),
    ))
}

/// One of my rooms
#[utoipa::path(
    get, path = "/rooms/{room}", tag = "rooms",
    params(("room" = String, Path, description = "A room's id, or `{userA}&{userB}`")),
    responses((status = 200, body = Room), Refusals)
)]
pub async fn read(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
) -> Result<axum::Json<Room>, Failure> {
    Ok(axum::Json(web.chat.room(who, room).await?))
}

/// Rename a room
#[utoipa::path(
    patch, path = "/rooms/{room}", tag = "rooms",
    params(("room" = String, Path, description = "A room's id")),
    request_body = ChangeRoom,
    responses((status = 200, body = Room), Refusals)
)]
pub async fn rename(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
    Json(change): Json<ChangeRoom>,
) -> Result<axum::Json<Room>, Failure> {
    Ok(axum::Json(
        web.chat.rename_room(who, room, change.name).await?,
    ))
}

/// Remove a room with everything in it
#[utoipa::path(
    delete, path = "/rooms/{room}", tag = "rooms",
    params(("room" = String, Path, description = "A room's id")),
    responses((status = 204), Refusals)
)]
pub async fn delete(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
) -> Result<StatusCode, Failure> {
    web.chat.delete_room(who, room).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A room's last messages, and its members
///
/// Subscribe with `after: head` to go on from there. The members are read a moment after the head:
/// whoever came or went in between has done so already among them, and again in an event.
#[utoipa::path(
    get, path = "/rooms/{room}/window", tag = "rooms",
    params(("room" = String, Path, description = "A room's id, or `{userA}&{userB}`")),
    responses((status = 200, body = RoomWindow), Refusals)
)]
pub async fn window(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
) -> Result<axum::Json<RoomWindow>, Failure> {
    Ok(axum::Json(web.chat.window(who, room).await?))
}

/// Where I stand in a room now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    pub rev: Rev,
    /// How many messages had been posted up to there.
    pub read_posted: u64,
}

/// Say how far I have read
///
/// A position moves forward only, and never beyond the head.
#[utoipa::path(
    put, path = "/rooms/{room}/read", tag = "rooms",
    params(("room" = String, Path, description = "A room's id, or `{userA}&{userB}`")),
    request_body = ReadTo,
    responses((status = 200, body = Read), Refusals)
)]
pub async fn mark_read(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
    Json(to): Json<ReadTo>,
) -> Result<axum::Json<Read>, Failure> {
    let mark = web.chat.mark_read(who, room, to.rev).await?;
    Ok(axum::Json(Read {
        rev: mark.rev,
        read_posted: mark.posted,
    }))
}
