#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/crawl/detail/sitemap_fetcher.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/status.hpp>
#include <hocket/sitemap/sitemap_reader.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr std::size_t portion = 1000;
constexpr unsigned most_redirects = 5;
constexpr std::string_view gzip_begin = "\x1F\x8B";

bool is_http(const url& where) { return where.scheme() == "http" || where.scheme() == "https"; }

/// Unpacks a file that is packed itself (sitemap.xml.gz), whatever its name and type.
class unpacker {
 public:
  /// Hands on what comes out, piece by piece.
  template <class Take>
  void feed(std::string_view piece, Take take) {
    if (!is_known_) {
      beginning_ += piece;
      if (beginning_.size() < gzip_begin.size()) return;
      begin();
      piece = beginning_;
    }
    if (!decoder_) return take(piece);
    for (;;) {
      const auto [consumed, produced] = decoder_->decode(piece, room_);
      piece.remove_prefix(consumed);
      if (produced == 0) return;
      take(std::string_view(room_.data(), produced));
    }
  }
  template <class Take>
  void finish(Take take) {
    if (!is_known_) take(beginning_);
    if (decoder_) decoder_->finish();
  }

 private:
  void begin() {
    is_known_ = true;
    if (!beginning_.starts_with(gzip_begin)) return;
    decoder_.emplace(http::content_coding::gzip,
                     http::content_decoder_limits{.size_bytes = 2 * sitemap_reader::most_bytes, .ratio = 1000});
    room_.resize(std::size_t{32} * 1024);
  }

  bool is_known_ = false;
  std::string beginning_;
  std::optional<http::content_decoder> decoder_;
  std::vector<char> room_;
};

}  // namespace

/// Is in a set as long as it lives.
struct sitemap_fetcher::listed {
  std::unordered_set<cancel_scope*>& in;
  cancel_scope* what;
  listed(std::unordered_set<cancel_scope*>& all, cancel_scope& scope) : in(all), what(&scope) { in.insert(what); }
  listed(const listed&) = delete;
  ~listed() { in.erase(what); }
};

/// 429 or 503.
struct sitemap_fetcher::wants_rest : error {
  duration retry_after;
  wants_rest(const std::string& what, duration after) : error(what), retry_after(after) {}
};

coro<sitemap_fetcher::progress> sitemap_fetcher::read_next(url where) {
  if (has_ended_) co_return progress{outcome::ended};
  const url top = *url::parse("/", where);
  site& of = sites_.try_emplace(top.href(), site{.host = std::string(top.host())}).first->second;
  cancel_scope reading;
  const listed while_it_is_read(readings_, reading);
  co_await reading.run(read_one(of, top));
  if (has_ended_) co_return progress{outcome::ended};
  if (!of.waiting.empty() && !of.is_over && !is_enough())
    co_return progress{outcome::more, std::exchange(of.wait, duration::zero())};
  const site done = std::move(sites_.extract(top.href()).mapped());
  if (done.is_cut)
    with_.note(fmt::format("{} has more than {} sitemaps; the others are left out", done.host,
                           with_.options.most_of_sitemaps.files_of_site));
  if (done.failure) std::rethrow_exception(done.failure);
  co_return progress{outcome::all};
}

void sitemap_fetcher::end() noexcept {
  has_ended_ = true;
  for (cancel_scope* const each : readings_) each->cancel();
}

coro<void> sitemap_fetcher::read_one(site& of, url top) {
  if (!std::exchange(of.is_begun, true)) co_await look_for_files(of, top);
  if (of.waiting.empty() || is_enough()) co_return;
  file next = std::move(of.waiting.front());
  of.waiting.pop_front();
  co_await read_file(of, std::move(next));
}

coro<void> sitemap_fetcher::look_for_files(site& of, url top) {
  for (const std::string& each : co_await named_by_robots(top))
    if (auto named = url::parse(each, top)) add(of, std::move(*named), 1, true);
  if (of.waiting.empty()) add(of, *url::parse("/sitemap.xml", top), 1, false);
}

// Whether all that one crawl takes was read; says so the first time.
bool sitemap_fetcher::is_enough() {
  const sitemap_limits& most = with_.options.most_of_sitemaps;
  if (files_ < most.files && urls_ < most.urls && bytes_ < most.bytes) return false;
  if (!std::exchange(is_enough_noted_, true))
    with_.note(fmt::format("sitemaps are not read any further: a crawl takes {} of them, {} URLs and {} bytes at most",
                           most.files, most.urls, most.bytes));
  return true;
}

void sitemap_fetcher::add(site& to, url where, unsigned level, bool is_named) {
  url place = without_credentials(std::move(where).without_fragment());
  if (!is_http(place) || to.known.contains(place.href())) return;
  to.is_cut |= to.known.size() == with_.options.most_of_sitemaps.files_of_site;
  if (to.is_cut) return;
  to.known.insert(place.href());
  to.waiting.push_back({std::move(place), level, is_named});
}

