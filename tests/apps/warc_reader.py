"""Reads WARC files as strictly as their standard allows (ISO 28500:2017), on its own: nothing of hocket's is used."""

import base64
import datetime
import hashlib
import re
import zlib

URN = r"<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>"
REQUIRED = {"WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length"}
OF_TYPE = {
    "warcinfo": {"WARC-Filename", "Content-Type"},
    "response": {"WARC-Target-URI", "Content-Type", "WARC-Payload-Digest", "WARC-Block-Digest"},
    "request": {"WARC-Target-URI", "Content-Type", "WARC-Concurrent-To", "WARC-Block-Digest"},
    "metadata": {"WARC-Target-URI", "Content-Type", "WARC-Concurrent-To", "WARC-Block-Digest"},
    "revisit": {"WARC-Target-URI", "Content-Type", "WARC-Profile", "WARC-Block-Digest"},
}
CONTENT_TYPES = {
    "warcinfo": "application/warc-fields",
    "response": "application/http;msgtype=response",
    "request": "application/http;msgtype=request",
    "metadata": "application/warc-fields",
    "revisit": "application/http;msgtype=response",
}
PROFILES = "http://netpreserve.org/warc/1.1/revisit/"


class Malformed(AssertionError):
    pass


def require(condition, what):
    if not condition:
        raise Malformed(what)


def digest(data):
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def dechunked(body):
    """The content of a chunked body, as far as it goes."""
    content = b""
    while True:
        line, found, body = body.partition(b"\r\n")
        if not found or not line:
            return content
        size = int(line.split(b";")[0], 16)
        content += body[:size]
        if size == 0 or len(body) < size:
            return content
        body = body[size + 2 :]


class Record:
    def __init__(self, data):
        head, found, rest = data.partition(b"\r\n\r\n")
        require(found, "a record without an empty line")
        version, *lines = head.decode("utf-8").split("\r\n")
        require(version == "WARC/1.1", f"version {version!r}")
        require("\n" not in head.decode().replace("\r\n", ""), "a bare line feed in a head")
        self.fields = {}
        for line in lines:
            name, colon, value = line.partition(": ")
            require(colon and re.fullmatch(r"[A-Za-z-]+", name), f"no field: {line!r}")
            require(name not in self.fields, f"twice: {name}")
            self.fields[name] = value
        require(REQUIRED <= self.fields.keys(), f"missing: {REQUIRED - self.fields.keys()}")
        length = int(self.fields["Content-Length"])
        require(len(rest) == length + 4, f"{len(rest)} bytes after the head, Content-Length {length}")
        require(rest.endswith(b"\r\n\r\n"), "no two line ends after the block")
        self.block = rest[:length]
        self.type = self.fields["WARC-Type"]
        self.uri = self.fields.get("WARC-Target-URI")
        self.id = self.fields["WARC-Record-ID"]
        self.check()

    def check(self):
        require(self.type in OF_TYPE, f"unknown type {self.type!r}")
        missing = OF_TYPE[self.type] - self.fields.keys()
        require(not missing, f"{self.type} without {missing}")
        require(self.fields["Content-Type"] == CONTENT_TYPES[self.type], f"{self.type}: {self.fields['Content-Type']}")
        for name in ("WARC-Record-ID", "WARC-Concurrent-To", "WARC-Refers-To"):
            require(name not in self.fields or re.fullmatch(URN, self.fields[name]), f"{name}: no URN")
        for name in ("WARC-Date", "WARC-Refers-To-Date"):
            if name in self.fields:
                datetime.datetime.strptime(self.fields[name], "%Y-%m-%dT%H:%M:%SZ")
        require(self.fields.get("WARC-Truncated", "length") in ("length", "time", "disconnect", "unspecified"), "WARC-Truncated")
        if "WARC-Block-Digest" in self.fields:
            require(self.fields["WARC-Block-Digest"] == digest(self.block), "the block's digest is another one")
        if self.type == "response":
            require(self.fields["WARC-Payload-Digest"] == digest(self.content), "the payload's digest is another one")
        if self.type == "revisit":
            require(self.fields["WARC-Profile"].startswith(PROFILES), "WARC-Profile")
            require(self.body == b"", "a revisit with a body")

    @property
    def http_head(self):
        return self.block.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    @property
    def body(self):
        return self.block.partition(b"\r\n\r\n")[2]

    @property
    def content(self):
        """The payload of a response: its body without the transfer coding."""
        return dechunked(self.body) if b"\ntransfer-encoding: chunked" in self.http_head.lower() else self.body

    @property
    def status(self):
        return int(self.block.split(b" ")[1])


def read(path):
    """The records of a file, each from a gzip member of its own."""
    rest = path.read_bytes()
    records = []
    while rest:
        member = zlib.decompressobj(wbits=31)
        data = member.decompress(rest)
        require(member.eof, f"{path.name}: torn after {len(records)} records")
        rest = member.unused_data
        records.append(Record(data))
    require(records and records[0].type == "warcinfo", f"{path.name}: no warcinfo first")
    require(records[0].fields["WARC-Filename"] == path.name, "WARC-Filename")
    require(all(each.type != "warcinfo" for each in records[1:]), "warcinfo again")
    return records


def read_all(directory):
    """The records of all files of a crawl but their warcinfo; what they say of each other is checked."""
    records = []
    for path in sorted(directory.glob("crawl-*.warc.gz")):
        require(re.fullmatch(r"crawl-\d{5}\.warc\.gz", path.name), path.name)
        records += read(path)[1:]
    by_id = {each.id: each for each in records}
    require(len(by_id) == len(records), "two records of one id")
    for each in records:
        if "WARC-Concurrent-To" in each.fields:
            other = by_id.get(each.fields["WARC-Concurrent-To"])
            require(other is not None and other.type in ("response", "revisit") and other.uri == each.uri, "WARC-Concurrent-To")
        if each.fields.get("WARC-Profile") == PROFILES + "server-not-modified" and "WARC-Refers-To-Date" in each.fields:
            whole = [other for other in records if other.type == "response" and other.uri == each.fields["WARC-Refers-To-Target-URI"]]
            dates = [other.fields["WARC-Date"] for other in whole if other.status == 200 and "WARC-Truncated" not in other.fields]
            require(each.fields["WARC-Refers-To-Date"] in dates, "WARC-Refers-To-Date of no response")
        if "WARC-Refers-To" in each.fields:
            first = by_id.get(each.fields["WARC-Refers-To"])
            require(first is not None and first.type == "response", "WARC-Refers-To")
            require(first.uri == each.fields["WARC-Refers-To-Target-URI"], "WARC-Refers-To-Target-URI")
            require(first.fields["WARC-Date"] == each.fields["WARC-Refers-To-Date"], "WARC-Refers-To-Date")
            require(first.fields["WARC-Payload-Digest"] == each.fields["WARC-Payload-Digest"], "another payload")
    return records
