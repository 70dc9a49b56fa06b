# send.py LINK ROUTER-MAC FIRST-ID JSON{sources, targets, kinds}: one frame for each of them in turn, in that order of nesting.
import itertools, json, socket, struct, sys

link, router, first, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((link, 0))
ether = bytes.fromhex(router.replace(":", "")) + wire.getsockname()[4] + b"\x08\x00"


def total(data):
    data += b"\0" * (len(data) % 2)
    words = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    return ~((words & 0xFFFF) + (words >> 16)) & 0xFFFF


def ip(source, target, protocol, data, options=b"", fragment=0):
    head = lambda mark: struct.pack(
        "!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(data), 7, fragment, 64, protocol, mark, source, target
    ) + options
    return head(total(head(0))) + data


def tcp(source, target, sport, dport, flags, body):
    head = lambda mark: struct.pack("!HHIIBBHHH", sport, dport, 1, 1 if flags & 16 else 0, 5 << 4, flags, 1024, mark, 0) + body
    pseudo = source + target + struct.pack("!HH", 6, 20 + len(body))
    return head(total(pseudo + head(0)))


def udp(sport, dport, body):
    return struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body


def icmp(kind, rest, body):
    head = lambda mark: struct.pack("!BBH", kind, 0 if kind == 8 else 1, mark) + rest + body
    return head(total(head(0)))


for number, (source, target, kind) in enumerate(itertools.product(wanted["sources"], wanted["targets"], wanted["kinds"]), first):
    source, target = socket.inet_aton(source), socket.inet_aton(target)
    # A port of its own, so that no frame is of the flow of another.
    body, sport = b"EDGE%05d" % number, 2000 + number
    if kind == "udp 7777" or kind == "udp 9999":
        packet = ip(source, target, 17, udp(sport, int(kind[4:]), body))
    elif kind == "syn 22":
        packet = ip(source, target, 6, tcp(source, target, sport, 22, 2, body))
    elif kind == "ack 80":
        packet = ip(source, target, 6, tcp(source, target, sport, 80, 16, body))
    elif kind == "echo":
        packet = ip(source, target, 1, icmp(8, struct.pack("!HH", sport, 1), body))
    elif kind == "error":
        # About a flow that nobody has.
        packet = ip(source, target, 1, icmp(3, bytes(4), ip(target, source, 17, udp(7777, sport, body))))
    elif kind == "source route":
        packet = ip(source, target, 17, udp(sport, 7777, body), options=b"\x83\x07\x04" + target + b"\x00")
    elif kind == "fragment":
        packet = ip(source, target, 17, udp(sport, 7777, body), fragment=0x2000)
    wire.send(ether + packet)
