#include <charconv>
#include <chrono>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/core/backoff.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/crawl_redis/detail/crawl_store.hpp>
#include <hocket/crawl_redis/detail/scripts.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr backoff pause_of_retries{.first = std::chrono::milliseconds(100), .longest = std::chrono::seconds(2)};

std::string milliseconds_of(duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size())
    throw error(fmt::format("the crawl in Redis is broken: '{}' is no number", text));
  return number;
}

std::uint64_t count_of(const redis::reply& text) { return text.is_nil() ? 0 : number_of(text.text()); }

std::string_view word_of(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// "depth flags attempts"
taken_url url_of(std::uint64_t from, std::string_view what, const std::string& href) {
  taken_url found{.from = static_cast<partition>(from), .href = href};
  found.depth = static_cast<unsigned>(number_of(word_of(what)));
  const std::string_view flags = word_of(what);
  found.is_seed = flags == "s";
  found.is_judged = flags == "j";
  found.attempts = static_cast<unsigned>(number_of(word_of(what)));
  return found;
}

std::vector<bool> truths_of(const redis::reply& answer) {
  std::vector<bool> truths;
  for (const redis::reply& each : answer.items()) truths.push_back(each.integer() != 0);
  return truths;
}

void add_words(std::vector<std::string>& to, const held_partitions& what) {
  for (const auto& [number, token] : what) {
    to.push_back(std::to_string(number));
    to.push_back(std::to_string(token));
  }
}

// Whether it may be otherwise in a moment.
bool is_passing(const redis::response_error& refused) {
  const std::string_view code = refused.code();
  return code == "LOADING" || code == "BUSY" || code == "MASTERDOWN" || code == "READONLY" || code == "MISCONF" ||
         code == "NOREPLICAS" || code == "UNKILLABLE" || code == "TRYAGAIN";
}

}  // namespace

std::string key_prefix(std::string_view name) { return fmt::format("hocket:{{{}}}:", name); }

crawl_store::crawl_store(redis::client_options options, std::string name, std::string worker, duration patience)
    : client_(std::move(options)),
      prefix_(key_prefix(name)),
      worker_(std::move(worker)),
      patience_(patience),
      join_(scripts::join),
      seeds_(scripts::seeds),
      tick_(scripts::tick),
      rests_(scripts::rests),
      counts_(scripts::counts),
      take_(scripts::take),
      report_(scripts::report),
      claim_(scripts::claim),
      release_(scripts::release),
      pass_(scripts::pass) {}

bool crawl_store::is_out_of_patience(time_point& failing_since) const {
  const time_point now = loop::running().time();
  if (failing_since == time_point{}) failing_since = now;
  return now - failing_since >= patience_;
}

coro<redis::reply> crawl_store::run(lua_script& which, std::vector<std::string> args) {
  time_point failing_since{};
  for (unsigned attempts = 1;; ++attempts) {
    std::string problem;
    try {
      co_return co_await which.run(client_, prefix_, args);
    } catch (const redis::connection_lost& lost) {
      problem = lost.what();
    } catch (const timeout_error& late) {
      problem = late.what();
    } catch (const redis::response_error& refused) {
      if (!is_passing(refused)) throw error(fmt::format("Redis refuses the crawl: {}", refused.what()));
      problem = refused.what();
    }
    if (on_doubt_) on_doubt_();
    if (is_out_of_patience(failing_since)) throw error(fmt::format("Redis does not answer: {}", problem));
    co_await sleep(pause_of_retries.after(attempts));
  }
}

coro<kept_settings> crawl_store::join(duration lease, std::string settings, unsigned partitions, std::uint64_t seed,
                                      bool by_level, std::optional<std::uint64_t> max_pages,
                                      std::optional<std::uint64_t> memory) {
  std::vector<std::string> args;
  for (std::string each : {worker_, milliseconds_of(lease), settings, std::to_string(partitions), std::to_string(seed),
                           std::string(by_level ? "1" : "0"), max_pages ? std::to_string(*max_pages) : std::string(),
                           memory ? std::to_string(*memory) : std::string()})
    args.push_back(std::move(each));
  const redis::reply answer = co_await run(join_, std::move(args));
  const auto& words = answer.items();
  kept_settings kept{.settings = words.at(0).text()};
  if (words.size() < 3) co_return kept;
  kept.partitions = static_cast<unsigned>(number_of(words[1].text()));
  kept.seed = number_of(words[2].text());
  co_return kept;
}

coro<void> crawl_store::see_seeds(std::vector<std::string> words) {
  static_cast<void>(co_await run(seeds_, std::move(words)));
}

