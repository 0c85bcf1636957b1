//! One client's STOMP session: frames in, operations begun in order, answers out in order.
//!
//! Operations of one session overlap, so that a client that sends a hundred messages waits for one
//! write and not for a hundred; their answers leave in the order of the frames. Two things do not
//! overlap: what follows a SUBSCRIBE waits until it is live, because a client may rely on hearing
//! its own next message; and the end of a subscription or of the session waits for what came
//! before.

mod answers;

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt};
use protocol::stomp::{Connect, Decoder, HeartBeat, Limits, Request, ServerSession};
use protocol::wire::Entered;

use super::Endpoint;
use super::destination::Source;
use super::operation::{Besides, Operation, Rejected};
use super::places::Place;
use super::subscription::{Subscription, begin_subscription};
use crate::chat::{Principal, Refused};
use crate::live::{Address, Connection, Outbound};

/// Operations of one session at a time, and their bytes.
const PIPELINE: usize = 64;
const PIPELINE_BYTES: usize = 512 << 10;
/// What the server offers: a beat every ten seconds, and expects as much.
const HEART_BEAT: (u32, u32) = (10_000, 10_000);

/// Why the socket is to be closed, after what waits is written.
pub type Closing = (u16, &'static str);

pub struct Session {
    endpoint: Arc<Endpoint>,
    /// Who the browser's cookie speaks for.
    cookie: Option<Principal>,
    decoder: Decoder,
    /// A stranger's, until it is known whose it is.
    place: Place,
    rules: ServerSession,
    outbound: Arc<Outbound>,
    login: Option<Login>,
    pipeline: FuturesOrdered<BoxFuture<'static, Done>>,
    pipeline_bytes: usize,
    /// What runs now must end before the next frame is looked at.
    exclusive: bool,
    /// A request that waits until nothing runs.
    held: Option<Request>,
    draining: bool,
    closing: Option<Closing>,
}

/// What there is after CONNECT.
struct Login {
    connection: Arc<Connection>,
    heart_beat: HeartBeat,
    subscriptions: HashMap<String, Subscription>,
    errors: Option<Arc<Address>>,
    enters: Option<Arc<Address>>,
}

/// What an operation came to.
struct Done {
    receipt: Option<String>,
    bytes: usize,
    outcome: Outcome,
}

enum Outcome {
    Nothing,
    SignedIn(Principal, Connect),
    NotSignedIn(Refused),
    Entered(Entered),
    Otherwise(Rejected),
    Rejected(Rejected),
    NotSubscribed {
        id: String,
        destination: String,
        refused: Refused,
    },
}

impl Session {
    pub fn new(endpoint: Arc<Endpoint>, cookie: Option<Principal>, place: Place) -> Self {
        let outbound = endpoint.hub.outbound();
        Self {
            endpoint,
            cookie,
            place,
            decoder: Decoder::new(Limits::BEFORE_LOGIN),
            rules: ServerSession::new(),
            outbound,
            login: None,
            pipeline: FuturesOrdered::new(),
            pipeline_bytes: 0,
            exclusive: false,
            held: None,
            draining: false,
            closing: None,
        }
    }

    pub fn outbound(&self) -> &Arc<Outbound> {
        &self.outbound
    }

    pub fn heart_beat(&self) -> Option<HeartBeat> {
        self.login.as_ref().map(|login| login.heart_beat)
    }

    /// Whether more bytes may be read from the socket.
    pub fn is_reading(&self) -> bool {
        self.closing.is_none() && !self.draining && !self.is_blocked()
    }

    pub fn has_pipeline(&self) -> bool {
        !self.pipeline.is_empty()
    }

    /// Set once nothing more is to be done but to write what waits and close.
    pub fn closing(&self) -> Option<Closing> {
        match self.closing {
            None if self.draining && self.pipeline.is_empty() => {
                Some((1012, "restarting: connect again"))
            }
            closing => closing,
        }
    }

    /// No new frames; what runs is finished first.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        match self.decoder.feed(bytes) {
            Ok(()) => self.advance(),
            Err(error) => self.undecodable(&error),
        }
    }

    /// The next operation that is done. To be called only while there is a pipeline.
    pub async fn progress(&mut self) {
        if let Some(done) = self.pipeline.next().await {
            self.settle(done);
            self.advance();
        }
    }

    /// Gives up everything that the session held in the node.
    pub fn end(mut self) {
        // First what runs: a subscription that is just beginning must not begin any more.
        self.pipeline = FuturesOrdered::new();
        if let Some(login) = self.login.take() {
            for (id, subscription) in &login.subscriptions {
                subscription.end(&self.endpoint.hub, &login.connection, id);
            }
            self.endpoint.hub.disconnect(&login.connection);
        }
    }

    fn is_blocked(&self) -> bool {
        !self.pipeline.is_empty()
            && (self.exclusive
                || self.held.is_some()
                || self.pipeline.len() >= PIPELINE
                || self.pipeline_bytes >= PIPELINE_BYTES)
    }

    /// Begins whatever may begin.
    fn advance(&mut self) {
        while self.is_reading() {
            let request = match self.held.take() {
                Some(request) => request,
                None => match self.decoder.next_frame() {
                    Ok(None) => return,
                    Ok(Some(frame)) => match self.rules.on_frame(frame) {
                        Ok(request) => request,
                        Err(violation) => return self.violated(&violation),
                    },
                    Err(error) => return self.undecodable(&error),
                },
            };
            self.begin(request);
        }
    }

    fn begin(&mut self, request: Request) {
        self.exclusive = false;
        match request {
            Request::Connect(connect) => self.begin_login(connect),
            Request::Send {
                destination,
                body,
                receipt,
            } => {
                self.begin_send(&destination, &body, receipt);
            }
            Request::Subscribe {
                id,
                destination,
                after,
                receipt,
            } => {
                self.begin_subscribe(id, destination, after.as_deref(), receipt);
            }
            Request::Unsubscribe { .. } | Request::Disconnect { .. }
                if !self.pipeline.is_empty() =>
            {
                self.held = Some(request);
            }
            Request::Unsubscribe { id, receipt } => {
                self.unsubscribe(&id);
                self.receipt(receipt);
            }
            Request::Disconnect { receipt } => {
                self.receipt(receipt);
                self.closing = Some((1000, ""));
            }
        }
    }

    fn begin_login(&mut self, connect: Connect) {
        self.decoder.set_version(connect.version);
        let token = connect.authorization.as_deref().map(|value| {
            value
                .strip_prefix("Bearer ")
                .or_else(|| value.strip_prefix("bearer "))
                .unwrap_or(value)
        });
        let claimed = match (token, self.cookie) {
            (Some(token), _) => self.endpoint.chat.authenticate(token.trim()),
            (None, Some(principal)) => Ok(principal),
            (None, None) => Err(Refused::new(
                protocol::wire::code::UNAUTHENTICATED,
                "CONNECT must carry the header `Authorization: Bearer <access token>`.",
            )),
        };
        let endpoint = Arc::clone(&self.endpoint);
        self.exclusive = true;
        self.run(0, async move {
            let confirmed = match claimed {
                Ok(principal) => endpoint.chat.standing(principal).await.map(|()| principal),
                Err(refused) => Err(refused),
            };
            let outcome = match confirmed {
                Ok(principal) => Outcome::SignedIn(principal, connect),
                Err(refused) => Outcome::NotSignedIn(refused),
            };
            (None, outcome)
        });
    }

    fn begin_send(&mut self, destination: &str, body: &[u8], receipt: Option<String>) {
        let Some(login) = &self.login else { return };
        let operation = match Operation::parse(destination, body) {
            Ok(operation) => operation,
            Err(rejected) => {
                // Through the pipeline all the same, to keep the order of the answers.
                return self.run(0, async move { (receipt, Outcome::Rejected(rejected)) });
            }
        };
        let chat = Arc::clone(&self.endpoint.chat);
        let who = login.connection.who;
        self.run(body.len(), async move {
            let outcome = match operation.run(chat, who).await {
                Ok(Some(Besides::Entered(entered))) => Outcome::Entered(entered),
                Ok(Some(Besides::Otherwise(rejected))) => Outcome::Otherwise(rejected),
                Ok(None) => Outcome::Nothing,
                Err(rejected) => Outcome::Rejected(rejected),
            };
            (receipt, outcome)
        });
    }

    fn begin_subscribe(
        &mut self,
        id: String,
        destination: String,
        after: Option<&str>,
        receipt: Option<String>,
    ) {
        let Some(login) = &mut self.login else { return };
        let address = Arc::new(Address::new(self.rules.version(), &id, &destination));
        let source = Source::parse(&destination);
        match source {
            Some(Source::Errors) => login.errors = Some(Arc::clone(&address)),
            Some(Source::Enter) => login.enters = Some(Arc::clone(&address)),
            _ => {}
        }
        login
            .subscriptions
            .insert(id.clone(), Subscription::of(source));
        let begun = begin_subscription(
            Arc::clone(&self.endpoint),
            Arc::clone(&login.connection),
            source,
            address,
            &id,
            after,
        );
        self.exclusive = true;
        self.run(0, async move {
            let outcome = match begun.await {
                Ok(()) => Outcome::Nothing,
                Err(refused) => Outcome::NotSubscribed {
                    id,
                    destination,
                    refused,
                },
            };
            (receipt, outcome)
        });
    }

    fn unsubscribe(&mut self, id: &str) {
        let Some(login) = &mut self.login else { return };
        match login.subscriptions.remove(id) {
            Some(Subscription::Errors) => login.errors = None,
            Some(Subscription::Enter) => login.enters = None,
            Some(subscription) => {
                subscription.end(&self.endpoint.hub, &login.connection, id);
            }
            None => {}
        }
    }

    fn run(
        &mut self,
        bytes: usize,
        operation: impl Future<Output = (Option<String>, Outcome)> + Send + 'static,
    ) {
        self.pipeline_bytes += bytes;
        self.pipeline.push_back(Box::pin(async move {
            let (receipt, outcome) = operation.await;
            Done {
                receipt,
                bytes,
                outcome,
            }
        }));
    }
}
