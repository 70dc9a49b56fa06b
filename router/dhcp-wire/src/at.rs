//! Where the fixed fields lie (RFC 2131, 2); the options follow the magic cookie.

pub const HOPS: usize = 3;
pub const XID: usize = 4;
pub const SECS: usize = 8;
pub const FLAGS: usize = 10;
pub const CIADDR: usize = 12;
pub const YIADDR: usize = 16;
pub const SIADDR: usize = 20;
pub const GIADDR: usize = 24;
pub const CHADDR: usize = 28;
pub const SNAME: usize = 44;
pub const FILE: usize = 108;
pub const COOKIE: usize = 236;
pub const OPTIONS: usize = 240;
