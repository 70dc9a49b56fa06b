//! Addresses of containers.

use super::core::{Core, Logged, notify, settled};
use crate::{
    Claim, ClaimError, Identity, Lease, decide,
    lease::{Binding, Change},
    lock::lock,
    network::KnownNetwork,
    show,
};
use edge_net::Name;

/// An address for a container, on disk when this returns.
pub async fn claim(core: &Core, network: &Name, claim: Claim) -> Result<Lease, ClaimError> {
    let Claimed { lease, is_new, before, logged } = begin(core, network, &claim)?;
    let Err(why) = settled(logged).await else { return Ok(lease) };
    // Nobody is told of it, so nobody holds it; the container goes on with what it had.
    if is_new {
        take_back(core, network, &claim.name, before);
    }
    Err(ClaimError::NotDurable(why))
}

pub async fn release(core: &Core, network: &Name, container: &str) -> Result<(), ClaimError> {
    settled(submit_release(core, network, container)?).await.map_err(ClaimError::NotDurable)
}

struct Claimed {
    lease: Lease,
    is_new: bool,
    /// What the container had.
    before: Option<Binding>,
    logged: Logged,
}

fn begin(core: &Core, name: &Name, claim: &Claim) -> Result<Claimed, ClaimError> {
    let now = core.clock.now();
    let networks = &mut lock(&core.state).networks;
    let network = networks.by_name.get_mut(name);
    let Some(KnownNetwork { table, scope: Some(scope), .. }) = network else { return Err(ClaimError::NoNetwork(name.clone())) };
    table.expire(now);
    let before = table.of(&Identity::Container(claim.name.clone())).cloned();
    let binding = decide::claim(table, scope, claim, now)?;
    let lease = show::lease(name, scope, &binding, &core.clock);
    let change = Change::Bind(binding);
    let is_new = !table.says(&change);
    let (done, logged) = notify();
    core.commit(networks, name, vec![change], done).map_err(ClaimError::NotDurable)?;
    Ok(Claimed { lease, is_new, before, logged })
}

/// Makes a claim undone that could not be written: the container has what it had before, unless somebody else has it by now.
fn take_back(core: &Core, name: &Name, container: &str, before: Option<Binding>) {
    let now = core.clock.now();
    let networks = &mut lock(&core.state).networks;
    let Some(network) = networks.by_name.get(name) else { return };
    let is_own = |identity: &Identity| *identity == Identity::Container(container.to_owned());
    let kept = before.filter(|binding| network.table.is_free(binding.address, is_own, now)).map(Change::Bind);
    let change = kept.or_else(|| network.released(container, now));
    // Logged too, as a snapshot may have the claim: that this may fail as well is known from then on.
    let changes = Vec::from_iter(change);
    if core.commit(networks, name, changes.clone(), Box::new(|_| ())).is_err()
        && let Some(network) = networks.by_name.get_mut(name)
    {
        changes.into_iter().for_each(|change| network.table.apply(change));
    }
}

fn submit_release(core: &Core, name: &Name, container: &str) -> Result<Logged, ClaimError> {
    let networks = &mut lock(&core.state).networks;
    let network = networks.by_name.get_mut(name).ok_or_else(|| ClaimError::NoNetwork(name.clone()))?;
    let changes = Vec::from_iter(network.released(container, core.clock.now()));
    let (done, logged) = notify();
    core.commit(networks, name, changes, done).map_err(ClaimError::NotDurable)?;
    Ok(logged)
}
