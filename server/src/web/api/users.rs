//! People to talk to.

use axum::extract::State;
use protocol::UserId;
use protocol::wire::{Page, User, code};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Refusals;
use crate::web::Web;
use crate::web::extract::{Limit, Query};
use crate::web::identity::Who;
use crate::web::problem::Failure;

/// As many names as one question may ask for.
const MOST_IDS: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Part of a username or a display name.
    query: Option<String>,
    /// Instead of a query: up to 100 ids, separated by commas.
    ids: Option<String>,
}

/// Find people by name, or name people by id
#[utoipa::path(
    get, path = "/users", tag = "people",
    params(Wanted, Limit),
    responses((status = 200, body = Page<User>), Refusals)
)]
pub async fn find(
    State(web): State<Web>,
    Who(who): Who,
    Query(wanted): Query<Wanted>,
    Query(limit): Query<Limit>,
) -> Result<axum::Json<Page<User>>, Failure> {
    let page = match wanted.ids {
        Some(ids) => web.chat.users(who, &parse(&ids)?).await?,
        None => {
            let query = wanted.query.unwrap_or_default();
            web.chat.find_people(who, &query, limit.get()).await?
        }
    };
    Ok(axum::Json(page))
}

fn parse(ids: &str) -> Result<Vec<UserId>, Failure> {
    let ids: Vec<UserId> = ids
        .split(',')
        .filter(|id| !id.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(code::BAD_REQUEST, format!("{error}.")))?;
    if ids.len() > MOST_IDS {
        return Err(Failure::new(
            code::TOO_LARGE,
            format!("At most {MOST_IDS} ids at a time."),
        ));
    }
    Ok(ids)
}
