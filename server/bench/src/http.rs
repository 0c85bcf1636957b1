//! As much of HTTP/1.1 as a test client needs, so that the bench stays small and its own cost
//! stays out of what it measures.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// More than any answer of the server; a larger one is a mistake.
const MAX_BODY: usize = 64 << 20;

#[derive(Clone, Debug)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn json(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header("content-type", "application/json")
    }

    /// On a connection of its own.
    pub async fn once(self, address: SocketAddr) -> Result<Response> {
        let request = self.header("connection", "close");
        Connection::open(address).await?.send(&request).await
    }

    fn write(&self, host: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = self.body.as_deref().unwrap_or_default();
        if self.body.is_some() || self.method != "GET" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Cookies as a browser would send them back.
    pub fn cookies(&self) -> String {
        let pairs: Vec<&str> = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, value)| value.split(';').next())
            .collect();
        pairs.join("; ")
    }
}

/// A connection that is kept open between requests.
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            address,
            stream: BufReader::new(stream),
        })
    }

    pub async fn send(&mut self, request: &Request) -> Result<Response> {
        let bytes = request.write(self.address);
        self.stream.get_mut().write_all(&bytes).await?;
        read_response(&mut self.stream).await
    }
}

async fn read_response(stream: &mut BufReader<TcpStream>) -> Result<Response> {
    let status_line = read_line(stream).await?;
    let status: u16 = status_line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .with_context(|| format!("not an HTTP answer: {status_line:?}"))?;
    let mut response = Response {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let line = read_line(stream).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').context("a header without a colon")?;
        response
            .headers
            .push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let chunked = response
        .header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    if chunked {
        response.body = read_chunks(stream).await?;
    } else if let Some(length) = response.header("content-length") {
        let length: usize = length.parse().context("a wrong content-length")?;
        response.body = read_exactly(stream, length).await?;
    } else if !matches!(status, 204 | 304) {
        stream
            .take(MAX_BODY as u64)
            .read_to_end(&mut response.body)
            .await?;
    }
    Ok(response)
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        bail!("the server closed the connection instead of answering");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn read_exactly(stream: &mut BufReader<TcpStream>, length: usize) -> Result<Vec<u8>> {
    if length > MAX_BODY {
        bail!("an answer of {length} bytes is more than any that was asked for");
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn read_chunks(stream: &mut BufReader<TcpStream>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(stream).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).context("a chunk without its size")?;
        if size == 0 {
            while !read_line(stream).await?.is_empty() {}
            return Ok(body);
        }
        if body.len() + size > MAX_BODY {
            bail!("an answer of more than {MAX_BODY} bytes");
        }
        body.extend(read_exactly(stream, size).await?);
        read_line(stream).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Answers one connection with `answers`, one for each request.
    async fn answering(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn answers_with_a_length_share_one_connection() {
        let address = answering(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        ])
        .await;
        let mut connection = Connection::open(address).await.unwrap();
        let first = connection.send(&Request::get("/")).await.unwrap();
        assert_eq!((first.status, first.body.as_slice()), (200, &b"hi"[..]));
        let second = connection.send(&Request::get("/x")).await.unwrap();
        assert_eq!(second.status, 404);
    }

    #[tokio::test]
    async fn chunks_are_put_together() {
        let address = answering(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        ])
        .await;
        let response = Request::get("/").once(address).await.unwrap();
        assert_eq!(response.body, b"abcde");
    }

    #[tokio::test]
    async fn an_answer_cut_short_is_an_error() {
        let address = answering(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]).await;
        assert!(Request::get("/").once(address).await.is_err());
    }

    #[test]
    fn cookies_are_sent_back_without_their_attributes() {
        let response = Response {
            status: 200,
            headers: vec![
                ("set-cookie".into(), "a=1; HttpOnly".into()),
                ("Set-Cookie".into(), "b=2; Path=/".into()),
            ],
            body: Vec::new(),
        };
        assert_eq!(response.cookies(), "a=1; b=2");
    }
}
