/// What somebody notices who uses a section. The worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It goes, with everything on it.
    Gone,
    /// Containers on it are unplugged, and plugged in again where it comes back.
    ContainersLoseLink,
    /// The devices behind a trunk or a port cannot be reached until it is in place again.
    DevicesCutOff,
    /// The router's address in it moves, changes or goes: nodes cannot leave their network until they know the new one.
    GatewayLost,
    /// Flows through an uplink end, for its address or its link does not stay.
    FlowsBreak,
    /// What the new policy does not allow is cut; everything else goes on.
    DisallowedFlowsCut,
    /// There was nothing of it to interrupt.
    New,
    /// Nothing is interrupted.
    FlowsGoOn,
}
