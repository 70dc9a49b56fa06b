use smallvec::SmallVec;
use std::net::Ipv4Addr;

/// What a relay agent says about a message it passes on (RFC 1542, 4.1; RFC 3046).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// `giaddr`: the relay's own address where the client is, and where the answer goes.
    pub agent: Ipv4Addr,
    /// Option 82 as it came, to be echoed; empty where there was none.
    pub information: SmallVec<[u8; 64]>,
}

/// Suboptions of option 82.
const LINK_SELECTION: u8 = 5;
const SERVER_ID_OVERRIDE: u8 = 11;

impl Relayed {
    /// The client's subnet, where it is not that of `agent` (RFC 3527).
    pub fn link(&self) -> Option<Ipv4Addr> {
        self.address(LINK_SELECTION)
    }

    /// The address the client is to take for the server's, so that it renews through the relay (RFC 5107).
    pub fn server_id(&self) -> Option<Ipv4Addr> {
        self.address(SERVER_ID_OVERRIDE)
    }

    fn address(&self, wanted: u8) -> Option<Ipv4Addr> {
        let mut rest = &self.information[..];
        while let [code, length, after @ ..] = rest {
            let (value, after) = after.split_at_checked((*length).into())?;
            if *code == wanted {
                return <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from).filter(|address| !address.is_unspecified());
            }
            rest = after;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_suboption_and_survives_a_cut_one() {
        let relayed = |information: &[u8]| Relayed { agent: Ipv4Addr::LOCALHOST, information: information.into() };
        let both = relayed(&[1, 1, 7, 5, 4, 10, 0, 2, 0, 11, 4, 10, 0, 2, 1]);
        assert_eq!((both.link(), both.server_id()), (Some([10, 0, 2, 0].into()), Some([10, 0, 2, 1].into())));
        for cut in [&[5, 4, 10, 0][..], &[5], &[1, 200, 5, 4, 1, 2, 3, 4], &[5, 3, 1, 2, 3], &[5, 4, 0, 0, 0, 0], &[]] {
            assert_eq!(relayed(cut).link(), None, "{cut:?}");
        }
    }
}
