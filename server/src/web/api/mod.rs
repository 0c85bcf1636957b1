//! The REST API under `/api`, and its description, which is made from the same code.

mod auth;
mod me;
mod members;
mod messages;
mod rooms;
mod users;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Router, middleware};
use protocol::wire::{Problem, code};
use std::collections::BTreeMap;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi, openapi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use auth::end_session;

use super::problem::Failure;
use super::{Web, cookies, guard};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Madang",
        description = "Everything that is refused answers `application/problem+json` with a \
                       stable `code`. Lists answer `{items, next?}`; send `next` back as the \
                       cursor of the following page. Live events come over STOMP at `/stomp`."
    ),
    servers((url = "/")),
    components(schemas(Problem)),
    modifiers(&Schemes),
    security(("bearer" = []), ("cookie" = [])),
    tags(
        (name = "accounts", description = "Register, log in, and what is one's own"),
        (name = "rooms", description = "Rooms and who is in them"),
        (name = "messages", description = "What is said, and the log of it"),
        (name = "people", description = "People to talk to")
    )
)]
struct Description;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, description: &mut openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            cookies::ACCESS,
            &format!("Over https its name begins with `{}`.", cookies::HOST),
        ));
        components.add_security_scheme("bearer", bearer);
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// What every operation may answer instead.
struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new()
            .description("Refused; `code` says why")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

fn described() -> (Router<Web>, openapi::OpenApi) {
    let api = OpenApiRouter::new()
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(me::read, me::change, me::delete))
        .routes(routes!(me::sessions))
        .routes(routes!(me::end_session))
        .routes(routes!(rooms::list, rooms::create))
        .routes(routes!(rooms::read, rooms::rename, rooms::delete))
        .routes(routes!(rooms::window))
        .routes(routes!(rooms::mark_read))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::remove))
        .routes(routes!(messages::list, messages::post))
        .routes(routes!(messages::edit, messages::delete))
        .routes(routes!(messages::react, messages::take_back))
        .routes(routes!(messages::events))
        .routes(routes!(users::find));
    OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api", api)
        .split_for_parts()
}

/// The description alone, for whoever wants it without a server.
pub fn description() -> openapi::OpenApi {
    described().1
}

pub fn router(web: &Web) -> Router<Web> {
    let (router, description) = described();
    // It never changes while the process lives, so it is encoded once.
    let description = description.to_json().unwrap_or_default();
    router
        .route(
            "/api/openapi.json",
            get(move || async move { json(description) }),
        )
        .route("/api", any(unknown))
        .route("/api/", any(unknown))
        .route("/api/{*path}", any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(web.clone(), guard::origin))
        .layer(middleware::from_fn_with_state(web.clone(), guard::timeout))
        .layer(CatchPanicLayer::custom(guard::panicked))
}

fn json(text: String) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )],
        text,
    )
        .into_response()
}

async fn unknown() -> Failure {
    Failure::new(
        code::NOT_FOUND,
        "There is nothing at this address. See /api/openapi.json.",
    )
}

async fn wrong_method() -> Failure {
    Failure::new(
        code::METHOD_NOT_ALLOWED,
        "This address does not take that method. See /api/openapi.json.",
    )
}
