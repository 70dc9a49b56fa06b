//! Every file of the state directory, damaged in every way: the box starts, tells it, and loses nothing that it knows from elsewhere. On
//! any kernel.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Host, Provider, Rig, same};
use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::{FileExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");

const CONFIG: &str = r#"
[router]
namespace = "router"

[[uplink]]
name = "wan"
device = "eth1"
address = "dhcp"

[[network]]
name = "cabin"
address = "10.0.1.1/24"
dhcp = { from = "10.0.1.100", to = "10.0.1.199" }

[[host]]
name = "tank"
network = "cabin"
address = "10.0.1.5"
"#;
const HOLD: &str = "[[network]]\nname = \"hold\"\naddress = \"10.0.2.1/24\"\nattach = \"macvlan\"\n";
const GALLEY: &str = "[[network]]\nname = \"galley\"\naddress = \"10.0.3.1/24\"\n";

/// Name, and network.
const CONTAINERS: [(&str, &str); 3] = [("tank", "cabin"), ("pump", "hold"), ("spare", "cabin")];
/// Its lease is in the newest log.
const LATE: (&str, &str) = ("late", "cabin");

const DAMAGES: [&str; 7] = ["empty", "half", "flipped bit", "missing", "directory", "pipe", "endless device"];
const AT_A_TIME: usize = 6;

/// What a damage comes to; a file that holds nothing cannot be halved.
fn damage(path: &Path, how: &str) -> Result<bool> {
    let bytes = fs::read(path)?;
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1) as u64;
    let file = OpenOptions::new().write(true).open(path)?;
    match how {
        "empty" if bytes.is_empty() => return Ok(false),
        "half" | "flipped bit" if used == 0 => return Ok(false),
        "empty" => file.set_len(0)?,
        "half" => file.set_len(used / 2)?,
        "flipped bit" => file.write_all_at(&[bytes[used as usize / 2] ^ 1], used / 2)?,
        _ => fs::remove_file(path)?,
    }
    match how {
        "directory" => fs::create_dir(path)?,
        "pipe" => nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU)?,
        "endless device" => symlink("/dev/zero", path)?,
        _ => {}
    }
    Ok(true)
}

/// Whether it must be told, and if not, why.
fn is_told(file: &str, how: &str) -> Result<(), &'static str> {
    let is_another_kind = ["directory", "pipe", "endless device"].contains(&how);
    match file {
        "dhcp/snapshot.1" | "dhcp/log.1" if !is_another_kind => Err("a newer snapshot says it all"),
        "dhcp/snapshot.2" if how == "missing" => Err("the generation before says it all"),
        "dhcp/log.3" if how == "missing" => Err("nothing is in it yet"),
        "transaction.json" if how == "missing" => Err("most of the time there is none"),
        "machine-id.copy" if how == "missing" => Err("a release before made none"),
        "namespaces" if how == "missing" => Err("the configuration says it"),
        "uplinks/wan.json" if how == "missing" => Err("an uplink may have no lease"),
        "dhcp/lock" if how == "missing" => Err("it holds nothing"),
        "history/1.toml" | "history/2.toml" if how == "missing" => Err("the oldest go; what is in force is written anew"),
        _ => Ok(()),
    }
}

/// What is said of it in the status.
fn aside(file: &str) -> String {
    if file.starts_with("dhcp/") && file != "dhcp/lock" { "dhcp/".to_owned() } else { format!("{file}.damaged") }
}

/// A box, its state as it was when the daemon ended, and what it knew.
struct Site {
    rig: Rig,
    _isp: Provider,
    containers: Vec<Host>,
    base: PathBuf,
    leases: BTreeSet<String>,
    attached: BTreeSet<String>,
    /// Leases that are in the newest log and nowhere else.
    newest: usize,
}

fn main_config() -> String {
    format!("{CONFIG}{HOLD}")
}

