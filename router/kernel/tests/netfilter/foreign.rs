use crate::{
    sample::{self, NAME},
    space::{in_namespace, listing, nft},
};
use edge_kernel::nft::Nft;
use edge_plan::nft::Expr;

const FOREIGN: &str = "table ip filter {
	set s {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8 }
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		ip saddr @s limit rate 5/second accept
	}
}
table inet other {
	chain forward {
		tcp dport { 22, 80 } accept
	}
}
";

#[test]
fn tables_of_others_are_neither_listed_nor_touched() {
    in_namespace(|| {
        nft(FOREIGN);
        let mut kernel = Nft::open().unwrap();
        for _ in 0..2 {
            sample::update(&mut kernel, &sample::table());
        }
        kernel.replace(NAME, None).unwrap();
        assert_eq!(listing(), FOREIGN);
    });
}

#[test]
fn every_edit_by_hand_is_seen_and_mended() {
    let edits = [
        "insert rule inet edge-test forward accept",
        "add rule inet edge-test forward tcp dport { 22, 23 } accept",
        "add rule inet edge-test forward limit rate 5/second accept",
        "add rule inet edge-test forward iifname != @sources_ accept",
        "add rule inet edge-test forward meta mark set 1",
        "add rule inet edge-test forward ip saddr & 0.0.0.255 == 0.0.0.1 accept",
        "add rule inet edge-test forward ct direction original accept",
        "add rule inet edge-test forward tcp dport > 5 accept",
        "add rule inet edge-test forward tcp dport != 5-7 accept",
        "add rule inet edge-test postrouting masquerade random",
        "add rule inet edge-test prerouting dnat ip6 to 2001:db8::1",
        "add rule inet edge-test prerouting tcp dport 1 redirect to :22",
        "add rule inet edge-test side accept comment \"by hand\"",
        "flush chain inet edge-test input",
        "chain inet edge-test forward { policy accept; }",
        "add chain inet edge-test more",
        "add chain inet edge-test more { type filter hook ingress device lo priority 0; }",
        "add chain inet edge-test more { type route hook output priority 0; }",
        "add chain inet edge-test more { comment \"by hand\"; }",
        "add element inet edge-test addresses { 10.0.9.9 }",
        "add element inet edge-test addresses { 10.0.9.9 comment \"by hand\" }",
        "add element inet edge-test pairs { \"a\" . \"b\" : accept }",
        "delete element inet edge-test addresses { 10.0.1.7 }",
        "add set inet edge-test more { type ipv4_addr; flags interval; }",
        "add set inet edge-test more { type ether_addr; }",
        "add set inet edge-test more { type ipv4_addr; timeout 1h; }",
        "add set inet edge-test more { type ipv4_addr; counter; }",
        "add map inet edge-test more { type ipv4_addr : ipv4_addr; }",
        "add counter inet edge-test more",
        "table inet edge-test { flags dormant; }",
    ];
    in_namespace(move || {
        let (mut kernel, wanted) = (Nft::open().unwrap(), sample::table());
        kernel.replace(NAME, Some(&wanted)).unwrap();
        for edit in edits {
            nft("add set inet edge-test sources_ { type ifname; }");
            nft(edit);
            let edited = kernel.table(NAME).unwrap().unwrap();
            assert_ne!(*edited, wanted, "{edit}");
            println!("{edit}");
            sample::update(&mut kernel, &wanted);
        }
    });
}

/// A revert puts back what was found, edits included, as far as the types can say it.
#[test]
fn an_expression_that_is_not_known_is_kept_as_it_is() {
    in_namespace(|| {
        let mut kernel = Nft::open().unwrap();
        kernel.replace(NAME, Some(&sample::table())).unwrap();
        nft("add rule inet edge-test side limit rate 5/second accept");
        let edited = kernel.table(NAME).unwrap();
        let rules = &edited.as_ref().unwrap().chains.iter().find(|chain| chain.name == "side").unwrap().rules;
        assert!(matches!(&rules[2].expressions[0], Expr::Other { name, .. } if name == "limit"));
        let text = listing();
        kernel.replace(NAME, None).unwrap();
        kernel.update(NAME, edited.as_ref()).unwrap();
        assert_eq!(kernel.table(NAME).unwrap(), edited);
        assert_eq!(listing(), text);
    });
}
