"""Python's asyncio datagrams as the other side of ours.

Usage: datagrams_peer.py client PORT     sends datagrams of many sizes, wants each back
       datagrams_peer.py server          prints its port, sends each datagram back; ends when it has sent back b"end"

asyncio does not send empty ones.
"""

import asyncio
import sys

SIZES = [1, 100, 1472, 9000, 65507]


class Peer(asyncio.DatagramProtocol):
    def __init__(self):
        self.received = asyncio.Queue()

    def datagram_received(self, data, address):
        self.received.put_nowait((data, address))

    def error_received(self, problem):
        raise problem


async def client(port):
    transport, peer = await asyncio.get_running_loop().create_datagram_endpoint(Peer, remote_addr=("127.0.0.1", int(port)))
    for size in SIZES:
        sent = bytes(size * [size % 251])
        transport.sendto(sent)
        data, _ = await peer.received.get()
        assert data == sent, (size, len(data))
    transport.close()


async def server():
    transport, peer = await asyncio.get_running_loop().create_datagram_endpoint(Peer, local_addr=("127.0.0.1", 0))
    print(transport.get_extra_info("sockname")[1], flush=True)
    while True:
        data, address = await peer.received.get()
        transport.sendto(data, address)
        if data == b"end":
            break
    transport.close()


asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
