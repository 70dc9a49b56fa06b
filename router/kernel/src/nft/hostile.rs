//! Damaged and random bytes: the decoders give what they can say, foreign things or an error, and never panic.

use super::{chain, expression, rule, set, userdata};
use crate::nfnetlink::{Attributes, Writer};
use edge_plan::nft::{
    BaseChain, Chain, ChainKind, Dynamic, Field, Hook, NftVerdict, Rule, Set,
    build::{self, CtState, Source},
};
use proptest::{prelude::*, sample::Index};
use std::time::Duration;

fn samples() -> Vec<Vec<u8>> {
    let rule = build::rule([
        build::ip_saddr("10.0.0.0/9".parse().unwrap()),
        build::ct_state(&[CtState::New]),
        build::vmap(&[Source::Iifname], "m"),
        build::dnat([10, 0, 0, 1].into(), edge_net::PortRange::new(1, 2).unwrap()),
        build::flows_over(&[Source::IpSaddr, Source::Random(4)], "d", 9),
        build::jump("c"),
    ]);
    let base = BaseChain { kind: ChainKind::Nat, hook: Hook::Prerouting, priority: -100, drop: true };
    let chain = Chain { name: "c".to_owned(), base: Some(base), rules: Vec::<Rule>::new() };
    let elements =
        [([0; 16][..].into(), Some(NftVerdict::Jump("c".to_owned()))), ([1; 16][..].into(), Some(NftVerdict::Drop))].into();
    let set = Set { name: "m".to_owned(), fields: vec![Field::IfName], verdicts: true, elements, dynamic: None };
    let dynamic = Some(Dynamic { size: 9, timeout: Some(Duration::from_secs(1)) });
    let filled = Set {
        name: "d".to_owned(),
        fields: vec![Field::Ipv4, Field::Mark],
        verdicts: false,
        elements: Default::default(),
        dynamic,
    };
    let written = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::default();
        write(&mut writer);
        writer.finish().unwrap()
    };
    vec![
        written(&|writer| rule::write(writer, "t", "c", &rule.expressions, Some("why"))),
        written(&|writer| chain::write(writer, "t", &chain)),
        written(&|writer| set::write(writer, "t", &set, 1)),
        written(&|writer| set::write(writer, "t", &filled, 2)),
        written(&|writer| set::write_elements(writer, "t", &set, &mut set.elements.iter(), 1000)),
    ]
}

fn read_as_everything(bytes: &[u8]) {
    let _ = userdata::comment(bytes);
    let Ok(attributes) = Attributes::parse(bytes) else { return };
    let set =
        Set { name: "m".to_owned(), fields: vec![Field::Port], verdicts: false, elements: Default::default(), dynamic: None };
    let _ = (rule::read(attributes), chain::read(attributes), set::read(attributes), set::read_elements(attributes, &set));
    let _ = expression::read(attributes);
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(bytes: Vec<u8>) {
        read_as_everything(&bytes);
    }

    #[test]
    fn damaged_messages_do_no_harm(damage: Vec<(Index, u8)>, cut: Index) {
        for mut bytes in samples() {
            for (at, byte) in &damage {
                *at.get_mut(&mut bytes) = *byte;
            }
            read_as_everything(&bytes);
            read_as_everything(&bytes[..cut.index(bytes.len())]);
        }
    }
}
