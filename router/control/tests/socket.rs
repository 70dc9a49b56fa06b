//! Server and client over a real unix socket.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

use edge_api::*;
use edge_control::*;
use std::{
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream, process::CommandExt},
    path::Path,
    process::Command,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{Notify, oneshot},
    time::{sleep, timeout},
};

/// A daemon that brings an apply to an end when it is told to.
#[derive(Default)]
struct Fake {
    begun: Notify,
    finish: Notify,
    ended: Notify,
}

impl Api for Fake {
    async fn status(&self) -> Result<Status, Failure> {
        Ok(Status { hostname: "fake".into(), uptime: 7, ..Status::default() })
    }

    async fn export_leases(&self) -> Result<LeaseFile, Failure> {
        Ok(LeaseFile::default())
    }

    async fn import_leases(&self, _: LeaseFile) -> Result<Imported, Failure> {
        Ok(Imported::default())
    }

    async fn leases(&self) -> Result<Leases, Failure> {
        panic!("a bug in the daemon")
    }

    async fn plan(&self, request: ConfigRequest) -> Result<PlanReport, Failure> {
        match request.config {
            None => Ok(PlanReport { nothing_to_change: true, ..PlanReport::default() }),
            Some(config) => Err(Failure::new(FailureKind::BadConfig, "not valid")
                .diagnostics(format!("{}:1:1 {}", config.file_name, config.text))),
        }
    }

    async fn diff(&self) -> Result<DriftReport, Failure> {
        Ok(DriftReport { drifted: 2, ..DriftReport::default() })
    }

    async fn apply(&self, request: ApplyRequest, _: By) -> Result<ApplyReport, Failure> {
        if request.confirm_within == Some(5) {
            let guarded = Guarded { takes_away: vec!["network lan".into()], ..Guarded::default() };
            return Err(Failure::new(FailureKind::Guarded, "not applied").guarded(guarded));
        }
        self.begun.notify_one();
        self.finish.notified().await;
        self.ended.notify_one();
        Ok(ApplyReport::default())
    }

    async fn confirm(&self, by: By) -> Result<Confirmed, Failure> {
        let name = if by.key.is_some() { by.to_string() } else { "/etc/edge-router.toml".into() };
        Ok(Confirmed { name, left: 42 })
    }

    async fn history(&self) -> Result<History, Failure> {
        Ok(History::default())
    }

    async fn history_text(&self, number: u64) -> Result<HistoryText, Failure> {
        Err(Failure::new(FailureKind::NotFound, format_args!("there is no configuration {number} in the history")))
    }

    async fn history_diff(&self, from: u64, to: Option<u64>) -> Result<HistoryDiff, Failure> {
        Ok(HistoryDiff { diff: format!("{from} {to:?}") })
    }

    async fn revert(&self, _: RevertRequest, _: By) -> Result<ApplyReport, Failure> {
        Err(Failure::new(FailureKind::Conflict, "there is nothing to go back to"))
    }

    async fn attach(&self, request: AttachRequest) -> Result<Attached, Failure> {
        let AttachRequest { netns, name, network, ifname } = request;
        let gateway = [10, 0, 1, 3].into();
        Ok(Attached { netns, name, network, ifname, address: "10.0.1.4/24".into(), gateway, mac: "02:00:00:00:00:01".into() })
    }

    async fn detach(&self, _: DetachRequest) -> Result<Detached, Failure> {
        Err(Failure::new(FailureKind::NotFound, "no such container").detail("routerctl leases lists them"))
    }

    async fn reachability(&self) -> Result<Reachability, Failure> {
        Ok(Reachability::default())
    }
}

struct Daemon {
    dir: tempfile::TempDir,
    api: Arc<Fake>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

fn start() -> Daemon {
    let dir = tempfile::tempdir().unwrap();
    let listener = server::bind(dir.path()).unwrap();
    let api = Arc::new(Fake::default());
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server::serve(listener, api.clone(), async {
        let _ = stopped.await;
    }));
    Daemon { dir, api, stop, task }
}

