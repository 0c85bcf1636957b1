//! The server under load: Madang by default, any other STOMP server by templates.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use protocol::stomp::{Command, Frame};
use protocol::wire::{NewRoom, RoomKind};
use tempfile::TempDir;
use tokio::net::lookup_host;
use tokio::time::timeout;
use uuid::Uuid;

use super::template::{Fill, fill};
use crate::api::{Api, insist};
use crate::http::Request;
use crate::process::{Server, Settings, scratch};
use crate::stomp::{Greeting, NotConnected, Receiver, Sender, connect};

const PATIENCE: Duration = Duration::from_secs(60);
/// A connection that takes longer has failed.
const CONNECT: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub struct Where {
    /// Start this server on a free port with data of its own, and stop it afterwards.
    #[arg(long, global = true, visible_alias = "server", value_name = "MADANG")]
    spawn: Option<PathBuf>,
    /// A server that runs already: `http://host:port`, or `ws://host:port/path` of another's
    /// STOMP endpoint.
    #[arg(long, global = true, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// Subscribers connect to this node, publishers to the other: what is delivered came by way
    /// of the bus.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    listen_at: Option<String>,
    /// Publishers take turns among these nodes, so that several write one room.
    #[arg(long, global = true, value_delimiter = ',', value_name = "HOST:PORT")]
    publish_at: Vec<String>,
    /// The process to watch; with --spawn it is known.
    #[arg(long, global = true)]
    server_pid: Option<u32>,
    /// It is not Madang: no accounts and no rooms are made, and the templates below say what it
    /// wants. `{room}`, `{user}`, `{n}`, `{id}` and `{pad}` are filled in.
    #[arg(long, global = true)]
    foreign: bool,
    /// A header of the CONNECT frame, for --foreign: `login: {user}`. May be repeated.
    #[arg(long = "connect-header", global = true, value_name = "NAME: VALUE")]
    connect_headers: Vec<String>,
    /// Where messages are sent.
    #[arg(long, global = true, default_value = "/pub/chat/message")]
    send_to: String,
    /// What is subscribed to.
    #[arg(long, global = true, default_value = "/sub/chat/room/{room}")]
    subscribe_to: String,
    /// The message. Its `{n}` is how deliveries are recognised.
    #[arg(
        long,
        global = true,
        default_value = r#"{"id":"{id}","roomId":"{room}","body":"{n} {pad}"}"#
    )]
    body: String,
    #[arg(long, global = true, default_value = "application/json")]
    content_type: String,
    /// The WebSocket subprotocol to offer; may be empty.
    #[arg(long, global = true, default_value = "v12.stomp")]
    subprotocol: String,
    /// The server knows no receipts (Spring's simple broker): only deliveries are measured.
    #[arg(long, global = true)]
    no_receipts: bool,
    /// `heart-beat` of CONNECT. Where the first number is not 0, the client beats.
    #[arg(long, global = true, default_value = "0,0")]
    pub heart_beat: String,
}

pub struct Target {
    pub at: Where,
    host: String,
    path: String,
    pub address: SocketAddr,
    /// Marks names and messages of this run.
    pub run: String,
    server: Option<(Server, TempDir)>,
}

/// One who connects.
#[derive(Clone, Debug)]
pub struct Guest {
    pub name: String,
    greeting: Greeting,
    token: String,
    pub user: Option<protocol::UserId>,
    pub cookies: String,
}

/// What is measured is the server, not its patience with one person.
fn unhurried() -> Settings {
    ["MADANG_MESSAGE_BURST", "MADANG_MESSAGES_PER_SECOND"]
        .map(|name| (name.to_owned(), "1000000".to_owned()))
        .into()
}

impl Target {
    pub async fn find(at: Where) -> Result<Self> {
        let server = match &at.spawn {
            Some(binary) => {
                let folder = scratch()?;
                let server = Server::start(binary, folder.path(), unhurried()).await?;
                Some((server, folder))
            }
            None => None,
        };
        let url = match &server {
            Some((server, _)) => format!("http://{}", server.address),
            None => at.url.clone(),
        };
        let (scheme, rest) = url.split_once("://").context("--url needs a scheme")?;
        if !matches!(scheme, "http" | "ws") {
            bail!("{scheme}:// is not spoken here; put the load on the plain port");
        }
        let (host, path) = rest
            .find('/')
            .map_or((rest, ""), |slash| rest.split_at(slash));
        let path = match path {
            "" | "/" => "/stomp",
            path => path,
        };
        let host = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let address = lookup_host(&host)
            .await
            .with_context(|| format!("{host} is not known"))?
            .next()
            .with_context(|| format!("{host} has no address"))?;
        let run = Uuid::now_v7().simple().to_string()[20..].to_owned();
        Ok(Self {
            host,
            path: path.to_owned(),
            address,
            run,
            server,
            at,
        })
    }

    pub fn pid(&self) -> Option<u32> {
        self.at
            .server_pid
            .or_else(|| self.server.as_ref().and_then(|(server, _)| server.pid()))
    }

    /// Of a server that was started here.
    pub fn ready_after(&self) -> Option<Duration> {
        self.server.as_ref().map(|(server, _)| server.ready_after)
    }

    pub fn has_receipts(&self) -> bool {
        !self.at.no_receipts
    }

    pub fn is_madang(&self) -> bool {
        !self.at.foreign
    }

    /// SIGTERM for the server that was started here.
    pub async fn stop(self) -> Result<()> {
        if let Some((mut server, folder)) = self.server {
            let exit = server.terminate(Duration::from_secs(30)).await?;
            if exit.code != Some(0) {
                let kept = folder.keep();
                let log = kept.join("server.log");
                bail!(
                    "the server ended with {:?}; its log is {}",
                    exit.code,
                    log.display()
                );
            }
        }
        Ok(())
    }

