use super::NewLink;
use crate::Error;

pub(super) fn refusal(NewLink { at, name, .. }: &NewLink) -> Error {
    let why =
        format!("{name} in space {at} is a device and cannot be made; plug it in, or correct its name in the configuration");
    Error::Refused { why }
}