impl Site {
    fn new() -> Result<Self> {
        let mut rig = Rig::new(PROGRAM)?;
        let mut isp = rig.provider("eth1", "192.0.2")?;
        isp.dnsmasq(50, &[])?;
        rig.start(CONFIG)?;
        rig.apply(&main_config())?;
        rig.online("wan")?;
        let attached = CONTAINERS.into_iter().map(|(name, network)| rig.attached(name, network));
        let mut containers = attached.collect::<Result<Vec<Host>>>()?;
        import(&rig, 110..130)?;
        rig.stop()?;
        // A second generation of leases.
        OpenOptions::new().write(true).open(rig.state_dir().join("dhcp/log.2"))?.set_len(0)?;
        rig.restart(&[])?;
        fs::remove_file(rig.state_dir().join("dhcp/leases.damaged"))?;
        let newest = [130..150, 150..170, 170..180].into_iter().map(|hosts| import(&rig, hosts)).sum::<Result<usize>>()?;
        containers.push(rig.attached(LATE.0, LATE.1)?);
        let other = rig.path("other.toml");
        fs::write(&other, format!("{}{GALLEY}", main_config()))?;
        rig.ctl(&["apply", other.to_str().unwrap(), "--confirm", "10m"])?;
        let base = rig.path("base");
        let (leases, attached) = (BTreeSet::new(), BTreeSet::new());
        let mut site = Self { rig, _isp: isp, containers, base, leases, attached, newest };
        (site.leases, site.attached) = (site.leases()?, site.attached()?);
        same(site.problems()?.contains("damaged"), false)?;
        site.rig.stop()?;
        copy(&site.rig.state_dir(), &site.base)?;
        Ok(site)
    }

    fn problems(&self) -> Result<String> {
        Ok(format!("{:?}", self.rig.status()?.problems))
    }

    fn leases(&self) -> Result<BTreeSet<String>> {
        let client = self.rig.client();
        let exported = self.rig.wait(client.export_leases())?.leases.into_iter();
        Ok(exported.map(|lease| format!("{:?} {} {:?} {:?}", lease.network, lease.address, lease.mac, lease.container)).collect())
    }

    /// Who is attached, as the daemon says; and each one's interface, with a number that is never used again.
    fn attached(&self) -> Result<BTreeSet<String>> {
        let nodes = self.rig.status()?.nodes.into_iter().filter(|node| node.netns.is_some());
        let mut attached: BTreeSet<String> =
            nodes.map(|node| format!("{:?} {} {:?} {:?}", node.name, node.address, node.mac, node.netns)).collect();
        for container in &self.containers {
            let link = container.ip("-o link show dev eth0")?;
            attached.insert(format!("{}: {}", container.name(), link.split('<').next().unwrap_or_default()));
        }
        Ok(attached)
    }

    fn walk(&mut self, file: &str, how: &'static str) -> Result<Option<Row>> {
        let state = self.rig.state_dir();
        fs::remove_dir_all(&state)?;
        copy(&self.base, &state)?;
        if !damage(&state.join(file), how)? {
            return Ok(None);
        }
        self.rig.restart(&[])?;
        let problems = self.problems()?;
        let (leases, attached) = (self.leases()?, self.attached()?);
        let told = problems.contains(&aside(file)) && problems.contains(".damaged");
        let log_tells = self.rig.log().contains("damaged");
        // Somebody has seen it.
        self.rig.edge.sh(&format!("find {} -name '*.damaged*' -prune -exec rm -r {{}} +", state.display()))?;
        let is_silent = !self.problems()?.contains("damaged");
        self.rig.stop()?;
        let lost = self.leases.difference(&leases).count();
        let unplugged: Vec<_> = self.attached.difference(&attached).cloned().collect();
        Ok(Some(Row { file: file.to_owned(), how, told, log_tells, is_silent, lost, unplugged, newest: self.newest }))
    }
}

struct Row {
    file: String,
    how: &'static str,
    told: bool,
    log_tells: bool,
    /// When the damage was seen.
    is_silent: bool,
    lost: usize,
    unplugged: Vec<String>,
    newest: usize,
}

