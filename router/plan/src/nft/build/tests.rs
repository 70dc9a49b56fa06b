use super::*;

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn ports(first: u16, last: u16) -> PortRange {
    PortRange::new(first, last).unwrap()
}

#[test]
fn dependencies_are_matched_once() {
    let expressions = rule([ip_saddr(net("10.0.1.0/24")), ip_daddr(net("10.0.2.1/32")), icmp_type_echo_request()]).expressions;
    let loads = |key| expressions.iter().filter(|e| matches!(e, Expr::Meta { key: k, .. } if *k == key)).count();
    assert_eq!((loads(Meta::Nfproto), loads(Meta::L4proto)), (1, 1));
    assert_eq!(expressions.len(), 2 + 2 + 2 + 2 + 2);
}

#[test]
fn a_lookup_of_the_protocol_is_no_dependency() {
    let wanted = [l4proto(Protocol::Tcp), in_set(&[Source::L4proto, Source::Dport], "s")];
    assert_eq!(rule(wanted.clone()).expressions, wanted.concat());
}

#[test]
fn prefixes_compare_whole_bytes_or_a_mask() {
    let compared = |text| address(IP_SADDR, net(text))[2..].to_vec();
    let whole =
        vec![payload(PayloadBase::Network, 12, 3, 0), Expr::Cmp { register: 0, equal: true, data: [10, 0, 1][..].into() }];
    assert_eq!(compared("10.0.1.77/24"), whole);
    assert_eq!(compared("10.0.1.77/32").len(), 2);
    let masked = vec![
        payload(PayloadBase::Network, 12, 4, 0),
        Expr::Bitwise { register: 0, mask: [255, 128, 0, 0][..].into(), xor: ZEROS[..].into() },
        equal(&[10, 128, 0, 0]),
    ];
    assert_eq!(compared("10.200.1.1/9"), masked);
    assert_eq!(compared("0.0.0.0/0").len(), 3);
}

#[test]
fn concatenations_fill_one_register_after_the_other() {
    let fields = [Source::Iifname, Source::IpSaddr, Source::L4proto, Source::Dport];
    let registers: Vec<u8> = in_set(&fields, "s")[2..]
        .iter()
        .filter_map(|e| match e {
            Expr::Meta { register, .. } | Expr::Payload { register, .. } => Some(*register),
            _ => None,
        })
        .collect();
    assert_eq!(registers, [0, 4, 5, 6]);
    let name = "lan0".parse().unwrap();
    let values = [Value::IfName(&name), Value::Ipv4([10, 0, 1, 2].into()), Value::Protocol(Protocol::Tcp), Value::Port(443)];
    assert_eq!(key(&values)[..], *b"lan0\0\0\0\0\0\0\0\0\0\0\0\0\x0a\0\x01\x02\x06\0\0\0\x01\xbb\0\0");
    assert_eq!(key(&values).len(), 4 * fields.iter().map(|f| usize::from(f.field().registers())).sum::<usize>());
}

#[test]
fn one_port_is_compared_and_several_are_a_range() {
    assert_eq!(dport(ports(80, 80))[1], equal(&[0, 80]));
    assert_eq!(dport(ports(80, 90))[1], Expr::Range { register: 0, from: [0, 80][..].into(), to: [0, 90][..].into() });
    assert_eq!(dnat(Ipv4Addr::LOCALHOST, ports(80, 80)).len(), 3);
    assert_eq!(dnat(Ipv4Addr::LOCALHOST, ports(80, 90)).len(), 4);
}
