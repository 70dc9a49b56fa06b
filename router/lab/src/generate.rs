//! Valid configurations by number: the same seed gives the same text on every machine.

use std::fmt::Write;

/// What every generated configuration is made of.
pub const TRUNK: &str = "enp2s0";
pub const UPLINK_DEVICE: &str = "wlp3s0f0";

/// A splitmix64 generator: good enough to draw test cases, and its sequence never changes under us.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// One uplink, one to five networks on one trunk, up to two hosts in each, and any lines between them. Network `n` has VLAN `n` and
/// the subnet 10.0.n.0/24; its hosts are `nN-h1` (a device, 10.0.n.11) and `nN-h2` (a container, 10.0.n.12).
pub fn config(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut text = String::new();
    if dice.one_in(2) {
        text += "[router]\nnamespace = \"router\"\n";
    }
    let link = ["ipvlan-l2", "macvlan"][dice.below(2) as usize];
    let _ = write!(
        text,
        "[[uplink]]\nname = \"wan\"\ndevice = \"{UPLINK_DEVICE}\"\nlink = \"{link}\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n"
    );
    let networks = 1 + dice.below(5);
    if dice.one_in(2) {
        let _ = write!(text, "[system]\nssh-from = [\"n{}\"]\n", 1 + dice.below(networks));
    }
    let mut names = Vec::new();
    for number in 1..=networks {
        let _ = write!(
            text,
            "[[network]]\nname = \"n{number}\"\nvlan = {number}\ntrunk = \"{TRUNK}\"\naddress = \"10.0.{number}.1/24\"\n"
        );
        text += ["", "attach = \"macvlan\"\n", "attach = \"ipvlan-l2\"\n"][dice.below(3) as usize];
        text += ["", "dhcp = { from = \"10.0.N.100\", to = \"10.0.N.199\" }\n"][dice.below(2) as usize]
            .replace('N', &number.to_string())
            .as_str();
        names.push(format!("n{number}"));
        if dice.below(4) > 0 {
            let _ = write!(
                text,
                "[[host]]\nname = \"n{number}-h1\"\nnetwork = \"n{number}\"\nmac = \"02:00:00:00:{number:02x}:11\"\naddress = \"10.0.{number}.11\"\n"
            );
            names.push(format!("n{number}-h1"));
        }
        if dice.one_in(2) {
            let _ = write!(text, "[[host]]\nname = \"n{number}-h2\"\nnetwork = \"n{number}\"\naddress = \"10.0.{number}.12\"\n");
            names.push(format!("n{number}-h2"));
        }
    }
    for _ in 0..dice.below(3 * networks) {
        text += &allow(&mut dice, &names);
    }
    text
}

/// A line between two of different networks, or to the uplink; sometimes for some services only.
fn allow(dice: &mut Dice, names: &[String]) -> String {
    let from = &names[dice.below(names.len() as u64) as usize];
    let to = &names[dice.below(names.len() as u64) as usize];
    let network = |name: &str| name.split('-').next().map(str::to_owned);
    let to = if network(from) == network(to) { "wan" } else { to };
    let services = ["", "", "protocol = \"icmp\"\n", "protocol = \"tcp\"\nports = [7, \"8000-8010\"]\n", "protocol = \"udp\"\n"];
    format!("[[allow]]\nfrom = \"{from}\"\nto = \"{to}\"\n{}", services[dice.below(services.len() as u64) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_text() {
        assert_eq!(config(7), config(7));
        assert_ne!(config(7), config(8));
    }
}
