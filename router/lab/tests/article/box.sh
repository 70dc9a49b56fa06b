# The article's box, as its author would type it: two VLANs on the trunk enp2s0, a bridge for each, a router in a namespace of its own
# and one container in each VLAN. ISOLATE and MASQUERADE are yes, or no to show what each is for.

# VLANs on the trunk, one bridge each
ip link add link enp2s0 name enp2s0.1 type vlan id 1
ip link add link enp2s0 name enp2s0.2 type vlan id 2
ip link add br0 type bridge
ip link add br1 type bridge
ip link set enp2s0.1 master br0
ip link set enp2s0.2 master br1
for device in enp2s0.1 enp2s0.2 br0 br1; do ip link set $device up; done

# The router: a leg on the uplink's device, a leg in each bridge
ip netns add router
ip link add link wlp3s0f0 name wan type ipvlan mode l2
ip link set wan netns router
ip link add leg-br0 type veth peer name eth1 netns router
ip link add leg-br1 type veth peer name eth2 netns router
ip link set leg-br0 master br0
ip link set leg-br1 master br1
ip link set leg-br0 up
ip link set leg-br1 up
ip -n router address add 192.168.50.2/24 dev wan
ip -n router address add 10.0.1.3/24 dev eth1
ip -n router address add 10.0.2.3/24 dev eth2
for device in lo wan eth1 eth2; do ip -n router link set $device up; done
ip -n router route add default via 192.168.50.1
ip netns exec router sysctl -q net.ipv4.ip_forward=1

if [ $MASQUERADE = yes ]; then
    ip netns exec router nft 'table ip nat { chain out { type nat hook postrouting priority srcnat; oifname wan masquerade; }; }'
fi
if [ $ISOLATE = yes ]; then
    ip netns exec router nft -f - <<RULES
table ip filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        oifname wan accept
    }
    chain input {
        type filter hook input priority filter; policy accept;
        iifname eth1 ip daddr != 10.0.1.3 drop
        iifname eth2 ip daddr != 10.0.2.3 drop
    }
}
RULES
fi

# A container in each VLAN
plug() {
    ip netns add $1
    ip link add $1 type veth peer name eth0 netns $1
    ip link set $1 master $2
    ip link set $1 up
    ip -n $1 link set lo up
    ip -n $1 link set eth0 up
    ip -n $1 address add $3/24 dev eth0
    ip -n $1 route add default via $4
}
plug container1 br0 10.0.1.4 10.0.1.3
plug container2 br1 10.0.2.4 10.0.2.3
