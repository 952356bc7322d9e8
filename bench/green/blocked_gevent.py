"""The same by Python's gevent and its standard library: blocked_gevent.py URL COUNT"""
from gevent import monkey

monkey.patch_all()

import sys
import urllib.request

import gevent

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch():
    with opener.open(sys.argv[1]) as answer:
        return answer.read() == b"here\n"


jobs = [gevent.spawn(fetch) for _ in range(int(sys.argv[2]))]
gevent.joinall(jobs)
print(sum(bool(job.value) for job in jobs))
