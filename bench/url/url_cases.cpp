// What URLs cost: parsing and resolving links as pages have them. Google Benchmark's options apply, for example
// --benchmark_repetitions=5 --benchmark_report_aggregates_only.
#include <array>
#include <cstddef>
#include <string_view>

#include <benchmark/benchmark.h>

#include <hocket/url/url.hpp>

namespace {

using hocket::url;

constexpr std::string_view page =
    "https://www.postgresql.example/docs/current/sql/commands/create-table.html?highlight=partition#PARTITIONING";

// No part of these changes in normal form, as it is with nearly all that pages link to.
constexpr std::array<std::string_view, 16> absolute_links = {
    "https://www.example.org/",
    "https://www.postgresql.example/docs/current/sql-createtable.html",
    "https://en.wikipedia.example/wiki/Event_loop#Implementation",
    "http://news.example.com/2024/03/17/world/a-long-title-that-says-what-the-article-is-about-at-length.html",
    "https://shop.example.co.uk/product/1234567/blue-shirt?size=xl&color=blue&utm_source=newsletter&utm_medium=email",
    "https://cdn.example.net/assets/v3/js/vendor/jquery-3.7.1.min.js",
    "https://github.example/some-owner/some-repository/blob/main/src/library/module/file.cpp#L120-L140",
    "https://forum.example.org/viewtopic.php?f=12&t=345678&start=40#p987654",
    "https://user.example.com:8443/account/settings/profile",
    "https://images.example.com/photos/2023/11/05/18/34/mountain-lake-1920x1080.jpg",
    "https://www.example.de/suche?q=event%20loop&seite=3",
    "https://api.example.com/v2/items?limit=50&offset=100&sort=-created_at&fields=id,name,price",
    "https://docs.example.io/en/stable/reference/asyncio/streams.html",
    "https://blog.example.com/2022/09/why-we-rewrote-our-crawler/",
    "https://social.example/@someone/109876543210987654",
    "https://video.example.com/watch?v=abcdefghijk&list=PL1234567890&index=7",
};

constexpr std::array<std::string_view, 16> relative_links = {
    "sql-createindex.html",
    "../ddl-partitioning.html",
    "#SQL-CREATETABLE-EXAMPLES",
    "/docs/current/index.html",
    "/about/policies/coc/",
    "?highlight=index",
    "sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-COLUMN",
    "../../release/15/release-15-4.html",
    "/account/login/?next=/docs/current/sql-createtable.html",
    "//static.postgresql.example/media/css/main.css",
    "functions/string/regexp-replace.html",
    "./tutorial-table.html",
    "/list/pgsql-hackers/2023-07/msg00012.php",
    "runtime-config-client.html#GUC-STATEMENT-TIMEOUT",
    "/support/security/CVE-2023-39417/",
    "datatype-numeric.html",
};

constexpr std::array<std::string_view, 8> unusual_links = {
    "HTTPS://WWW.Example.ORG:443/a/../b/./c",
    "https://www.example.org/search?q=event loop \"fast\"",
    "https://de.wikipedia.example/wiki/Gr\xc3\xb6\xc3\x9f"
    "e",
    "https://user:secret@example.org/private/",
    "http://[2001:db8::1]:8080/status",
    "  https://www.example.org/path/\n",
    "http:\\\\www.example.org\\windows\\path",
    "https://www.example.org/a|b?c='d'",
};

template <std::size_t Count>
std::size_t size_of(const std::array<std::string_view, Count>& links) {
  std::size_t bytes = 0;
  for (const auto link : links) bytes += link.size();
  return bytes;
}

template <std::size_t Count>
void report(benchmark::State& state, const std::array<std::string_view, Count>& links) {
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(Count));
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(size_of(links)));
}

void parses_absolute_links(benchmark::State& state) {
  for (auto step : state) {
    for (const auto link : absolute_links) benchmark::DoNotOptimize(url::parse(link));
  }
  report(state, absolute_links);
}
BENCHMARK(parses_absolute_links);

void resolves_absolute_links(benchmark::State& state) {
  const url base = url::parse(page).value();
  for (auto step : state) {
    for (const auto link : absolute_links) benchmark::DoNotOptimize(url::parse(link, base));
  }
  report(state, absolute_links);
}
BENCHMARK(resolves_absolute_links);

void resolves_relative_links(benchmark::State& state) {
  const url base = url::parse(page).value();
  for (auto step : state) {
    for (const auto link : relative_links) benchmark::DoNotOptimize(url::parse(link, base));
  }
  report(state, relative_links);
}
BENCHMARK(resolves_relative_links);

void parses_unusual_links(benchmark::State& state) {
  for (auto step : state) {
    for (const auto link : unusual_links) benchmark::DoNotOptimize(url::parse(link));
  }
  report(state, unusual_links);
}
BENCHMARK(parses_unusual_links);

}  // namespace

BENCHMARK_MAIN();
