//! What the options of a network look like on the wire.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test are test code")]

use edge_config::{DeviceId, Dhcp, DhcpServer, parse};

fn dhcp(keys: &str) -> DhcpServer {
    let text = format!(
        "[[network]]\nname = \"a\"\naddress = \"10.0.1.1/24\"\n[network.dhcp]\nfrom = \"10.0.1.100\"\nto = \"10.0.1.199\"\n{keys}"
    );
    let config = parse("test.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    config.networks[0].dhcp.as_ref().and_then(Dhcp::server).cloned().unwrap()
}

#[test]
fn each_key_and_type_is_encoded_as_its_rfc_says() {
    let cases: [(&str, u8, &[u8]); 17] = [
        ("mtu = 1400", 26, &[5, 120]),
        ("ntp = [\"10.0.1.1\", \"10.0.1.2\"]", 42, &[10, 0, 1, 1, 10, 0, 1, 2]),
        ("vendor = \"01:02:ff\"", 43, &[1, 2, 255]),
        ("tftp-server = \"tftp.lan\"", 66, b"tftp.lan"),
        ("boot-file = \"pxe/0\"", 67, b"pxe/0"),
        ("captive-portal = \"https://x/\"", 114, b"https://x/"),
        ("search = [\"a.lan\", \"b\"]", 119, b"\x01a\x03lan\0\x01b\0"),
        // RFC 3442, with the default route that a client would else lose.
        ("routes = [{ to = \"10.8.0.0/13\", via = \"10.0.1.7\" }]", 121, &[13, 10, 8, 10, 0, 1, 7, 0, 10, 0, 1, 1]),
        ("routes = [{ to = \"0.0.0.0/0\", via = \"10.0.1.7\" }]", 121, &[0, 10, 0, 1, 7]),
        ("options = [{ code = 150, type = \"ip\", value = \"10.0.1.9\" }]", 150, &[10, 0, 1, 9]),
        ("options = [{ code = 150, type = \"u8\", value = [1, 255] }]", 150, &[1, 255]),
        ("options = [{ code = 150, type = \"u16\", value = 0x102 }]", 150, &[1, 2]),
        ("options = [{ code = 150, type = \"u32\", value = 0x01020304 }]", 150, &[1, 2, 3, 4]),
        ("options = [{ code = 150, type = \"flag\", value = true }]", 150, &[1]),
        ("options = [{ code = 150, type = \"hex\", value = \"0aFF\" }]", 150, &[10, 255]),
        ("options = [{ code = 150, type = \"text\", value = \"é\" }]", 150, "é".as_bytes()),
        ("options = [{ code = 150, type = \"domains\", value = [\"a.b\"] }]", 150, b"\x01a\x01b\0"),
    ];
    for (keys, code, value) in cases {
        let options = dhcp(keys).options;
        assert_eq!(options.len(), 1, "{keys}");
        assert_eq!((options[0].code, &options[0].value[..]), (code, value), "{keys}");
    }
}

#[test]
fn options_are_sorted_by_code() {
    let codes = "search = \"a\"\nmtu = 1400\noptions = [{ code = 43, type = \"u8\", value = 1 }, { code = 2, type = \"u8\", value = 1, always = true }]";
    let options = dhcp(codes).options;
    assert_eq!(
        options.iter().map(|option| (option.code, option.always)).collect::<Vec<_>>(),
        [(2, true), (26, false), (43, false), (119, false)]
    );
}

#[test]
fn a_host_is_known_by_one_thing() {
    let device = |key: &str| {
        let text = format!(
            "[[network]]\nname = \"a\"\naddress = \"10.0.1.1/24\"\n[[host]]\nname = \"h\"\nnetwork = \"a\"\naddress = \"10.0.1.5\"\n{key}"
        );
        parse("test.toml", &text).unwrap().hosts[0].device.clone()
    };
    assert_eq!(device(""), None);
    assert_eq!(device("mac = \"02:00:00:00:00:01\""), Some(DeviceId::Mac("02:00:00:00:00:01".parse().unwrap())));
    assert_eq!(device("client-id = \"ff:00:01\""), Some(DeviceId::ClientId(vec![255, 0, 1])));
    assert_eq!(device("client-id = \"gate: 1\""), Some(DeviceId::ClientId(b"gate: 1".to_vec())));
    assert_eq!(device("hostname = \"EPSON-1\""), Some(DeviceId::Hostname("epson-1".to_owned())));
}
