//! Leases and plugs that are only remembered, and fail when told to.

use edge_attach::{
    Attach, DetachTarget, EndpointName, Error, Leases, NetnsError, NetnsId, Plugged, Plugs, Port, Record, Request,
};
use edge_config::Config;
use edge_dhcp::ClaimError;
use edge_host::BootId;
use edge_kernel::endpoint::{Found, Plug, Unplug};
use edge_net::{AttachKind, IfName, Interface, Mac, Name, derived};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error as StdError,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};
use tempfile::TempDir;

type Cause = Box<dyn StdError + Send + Sync>;

#[derive(Default)]
struct State {
    netns: BTreeMap<PathBuf, NetnsId>,
    next: u64,
    /// Port to what is plugged there, `network/name@netns`, and its bridge.
    ports: BTreeMap<String, (String, Option<String>)>,
    held: BTreeSet<(String, String)>,
    sticky: BTreeMap<(String, String), Ipv4Addr>,
    subnet: BTreeMap<String, String>,
    fails: BTreeSet<&'static str>,
    calls: Vec<String>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<State>>);

pub struct World {
    dir: TempDir,
    shared: Shared,
    boot: BootId,
    attach: Attach<FakeLeases, FakePlugs>,
}

pub struct FakeLeases(Shared);
pub struct FakePlugs(Shared);

