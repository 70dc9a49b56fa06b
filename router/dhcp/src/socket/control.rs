use nix::libc;
use std::{mem, net::Ipv4Addr};

/// The one control message that comes and goes with ours: IP_PKTINFO (ip(7)), laid out as cmsg(3) says.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Control {
    header: libc::cmsghdr,
    info: libc::in_pktinfo,
}

impl Control {
    pub fn empty() -> Self {
        // SAFETY: both are plain data for which zeros are valid.
        unsafe { mem::zeroed() }
    }

    /// Out of which interface, and from which address.
    pub fn departure(ifindex: u32, from: Ipv4Addr) -> Self {
        let mut control = Self::empty();
        control.header.cmsg_len = (size_of::<libc::cmsghdr>() + size_of::<libc::in_pktinfo>()) as _;
        (control.header.cmsg_level, control.header.cmsg_type) = (libc::IPPROTO_IP, libc::IP_PKTINFO);
        control.info.ipi_ifindex = ifindex as i32;
        control.info.ipi_spec_dst.s_addr = u32::from(from).to_be();
        control
    }

    /// On which interface, and to which address; none where the kernel filled in nothing.
    pub fn arrival(&self) -> Option<(u32, Ipv4Addr)> {
        let filled = (self.header.cmsg_level, self.header.cmsg_type) == (libc::IPPROTO_IP, libc::IP_PKTINFO);
        let ifindex = u32::try_from(self.info.ipi_ifindex).ok()?;
        filled.then(|| (ifindex, Ipv4Addr::from(u32::from_be(self.info.ipi_addr.s_addr))))
    }
}
