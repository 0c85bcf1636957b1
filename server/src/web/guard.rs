//! What stands before every handler: another site's page is turned away, a request that hangs is
//! given up, and a handler that panics still answers.

use std::any::Any;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::wire::code;

use super::problem::{Failure, internal};
use super::{Web, identity, origin};

/// Refuses to change anything for a request that another site made a browser send. Logging in
/// and registering count too: nobody should find themselves signed in as somebody else.
pub async fn origin(
    State(web): State<Web>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let only_reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !only_reads && identity::relies_on_cookies(request.headers()) {
        origin::same_origin(request.headers(), &web.settings)?;
    }
    Ok(next.run(request).await)
}

pub async fn timeout(
    State(web): State<Web>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    tokio::time::timeout(web.settings.timeout, next.run(request))
        .await
        .map_err(|_| {
            Failure::new(
                code::UNAVAILABLE,
                "The server took too long. It may have been done: send it again under the same id.",
            )
        })
}

/// The panic's own text may hold what somebody typed; it goes to the log by the hook, not here.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    internal().into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_still_answers_and_gives_nothing_away() {
        async fn handler() -> StatusCode {
            panic!("the password was `horse`")
        }
        let router: Router = Router::new()
            .route("/", get(handler))
            .layer(CatchPanicLayer::custom(panicked));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("\"code\":\"internal\"") && !text.contains("horse"));
    }
}
