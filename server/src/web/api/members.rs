//! Who is in a room.

use axum::extract::State;
use axum::http::StatusCode;
use protocol::wire::{AddMember, Member, Page};
use protocol::{RoomRef, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Refusals;
use crate::web::Web;
use crate::web::extract::{Json, Limit, Path, Query};
use crate::web::identity::Who;
use crate::web::problem::Failure;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The `next` of the page before.
    after: Option<UserId>,
}

/// The members of a room, in the order in which they came
#[utoipa::path(
    get, path = "/rooms/{room}/members", tag = "rooms",
    params(("room" = String, Path, description = "A room's id, or `{userA}&{userB}`"), Which, Limit),
    responses((status = 200, body = Page<Member>), Refusals)
)]
pub async fn list(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
    Query(which): Query<Which>,
    Query(limit): Query<Limit>,
) -> Result<axum::Json<Page<Member>>, Failure> {
    Ok(axum::Json(
        web.chat
            .members(who, room, which.after, limit.get())
            .await?,
    ))
}

/// Bring someone in
#[utoipa::path(
    post, path = "/rooms/{room}/members", tag = "rooms",
    params(("room" = String, Path, description = "A room's id")),
    request_body = AddMember,
    responses((status = 204), Refusals)
)]
pub async fn add(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
    Json(member): Json<AddMember>,
) -> Result<StatusCode, Failure> {
    web.chat.add_member(who, room, member.user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put someone out, or leave
#[utoipa::path(
    delete, path = "/rooms/{room}/members/{user}", tag = "rooms",
    params(
        ("room" = String, Path, description = "A room's id"),
        ("user" = UserId, Path, description = "Oneself: leave")
    ),
    responses((status = 204), Refusals)
)]
pub async fn remove(
    State(web): State<Web>,
    Who(who): Who,
    Path((room, user)): Path<(RoomRef, UserId)>,
) -> Result<StatusCode, Failure> {
    web.chat.remove_member(who, room, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
