//! Reading options.

use crate::wire::options::Options;

#[test]
fn joins_the_parts_of_a_split_option() {
    let options = Options::read(&[12, 2, b'a', b'b', 53, 1, 1, 12, 1, b'c', 255], &[], &[]);
    assert_eq!(options.get(12), Some(&b"abc"[..]));
    assert_eq!(options.byte(53), Some(1));
}

#[test]
fn reads_file_before_sname_when_overloaded() {
    let options = Options::read(&[52, 1, 3, 255], &[12, 1, b'f', 52, 1, 3, 255], &[12, 1, b's', 255]);
    assert_eq!(options.get(12), Some(&b"fs"[..]));
    let plain = Options::read(&[52, 1, 2, 255], &[12, 1, b'f', 255], &[12, 1, b's', 255]);
    assert_eq!(plain.get(12), Some(&b"s"[..]));
}

#[test]
fn keeps_what_precedes_an_option_that_is_cut_off() {
    let options = Options::read(&[53, 1, 3, 0, 0, 61, 200, 1], &[], &[]);
    assert_eq!(options.byte(53), Some(3));
    assert_eq!(options.get(61), None);
    assert_eq!(Options::read(&[53], &[], &[]).get(53), None);
}
