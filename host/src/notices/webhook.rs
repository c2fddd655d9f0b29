//! The webhook: one task sends notices in their order, each a few times, beside all other work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::message::Message;
use super::notice::Notice;
use super::signature::Signer;
use crate::clock::SharedClock;
use crate::metrics::{self, Dispatch};
use levain_model::Secret;

/// Notices that may wait.
const ROOM: usize = 100;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The waits before each try.
const WAITS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(25),
];

/// Where notices are sent, and what they are signed with.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Where to; it may hold a secret of its own.
    pub url: Secret,
    /// `whsec_` and base64.
    pub secret: Secret,
}

/// A webhook. Cheap to clone.
#[derive(Clone)]
pub(super) struct Webhook {
    clock: SharedClock,
    messages: Sender<Message>,
    closing: CancellationToken,
    sender: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Webhook {
    pub(super) fn open(settings: &WebhookSettings, clock: SharedClock) -> Self {
        let (messages, waiting) = mpsc::channel(ROOM);
        let closing = CancellationToken::new();
        let post = Post {
            url: settings.url.clone(),
            signer: Signer::new(&settings.secret),
            clock: Arc::clone(&clock),
            agent: agent(),
        };
        let sender = tokio::spawn(send_all(waiting, closing.clone(), post));
        Self {
            clock,
            messages,
            closing,
            sender: Arc::new(Mutex::new(Some(sender))),
        }
    }

    pub(super) fn send(&self, notice: &Notice) {
        let message = Message::of(notice, self.clock.now());
        if self.messages.try_send(message).is_err() {
            metrics::webhook_ended(Dispatch::Dropped);
            tracing::warn!(
                kind = notice.kind(),
                "the webhook was not told: too many notices wait"
            );
        }
    }

    pub(super) async fn close(&self, limit: Duration) {
        self.closing.cancel();
        let sender = self
            .sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut sender) = sender else { return };
        if tokio::time::timeout(limit, &mut sender).await.is_err() {
            sender.abort();
            tracing::warn!("the webhook was not told of all notices before the host stopped");
        }
    }
}

/// Sends messages until it is closed, and then those that already wait.
async fn send_all(mut waiting: Receiver<Message>, closing: CancellationToken, post: Post) {
    loop {
        let message = tokio::select! {
            biased;
            message = waiting.recv() => message,
            () = closing.cancelled() => None,
        };
        let Some(message) = message else { return };
        let ended = deliver(&message, &closing, &post).await;
        metrics::webhook_ended(match ended {
            Ok(()) => Dispatch::Success,
            Err(reason) => {
                tracing::warn!(
                    message = message.id,
                    reason,
                    "the webhook did not take a notice"
                );
                Dispatch::Failed
            }
        });
    }
}

/// Tries until the receiver takes it; there is no second try once the host stops.
async fn deliver(
    message: &Message,
    closing: &CancellationToken,
    post: &Post,
) -> Result<(), String> {
    let mut ended = Err("it was not tried".to_owned());
    for wait in WAITS {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = closing.cancelled() => {}
        }
        let (attempt, message) = (post.clone(), message.clone());
        let tried = tokio::task::spawn_blocking(move || attempt.send(&message));
        ended = tried.await.unwrap_or_else(|lost| Err(lost.to_string()));
        if ended.is_ok() || closing.is_cancelled() {
            break;
        }
    }
    ended
}

/// How a message is posted.
#[derive(Clone)]
struct Post {
    url: Secret,
    signer: Signer,
    clock: SharedClock,
    agent: ureq::Agent,
}

impl Post {
    /// One try. Every status but 2xx counts as a failure.
    fn send(&self, message: &Message) -> Result<(), String> {
        // Of this try: a receiver refuses what is too old.
        let timestamp = self.clock.now().timestamp();
        let signature = self.signer.sign(&message.id, timestamp, &message.body);
        let answer = self
            .agent
            .post(self.url.reveal())
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .send(message.body.as_str())
            .map_err(|error| error.to_string())?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answered {status}")),
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        // A message is for the receiver that was named.
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("levain/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}
