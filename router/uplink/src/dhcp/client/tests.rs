use super::*;
use crate::dhcp::{reply::ServerMessage, tests::lease};
use dhcproto::{
    Decodable,
    v4::{DhcpOption, Message, MessageType, OptionCode},
};
use proptest::prelude::*;

const MAC: &str = "02:00:00:00:00:01";
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn client(remembered: Option<Held>) -> Client {
    Client::new(ClientIdentity::by_mac(MAC.parse().unwrap(), Some("truck".to_owned())), remembered)
}

/// A client with the world around it.
struct Play {
    client: Client,
    now: Duration,
}

impl Play {
    fn new(remembered: Option<Held>) -> Self {
        let mut client = client(remembered);
        client.carrier(true, at(0), 500);
        Self { client, now: at(0) }
    }

    /// Lets time pass until the next message, and reads it.
    fn next(&mut self) -> (Message, Via) {
        for _ in 0..10 {
            self.now = self.client.due().expect("something is due").max(self.now);
            if let Some(sent) = self.client.tick(self.now, 500) {
                return (Message::from_bytes(&sent.bytes).unwrap(), sent.via);
            }
        }
        panic!("nothing is said, in {:?}", self.client);
    }

    fn kind(&mut self) -> MessageType {
        let (message, _) = self.next();
        message.opts().msg_type().unwrap()
    }

    fn hear(&mut self, message: &Message, server: Ipv4Addr, what: ServerMessage) {
        let mac = MAC.parse().unwrap();
        self.client.receive(self.now, 500, &ServerReply { xid: message.xid(), mac, server: Some(server), what });
    }

    fn bound(address: &str, seconds: u32) -> Self {
        let mut play = Self::new(None);
        play.obtain(address, seconds);
        play
    }

    fn obtain(&mut self, address: &str, seconds: u32) {
        let (discover, _) = self.next();
        assert_eq!(discover.opts().msg_type(), Some(MessageType::Discover));
        self.hear(&discover, SERVER, ServerMessage::Offer(Ok(lease(address, seconds))));
        let (request, _) = self.next();
        assert_eq!(request.opts().msg_type(), Some(MessageType::Request));
        self.hear(&request, SERVER, ServerMessage::Ack(Ok(lease(address, seconds))));
    }

    fn address(&self) -> Option<String> {
        self.client.held().map(|held| held.lease.interface.to_string())
    }
}

fn requested(message: &Message) -> Option<Ipv4Addr> {
    match message.opts().get(OptionCode::RequestedIpAddress) {
        Some(DhcpOption::RequestedIpAddress(address)) => Some(*address),
        _ => None,
    }
}

fn asks_server(message: &Message) -> Option<Ipv4Addr> {
    match message.opts().get(OptionCode::ServerIdentifier) {
        Some(DhcpOption::ServerIdentifier(server)) => Some(*server),
        _ => None,
    }
}

#[test]
fn an_address_is_discovered_offered_requested_and_held() {
    let mut play = Play::new(None);
    let (discover, via) = play.next();
    assert_eq!((via, discover.ciaddr(), requested(&discover)), (Via::Broadcast, Ipv4Addr::UNSPECIFIED, None));
    assert!(!discover.flags().broadcast());
    assert_eq!(discover.opts().get(OptionCode::Hostname), Some(&DhcpOption::Hostname("truck".to_owned())));
    assert_eq!(discover.opts().get(OptionCode::ClientIdentifier), Some(&DhcpOption::ClientIdentifier(vec![1, 2, 0, 0, 0, 0, 1])));
    play.hear(&discover, SERVER, ServerMessage::Offer(Ok(lease("192.0.2.9/24", 100))));
    let (request, via) = play.next();
    assert_eq!((via, requested(&request)), (Via::Broadcast, Some([192, 0, 2, 9].into())));
    assert_eq!((asks_server(&request), request.xid()), (Some(SERVER), discover.xid()));
    assert_eq!(play.address(), None);
    play.hear(&request, SERVER, ServerMessage::Ack(Ok(lease("192.0.2.9/24", 100))));
    assert_eq!(play.address().as_deref(), Some("192.0.2.9/24"));
    assert_eq!(play.client.no_lease(), None);
}

