/// Of milliseconds that are left: a second that has begun counts.
pub fn whole_seconds(ms: u64) -> u32 {
    u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX)
}
