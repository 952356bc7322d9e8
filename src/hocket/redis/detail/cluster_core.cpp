// A command goes to whoever has its slot by the table, which is nearly always right. What comes back otherwise makes it an errand: sent on (MOVED, ASK), or tried again after a
// pause and a look at the topology (a node that is gone, CLUSTERDOWN, TRYAGAIN), until it is answered or its time is over. Commands that were gathered are errands from the beginning,
// each round of which is one send to each node.
//
// The table is asked for by one task at a time; who comes meanwhile takes what that has found. It is asked for again, a moment later and in the background, when a node says MOVED
// or a connection was lost.

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/redis/detail/cluster_core.hpp>
#include <hocket/redis/detail/connection.hpp>
#include <hocket/redis/detail/redirection.hpp>
#include <hocket/redis/detail/topology.hpp>
#include <hocket/redis/detail/word_reader.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::redis::detail {
namespace {

constexpr duration between_refreshes = std::chrono::milliseconds(100);
constexpr unsigned hasty_redirections = 3;  // then nodes do not agree, and are given time
constexpr std::size_t most_learned_rules = 1024;

bool is_refusal_for_now(std::string_view code) noexcept {
  return code == "CLUSTERDOWN" || code == "TRYAGAIN" || code == "LOADING" || code == "MASTERDOWN";
}

// It was not sent, or may be sent twice.
bool may_try_again(const connection_lost& problem, bool is_idempotent) noexcept {
  return is_idempotent || dynamic_cast<const not_connected*>(&problem) != nullptr;
}

reply nobody_has(std::uint16_t slot) {
  return {reply_kind::error, fmt::format("CLUSTERDOWN no node of the cluster is known that has slot {}", slot)};
}

std::exception_ptr error_of(const reply& answer) { return std::make_exception_ptr(response_error(answer.text())); }

reply combine(std::vector<reply> answers, spread goes) {
  for (reply& each : answers)
    if (each.is_error()) return std::move(each);
  if (goes == spread::all || answers.size() == 1) return std::move(answers.front());
  if (goes == spread::sum) {
    std::int64_t sum = 0;
    for (const reply& each : answers) sum += each.integer();
    return reply(sum);
  }
  reply::items_type items;
  for (reply& each : answers) std::ranges::move(std::move(each).items(), std::back_inserter(items));
  return {reply_kind::array, std::move(items)};
}

}  // namespace

cluster_core::cluster_core(cluster_options options)
    : options_(std::move(options)), slots_([this](const node_address& where) { return make_node(where); }) {
  if (options_.node.database != 0) throw std::invalid_argument("a cluster of Redis has no database but 0");
}

void cluster_core::require_open() const {
  if (is_over_) throw client_closed("the client of a cluster of Redis is closed");
}

cluster_core::patience cluster_core::patience_of_a_command() const {
  const time_point now = loop::running().turn_time();
  const duration limit = options_.node.command_timeout;
  return {.end = limit > time_point::max() - now ? time_point::max() : now + limit};
}

// ---- where a command goes

coro<cluster_core::destination> cluster_core::destination_of(const request& what) {
  std::string name = name_of(what);
  const command_rule* const rule = rule_of(name);
  if (rule == nullptr) co_return co_await learn_destination_of(what, std::move(name));
  if (rule->goes == spread::refused)
    throw std::invalid_argument(
        fmt::format("{} is for one connection, and there is none of a cluster: see cluster::client_for", name));
  if (rule->goes != spread::keys) co_return destination{.goes = rule->goes};
  const auto slot = slot_of(what, *rule);
  co_return destination{.goes = slot ? spread::keys : spread::any, .slot = slot, .reads = rule->reads};
}

coro<cluster_core::destination> cluster_core::learn_destination_of(const request& what, std::string name) {
  auto known = learned_.find(name);
  if (known == learned_.end()) {
    const learned_rule found = co_await learn(name);
    if (learned_.size() >= most_learned_rules) learned_.clear();
    known = learned_.emplace(name, found).first;
    known->second.rule.name = known->first;
  }
  const learned_rule rule = known->second;
  if (rule.rule.goes != spread::keys) co_return destination{};
  std::optional<std::uint16_t> slot;
  if (rule.must_ask_for_keys) {
    request keys("COMMAND", "GETKEYS");
    word_reader words(what);
    while (const auto word = words.next()) keys.add(*word);
    const reply answer = co_await ask(std::move(keys).idempotent());
    if (answer.is_error()) co_return destination{};  // it has none, or the wrong words: the server will say
    request as_list("COMMAND");
    for (const reply& each : answer.items()) as_list.add(each.text());
    slot = slot_of(as_list, {.name = name, .last = -1});
  } else {
    slot = slot_of(what, rule.rule);
  }
  co_return destination{.goes = slot ? spread::keys : spread::any, .slot = slot, .reads = rule.rule.reads};
}