#[test]
fn one_of_several_on_a_mac_asks_for_broadcast_until_it_has_its_address() {
    let identity = ClientIdentity::of_shared_mac(MAC.parse().unwrap(), [7; 16], &"wan".parse().unwrap(), None);
    let mut play = Play { client: Client::new(identity, None), now: at(0) };
    play.client.carrier(true, at(0), 500);
    let (discover, _) = play.next();
    assert!(discover.flags().broadcast());
    play.hear(&discover, SERVER, ServerMessage::Offer(Ok(lease("192.0.2.9/24", 100))));
    let (request, _) = play.next();
    assert!(request.flags().broadcast());
    play.hear(&request, SERVER, ServerMessage::Ack(Ok(lease("192.0.2.9/24", 100))));
    let (renewal, _) = play.next();
    assert!(!renewal.flags().broadcast());
}

#[test]
fn it_renews_with_its_server_then_with_any_and_then_it_is_over() {
    let mut play = Play::bound("192.0.2.9/24", 1000);
    let own = Ipv4Addr::new(192, 0, 2, 9);
    let (renewal, via) = play.next();
    assert_eq!((play.now, via), (at(500), Via::Unicast { from: own, to: SERVER }));
    assert_eq!((renewal.ciaddr(), requested(&renewal), asks_server(&renewal)), (own, None, None));
    let mut times = Vec::new();
    let (rebinding, via) = loop {
        let (message, via) = play.next();
        times.push(play.now.as_secs());
        if via == Via::BroadcastFrom(own) {
            break (message, via);
        }
    };
    assert_eq!((rebinding.ciaddr(), via), (own, Via::BroadcastFrom(own)));
    assert_eq!(times, [687, 781, 841, 875], "half of what is left, a minute at least");
    while play.address().is_some() {
        play.next();
    }
    assert_eq!(play.now, at(1000));
    assert!(matches!(play.client.no_lease(), Some(NoLease::Other { why, .. }) if why.contains("192.0.2.9 ran out")));
    play.obtain("192.0.2.10/24", 100);
    assert_eq!(play.address().as_deref(), Some("192.0.2.10/24"));
}

#[test]
fn a_renewal_counts_from_its_request() {
    let mut play = Play::bound("192.0.2.9/24", 1000);
    let (renewal, _) = play.next();
    play.now = at(510);
    play.hear(&renewal, SERVER, ServerMessage::Ack(Ok(lease("192.0.2.9/24", 1000))));
    assert_eq!(play.client.held().unwrap().expires_at(), Some(at(1500)));
    let (_, via) = play.next();
    assert_eq!((play.now, via), (at(1000), Via::Unicast { from: [192, 0, 2, 9].into(), to: SERVER }));
}

#[test]
fn a_late_request_does_not_cost_what_was_waited_before() {
    let mut play = Play::new(None);
    for _ in 0..10 {
        assert_eq!(play.kind(), MessageType::Discover);
    }
    assert!(play.now > at(300));
    play.obtain("192.0.2.9/24", 100);
    assert!(play.client.held().unwrap().expires_at() > Some(play.now + at(99)));
}

#[test]
fn a_denial_takes_the_address_at_once_and_a_storm_of_them_is_none() {
    let mut play = Play::bound("192.0.2.9/24", 1000);
    let (renewal, _) = play.next();
    play.hear(&renewal, SERVER, ServerMessage::Nak);
    assert_eq!(play.address(), None);
    assert!(matches!(play.client.no_lease(), Some(NoLease::Other { why, .. }) if why.contains("took the address back")));
    let began = play.now;
    let mut said = 0;
    while play.now < began + at(300) {
        let (message, _) = play.next();
        said += 1;
        match message.opts().msg_type() {
            Some(MessageType::Discover) => play.hear(&message, SERVER, ServerMessage::Offer(Ok(lease("192.0.2.9/24", 1000)))),
            _ => play.hear(&message, SERVER, ServerMessage::Nak),
        }
    }
    assert!(said < 30, "{said} messages in five minutes");
}

