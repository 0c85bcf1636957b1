//! Assets as browsers ask for them.

use axum::body::to_bytes;

use super::*;

const SCRIPT: &str = "/assets/madang.0123.js";

static FILES: [File; 2] = [
    File {
        path: SCRIPT,
        immutable: true,
        hash: "0123",
        plain: b"plain script",
        brotli: Some(b"br"),
        gzip: Some(b"gzip"),
    },
    File {
        path: "/robots.txt",
        immutable: false,
        hash: "4567",
        plain: b"robots",
        brotli: None,
        gzip: None,
    },
];

async fn ask(
    store: &AssetStore,
    method: Method,
    path: &str,
    asked: &[(&str, &str)],
) -> Option<Response> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in asked {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    store.find(&parts).await
}

async fn get(path: &str, asked: &[(&str, &str)]) -> Response {
    ask(
        &AssetStore::embedded(&FILES, None),
        Method::GET,
        path,
        asked,
    )
    .await
    .unwrap()
}

async fn body(response: Response) -> Vec<u8> {
    to_bytes(response.into_body(), 10_000)
        .await
        .unwrap()
        .to_vec()
}

#[tokio::test]
async fn the_form_that_the_browser_likes_is_sent_and_kept_for_ever() {
    let response = get(SCRIPT, &[("accept-encoding", "gzip, deflate, br")]).await;
    let headers = response.headers();
    assert_eq!(headers["content-encoding"], "br");
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(headers["content-length"], "2");
    assert_eq!(headers["vary"], "Accept-Encoding");
    assert_eq!(headers["cache-control"], FOR_EVER);
    assert_eq!(body(response).await, b"br");
    let response = get(SCRIPT, &[("accept-encoding", "br;q=0, gzip;q=0.5")]).await;
    assert_eq!(body(response).await, b"gzip");
    let response = get(SCRIPT, &[]).await;
    assert!(!response.headers().contains_key("content-encoding"));
    assert_eq!(body(response).await, b"plain script");
}

#[tokio::test]
async fn a_file_under_its_own_name_is_asked_for_again_and_costs_nothing_unchanged() {
    let response = get("/robots.txt", &[]).await;
    assert_eq!(response.headers()["cache-control"], ASK_AGAIN);
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    for held in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"other\", {tag}"),
        "*".to_owned(),
    ] {
        let response = get("/robots.txt", &[("if-none-match", &held)]).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{held}");
        assert_eq!(response.headers()["etag"], tag.as_str());
        assert!(body(response).await.is_empty());
    }
    let response = get("/robots.txt", &[("if-none-match", "\"other\"")]).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn each_form_has_its_own_tag() {
    let plain = get(SCRIPT, &[]).await.headers()["etag"].clone();
    let packed = get(SCRIPT, &[("accept-encoding", "br")]).await.headers()["etag"].clone();
    assert_ne!(plain, packed);
}

#[tokio::test]
async fn head_tells_the_length_without_the_content() {
    let store = AssetStore::embedded(&FILES, None);
    let response = ask(&store, Method::HEAD, SCRIPT, &[]).await.unwrap();
    assert_eq!(response.headers()["content-length"], "12");
    assert!(body(response).await.is_empty());
    assert!(ask(&store, Method::POST, SCRIPT, &[]).await.is_none());
}

#[tokio::test]
async fn a_development_server_reads_its_directory_and_nothing_around_it() {
    let place = tempfile::tempdir().unwrap();
    let site = place.path().join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    std::fs::write(site.join("pkg/madang.js"), "script").unwrap();
    std::fs::write(place.path().join("secret"), "secret").unwrap();
    let store = AssetStore::new(Some(&site));
    let names = store.names();
    let response = ask(&store, Method::GET, &names.script, &[]).await.unwrap();
    assert_eq!(response.headers()["cache-control"], ASK_AGAIN);
    assert_eq!(body(response).await, b"script");
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/pkg",
        "/pkg/",
        "/",
        "/missing",
    ] {
        let answer = ask(&store, Method::GET, path, &[]).await;
        let served = match answer {
            Some(answer) => answer.status() == StatusCode::OK,
            None => false,
        };
        assert!(!served, "{path}");
    }
}
