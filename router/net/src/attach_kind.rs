/// How containers are plugged into a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachKind {
    /// By a veth pair whose other end is a port of the bridge.
    Bridge,
    /// As a child of the bridge with a MAC address of its own.
    Macvlan,
    /// As a child of the bridge with the bridge's MAC address.
    IpvlanL2,
}
