//! Leases of another server.

use super::core::{Core, Logged, notify, settled};
use crate::{ClaimError, Import, decide, lease::Change, lock::lock, log::Record};
use std::time::SystemTime;

/// With why it is not taken.
type LeftOut = Vec<(Import, &'static str)>;

/// Takes over leases, on disk when this returns; says for each that is left out why.
pub async fn import(core: &Core, leases: Vec<Import>) -> Result<LeftOut, ClaimError> {
    let (left_out, logged) = begin(core, leases)?;
    settled(logged).await.map_err(ClaimError::NotDurable)?;
    Ok(left_out)
}

fn begin(core: &Core, leases: Vec<Import>) -> Result<(LeftOut, Logged), ClaimError> {
    let mut state = lock(&core.state);
    let busy = || ClaimError::NotDurable("too much waits to be written".to_owned());
    // Asked before anything is changed, as what is not logged must not be in the tables either.
    if !core.log.has_room() {
        return Err(busy());
    }
    let moment = core.moment(&state);
    let now = moment.now;
    let (mut left_out, mut records) = (Vec::new(), Vec::new());
    for lease in leases {
        let network = state.networks.by_name.get_mut(&lease.network);
        let Some((table, scope)) = network.and_then(|network| Some((&mut network.table, network.scope.as_ref()?))) else {
            left_out.push((lease, "there is no such network"));
            continue;
        };
        table.expire(now);
        let left = lease.expires.and_then(|end| end.duration_since(SystemTime::now()).ok());
        let until = left.map(|left| now + left.as_secs() + 1);
        match decide::import(table, scope, &lease, until, moment) {
            Ok(binding) => {
                let change = Change::Bind(binding);
                table.apply(change.clone());
                records.push(Record { network: lease.network, at: now, change });
            }
            Err(why) => left_out.push((lease, why)),
        }
    }
    let (done, logged) = notify();
    if !core.log.submit(records, None, done) {
        return Err(busy());
    }
    Ok((left_out, logged))
}