// One that no server knows goes to any, which says so.
coro<cluster_core::learned_rule> cluster_core::learn(std::string name) {
  const reply answer = co_await ask(request("COMMAND", "INFO", name).idempotent());
  learned_rule found{.rule = {.name = {}, .goes = spread::any}, .must_ask_for_keys = false};
  answer.raise_for_error();
  const auto& entries = answer.items();
  if (entries.empty() || !entries.front().has_items()) co_return found;
  const auto& said = entries.front().items();
  if (said.size() < 6) co_return found;
  const auto flags = said[2].as<std::vector<std::string>>();
  found.must_ask_for_keys = std::ranges::find(flags, "movablekeys") != flags.end();
  found.rule.reads = std::ranges::find(flags, "readonly") != flags.end();
  found.rule.first = said[3].as<int>();
  found.rule.last = said[4].as<int>();
  found.rule.step = std::max(said[5].as<int>(), 1);
  if (found.rule.first > 0 || found.must_ask_for_keys) found.rule.goes = spread::keys;
  co_return found;
}

node_pointer cluster_core::pick(const destination& where) noexcept {
  if (!where.slot) return slots_.any_master();
  return where.reads ? slots_.reader_of(*where.slot, options_.reads) : slots_.master_of(*where.slot);
}

// ---- commands

coro<reply> cluster_core::ask(request what) {
  require_open();
  const destination where = co_await destination_of(what);
  if (generation_ == 0) co_await refresh(0);
  if (where.goes != spread::keys && where.goes != spread::any) co_return co_await ask_everywhere(what, where.goes);
  const patience left = patience_of_a_command();
  std::exception_ptr why;
  bool must_wait = false;
  errand first{.what = &what, .where = where, .to = pick(where)};
  if (first.to != nullptr) {
    const node_pointer to = first.to;
    try {
      must_wait = take(first, co_await to->ask(what));
    } catch (const connection_lost& problem) {
      refresh_soon();
      if (!may_try_again(problem, what.is_idempotent())) throw;
      why = std::current_exception();
      first.to = nullptr;
      first.where.reads = false;
      must_wait = true;
    } catch (const timeout_error&) {
      refresh_soon();
      throw;
    }
  }
  if (first.is_done) co_return std::move(first.answer);
  std::vector<errand> one;
  one.push_back(std::move(first));
  co_await run_errands(one, left, why, must_wait);
  co_return std::move(one.front().answer);
}

coro<std::vector<reply>> cluster_core::ask_each(std::vector<request> what) {
  require_open();
  std::vector<errand> all;
  all.reserve(what.size());
  for (const request& each : what) {
    const destination where = co_await destination_of(each);
    if (where.goes != spread::keys && where.goes != spread::any)
      throw std::invalid_argument(
          fmt::format("{} goes to all nodes of a cluster, and cannot be in a pipeline", name_of(each)));
    all.push_back({.what = &each, .where = where});
  }
  if (generation_ == 0) co_await refresh(0);
  co_await run_errands(all, patience_of_a_command(), nullptr, false);
  std::vector<reply> answers;
  answers.reserve(all.size());
  for (errand& each : all) answers.push_back(std::move(each.answer));
  co_return answers;
}

// Those that are out of time have the last answer, an error; if there was none, it throws why.
coro<void> cluster_core::run_errands(std::vector<errand>& all, patience left, std::exception_ptr why, bool must_wait) {
  for (;;) {
    const bool has_time = !must_wait || co_await waited_before_retry(left, generation_);
    if (!has_time && why != nullptr) std::rethrow_exception(why);
    if (!has_time) co_return;
    require_open();
    why = nullptr;
    std::vector<share> shares = split(all);
    std::vector<coro<void>> asked;
    asked.reserve(shares.size());
    for (share& each : shares) asked.push_back(run_share(each));
    co_await gather(std::move(asked));
    must_wait = false;
    for (share& each : shares) {
      if (each.problem != nullptr) {
        take_problem(each);
        why = each.problem;
      }
      must_wait = must_wait || each.must_wait;
    }
    bool all_done = true;
    for (const errand& each : all) {
      all_done = all_done && each.is_done;
      must_wait = must_wait || (!each.is_done && each.to == nullptr);
    }
    if (all_done) co_return;
  }
}

