"""A crawler of one host on Scrapy: scrapy_crawler.py URL FOLDER [CONCURRENCY]. Writes FOLDER/links.tsv."""

import sys
from urllib.parse import urldefrag, urlsplit

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import HtmlResponse
from scrapy.linkextractors import LinkExtractor


class LinkSpider(Spider):
    name = "links"

    def __init__(self, start, out):
        super().__init__()
        self.start_urls = [start]
        self.host = urlsplit(start).netloc
        self.out = out
        self.extractor = LinkExtractor(deny_extensions=(), unique=True)

    def parse(self, response):
        if not isinstance(response, HtmlResponse):
            return
        known = set()
        for link in self.extractor.extract_links(response):
            url = urldefrag(link.url).url
            if not url.startswith(("http://", "https://")) or url in known:
                continue
            known.add(url)
            self.out.write(f"{response.url}\t{url}\n")
            if urlsplit(url).netloc == self.host:
                yield Request(url)


def main():
    start, folder, *rest = sys.argv[1:]
    concurrency = int(rest[0]) if rest else 100
    process = CrawlerProcess({
        "CONCURRENT_REQUESTS": concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        "ROBOTSTXT_OBEY": True,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
    })
    with open(f"{folder}/links.tsv", "w", encoding="utf-8") as out:
        out.write("source_url\tparsed_url\n")
        process.crawl(LinkSpider, start=start, out=out)
        process.start()


if __name__ == "__main__":
    main()
