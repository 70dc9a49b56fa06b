use crate::{mistake::Mistakes, span::At};
use edge_net::Interface;

/// No two subnets overlap, whatever namespace they are in: a packet must have one way to go.
pub fn check(mut all: Vec<At<Interface>>, mistakes: &mut Mistakes) {
    all.sort_by_key(|interface| (interface.subnet(), interface.span));
    // Of two subnets one contains the other or they are apart, so each is held against the last that contained its forerunners.
    let mut widest: Option<&At<Interface>> = None;
    for interface in &all {
        match widest {
            Some(outer) if outer.subnet().contains(&interface.subnet()) => {
                let (early, late) = if outer.span < interface.span { (outer, interface) } else { (interface, outer) };
                mistakes
                    .add(late.span, format!("the subnets {} and {} overlap", early.subnet(), late.subnet()))
                    .related(early.span, "used here first")
                    .help("give each network and uplink a subnet of its own");
            }
            _ => widest = Some(interface),
        }
    }
}