/// Each time the box would change its routes and cut its flows.
#[test]
fn a_lease_that_is_taken_back_at_once_is_asked_for_ever_more_seldom() {
    let mut play = Play::new(None);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        play.obtain("192.0.2.9/24", 10);
        let (renewal, _) = play.next();
        play.hear(&renewal, SERVER, ServerMessage::Nak);
        assert_eq!(play.address(), None);
        pauses.push(play.client.due().unwrap() - play.now);
    }
    assert_eq!(pauses, [0, 1, 3, 7, 15, 31, 63, 63].map(at));
    play.obtain("192.0.2.9/24", 10);
    for answer in [ServerMessage::Ack(Ok(lease("192.0.2.9/24", 10))), ServerMessage::Nak] {
        let (renewal, _) = play.next();
        play.hear(&renewal, SERVER, answer);
    }
    assert_eq!(play.client.due(), Some(play.now), "one that was prolonged is forgiven");
}

#[test]
fn after_a_restart_the_lease_counts_on_and_is_confirmed() {
    let held = Held { lease: lease("192.0.2.9/24", 1000), since: at(0) };
    let mut play = Play::new(Some(held.clone()));
    let (confirmation, via) = play.next();
    assert_eq!(via, Via::Broadcast);
    assert_eq!((confirmation.ciaddr(), requested(&confirmation)), (Ipv4Addr::UNSPECIFIED, Some([192, 0, 2, 9].into())));
    assert_eq!(asks_server(&confirmation), None);
    assert_eq!(play.address().as_deref(), Some("192.0.2.9/24"));
    play.hear(&confirmation, SERVER, ServerMessage::Ack(Ok(lease("192.0.2.9/24", 2000))));
    assert_eq!(play.client.held().unwrap().expires_at(), Some(at(2000)));

    let mut denied = Play::new(Some(held));
    let (confirmation, _) = denied.next();
    denied.hear(&confirmation, OTHER, ServerMessage::Nak);
    assert_eq!(denied.address(), None);
    assert_eq!(denied.kind(), MessageType::Discover);
}

#[test]
fn without_a_confirmation_the_lease_holds_while_it_lasts() {
    let mut play = Play::new(Some(Held { lease: lease("192.0.2.9/24", 1000), since: at(0) }));
    for _ in 0..3 {
        assert_eq!(play.kind(), MessageType::Request);
    }
    let (discover, _) = play.next();
    assert_eq!(discover.opts().msg_type(), Some(MessageType::Discover));
    assert_eq!(requested(&discover), Some([192, 0, 2, 9].into()));
    assert_eq!(play.address().as_deref(), Some("192.0.2.9/24"));
    while play.now < at(999) && play.address().is_some() {
        play.next();
    }
    assert!(play.now >= at(999), "lost at {:?}", play.now);
}

#[test]
fn a_link_that_comes_back_may_lead_elsewhere() {
    let mut play = Play::bound("192.0.2.9/24", 1000);
    play.client.carrier(false, at(10), 500);
    assert_eq!(play.client.due(), Some(at(1000)), "only its end");
    assert_eq!(play.address().as_deref(), Some("192.0.2.9/24"));
    play.client.carrier(true, at(20), 501);
    play.now = at(20);
    assert_eq!(play.kind(), MessageType::Request);
}

#[test]
fn who_offers_and_does_not_give_is_passed_over() {
    let mut play = Play::new(None);
    let (discover, _) = play.next();
    play.hear(&discover, OTHER, ServerMessage::Offer(Ok(ClientLease { server: OTHER, ..lease("192.0.2.66/24", 100) })));
    for _ in 0..3 {
        assert_eq!(play.kind(), MessageType::Request);
    }
    let (discover, _) = play.next();
    play.hear(&discover, OTHER, ServerMessage::Offer(Ok(ClientLease { server: OTHER, ..lease("192.0.2.66/24", 100) })));
    play.hear(&discover, SERVER, ServerMessage::Offer(Ok(lease("192.0.2.9/24", 100))));
    let (request, _) = play.next();
    assert_eq!(asks_server(&request), Some(SERVER));
}

