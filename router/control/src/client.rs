use edge_api::{
    ApplyReport, ApplyRequest, AttachRequest, Attached, ConfigRequest, Confirmed, DetachRequest, Detached, DriftReport,
    ErrorBody, History, HistoryDiff, HistoryText, Imported, LeaseFile, Leases, PlanReport, Reachability, RevertRequest, Status,
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::HeaderValue,
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::UnixStream, time::timeout};

/// A thousand networks with their nodes take a few MiB.
const LONGEST_ANSWER: usize = 64 << 20;
/// A little longer than the daemon takes to say that it is late.
const ANSWER_WITHIN: Duration = Duration::from_secs(75);

/// Asks the daemon, over a connection for each question.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    says: Says,
}

/// What who asks says of himself, for the history.
#[derive(Clone, Debug, Default)]
pub struct Says {
    /// The comment of the ssh key he logged in by.
    pub key: Option<String>,
    /// The address he is connected from.
    pub from: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the daemon cannot be reached at {}: {why}", socket.display())]
    Unreachable { socket: PathBuf, why: io::Error },
    #[error("the daemon did not answer within {} s", ANSWER_WITHIN.as_secs())]
    Late,
    #[error("{}", .0.error)]
    Refused(ErrorBody),
    #[error("the daemon's answer is not understood: {0}")]
    Protocol(String),
}

impl ClientError {
    /// What to do about it, a line each.
    pub fn detail(&self) -> Vec<String> {
        match self {
            ClientError::Unreachable { why, .. } if why.kind() == io::ErrorKind::PermissionDenied => {
                vec!["run as root, or join the group: usermod -aG edge-router USER, then log in again".to_owned()]
            }
            ClientError::Unreachable { .. } => vec![
                "is the daemon running? start it with: systemctl start edge-router (or edge-router daemon)".to_owned(),
                "does it run with another --run-dir? give routerctl the same".to_owned(),
            ],
            ClientError::Late => {
                vec!["it may be at work still: routerctl status, and its log: journalctl -u edge-router".to_owned()]
            }
            ClientError::Refused(body) => body.detail.clone(),
            ClientError::Protocol(_) => {
                vec!["are routerctl and the daemon of the same release? restart the daemon after an update".to_owned()]
            }
        }
    }
}

impl Client {
    pub fn new(run_dir: &Path) -> Self {
        Self { socket: crate::socket(run_dir), says: Says::default() }
    }

    #[must_use]
    pub fn saying(self, says: Says) -> Self {
        Self { says, ..self }
    }

    pub async fn status(&self) -> Result<Status, ClientError> {
        self.get("/v1/status").await
    }

    pub async fn leases(&self) -> Result<Leases, ClientError> {
        self.get("/v1/leases").await
    }

    pub async fn export_leases(&self) -> Result<LeaseFile, ClientError> {
        self.get("/v1/leases/export").await
    }

    pub async fn import_leases(&self, file: &LeaseFile) -> Result<Imported, ClientError> {
        self.post("/v1/leases/import", file).await
    }

    pub async fn reachability(&self) -> Result<Reachability, ClientError> {
        self.get("/v1/reachability").await
    }

    pub async fn plan(&self, request: &ConfigRequest) -> Result<PlanReport, ClientError> {
        self.post("/v1/plan", request).await
    }

    pub async fn diff(&self) -> Result<DriftReport, ClientError> {
        self.get("/v1/diff").await
    }

    pub async fn apply(&self, request: &ApplyRequest) -> Result<ApplyReport, ClientError> {
        self.post("/v1/apply", request).await
    }

    pub async fn confirm(&self) -> Result<Confirmed, ClientError> {
        self.ask(Method::POST, "/v1/confirm", Bytes::new()).await
    }

    pub async fn revert(&self, request: &RevertRequest) -> Result<ApplyReport, ClientError> {
        self.post("/v1/revert", request).await
    }

    pub async fn history(&self) -> Result<History, ClientError> {
        self.get("/v1/history").await
    }

    pub async fn history_text(&self, number: u64) -> Result<HistoryText, ClientError> {
        self.get(&format!("/v1/history/{number}")).await
    }

    /// Without `to` against what is in force.
    pub async fn history_diff(&self, from: u64, to: Option<u64>) -> Result<HistoryDiff, ClientError> {
        let to = to.map(|to| format!("/{to}")).unwrap_or_default();
        self.get(&format!("/v1/history/{from}/diff{to}")).await
    }

    pub async fn attach(&self, request: &AttachRequest) -> Result<Attached, ClientError> {
        self.post("/v1/attach", request).await
    }

    pub async fn detach(&self, request: &DetachRequest) -> Result<Detached, ClientError> {
        self.post("/v1/detach", request).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, request: &impl Serialize) -> Result<T, ClientError> {
        let body = serde_json::to_vec(request).map_err(not_understood)?;
        self.ask(Method::POST, path, body.into()).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, ClientError> {
        timeout(ANSWER_WITHIN, self.exchange(method, path, body)).await.map_err(|_| ClientError::Late)?
    }

    async fn exchange<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, ClientError> {
        let unreachable = |why| ClientError::Unreachable { socket: self.socket.clone(), why };
        let stream = UnixStream::connect(&self.socket).await.map_err(unreachable)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(not_understood)?;
        let connection = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "edge-router");
        for (name, said) in [(crate::KEY, &self.says.key), (crate::FROM, &self.says.from)] {
            // What is no header's value is not said.
            if let Some(value) = said.as_deref().and_then(|said| HeaderValue::from_str(said).ok()) {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::new(body));
        let gone = |why| unreachable(io::Error::other(why));
        let response = sender.send_request(request.map_err(not_understood)?).await.map_err(gone)?;
        let good = response.status().is_success();
        let answer = collect(response.into_body()).await;
        connection.abort();
        if good { from_json(&answer?) } else { Err(ClientError::Refused(from_json(&answer?)?)) }
    }
}

async fn collect(body: Incoming) -> Result<Bytes, ClientError> {
    Ok(Limited::new(body, LONGEST_ANSWER).collect().await.map_err(not_understood)?.to_bytes())
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(bytes).map_err(not_understood)
}

fn not_understood(why: impl ToString) -> ClientError {
    ClientError::Protocol(why.to_string())
}
