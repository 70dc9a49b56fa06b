use super::Calls;
use edge_api::{Failure, FailureKind};
use edge_engine::{Datapath, Done, Look, Refusal};
use edge_net::IfName;
use edge_plan::{Address, Link, LinkKind, Op, Owner, Space, SpaceState, State, Sysctl, guard::Session};
use std::sync::{Arc, Mutex, MutexGuard};

/// What an operation meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Refuse,
    /// Whenever it is asked for.
    RefuseAlways,
    /// The link is not there, this once.
    Gone,
    /// No answer comes.
    Hang,
    /// The daemon dies before it.
    Die,
}

type Hand = Box<dyn FnMut(&mut State) + Send>;

#[derive(Default)]
struct Inner {
    state: State,
    /// Operations and durable writes that are left until that fault.
    fault: Option<(usize, Fault)>,
    stuck: Option<Op>,
    is_dead: bool,
    writes: u64,
    /// Somebody else, after each batch.
    hand: Option<Hand>,
    /// Events are lost from then on: what it was then.
    missed: Option<State>,
    sessions: Vec<Session>,
}

#[derive(Clone)]
pub struct Kernel {
    inner: Arc<Mutex<Inner>>,
    calls: Calls,
}

impl Kernel {
    /// A machine with these cards.
    pub fn with(devices: &[&str]) -> Self {
        let mut host = SpaceState { fast_path: Some(Default::default()), ..SpaceState::default() };
        host.links.extend(devices.iter().map(|name| (name.parse().unwrap(), card())));
        host.sysctls.extend([(Sysctl::IpForward, false), (Sysctl::BridgeNetfilter, true)]);
        let inner = Inner { state: State { spaces: [(Space::Host, host)].into() }, ..Inner::default() };
        Self { inner: Arc::new(Mutex::new(inner)), calls: Calls::default() }
    }

    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    pub fn state(&self) -> State {
        self.lock().state.clone()
    }

    pub fn order(&self, after: usize, fault: Fault) {
        self.lock().fault = Some((after, fault));
    }

    /// Whether what was ordered was met; from now on nothing is.
    pub fn mend(&self) -> bool {
        let mut inner = self.lock();
        (inner.stuck, inner.is_dead) = (None, false);
        inner.fault.take().is_none()
    }

    pub fn interfere(&self, hand: impl FnMut(&mut State) + Send + 'static) {
        self.lock().hand = Some(Box::new(hand));
    }

    /// These are connected by ssh.
    pub fn connect(&self, sessions: &[Session]) {
        self.lock().sessions = sessions.to_vec();
    }

    /// From now on there are no events.
    pub fn lose_events(&self) {
        let mut inner = self.lock();
        inner.missed = Some(inner.state.clone());
    }

    /// Somebody else, now.
    pub fn with_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.lock().state)
    }

    /// How many requests that took here.
    pub fn writes_of(&self, done: &Done) -> u64 {
        done.ops.len() as u64
    }

    /// The fault that is due now, where one more thing is done.
    pub fn due(&self) -> Option<Fault> {
        let mut inner = self.lock();
        let (left, fault) = inner.fault.take()?;
        if left > 0 {
            inner.fault = Some((left - 1, fault));
            return None;
        }
        inner.is_dead = matches!(fault, Fault::Die | Fault::Hang);
        Some(fault)
    }

    pub fn is_dead(&self) -> bool {
        self.lock().is_dead
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    fn interfered(&self) {
        let mut inner = self.lock();
        if let Some(mut hand) = inner.hand.take() {
            hand(&mut inner.state);
            inner.hand = Some(hand);
        }
    }

    fn carry_out(&self, index: usize, op: &Op) -> Result<(), Option<Refusal>> {
        let refusal = |gone, what: &str| Some(Refusal { index, gone, failure: Failure::new(FailureKind::Internal, what) });
        let fault = self.due();
        let mut inner = self.lock();
        match fault {
            _ if inner.stuck.as_ref() == Some(op) => return Err(refusal(false, "refused always")),
            Some(Fault::Refuse) => return Err(refusal(false, "refused")),
            Some(Fault::Gone) => return Err(refusal(true, "no such device")),
            Some(Fault::RefuseAlways) => {
                inner.stuck = Some(op.clone());
                return Err(refusal(false, "refused always"));
            }
            Some(Fault::Hang | Fault::Die) => return Err(None),
            None => {}
        }
        inner.writes += 1;
        apply(&mut inner.state, op);
        self.calls.add(word(op));
        Ok(())
    }
}

impl Datapath for Kernel {
    async fn trust(&self, _: &Space) {}

    async fn observe(&self, look: Look) -> Result<State, Failure> {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        let inner = self.lock();
        Ok(inner.missed.as_ref().filter(|_| look == Look::Changes).unwrap_or(&inner.state).clone())
    }

    async fn sessions(&self) -> Result<Vec<Session>, Failure> {
        Ok(self.lock().sessions.clone())
    }

    async fn execute(&self, ops: &[Op]) -> Result<(), Refusal> {
        let done = ops.iter().enumerate().try_for_each(|(index, op)| self.carry_out(index, op));
        self.interfered();
        match done {
            Ok(()) => Ok(()),
            Err(Some(refusal)) => Err(refusal),
            Err(None) => std::future::pending().await,
        }
    }

    async fn announce(&self, _: Vec<(Space, Address)>) {}

    fn writes(&self) -> u64 {
        self.lock().writes
    }
}

fn card() -> Link {
    Link { kind: LinkKind::Device, owner: Owner::Foreign, master: None, up: false, mac: None, conf: None }
}

fn word(op: &Op) -> &'static str {
    match op {
        Op::SetTable { .. } => "table",
        Op::CreateLink { .. } => "create",
        _ => "other",
    }
}

/// As the kernel would, where nobody is in the way.
fn apply(state: &mut State, op: &Op) {
    match op {
        Op::SetSysctl { space, sysctl, to, .. } => drop(space_of(state, space).sysctls.insert(*sysctl, *to)),
        Op::CreateLink { space, name, link, peer } => {
            space_of(state, space).links.insert(*name, link.clone());
            if let (LinkKind::Veth(veth), Some(peer)) = (&link.kind, peer) {
                space_of(state, &veth.peer_space).links.insert(veth.peer, peer.clone());
            }
        }
        Op::DeleteLink { space, name, .. } => remove(space_of(state, space), name),
        Op::ChangeLink { space, name, to, .. } => drop(space_of(state, space).links.insert(*name, to.clone())),
        Op::AddAddress { space, address } => drop(space_of(state, space).addresses.insert(address.clone())),
        Op::DeleteAddress { space, address } => drop(space_of(state, space).addresses.remove(address)),
        Op::AddRoute { space, route } => drop(space_of(state, space).routes.insert(route.clone())),
        Op::DeleteRoute { space, route } => drop(space_of(state, space).routes.remove(route)),
        Op::SetTable { space, family, to, .. } => space_of(state, space).table_of_mut(*family).clone_from(to),
        Op::SetFastPath { space, to, .. } => space_of(state, space).fast_path = Some(to.clone()),
        Op::CreateNamespace(_) | Op::DeleteNamespace(_) | Op::MoveLink { .. } => panic!("{op:?}: not in these tests"),
    }
}

fn space_of<'a>(state: &'a mut State, space: &Space) -> &'a mut SpaceState {
    state.spaces.get_mut(space).unwrap()
}

/// With its addresses.
pub fn remove(space: &mut SpaceState, name: &IfName) {
    space.links.remove(name);
    space.addresses.retain(|address| address.link != *name);
}