std::vector<cluster_core::share> cluster_core::split(std::vector<errand>& all) {
  std::vector<share> shares;
  std::map<cluster_node*, std::size_t> of_node;
  for (errand& each : all) {
    if (each.is_done) continue;
    if (each.to == nullptr) each.to = pick(each.where);
    if (each.to == nullptr) {
      each.answer = nobody_has(each.where.slot.value_or(0));
      continue;
    }
    const auto [place, is_new] = of_node.try_emplace(each.to.get(), shares.size());
    if (is_new) shares.push_back({.to = each.to, .errands = {}});
    shares[place->second].errands.push_back(&each);
  }
  return shares;
}

coro<void> cluster_core::run_share(share& of) {
  static const request asking("ASKING");
  std::vector<const request*> words;
  words.reserve(of.errands.size());
  for (const errand* each : of.errands) {
    if (each->is_asking) words.push_back(&asking);
    words.push_back(each->what);
  }
  auto answered = co_await as_result(of.to->ask(std::move(words)));
  if (!answered) {
    of.problem = answered.error();
    co_return;
  }
  std::size_t at = 0;
  for (errand* each : of.errands) {
    if (each->is_asking) ++at;  // its answer is OK
    of.must_wait = take(*each, std::move((*answered)[at++])) || of.must_wait;
  }
}

bool cluster_core::take(errand& of, reply&& answer) {
  const node_pointer by = std::exchange(of.to, nullptr);
  of.is_asking = false;
  of.answer = std::move(answer);
  const std::string_view code = of.answer.code();
  if (is_refusal_for_now(code)) {
    of.where.reads = false;
    return true;
  }
  of.is_done = true;
  const bool has_moved = code == "MOVED";
  if (!has_moved && code != "ASK") return false;
  if (has_moved) refresh_soon();
  const auto said = parse_redirection(of.answer.text(), by->address().host);
  if (!said || ++of.redirections > options_.most_redirections) return false;
  of.to = slots_.node_at(said->to);
  if (of.to == nullptr) return false;
  of.is_done = false;
  of.is_asking = !has_moved;
  if (has_moved) slots_.assign(said->slot, of.to);
  return of.redirections > hasty_redirections;
}

// Throws it, if there is nothing to be done about it.
void cluster_core::take_problem(share& of) {
  try {
    std::rethrow_exception(of.problem);
  } catch (const connection_lost& problem) {
    refresh_soon();
    for (errand* each : of.errands) {
      if (!may_try_again(problem, each->what->is_idempotent())) throw;
      each->to = nullptr;
      each->is_asking = false;
      each->where.reads = false;
    }
  } catch (const timeout_error&) {
    refresh_soon();
    throw;
  }
}

// False: there is no time for another attempt.
coro<bool> cluster_core::waited_before_retry(patience& left, std::uint64_t seen) {
  const duration pause = options_.pause.after(++left.failures);
  if (pause > left.end - loop::running().time()) co_return false;
  co_await sleep(pause);
  co_await refresh(seen);
  co_return true;
}

coro<reply> cluster_core::ask_everywhere(const request& what, spread goes) {
  for (patience left = patience_of_a_command();;) {
    require_open();
    const std::uint64_t seen = generation_;
    const auto to = slots_.masters();
    std::vector<reply> answers(to.size());
    std::vector<std::exception_ptr> problems(to.size());
    std::vector<coro<void>> asked;
    for (std::size_t at = 0; at < to.size(); ++at)
      asked.push_back(ask_one_of_all(to[at], what, answers[at], problems[at]));
    co_await gather(std::move(asked));
    std::erase(problems, nullptr);
    if (problems.empty() && !answers.empty()) co_return combine(std::move(answers), goes);
    const std::exception_ptr why = problems.empty() ? error_of(nobody_has(0)) : problems.front();
    if (!mends(why) && !problems.empty()) std::rethrow_exception(why);
    const bool has_time = co_await waited_before_retry(left, seen);
    if (!has_time) std::rethrow_exception(why);
  }
}

