//! What is refused, as HTTP: `application/problem+json` with the domain's stable code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::OpId;
use protocol::wire::{Problem, code};

use crate::chat::Refused;

/// The one error of every API handler.
#[derive(Debug)]
pub struct Failure {
    refused: Refused,
    status: StatusCode,
    operation: Option<OpId>,
}

impl Failure {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Refused::new(code, detail).into()
    }

    /// For what HTTP itself refuses, where the code alone does not tell the status.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Names the operation of the client that was refused.
    pub fn of(mut self, operation: OpId) -> Self {
        self.operation = Some(operation);
        self
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let status = status_of(refused.code);
        Self {
            refused,
            status,
            operation: None,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = Problem {
            status: Some(self.status.as_u16()),
            title: self.status.canonical_reason().map(str::to_owned),
            ..self.refused.problem(self.operation)
        };
        let retry_after = problem.retry_after;
        let mut response = (self.status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The status that says the same as the code, as far as HTTP can.
pub fn status_of(code: &str) -> StatusCode {
    match code {
        code::BAD_REQUEST => StatusCode::BAD_REQUEST,
        code::UNAUTHENTICATED | code::WRONG_LOGIN => StatusCode::UNAUTHORIZED,
        code::FORBIDDEN | code::WRONG_ORIGIN | code::NOT_AUTHOR => StatusCode::FORBIDDEN,
        code::NOT_FOUND | code::ROOM_NOT_FOUND | code::MESSAGE_NOT_FOUND | code::USER_NOT_FOUND => {
            StatusCode::NOT_FOUND
        }
        code::MESSAGE_DELETED => StatusCode::GONE,
        code::NAME_TAKEN | code::ID_TAKEN => StatusCode::CONFLICT,
        code::TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        code::METHOD_NOT_ALLOWED => StatusCode::METHOD_NOT_ALLOWED,
        code::TOO_FAST => StatusCode::TOO_MANY_REQUESTS,
        code::BUSY | code::UNAVAILABLE | code::CANNOT_WRITE => StatusCode::SERVICE_UNAVAILABLE,
        code::EMPTY
        | code::TOO_LONG
        | code::BAD_TEXT
        | code::BAD_NAME
        | code::BAD_PASSWORD
        | code::BAD_EMOJI => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What a handler that panicked answers. The panic itself is logged by the runtime's hook.
pub fn internal() -> Failure {
    Failure::new(
        code::INTERNAL,
        "Something went wrong on the server. Nothing that was acknowledged is lost; try again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_its_code_its_status_and_when_to_come_back() {
        let refused = Refused::new(code::TOO_FAST, "Slowly.").after(7);
        let response = Failure::from(refused).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }

    #[test]
    fn a_code_nobody_knows_is_the_servers_fault() {
        assert_eq!(status_of("surprise"), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
