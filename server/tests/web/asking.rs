//! Two ways to ask: a browser, with cookies, forms and an origin, and a program with a token.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

pub const PASSWORD: &str = "correct horse";
const HOST: &str = "chat.example";

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn set_cookies(&self) -> Vec<String> {
        self.headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    /// The `code` of a refusal, after a look at whether it has the one shape of refusals.
    pub fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{}", self.text);
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        problem["code"].as_str().unwrap().to_owned()
    }

    /// What the page starts from.
    pub fn boot(&self) -> Value {
        let opening = "id=\"boot\">";
        let from = self.text.find(opening).unwrap() + opening.len();
        let length = self.text[from..].find("</script>").unwrap();
        serde_json::from_str(&self.text[from..from + length]).unwrap()
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    /// What the page that sends the form belongs to.
    pub origin: String,
    pub language: &'static str,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self {
            router,
            cookies: BTreeMap::new(),
            origin: format!("http://{HOST}"),
            language: "en",
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.take(request).await
    }

    /// Sends a plain form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        let request = self
            .request("POST", path)
            .header("origin", self.origin.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.join("&")))
            .unwrap();
        self.take(request).await
    }

    /// What a script of a page asks of the API.
    pub async fn fetch(&mut self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self
            .request(method, path)
            .header("origin", self.origin.clone());
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.take(request.body(body).unwrap()).await
    }

    /// Fills in the form at `/login` or `/register`.
    pub async fn enter(&mut self, path: &str, name: &str) -> Answer {
        self.post(path, &[("username", name), ("password", PASSWORD)])
            .await
    }

    fn request(&self, method: &str, path: &str) -> Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("accept", "text/html,*/*;q=0.8")
            .header("accept-language", self.language);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        request
    }

    async fn take(&mut self, request: Request<Body>) -> Answer {
        let answer = send(&self.router, request).await;
        for cookie in answer.set_cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

#[derive(Clone)]
pub struct Program {
    router: Router,
    pub token: Option<String>,
    pub refresh: String,
    pub id: String,
    pub address: &'static str,
}

impl Program {
    pub fn new(router: Router) -> Self {
        Self {
            router,
            token: None,
            refresh: String::new(),
            id: String::new(),
            address: HOST,
        }
    }

    pub async fn register(self, name: &str) -> Self {
        let form = json!({ "username": name, "password": PASSWORD });
        let answer = self.post("/api/auth/register", form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.signed_in(&answer.json())
    }

    pub fn signed_in(self, answer: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            token: Some(text(&answer["accessToken"])),
            refresh: text(&answer["refreshToken"]),
            id: text(&answer["user"]["id"]),
            ..self
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None).await
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        send(&self.router, request.body(body).unwrap()).await
    }

    pub fn request(&self, method: &str, path: &str) -> Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    /// A group of this person and others.
    pub async fn group(&self, name: &str, others: &[&Self]) -> String {
        let members: Vec<&str> = others.iter().map(|person| person.id.as_str()).collect();
        let room = json!({ "kind": "group", "name": name, "members": members });
        let answer = self.post("/api/rooms", room).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Says something; the answer is the message's id.
    pub async fn say(&self, room: &str, body: &str) -> String {
        let id = Uuid::now_v7().to_string();
        let message = json!({ "id": id, "body": body });
        let path = format!("/api/rooms/{room}/messages");
        let answer = self.post(&path, message).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        id
    }
}

pub fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