coro<std::vector<std::string>> sitemap_fetcher::named_by_robots(url where) {
  const robots* rules = with_.robots.known(where);
  try {
    if (rules == nullptr) {
      if (!co_await with_.turns.take_slot(where)) co_return std::vector<std::string>();
      rules = co_await with_.robots.ask(where);
    }
  } catch (const std::exception&) {
    co_return std::vector<std::string>();
  }
  co_return rules->sitemaps();
}

coro<void> sitemap_fetcher::read_file(site& of, file which) {
  std::optional<std::string> problem;
  try {
    auto answer = co_await ask(which);
    if (answer) co_await read_body(of, which, *answer);
  } catch (const wants_rest& failed) {
    if (put_back(of, which, failed.retry_after)) co_return;
    if (which.is_named) problem = failed.what();
  } catch (const http::server_disconnected& failed) {
    if (put_back(of, which, std::nullopt)) co_return;
    problem = failed.what();
  } catch (const error& failed) {
    problem = failed.what();
  } catch (const std::system_error& failed) {
    if (http::detail::is_passing(failed.code()) && put_back(of, which, std::nullopt)) co_return;
    problem = failed.what();
  }
  ++files_;
  if (problem) with_.note(fmt::format("the sitemap {} cannot be had: {}", which.where.href(), *problem));
}

// To be asked for again, as a page would be; false if it would not.
bool sitemap_fetcher::put_back(site& of, const file& which, std::optional<duration> retry_after) const {
  const duration wait = asker::wait_before_again(which.attempts, retry_after);
  if (which.attempts >= with_.options.retries || wait > scheduler::longest_rest) return false;
  of.wait = wait;
  of.waiting.push_front(which);
  ++of.waiting.front().attempts;
  return true;
}

// Nothing if it is not there, and nobody has said that it was.
coro<std::optional<http::response>> sitemap_fetcher::ask(file which) {
  redirect_chain chain{.place = which.where, .time_left = with_.options.timeout, .most = most_redirects};
  asker::entrance enter = [this](const url& next) -> coro<bool> {
    co_await take_turn(next);
    co_return true;
  };
  co_await take_turn(chain.place);
  auto answer = co_await with_.web.follow(chain, enter);
  if (answer->status() >= 200 && answer->status() <= 299) co_return answer;
  co_await answer->drain();
  const std::string what = fmt::format("{} {}", answer->status(), http::reason_phrase(answer->status()));
  if (const auto retry_after = asker::retry_after(*answer)) throw wants_rest(what, *retry_after);
  if (!which.is_named) co_return std::nullopt;
  throw error(what);
}

// To ask for a file. Throws `error` if it is not to be had.
coro<void> sitemap_fetcher::take_turn(url where) {
  if (matches_any(with_.options.exclude, where)) throw error("it is excluded");
  const error left_alone("its host is left alone, or the crawl ends");
  if (with_.options.obey_robots) {
    const robots* rules = with_.robots.known(where);
    if (rules == nullptr) {
      if (!co_await with_.turns.take_slot(where)) throw left_alone;
      rules = co_await with_.robots.ask(where);
      with_.turns.renew_limits(where);
    }
    if (!rules->allows(where)) throw error("robots.txt disallows it");
  }
  if (!co_await with_.turns.take_slot(where)) throw left_alone;
}

coro<void> sitemap_fetcher::read_body(site& of, file which, http::response& answer) {
  std::vector<page_link> found;
  std::size_t elsewhere = 0;
  sitemap_reader reader([&](sitemap_reader::entry what, url where) {
    ++urls_;
    if (where.host() != of.host)
      ++elsewhere;
    else if (what == sitemap_reader::entry::page)
      found.push_back({without_credentials(std::move(where)), false});
    else if (which.level < most_levels)
      add(of, std::move(where), which.level + 1, true);
  });
  const auto read = [this, &reader](std::string_view text) {
    bytes_ += text.size();
    reader.feed(text);
  };
  unpacker bytes;
  while (!of.is_over && !reader.is_full() && !is_enough()) {
    const std::string_view piece = co_await answer.next();
    if (piece.empty()) {
      bytes.finish(read);
      reader.finish();
      break;
    }
    bytes.feed(piece, read);
    if (found.size() >= portion) co_await hand_on(of, which.where, std::exchange(found, {}));
  }
  if (!found.empty() && !of.is_over) co_await hand_on(of, which.where, std::move(found));
  if (reader.is_full())
    with_.note(
        fmt::format("the sitemap {} is larger than the protocol allows; it is read up to there", which.where.href()));
  if (elsewhere > 0)
    with_.note(fmt::format("the sitemap {} names {} URLs of other hosts, for which it cannot speak; they are left out",
                           which.where.href(), elsewhere));
}

coro<void> sitemap_fetcher::hand_on(site& of, url sitemap, std::vector<page_link> pages) {
  try {
    of.is_over = !co_await with_.take(std::move(sitemap), std::move(pages));
  } catch (const std::exception&) {
    of.failure = std::current_exception();
    of.is_over = true;
  }
}

}  // namespace hocket::crawl::detail