#[test]
fn what_is_for_others_or_not_asked_for_is_not_heard() {
    let mut play = Play::new(None);
    let (discover, _) = play.next();
    let offer = || ServerMessage::Offer(Ok(lease("192.0.2.9/24", 100)));
    let state = |play: &Play| format!("{:?}", play.client.state);
    let before = state(&play);
    let mac = MAC.parse().unwrap();
    play.client.receive(play.now, 1, &ServerReply { xid: discover.xid() ^ 1, mac, server: Some(SERVER), what: offer() });
    let other = "02:00:00:00:00:02".parse().unwrap();
    play.client.receive(play.now, 1, &ServerReply { xid: discover.xid(), mac: other, server: Some(SERVER), what: offer() });
    play.hear(&discover, SERVER, ServerMessage::Ack(Ok(lease("192.0.2.9/24", 100))));
    play.hear(&discover, SERVER, ServerMessage::Nak);
    assert_eq!(state(&play), before);
    play.hear(&discover, SERVER, offer());
    let (request, _) = play.next();
    play.hear(&request, OTHER, ServerMessage::Nak);
    play.hear(&request, OTHER, ServerMessage::Ack(Ok(lease("192.0.2.66/24", 100))));
    assert_eq!(play.address(), None);
    play.hear(&request, SERVER, ServerMessage::Ack(Ok(lease("192.0.2.9/24", 100))));
    assert_eq!(play.address().as_deref(), Some("192.0.2.9/24"));
    play.hear(&request, SERVER, ServerMessage::Nak);
    assert_eq!(play.address().as_deref(), Some("192.0.2.9/24"), "nothing was asked");
}

#[test]
fn what_a_server_lacks_is_said() {
    let mut play = Play::new(None);
    assert!(matches!(play.client.no_lease(), Some(NoLease::Silence { since }) if since == at(0)));
    let (discover, _) = play.next();
    play.hear(&discover, SERVER, ServerMessage::Offer(Err(Unusable("192.0.2.9 without a netmask".to_owned()))));
    let why = "the server 192.0.2.1 gives 192.0.2.9 without a netmask";
    assert!(matches!(play.client.no_lease(), Some(NoLease::Other { why: found, .. }) if found == why));
    play.client.carrier(false, at(1), 0);
    assert_eq!(play.client.no_lease(), Some(NoLease::NoCarrier));
}

proptest! {
    /// Whatever is heard, and whenever: an address is held only within its time, only after an acknowledgement, and there is
    /// always something to wait for while there is a carrier.
    #[test]
    fn never_stuck_and_never_beyond_its_time(steps in prop::collection::vec((0u32..6, 0u64..200, 10u32..500), 1..200)) {
        let mut client = client(None);
        let mut now = at(0);
        let (mut xid, mut given) = (0, Duration::ZERO);
        let mut said = 0u32;
        for (what, pause, seconds) in steps {
            now += at(pause);
            client.carrier(what != 0, now, now.as_millis() as u32);
            // Everything that is due, as the driver does it.
            for _ in 0..3 {
                if let Some(sent) = client.tick(now, 7) {
                    xid = u32::from_be_bytes(sent.bytes[4..8].try_into().unwrap());
                    said += 1;
                }
            }
            let lease = lease("192.0.2.9/24", seconds);
            let what = match what {
                1 => ServerMessage::Offer(Ok(lease)),
                2 => {
                    given = given.max(now + Duration::from_secs(seconds.into()));
                    ServerMessage::Ack(Ok(lease))
                }
                3 => ServerMessage::Nak,
                4 => ServerMessage::Ack(Err(Unusable("nothing".to_owned()))),
                _ => continue,
            };
            client.receive(now, 9, &ServerReply { xid, mac: MAC.parse().unwrap(), server: Some(SERVER), what });
            prop_assert!(client.held().is_none_or(|held| !held.is_over(now) && held.expires_at() <= Some(given)));
            prop_assert!(matches!(client.state, State::Off) || client.due().is_some());
        }
        prop_assert!(said <= 3 * 200);
    }
}
