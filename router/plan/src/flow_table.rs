//! How many flows the kernel tracks, and how many of them a network and a source may have.
//!
//! The kernel by itself takes a 32,768th of the memory for the table's buckets and tracks as many flows as it has buckets: 4,096 on a
//! board of 512 MB (kernel doc networking/nf_conntrack-sysctl, net/netfilter/nf_conntrack_core.c). One network scan fills that.

/// A flow takes less than half a KiB, so a full table takes a sixteenth of the memory: 65,536 flows on a board of 512 MB.
const MEMORY_OF_EACH: u64 = 8 << 10;
/// What a home's flows fit in, and all together still less than 8 MB.
const LEAST: u32 = 16_384;
/// As many as the kernel takes at most by itself.
const MOST: u32 = 262_144;
/// For what the router itself begins, of the table.
const KEPT_FREE: u32 = 8;
/// No network or uplink is given less than this part of the rest, however many they are.
const MOST_SHARES: usize = 8;
/// Of a network's share, what one source may have at most.
const SOURCES: u32 = 4;
/// The kernel walks through all flows of a source at a new one, up to once a tick: a few tenths of a millisecond for these.
const MOST_OF_SOURCE: u32 = 2048;
/// Likewise for each lane of a network, which has many at once.
const LANE: u32 = 512;

/// The table of all flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowTable(u32);

/// How many flows who may have. All that a share is for are told apart before: the router itself has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// One source address of one network or uplink.
    pub source: u32,
    /// A network, or all that comes in by an uplink.
    pub network: Lanes,
    /// All of them together, where their shares are more than that.
    pub together: Option<Lanes>,
}

/// A share in equal parts. A flow belongs to one of them by chance, so they fill alike, and the kernel's walk is as short as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// How many parts.
    pub count: u32,
    /// How many flows in each.
    pub each: u32,
}

impl FlowTable {
    /// What a machine with so many bytes of memory has room for. A board tells somewhat less than is printed on it.
    pub fn of_memory(bytes: u64) -> Self {
        let flows = u32::try_from(bytes / MEMORY_OF_EACH).unwrap_or(MOST).min(MOST);
        Self(flows.next_power_of_two().max(LEAST))
    }

    /// As the kernel says it is.
    pub fn of_flows(max: u32) -> Self {
        Self(max)
    }

    /// `net.netfilter.nf_conntrack_max`
    pub fn max(self) -> u32 {
        self.0
    }

    /// `net.netfilter.nf_conntrack_buckets`: one a flow, as the kernel has it by default. A bucket is a pointer.
    pub fn buckets(self) -> u32 {
        self.0
    }

    /// For so many networks and uplinks. Theirs together never is more than seven eighths. Up to eight have an equal share each, counted
    /// by powers of two, so that one more seldom changes it for all.
    pub fn shares(self, parties: usize) -> Shares {
        let free = self.0 - self.0 / KEPT_FREE;
        let share = free / parties.next_power_of_two().clamp(2, MOST_SHARES) as u32;
        Shares {
            source: (share / SOURCES).clamp(1, MOST_OF_SOURCE),
            network: Lanes::of(share),
            together: (parties > MOST_SHARES).then(|| Lanes::of(free)),
        }
    }
}

impl Default for FlowTable {
    fn default() -> Self {
        Self(LEAST)
    }
}

impl Lanes {
    fn of(share: u32) -> Self {
        let count = share.div_ceil(LANE).max(1).next_power_of_two();
        Self { count, each: share / count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    /// A Raspberry Pi keeps a part of its memory for graphics, and the kernel one for itself.
    #[test]
    fn a_board_has_room_by_its_memory() {
        let flows = |mib| FlowTable::of_memory(mib * MIB).max();
        assert_eq!(
            [0, 64, 128, 430, 512, 900, 1900, 8000].map(flows),
            [16_384, 16_384, 16_384, 65_536, 65_536, 131_072, 262_144, 262_144]
        );
        assert_eq!(FlowTable::of_memory(u64::MAX).max(), 262_144);
    }

    #[test]
    fn shares_of_a_small_board() {
        let of = |parties| FlowTable::of_memory(512 * MIB).shares(parties);
        let lanes = |count, each| Lanes { count, each };
        assert_eq!(of(2), Shares { source: 2048, network: lanes(64, 448), together: None });
        assert_eq!(of(3), Shares { source: 2048, network: lanes(32, 448), together: None });
        assert_eq!(of(8), Shares { source: 1792, network: lanes(16, 448), together: None });
        assert_eq!(of(1000), Shares { source: 1792, network: lanes(16, 448), together: Some(lanes(128, 448)) });
    }

    proptest! {
        /// Nobody fills the table, not all together either, and no source a network's share.
        #[test]
        fn the_router_always_has_room(max in prop_oneof![LEAST..=MOST, any::<u32>()], parties in 0..5000usize) {
            let Shares { source, network, together } = FlowTable::of_flows(max).shares(parties);
            let all = |lanes: Lanes| u64::from(lanes.count) * u64::from(lanes.each);
            let sum = all(network) * parties as u64;
            let most = together.map_or(sum, |together| sum.min(all(together)));
            prop_assert!(most <= u64::from(max) * 7 / 8 + 1);
            prop_assert!(network.each <= LANE && (1..=MOST_OF_SOURCE).contains(&source));
            prop_assert!(u64::from(source) * 4 <= all(network).max(4) + u64::from(network.count));
        }

        #[test]
        fn more_memory_is_never_less_room(one: u64, other: u64) {
            let [less, more] = [one.min(other), one.max(other)].map(FlowTable::of_memory);
            prop_assert!(less <= more);
        }
    }
}