impl Row {
    fn check(&self) -> Result<(), String> {
        let must = is_told(&self.file, self.how);
        // A flipped bit is mended.
        let may_lose = if self.file == "dhcp/log.2" && self.how != "flipped bit" { self.newest } else { 0 };
        let loses_part = self.how == "half";
        match self {
            _ if self.told != must.is_ok() => Err(format!("told is {}", self.told)),
            _ if must.is_ok() && !self.log_tells => Err("the log does not tell it".to_owned()),
            _ if !self.is_silent => Err("it is told on though it was seen".to_owned()),
            _ if self.lost > may_lose || (loses_part && self.lost == may_lose && may_lose > 0) => {
                Err(format!("{} leases are lost", self.lost))
            }
            _ if !self.unplugged.is_empty() => Err(format!("unplugged: {:?}", self.unplugged)),
            _ => Ok(()),
        }
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let status = std::process::Command::new("cp").arg("-a").args([from, to]).status()?;
    ensure!(status.success(), "cp ended with {status}");
    Ok(())
}

/// A commit of these leases of devices.
fn import(rig: &Rig, hosts: std::ops::Range<u8>) -> Result<usize> {
    let file = rig.path("leases");
    let lease = |host: u8| format!("4000000000 02:00:00:00:01:{host:02x} 10.0.1.{host} device-{host} *\n");
    let count = hosts.len();
    fs::write(&file, hosts.map(lease).collect::<String>())?;
    let answer = rig.ctl_json(&["leases", "--import", file.to_str().unwrap()])?;
    same(answer["taken"].as_u64(), Some(count as u64))?;
    Ok(count)
}

fn files(directory: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in directory.read_dir()? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type()?.is_dir() {
            files.extend(self::files(&entry.path())?.into_iter().map(|below| format!("{name}/{below}")));
        } else {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}

#[test]
fn no_damage_to_a_file_of_the_state_stops_a_start_or_is_kept_silent() -> Result<()> {
    let first = Site::new()?;
    let files = files(&first.base)?;
    let known = [
        "attachments.json",
        "decision.json",
        "dhcp/lock",
        "dhcp/log.1",
        "dhcp/log.2",
        "dhcp/log.3",
        "dhcp/snapshot.1",
        "dhcp/snapshot.2",
        "history/1.toml",
        "history/2.toml",
        "last-good.toml",
        "machine-id",
        "machine-id.copy",
        "namespaces",
        "previous.toml",
        "transaction.json",
        "uplinks/wan.json",
    ];
    same(files.iter().map(String::as_str).collect::<Vec<_>>(), known.to_vec())
        .context("a new file needs its line in `is_told`")?;
    let cases: Mutex<Vec<_>> = Mutex::new(files.iter().flat_map(|file| DAMAGES.map(|how| (file.clone(), how))).rev().collect());
    let rows = Mutex::new(Vec::new());
    let work = |mut site: Site| -> Result<()> {
        loop {
            let Some((file, how)) = cases.lock().unwrap().pop() else { return Ok(()) };
            let row = site.walk(&file, how).with_context(|| format!("{file}, {how}: {}", site.rig.log()))?;
            rows.lock().unwrap().extend(row);
        }
    };
    thread::scope(|scope| -> Result<()> {
        let others: Vec<_> = (1..AT_A_TIME).map(|_| scope.spawn(|| Site::new().and_then(work))).collect();
        work(first)?;
        others.into_iter().try_for_each(|other| other.join().unwrap())
    })?;
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|row| (row.file.clone(), DAMAGES.iter().position(|how| *how == row.how)));
    println!("{:18} {:15} started  {:38} lost", "file", "damage", "told");
    for row in &rows {
        let told = if row.told { "yes" } else { is_told(&row.file, row.how).err().unwrap_or("NO") };
        println!("{:18} {:15} yes      {told:38} {} of {}", row.file, row.how, row.lost, row.newest);
    }
    let wrong: Vec<_> =
        rows.iter().filter_map(|row| Some(format!("{}, {}: {}", row.file, row.how, row.check().err()?))).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(rows.len() > 90, "only {} cases", rows.len());
    Ok(())
}

/// Whatever mask the daemon was started with, and whoever made the directory.
#[test]
fn nobody_else_reads_the_state() -> Result<()> {
    let mut rig = Rig::new(PROGRAM)?;
    let state = rig.state_dir();
    fs::create_dir(&state)?;
    fs::set_permissions(&state, Permissions::from_mode(0o755))?;
    fs::write(state.join("namespaces"), "router\n")?;
    let closed = |rig: &Rig| -> Result<()> {
        let open = rig.edge.sh(&format!("find {} -perm /077", state.display()))?;
        ensure!(open.is_empty(), "others may use {open}");
        Ok(())
    };
    rig.start(&main_config())?;
    rig.attached("tank", "cabin")?;
    import(&rig, 110..130)?;
    closed(&rig)?;
    rig.stop()?;
    rig.edge.sh(&format!("chmod -R a+rX {}", state.display()))?;
    rig.restart(&[])?;
    closed(&rig)
}
