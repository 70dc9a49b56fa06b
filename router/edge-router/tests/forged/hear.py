# hear.py LINK: says the number of each frame that comes in there, a line each. An answer that quotes it counts, too.
import re, socket, sys

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
wire.bind((sys.argv[1], 0))
print("ready", flush=True)
while True:
    frame, (_, _, way, _, _) = wire.recvfrom(65535)
    found = re.search(rb"EDGE(\d{5})", frame)
    if found and way != socket.PACKET_OUTGOING:
        print(int(found[1]), flush=True)
