//! Ports of one bridge that are in one switch. Whatever somebody sends to all goes round there in both directions, so the bridge learns his
//! MAC address now on the one port and now on the other. A device that is carried from port to port changes once.

use crate::{
    Error,
    fdb::{Mac, learned},
    space::{OpenSpace, Spaces},
};
use edge_net::IfName;
use std::{
    collections::{BTreeSet, HashMap},
    thread,
    time::Duration,
};

/// Looks at what the bridges have learned. In a loop an entry changes with each frame that goes round, thousands of times a second: of
/// looks by chance all but one in fifty show two changes.
const LOOKS: usize = 10;
const BETWEEN: Duration = Duration::from_millis(2);

/// The index of a bridge, and whom it has seen.
type Whom = (u32, Mac);
/// The index of the port.
type Look = HashMap<Whom, u32>;

/// The bridges are the host's, wherever the router is.
pub(crate) fn loops(spaces: &mut Spaces) -> Result<Vec<(IfName, IfName)>, Error> {
    let host = &mut spaces.host;
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        looks.push(look(host)?);
        thread::sleep(BETWEEN);
    }
    let mut named = Vec::new();
    for (one, other) in flapping(&looks) {
        let mut name = |index| crate::session::name(&mut host.route, index);
        named.extend(name(one).zip(name(other)));
    }
    Ok(named)
}

fn look(host: &mut OpenSpace) -> Result<Look, Error> {
    let learned = learned(&mut host.route).map_err(|error| host.error("list what the bridges have learned", error))?;
    Ok(learned.into_iter().map(|learned| ((learned.bridge, learned.mac), learned.port)).collect())
}

/// Pairs of ports between which somebody went there and back.
fn flapping(looks: &[Look]) -> BTreeSet<(u32, u32)> {
    let whom: BTreeSet<&Whom> = looks.iter().flat_map(Look::keys).collect();
    let pair = |whom: &Whom| {
        let seen: Vec<u32> = looks.iter().filter_map(|look| look.get(whom).copied()).collect();
        let back = |ports: &[u32]| ports[0] != ports[1];
        let moves: Vec<&[u32]> = seen.windows(2).filter(|ports| back(ports)).collect();
        let there_and_back = moves.windows(2).find(|moves| moves[0][0] == moves[1][1])?;
        let (one, other) = (there_and_back[0][0], there_and_back[0][1]);
        Some((one.min(other), one.max(other)))
    };
    whom.into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ports: &[u32]) -> Vec<(u32, u32)> {
        let look = |port: &u32| [((9, vec![2, 0, 0, 0, 0, 1]), *port)].into();
        let looks: Vec<Look> = ports.iter().map(look).collect();
        flapping(&looks).into_iter().collect()
    }

    #[test]
    fn there_and_back_is_a_loop_and_a_move_is_none() {
        assert_eq!(found(&[5, 5, 7, 7, 5]), [(5, 7)]);
        assert_eq!(found(&[7, 5, 7, 5, 7, 5]), [(5, 7)]);
        assert_eq!(found(&[5, 5, 5, 7, 7]), []);
        assert_eq!(found(&[5, 7, 8]), []);
        assert_eq!(found(&[5]), []);
    }

    /// The device has one address and a network on each of two bridges, or is behind another port of each.
    #[test]
    fn one_address_on_two_bridges_is_no_loop() {
        let mac = vec![2, 0, 0, 0, 0, 1];
        let look: Look = [((9, mac.clone()), 5), ((10, mac), 7)].into();
        assert!(flapping(&[look.clone(), look.clone(), look]).is_empty());
    }
}