coro<lease_state> crawl_store::tick(duration lease, duration handover, std::string about,
                                    std::vector<std::string> adopted) {
  std::vector<std::string> args;
  args.push_back(worker_);
  args.push_back(milliseconds_of(lease));
  args.push_back(milliseconds_of(handover));
  args.push_back(std::move(about));
  for (std::string& each : adopted) args.push_back(std::move(each));
  const redis::reply answer = co_await tick_.run(client_, prefix_, std::move(args));
  const auto& words = answer.items();
  lease_state state{.open = count_of(words.at(0)),
                    .is_paused = words.at(1).text() == "1",
                    .is_draining = words.at(2).integer() != 0,
                    .too_many = words.at(3).integer()};
  const auto& mine = words.at(4).items();
  for (std::size_t n = 0; n + 1 < mine.size(); n += 2)
    state.mine.emplace(static_cast<partition>(number_of(mine[n].text())), number_of(mine[n + 1].text()));
  for (const redis::reply& each : words.at(5).items())
    state.idle.push_back(static_cast<partition>(number_of(each.text())));
  state.queue_eighths = static_cast<unsigned>(words.at(6).integer());
  const auto& gone = words.at(7).items();
  for (std::size_t n = 0; n + 1 < gone.size(); n += 2) state.gone.emplace(gone[n].text(), count_of(gone[n + 1]));
  co_return state;
}

coro<std::map<std::string, duration>> crawl_store::rests(held_partitions of) {
  std::vector<std::string> args;
  for (const auto& [number, token] : of) args.push_back(std::to_string(number));
  const redis::reply answer = co_await run(rests_, std::move(args));
  const auto& words = answer.items();
  std::map<std::string, duration> found;
  for (std::size_t n = 0; n + 1 < words.size(); n += 2)
    found.emplace(words[n].text(), std::chrono::milliseconds(words[n + 1].integer()));
  co_return found;
}

coro<std::vector<std::pair<std::uint64_t, std::uint64_t>>> crawl_store::counts(held_partitions of) {
  std::vector<std::string> args;
  for (const auto& [number, token] : of) args.push_back(std::to_string(number));
  const redis::reply answer = co_await run(counts_, std::move(args));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  for (const redis::reply& each : answer.items()) {
    const auto& words = each.items();
    for (std::size_t n = 0; n + 1 < words.size(); n += 2)
      found.emplace_back(number_of(words[n].text()), number_of(words[n + 1].text()));
  }
  co_return found;
}

coro<taken_urls> crawl_store::take(std::size_t most, std::size_t of_host, held_partitions from) {
  std::vector<std::string> args;
  args.push_back(worker_);
  args.push_back(std::to_string(most));
  args.push_back(std::to_string(of_host));
  add_words(args, from);
  const redis::reply answer = co_await run(take_, std::move(args));
  taken_urls taken{.open = count_of(answer.items().at(0))};
  const auto& words = answer.items().at(1).items();
  for (std::size_t n = 0; n + 2 < words.size(); n += 3)
    taken.urls.push_back(url_of(number_of(words[n].text()), words[n + 1].text(), words[n + 2].text()));
  co_return taken;
}

coro<taken_urls> crawl_store::taken(held_partitions from) {
  taken_urls taken;
  for (const auto& [number, token] : from) {
    const redis::reply answer =
        co_await ask(redis::request("HGETALL", fmt::format("{}taken:{}", prefix_, number)).idempotent());
    const auto& words = answer.items();
    for (std::size_t n = 0; n + 1 < words.size(); n += 2) {
      std::string_view what = words[n + 1].text();
      static_cast<void>(word_of(what));  // the host
      taken.urls.push_back(url_of(number, what, words[n].text()));
    }
  }
  co_return taken;
}

coro<redis::reply> crawl_store::ask(redis::request what) {
  co_return co_await client_.execute<redis::reply>(std::move(what));
}

coro<report_answer> crawl_store::report(std::vector<std::string> words) {
  words.insert(words.begin(), worker_);
  const redis::reply answer = co_await run(report_, std::move(words));
  report_answer made;
  made.counts = truths_of(answer.items().at(0));
  made.queue_eighths = static_cast<unsigned>(answer.items().at(1).integer());
  co_return made;
}

coro<bool> crawl_store::claim(std::vector<std::string> words) {
  words.insert(words.begin(), worker_);
  const redis::reply answer = co_await run(claim_, std::move(words));
  co_return answer.integer() != 0;
}

coro<void> crawl_store::release(held_partitions what) {
  std::vector<std::string> args;
  args.push_back(worker_);
  args.emplace_back("0");
  add_words(args, what);
  static_cast<void>(co_await run(release_, std::move(args)));
}

coro<void> crawl_store::leave(held_partitions what) {
  std::vector<std::string> args;
  args.push_back(worker_);
  args.emplace_back("1");
  add_words(args, what);
  static_cast<void>(co_await release_.run(client_, prefix_, std::move(args)));
}

coro<std::vector<bool>> crawl_store::pass(std::vector<std::string> words) {
  const redis::reply answer = co_await run(pass_, std::move(words));
  co_return truths_of(answer);
}

}  // namespace hocket::crawl::detail