coro<void> cluster_core::ask_one_of_all(node_pointer to, const request& what, reply& answer,
                                        std::exception_ptr& problem) {
  auto answered = co_await as_result(to->ask(what));
  if (answered)
    answer = std::move(*answered);
  else
    problem = answered.error();
}

// ---- the table

node_pointer cluster_core::make_node(const node_address& where) {
  client_options options = options_of(where);
  options.connect_attempts = 1;
  if (options_.reads != reads_from::masters) options.on_connect.insert(options.on_connect.begin(), request("READONLY"));
  auto made = std::make_shared<cluster_node>(where, std::move(options));
  made->client().on_lost([mine = weak_from_this()] {
    if (const auto core = mine.lock()) core->refresh_soon();
  });
  return made;
}

client_options cluster_core::options_of(const node_address& where) const {
  client_options options = options_.node;
  options.host = where.host;
  options.port = where.port;
  options.unix_socket.clear();
  options.endpoint = nullptr;
  return options;
}

coro<void> cluster_core::refresh(std::uint64_t seen) {
  const auto turn = co_await refreshing_.scoped_lock();
  if (generation_ != seen) co_return;
  std::exception_ptr problem;
  for (unsigned round = 1;; ++round) {
    require_open();
    std::vector<node_pointer> candidates = slots_.nodes();
    if (options_.seeds.empty())
      candidates.push_back(make_node({.host = options_.node.host, .port = options_.node.port}));
    for (const node_address& each : options_.seeds) candidates.push_back(make_node(each));
    for (const node_pointer& each : candidates) {
      const bool has_told = co_await refresh_from(each, problem);
      if (has_told) co_return;
    }
    if (!mends(problem) || round >= options_.node.connect_attempts) std::rethrow_exception(problem);
    co_await sleep(options_.pause.after(round));
  }
}

coro<bool> cluster_core::refresh_from(node_pointer node, std::exception_ptr& problem) {
  const request what = request("CLUSTER", "SLOTS").idempotent();
  auto answered = co_await as_result(with_timeout(delay(options_.topology_timeout), node->ask(what)));
  if (!answered && is_cancelled(answered.error())) throw cancelled{};
  try {
    if (!answered) std::rethrow_exception(answered.error());
    const auto ranges = parse_slots(std::move(*answered), node->address().host);
    if (ranges.empty())
      throw connection_lost(
          fmt::format("{}:{} knows of no slots of a cluster", node->address().host, node->address().port));
    slots_.assign(ranges);
    ++generation_;
    co_return true;
  } catch (const std::exception&) {
    problem = std::current_exception();
  }
  co_return false;
}

void cluster_core::refresh_soon() {
  if (is_over_ || generation_ == 0 || refreshing_later_) return;
  refreshing_later_ = create_task(refresh_later(shared_from_this()), {.name = "redis topology"});
}

coro<void> cluster_core::refresh_later(std::shared_ptr<cluster_core> mine) {
  const auto core = std::move(mine);
  const auto slept = co_await as_result(sleep(between_refreshes));
  if (slept) static_cast<void>(co_await as_result(core->refresh(core->generation_)));
  core->refreshing_later_.reset();
}

coro<node_pointer> cluster_core::master_of(std::uint16_t slot) {
  require_open();
  if (generation_ == 0) co_await refresh(0);
  if (slots_.master_of(slot) == nullptr) co_await refresh(generation_);
  auto found = slots_.master_of(slot);
  if (found == nullptr) nobody_has(slot).raise_for_error();
  co_return found;
}

coro<std::vector<node_pointer>> cluster_core::masters() {
  require_open();
  if (generation_ == 0) co_await refresh(0);
  co_return slots_.masters();
}

// ---- ends

coro<void> cluster_core::close() {
  is_over_ = true;
  if (refreshing_later_) refreshing_later_->cancel();
  const auto nodes = slots_.nodes();
  std::vector<coro<void>> closing;
  for (const node_pointer& each : nodes) closing.push_back(each->client().close());
  co_await gather(std::move(closing));
}

void cluster_core::abort() noexcept {
  is_over_ = true;
  if (refreshing_later_) refreshing_later_->cancel();
  for (const node_pointer& each : slots_.nodes()) each->client().abort();
}

}  // namespace hocket::redis::detail
