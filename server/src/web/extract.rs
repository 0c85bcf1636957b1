//! Bodies, paths and queries, parsed once at the edge. What does not parse is answered in the
//! same shape as every other refusal, not in axum's plain text.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use protocol::wire::code;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::Web;
use super::problem::Failure;
use crate::chat::Cursor;

/// A JSON body. Its content type must say so: no form of another site's page can send one.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let axum::Json(value) = axum::Json::from_request(request, web)
            .await
            .map_err(bad_json)?;
        Ok(Self(value))
    }
}

fn bad_json(rejection: JsonRejection) -> Failure {
    let status = rejection.status();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Failure::new(code::BAD_REQUEST, rejection.body_text()).with_status(match status {
        // JSON with the wrong fields is not told apart from what is not JSON.
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    })
}

pub fn too_large() -> Failure {
    Failure::new(
        code::TOO_LARGE,
        "The request is larger than the server takes.",
    )
}

/// A JSON body, or nothing at all.
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<Web> for MaybeJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(Self(T::default()));
        }
        let Json(value) = Json::from_request(request, web).await?;
        Ok(Self(value))
    }
}

/// The parts of the path that stand for something.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Web> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, web)
            .await
            .map_err(|rejection: PathRejection| {
                Failure::new(code::BAD_REQUEST, rejection.body_text())
                    .with_status(rejection.status())
            })?;
        Ok(Self(value))
    }
}

pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let axum::extract::Query(value) = axum::extract::Query::from_request_parts(parts, web)
            .await
            .map_err(|rejection: QueryRejection| {
                Failure::new(code::BAD_REQUEST, rejection.body_text())
            })?;
        Ok(Self(value))
    }
}

/// `limit`, for every list.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Limit {
    /// How many at most, 1 to 200; 50 if it is not said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
}

impl Limit {
    const USUAL: usize = 50;
    const MOST: usize = 200;

    /// More than the most is the most: a client that asks for everything gets a page and a
    /// cursor.
    pub fn get(self) -> usize {
        self.limit.unwrap_or(Self::USUAL).clamp(1, Self::MOST)
    }
}

/// Which page of a list that is sorted by time.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Onward {
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    pub after: Option<Cursor>,
    /// How many at most, 1 to 200; 200 if it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

impl Onward {
    pub fn limit(self) -> usize {
        self.limit.unwrap_or(Limit::MOST).clamp(1, Limit::MOST)
    }
}