    /// As many people as asked for, signed in where the server is Madang.
    pub async fn guests(&self, many: usize) -> Result<Vec<Guest>> {
        let arriving = (0..many).map(|index| self.guest(index));
        let arrived: Vec<Result<Guest>> =
            futures::stream::iter(arriving).buffered(4).collect().await;
        arrived.into_iter().collect()
    }

    async fn guest(&self, index: usize) -> Result<Guest> {
        let name = format!("b{index}x{}", self.run);
        let mut guest = Guest {
            greeting: self.greeting(&name)?,
            token: String::new(),
            user: None,
            cookies: String::new(),
            name,
        };
        if self.is_madang() {
            let api = Api {
                address: self.address,
            };
            let password = format!("열려라 참깨 {} 7319", guest.name);
            let register = || api.register(&guest.name, &password);
            let (signed_in, cookies) = insist(PATIENCE, register).await?;
            let bearer = format!("Bearer {}", signed_in.access_token);
            guest
                .greeting
                .headers
                .push(("Authorization".into(), bearer));
            guest.token = signed_in.access_token;
            guest.user = Some(signed_in.user.id);
            guest.cookies = cookies;
        }
        Ok(guest)
    }

    fn greeting(&self, name: &str) -> Result<Greeting> {
        let host = self
            .host
            .rsplit_once(':')
            .map_or(&*self.host, |(host, _)| host);
        let mut headers = vec![
            ("accept-version".to_owned(), "1.2,1.1,1.0".to_owned()),
            ("heart-beat".to_owned(), self.at.heart_beat.clone()),
        ];
        let given: Result<Vec<(String, String)>> = self
            .at
            .connect_headers
            .iter()
            .map(|header| {
                let (key, value) = header
                    .split_once(':')
                    .with_context(|| format!("`{header}` has no colon"))?;
                let with = Fill {
                    user: name,
                    ..Fill::default()
                };
                Ok((key.trim().to_owned(), fill(value.trim(), with)))
            })
            .collect();
        let given = given?;
        if !given.iter().any(|(key, _)| key == "host") {
            headers.push(("host".to_owned(), host.to_owned()));
        }
        headers.extend(given);
        Ok(Greeting {
            host: self.host.clone(),
            path: self.path.clone(),
            subprotocol: self.at.subprotocol.clone(),
            headers,
            receive_buffer: None,
        })
    }

    /// Rooms with all of the guests in them; elsewhere only names.
    pub async fn rooms(&self, many: usize, guests: &[Guest]) -> Result<Vec<String>> {
        let mut rooms = Vec::new();
        for index in 0..many {
            let name = format!("room{index}-{}", self.run);
            if !self.is_madang() {
                rooms.push(name);
                continue;
            }
            let (owner, others) = guests
                .split_first()
                .context("a room needs somebody in it")?;
            let new = NewRoom {
                id: None,
                kind: RoomKind::Group,
                name: Some(name),
                members: others.iter().filter_map(|guest| guest.user).collect(),
            };
            let api = Api {
                address: self.address,
            };
            let room = insist(PATIENCE, || api.make_room(&owner.token, &new)).await?;
            rooms.push(room.id.to_string());
        }
        Ok(rooms)
    }

    /// Connects one who listens.
    pub async fn connect_listener(
        &self,
        guest: &Guest,
    ) -> Result<(Sender, Receiver), NotConnected> {
        let mut guest = guest.clone();
        if let Some(host) = &self.at.listen_at {
            guest.greeting.host.clone_from(host);
        }
        self.connect(&guest).await
    }

    /// Connects one who speaks, the first or a later one.
    pub async fn connect_publisher(
        &self,
        index: usize,
        guest: &Guest,
    ) -> Result<(Sender, Receiver), NotConnected> {
        let mut guest = guest.clone();
        let nodes = &self.at.publish_at;
        if !nodes.is_empty() {
            guest.greeting.host.clone_from(&nodes[index % nodes.len()]);
        }
        self.connect(&guest).await
    }

    pub async fn connect(&self, guest: &Guest) -> Result<(Sender, Receiver), NotConnected> {
        match timeout(CONNECT, connect(&guest.greeting)).await {
            Ok(connected) => connected,
            Err(_) => Err(NotConnected::Failed(format!(
                "not connected within {CONNECT:?}"
            ))),
        }
    }

    pub fn subscription(&self, guest: &Guest, room: &str) -> Frame {
        let with = Fill {
            room,
            user: &guest.name,
            ..Fill::default()
        };
        let frame = Frame::new(Command::Subscribe)
            .with("id", "sub-0")
            .with("destination", fill(&self.at.subscribe_to, with));
        if self.has_receipts() {
            frame.with("receipt", "subscribed")
        } else {
            frame
        }
    }

    /// `mark` is `{n}`, and the receipt's name.
    pub fn message(&self, guest: &Guest, room: &str, mark: &str, pad: &str) -> Frame {
        let id = Uuid::now_v7().to_string();
        let with = Fill {
            room,
            user: &guest.name,
            n: mark,
            id: &id,
            pad,
        };
        let frame = Frame::new(Command::Send)
            .with("destination", fill(&self.at.send_to, with))
            .with("content-type", self.at.content_type.clone())
            .with_body(fill(&self.at.body, with));
        if self.has_receipts() {
            frame.with("receipt", mark)
        } else {
            frame
        }
    }

    pub fn page(&self, path: &str, cookies: &str) -> Request {
        let request = Request::get(path).header("accept", "text/html");
        if cookies.is_empty() {
            request
        } else {
            request.header("cookie", cookies)
        }
    }
}