/// Sends bytes as they are, and reads to the end.
async fn raw(dir: &Path, request: impl Into<Vec<u8>>) -> String {
    let (socket, request) = (socket(dir), request.into());
    tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(socket).unwrap();
        // The server may close early on a request that is too long.
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    })
    .await
    .unwrap()
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn refused(error: ClientError) -> ErrorBody {
    match error {
        ClientError::Refused(body) => body,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn questions_and_answers_pass_whole() {
    let daemon = start();
    let client = Client::new(daemon.dir.path());
    assert_eq!(client.status().await.unwrap().uptime, 7);
    assert_eq!(client.diff().await.unwrap().drifted, 2);
    assert!(client.plan(&ConfigRequest::default()).await.unwrap().nothing_to_change);
    assert!(client.reachability().await.unwrap().rows.is_empty());
    let request =
        AttachRequest { netns: "/run/netns/c1".into(), name: "c1".into(), network: "vehicle".into(), ifname: "eth0".into() };
    assert_eq!(client.attach(&request).await.unwrap().address, "10.0.1.4/24");

    let config = Some(ConfigText { file_name: "a.toml".into(), text: "x = é".into() });
    let body = refused(client.plan(&ConfigRequest { config }).await.unwrap_err());
    assert_eq!(body.diagnostics.as_deref(), Some("a.toml:1:1 x = é"));
    let body = refused(client.detach(&DetachRequest::Name("c9".into())).await.unwrap_err());
    assert_eq!((body.error.as_str(), body.detail.len()), ("no such container", 1));
}

#[tokio::test]
async fn curl_needs_no_content_type() {
    let daemon = start();
    let dir = daemon.dir.path();
    let body = r#"{"netns":"/run/netns/c1","name":"c1","network":"vehicle"}"#;
    let answer = raw(dir, post("/v1/attach", body)).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""ifname":"eth0""#), "{answer}");
    let answer = raw(dir, post("/v1/plan", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = raw(dir, post("/v1/detach", r#"{"name":"c1"}"#)).await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("no such container"), "{answer}");
    for body in ["", "{}", r#"{"force":true}"#] {
        let answer = raw(dir, post("/v1/revert", body)).await;
        assert!(answer.starts_with("HTTP/1.1 409") && answer.contains("nothing to go back to"), "{body}: {answer}");
    }
}

#[tokio::test]
async fn what_an_apply_is_not_made_for_has_a_status_and_an_object_of_its_own() {
    let daemon = start();
    let request = ApplyRequest { confirm_within: Some(5), ..ApplyRequest::default() };
    let body = refused(Client::new(daemon.dir.path()).apply(&request).await.unwrap_err());
    assert_eq!(body.guarded.map(|guarded| guarded.takes_away), Some(vec!["network lan".to_owned()]));
    let answer = raw(daemon.dir.path(), post("/v1/apply", r#"{"confirm_within":5}"#)).await;
    assert!(answer.starts_with("HTTP/1.1 428") && answer.contains(r#""guarded":{"ends":[],"#), "{answer}");
    let answer = raw(daemon.dir.path(), post("/v1/revert", "")).await;
    assert!(!answer.contains("guarded"), "an error of another kind has no such field: {answer}");
}

#[tokio::test]
async fn nonsense_is_refused_in_words() {
    let daemon = start();
    let dir = daemon.dir.path();
    for (request, status, word) in [
        (post("/v1/attach", ""), 400, "not the JSON object"),
        (post("/v1/attach", "\u{0}{"), 400, "not the JSON object"),
        (post("/v1/plan", r#"{"cnofig":null}"#), 400, "unknown field `cnofig`"),
        (post("/v1/detach", r#"{"name":"a","netns":"/b"}"#), 400, "not the JSON object"),
        (post("/v1/plan", &"[".repeat(100_000)), 400, "not the JSON object"),
        (post("/v1/plan", &" ".repeat((4 << 20) + 1)), 413, "at most 4194304 bytes"),
        (post("/v1/status", ""), 405, "does not take POST"),
        (post("/v2/status", ""), 404, "there is no /v2/status"),
    ] {
        let answer = raw(dir, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(word), "{status} {word}: {answer}");
    }
    assert!(raw(dir, "garbage\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    assert_eq!(Client::new(dir).status().await.unwrap().uptime, 7, "it still answers");
}

#[tokio::test]
async fn a_panic_is_one_answer_not_the_daemon() {
    let daemon = start();
    let client = Client::new(daemon.dir.path());
    assert!(refused(client.leases().await.unwrap_err()).error.contains("failed on this request"));
    assert!(client.status().await.is_ok());
}

#[tokio::test]
async fn an_apply_ends_though_the_client_left() {
    let daemon = start();
    let client = Client::new(daemon.dir.path());
    let request = ApplyRequest::default();
    tokio::select! {
        answer = client.apply(&request) => panic!("{answer:?}"),
        () = daemon.api.begun.notified() => {}
    }
    // Time for the server to see that nobody waits for an answer.
    sleep(Duration::from_millis(100)).await;
    daemon.api.finish.notify_one();
    timeout(Duration::from_secs(20), daemon.api.ended.notified()).await.expect("it ends");
}

#[tokio::test]
async fn stopping_answers_what_is_under_way() {
    let daemon = start();
    let client = Client::new(daemon.dir.path());
    let apply = tokio::spawn(async move { client.apply(&ApplyRequest::default()).await });
    timeout(Duration::from_secs(20), daemon.api.begun.notified()).await.expect("it begins");
    daemon.stop.send(()).unwrap();
    sleep(Duration::from_millis(100)).await;
    daemon.api.finish.notify_one();
    assert!(timeout(Duration::from_secs(20), apply).await.expect("it ends").unwrap().is_ok());
    daemon.task.await.unwrap();
    let error = Client::new(daemon.dir.path()).status().await.unwrap_err();
    assert!(error.to_string().contains("control.sock") && error.detail()[0].contains("systemctl start"), "{error}");
}

/// Requests that do not come to their end: without one, in the middle of the header, in the middle of the body.
fn half_sent(dir: &Path, how_many: usize) -> Vec<UnixStream> {
    let halves = ["", "POST /v1/apply HTTP/1.1\r\nHost", "POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"];
    let mut open = Vec::new();
    for half in halves.iter().cycle().take(how_many) {
        let mut stream = UnixStream::connect(socket(dir)).unwrap();
        stream.write_all(half.as_bytes()).unwrap();
        open.push(stream);
    }
    open
}

#[tokio::test]
async fn half_sent_requests_keep_nobody_waiting() {
    let daemon = start();
    let client = Client::new(daemon.dir.path());
    let request = ApplyRequest::default();
    let asked = async {
        daemon.api.begun.notified().await;
        let _open = half_sent(daemon.dir.path(), 300);
        let status = timeout(Duration::from_secs(4), Client::new(daemon.dir.path()).status()).await;
        daemon.api.finish.notify_one();
        status
    };
    let (apply, status) = tokio::join!(client.apply(&request), asked);
    assert_eq!(status.expect("it is answered before any of them is late").unwrap().uptime, 7);
    assert!(apply.is_ok(), "who is answered gives way to nobody: {apply:?}");
}

#[tokio::test]
async fn half_sent_requests_end() {
    let daemon = start();
    for mut stream in half_sent(daemon.dir.path(), 3) {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = String::new();
        let read = move || stream.read_to_string(&mut answer).map(|_| answer);
        let answer = tokio::task::spawn_blocking(read).await.unwrap().expect("it is closed");
        assert!(answer.is_empty() || answer.contains("did not come within 5 s"), "{answer}");
    }
}

#[tokio::test]
async fn half_sent_requests_and_clients_that_do_not_read_stop_no_stop() {
    let daemon = start();
    let _open = half_sent(daemon.dir.path(), 30);
    // The answer says its text again: more than a socket holds.
    let mut deaf = UnixStream::connect(socket(daemon.dir.path())).unwrap();
    let long = format!("{{\"config\":{{\"file_name\":\"a\",\"text\":\"{}\"}}}}", "x".repeat(2_000_000));
    let asked = tokio::task::spawn_blocking(move || {
        deaf.write_all(post("/v1/plan", &long).as_bytes()).unwrap();
        deaf
    });
    let _deaf = asked.await.unwrap();
    daemon.stop.send(()).unwrap();
    timeout(Duration::from_secs(4), daemon.task).await.expect("it ends before any of them is late").unwrap();
}

#[tokio::test]
async fn a_stale_socket_is_replaced_a_living_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let unreachable = Client::new(dir.path()).status().await.unwrap_err();
    assert!(matches!(unreachable, ClientError::Unreachable { .. }), "{unreachable}");

    drop(server::bind(dir.path()).unwrap());
    let living = server::bind(dir.path()).unwrap();
    assert_eq!(socket(dir.path()).metadata().unwrap().permissions().mode() & 0o777, 0o660);
    assert!(matches!(server::bind(dir.path()), Err(server::BindError::InUse(_))));

    drop(living);
    std::fs::remove_file(socket(dir.path())).unwrap();
    std::fs::write(socket(dir.path()), "precious").unwrap();
    assert!(matches!(server::bind(dir.path()), Err(server::BindError::NotASocket(_))));
}

/// The mode keeps others out; where somebody widened it, the peer's credentials do.
#[tokio::test]
async fn only_root_and_the_group_may_ask() {
    if !nix::unistd::Uid::effective().is_root() {
        // Another user can only be played by root; `scripts/test` is.
        return;
    }
    let daemon = start();
    let dir = daemon.dir.path().to_owned();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(ask_as_nobody(&dir).await.contains("run as root, or join the group"));
    std::fs::set_permissions(socket(&dir), std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(ask_as_nobody(&dir).await.contains("HTTP/1.1 403"));
}

async fn ask_as_nobody(dir: &Path) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "asked_by_nobody", "--ignored", "--nocapture"]).env("RUN_DIR", dir).uid(65534).gid(65534);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
#[ignore = "a part of only_root_and_the_group_may_ask"]
async fn asked_by_nobody() {
    let dir = std::path::PathBuf::from(std::env::var_os("RUN_DIR").unwrap());
    match Client::new(&dir).status().await.unwrap_err() {
        ClientError::Refused(_) => {
            println!("{}", raw(&dir, "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await)
        }
        error => println!("{error} {:?}", error.detail()),
    }
}

#[tokio::test]
async fn who_asks_is_who_the_kernel_says_and_what_he_says_of_himself() {
    let daemon = start();
    let says = Says { key: Some("anna@laptop".into()), from: Some("10.0.1.20".into()) };
    let confirmed = Client::new(daemon.dir.path()).saying(says).confirm().await.unwrap();
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::current()).unwrap().unwrap();
    assert_eq!(confirmed.name, format!("{} (anna@laptop) 10.0.1.20", user.name));
    // What is no header's value is left out, and costs nothing.
    let says = Says { key: Some("anna\r\nx-other: 1".into()), from: None };
    assert!(Client::new(daemon.dir.path()).saying(says).confirm().await.unwrap().name.starts_with("/etc/"));
}

#[tokio::test]
async fn a_path_of_the_history_holds_numbers_or_leads_nowhere() {
    let daemon = start();
    let client = Client::new(daemon.dir.path());
    for (from, to, wanted) in [(1, Some(2), "1 Some(2)"), (u64::MAX, None, "18446744073709551615 None")] {
        assert_eq!(client.history_diff(from, to).await.unwrap().diff, wanted);
    }
    assert!(client.history_text(7).await.unwrap_err().to_string().contains("no configuration 7"));
    for path in ["x", "-1", "18446744073709551616", "1/diff/x", "%31", "1/diff/2/3", "diff/diff"] {
        let answer =
            raw(daemon.dir.path(), format!("GET /v1/history/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("there is no /v1/history/"), "{path}: {answer}");
    }
}