impl Shared {
    fn get(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn fails(&self, step: &str) -> bool {
        self.get().fails.remove(step)
    }
}

pub fn interface(text: &str) -> Interface {
    Interface::new(text.parse().unwrap()).unwrap()
}

/// The fire truck's, with `c1` for a container.
pub fn config() -> Config {
    let text = r#"
        [router]
        namespace = "router"
        [[network]]
        name = "vehicle"
        bridge = "br0"
        address = "10.0.1.3/24"
        [[network]]
        name = "equipment"
        bridge = "br1"
        address = "10.0.2.3/24"
        [[host]]
        name = "c1"
        network = "vehicle"
        address = "10.0.1.4"
    "#;
    edge_config::parse("test.toml", text).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn request(name: &str, network: &str, netns: &str) -> Result<Request, Error> {
    Request::parse(&format!("/run/netns/{netns}"), name, network, "eth0")
}

impl World {
    pub fn new() -> Self {
        let (dir, shared) = (tempfile::tempdir().unwrap(), Shared::default());
        shared.get().subnet = [("vehicle", "10.0.1"), ("equipment", "10.0.2")].map(|(a, b)| (a.into(), b.into())).into();
        let boot: BootId = "1".parse().unwrap();
        let attach = open(dir.path(), &boot, &shared).unwrap();
        let world = Self { dir, shared, boot, attach };
        ["a", "b", "c", "d", "router"].iter().for_each(|netns| world.begin(netns));
        world
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn open(&self) -> Result<Attach<FakeLeases, FakePlugs>, Error> {
        open(self.dir.path(), &self.boot, &self.shared)
    }

    pub async fn attach(&self, name: &str, network: &str, netns: &str) -> Result<Record, Error> {
        self.attach.attach(&config(), &request(name, network, netns)?).await
    }

    pub async fn detach(&self, name: &str) -> Result<usize, Error> {
        Ok(self.attach.detach(&DetachTarget::Name(name.parse()?)).await?.len())
    }

    /// A transaction of one step, as each of the following.
    pub async fn reserve(&self, name: &str, network: &str) -> Result<Record, Error> {
        let mut transaction = self.attach.begin().await;
        let done = transaction.reserve(&config(), &network.parse().unwrap(), &name.parse()?).await;
        transaction.end(done).await
    }

    /// What was reserved in an earlier transaction.
    pub async fn plug(&self, name: &str, network: &str, netns: &str) -> Result<Record, Error> {
        let (request, mut transaction) = (request(name, network, netns)?, self.attach.begin().await);
        let place = transaction.place(&config(), &request)?;
        let reserved = transaction.records().iter().find(|record| record.is(&request.network, &request.name)).cloned().unwrap();
        let done = transaction.plug(&config(), &reserved, place).await;
        transaction.end(done).await
    }

    pub async fn unplug(&self, name: &str, network: &str) -> Result<(), Error> {
        let mut transaction = self.attach.begin().await;
        let done = transaction.unplug(&network.parse().unwrap(), &name.parse()?).await;
        transaction.end(done).await
    }

    pub async fn release(&self, name: &str, network: &str) -> Result<(), Error> {
        let mut transaction = self.attach.begin().await;
        let done = transaction.release(&network.parse().unwrap(), &name.parse()?).await;
        transaction.end(done).await
    }

    pub async fn reconcile(&self, config: &Config) {
        self.attach.reconcile(config).await.unwrap();
    }

    pub async fn attached(&self) -> Vec<String> {
        let records = self.attach.records().await;
        records.iter().map(|record| format!("{}/{}", record.network, record.name)).collect()
    }

    pub async fn record(&self, name: &str) -> Record {
        self.attach.records().await.into_iter().find(|record| record.name.as_str() == name).unwrap()
    }

    pub async fn plugged_as(&self, name: &str) -> Plugged {
        self.record(name).await.plugged().cloned().unwrap()
    }

    /// The next call of this step fails.
    pub fn fail(&self, step: &'static str) {
        self.shared.get().fails.insert(step);
    }

    /// No new file can be made where the journal writes its own, until the guard is dropped.
    pub fn break_journal(&self) -> impl Drop + use<> {
        struct Blocked(PathBuf);
        impl Drop for Blocked {
            fn drop(&mut self) {
                fs::remove_dir(&self.0).unwrap();
            }
        }
        let path = self.dir.path().join("attachments.json.new");
        let _ = fs::remove_file(&path);
        fs::create_dir(&path).unwrap();
        Blocked(path)
    }

    pub fn begin(&self, netns: &str) {
        let mut state = self.shared.get();
        state.next += 1;
        let id = NetnsId { device: 4, inode: state.next };
        state.netns.insert(Path::new("/run/netns").join(netns), id);
    }

    /// The namespace goes, and its veth ends with it.
    pub fn end(&self, netns: &str) {
        self.end_path_only(netns);
        self.shared.get().ports.retain(|_, (what, _)| !what.ends_with(&format!("@{netns}")));
    }

    /// A process keeps the namespace alive.
    pub fn end_path_only(&self, netns: &str) {
        self.shared.get().netns.remove(&Path::new("/run/netns").join(netns));
    }

    pub fn restart(&mut self) {
        self.attach = self.open().unwrap();
    }

    pub fn reboot(&mut self) {
        self.reboot_as(format!("after {}", self.boot).parse().unwrap());
    }

    pub fn reboot_as(&mut self, boot: BootId) {
        self.boot = boot;
        self.shared.get().ports.clear();
        self.restart();
    }

    pub fn hold(&self, network: &str, name: &str) {
        self.shared.get().held.insert((network.into(), name.into()));
    }

    /// Everything the lease log said is lost.
    pub fn lose_leases(&self) {
        let mut state = self.shared.get();
        state.held.clear();
        state.sticky.clear();
    }

    pub fn set_subnet(&self, stem: &str) {
        let mut state = self.shared.get();
        state.subnet.insert("vehicle".into(), stem.into());
        state.sticky.clear();
    }

    pub fn plug_port(&self, what: &str, netns: &str) {
        self.shared.get().ports.insert(port(what), (format!("{what}@{netns}"), Some("br0".into())));
    }

    pub fn unplug_port(&self, what: &str) {
        self.shared.get().ports.remove(&port(what));
    }

    pub fn plugged(&self) -> Vec<String> {
        let mut all: Vec<_> = self.shared.get().ports.values().map(|(what, _)| what.clone()).collect();
        all.sort();
        all
    }

    pub fn held(&self) -> Vec<String> {
        self.shared.get().held.iter().map(|(network, name)| format!("{network}/{name}")).collect()
    }

    /// As the file has it.
    pub fn journal(&self) -> Vec<String> {
        let Ok(text) = fs::read_to_string(self.dir.path().join("attachments.json")) else { return vec![] };
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        if json["boot"].as_str() != Some(self.boot.as_str()) {
            return vec![];
        }
        let name =
            |record: &serde_json::Value| format!("{}/{}", record["network"].as_str().unwrap(), record["name"].as_str().unwrap());
        json["attachments"].as_array().unwrap().iter().map(name).collect()
    }

    pub fn calls(&self) -> Vec<String> {
        self.shared.get().calls.clone()
    }

    pub fn forget_calls(&self) {
        self.shared.get().calls.clear();
    }
}

/// As a release before there were seals has it.
pub fn unsealed(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.split_once(",\n  \"seal\": ").unwrap().0.to_owned() + "\n}"
}

fn open(dir: &Path, boot: &BootId, shared: &Shared) -> Result<Attach<FakeLeases, FakePlugs>, Error> {
    Attach::with(dir, boot.clone(), FakeLeases(shared.clone()), FakePlugs(shared.clone()))
}

fn port(what: &str) -> String {
    let (network, name) = what.split_once('/').unwrap();
    derived::endpoint_port(&network.parse().unwrap(), name).to_string()
}

impl Leases for FakeLeases {
    async fn claim(&self, network: &Name, name: &EndpointName, wanted: Option<Ipv4Addr>) -> Result<Ipv4Addr, ClaimError> {
        if self.0.fails("claim") {
            return Err(ClaimError::Exhausted { network: network.clone() });
        }
        let mut state = self.0.get();
        let key = (network.to_string(), name.to_string());
        let subnet = state.subnet[network.as_str()].clone();
        let last = if name.as_str() == "c1" { 4 } else { 100 + state.sticky.len() };
        let address = *state
            .sticky
            .entry(key.clone())
            .or_insert_with(|| wanted.unwrap_or_else(|| format!("{subnet}.{last}").parse().unwrap()));
        state.held.insert(key);
        Ok(address)
    }

    async fn release(&self, network: &Name, name: &str) -> Result<(), ClaimError> {
        if self.0.fails("release") {
            return Err(ClaimError::NotDurable("no room".into()));
        }
        self.0.get().held.remove(&(network.to_string(), name.to_owned()));
        Ok(())
    }

    fn is_used(&self) -> bool {
        !self.0.get().held.is_empty()
    }

    fn held(&self) -> Vec<(Name, String)> {
        self.0.get().held.iter().map(|(network, name)| (network.parse().unwrap(), name.clone())).collect()
    }
}

impl Plugs for FakePlugs {
    fn identify(&self, netns: &Path) -> Result<NetnsId, NetnsError> {
        self.0.get().netns.get(netns).copied().ok_or(NetnsError::Missing)
    }

    async fn plug(&self, plug: Plug) -> Result<Mac, Cause> {
        if self.0.fails("plug") {
            return Err("no such bridge".into());
        }
        let mut state = self.0.get();
        let (name, network) = plug.alias.split_once(" in ").unwrap();
        let what = format!("{network}/{name}");
        state.calls.push(format!("plug {what}"));
        let netns = plug.netns.file_name().unwrap().to_str().unwrap();
        state.ports.insert(plug.port.to_string(), (format!("{what}@{netns}"), Some(plug.bridge.to_string())));
        Ok(plug.mac.unwrap_or(Mac::new([2, 0, 0, 0, 0, 9]).unwrap()))
    }

    async fn unplug(&self, unplug: Unplug) -> Result<(), Cause> {
        if self.0.fails("unplug") {
            return Err("the kernel says no".into());
        }
        let mut state = self.0.get();
        if let Some((what, _)) = state.ports.remove(unplug.port.as_str()) {
            state.calls.push(format!("unplug {}", what.split('@').next().unwrap()));
        }
        Ok(())
    }

    async fn parent(&self, _netns: &Path, _ifname: &IfName) -> Result<Option<IfName>, Cause> {
        Ok(None)
    }

    async fn found(&self) -> Result<Vec<Found>, Cause> {
        let state = self.0.get();
        let found = |(port, (what, _)): (&String, &(String, Option<String>))| {
            let (what, netns) = what.split_once('@')?;
            let (network, name) = what.split_once('/')?;
            let netns = Path::new("/run/netns").join(netns);
            state.netns.contains_key(&netns).then(|| Found {
                netns,
                ifname: "eth0".parse().unwrap(),
                kind: AttachKind::Bridge,
                mac: Mac::new([2, 0, 0, 0, 0, 9]).unwrap(),
                address: None,
                other: port.parse().unwrap(),
                alias: format!("{name} in {network}"),
            })
        };
        Ok(state.ports.iter().filter_map(found).collect())
    }

    async fn ports(&self) -> Result<Vec<Port>, Cause> {
        let ports = self.0.get().ports.clone();
        Ok(ports
            .into_iter()
            .map(|(name, (_, bridge))| Port { name: name.parse().unwrap(), bridge: bridge.map(|name| name.parse().unwrap()) })
            .collect())
    }
}
