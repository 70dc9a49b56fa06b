//! Who is connected. A place is held by who is answered; the others, who may never ask, give way to newcomers.

use super::{answering::Answering, peer::Peer};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{pin::pin, time::Duration};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::sleep,
};

/// More than people and programs need at a time; each may hold a request of 4 MiB in memory.
const MOST: usize = 32;
const HEADER_WITHIN: Duration = Duration::from_secs(5);
/// What a client takes to read its answer when the daemon stops.
const READ_WITHIN: Duration = Duration::from_secs(2);
/// Out of descriptors for the moment.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Connections {
    routes: Router,
    /// The oldest first.
    open: Vec<Connection>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

struct Connection {
    answering: Answering,
    task: AbortHandle,
}

impl Connections {
    pub fn new(routes: Router) -> Self {
        Self { routes, open: Vec::new(), tasks: JoinSet::new(), stop: watch::Sender::new(false) }
    }

    pub async fn serve(mut self, listener: UnixListener, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            self.open.retain(|connection| !connection.task.is_finished());
            tokio::select! {
                () = &mut stop => break,
                Some(_) = self.tasks.join_next() => {}
                accepted = listener.accept(), if self.has_room() => match accepted {
                    Ok((stream, _)) => self.add(stream),
                    Err(error) => {
                        log::warn!("the control socket: {error}");
                        sleep(PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        self.end().await;
    }

    fn has_room(&self) -> bool {
        self.open.len() < MOST || self.open.iter().any(|connection| !connection.answering.is_under_way())
    }

    fn add(&mut self, stream: UnixStream) {
        if self.open.len() >= MOST
            && let Some(oldest) = self.open.iter().position(|connection| !connection.answering.is_under_way())
        {
            self.open.remove(oldest).task.abort();
        }
        let answering = Answering::default();
        let (stop, routes) = (self.stop.subscribe(), self.routes.clone());
        let routes = routes.layer(Extension(answering.clone())).layer(Extension(Peer::of(&stream)));
        let task = self.tasks.spawn(talk(stream, routes, answering.clone(), stop));
        self.open.push(Connection { answering, task });
    }

    async fn end(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// One request and its answer. At a stop nobody waits for a request that is not whole, nor long for a client that does not read.
async fn talk(stream: UnixStream, routes: Router, answering: Answering, mut stop: watch::Receiver<bool>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_WITHIN).keep_alive(false);
    let mut talk = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)));
    let answered_after_the_stop = async {
        // It stops too when the sender is gone.
        let _ = stop.wait_for(|stop| *stop).await;
        answering.is_over().await;
        sleep(READ_WITHIN).await;
    };
    // What a client breaks off is its own affair.
    tokio::select! {
        _ = talk.as_mut() => {}
        () = answered_after_the_stop => {}
    }
}
