#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <hocket/redis/cluster.hpp>
#include <hocket/redis/detail/cluster_core.hpp>
#include <hocket/redis/detail/connection.hpp>
#include <hocket/redis/key_slot.hpp>

namespace hocket::redis {
namespace {

using detail::cluster_core;
using core_pointer = std::shared_ptr<cluster_core>;

cluster_options with_url(std::string_view url, cluster_options others) {
  others.node = options_from_url(url, std::move(others.node));
  return others;
}

std::shared_ptr<client> client_of(const detail::node_pointer& node) { return {node, &node->client()}; }

coro<std::vector<reply>> execute_all(core_pointer core, std::vector<request> what) {
  co_return co_await core->ask_each(std::move(what));
}

coro<std::shared_ptr<client>> client_for_slot(core_pointer core, std::uint16_t slot) {
  const auto node = co_await core->master_of(slot);
  co_return client_of(node);
}

coro<std::vector<std::shared_ptr<client>>> clients_of_masters(core_pointer core) {
  std::vector<std::shared_ptr<client>> all;
  for (const auto& each : co_await core->masters()) all.push_back(client_of(each));
  co_return all;
}

coro<void> close_core(core_pointer core) { co_await core->close(); }

// Whoever has the slot. A connection that was lost, or refused by a node that has the slot no more, is a reason to look again.
class endpoint_of_slot final : public endpoint {
 public:
  endpoint_of_slot(core_pointer core, std::uint16_t slot) noexcept : core_(std::move(core)), slot_(slot) {}

  coro<byte_stream> connect() override {
    if (seen_) co_await core_->refresh(*seen_);
    const auto node = co_await core_->master_of(slot_);
    seen_ = core_->generation();
    const client_options options = core_->options_of(node->address());
    co_return co_await detail::reach(options);
  }

  [[nodiscard]] std::string name() const override { return fmt::format("the master of slot {}", slot_); }

 private:
  core_pointer core_;
  std::uint16_t slot_;
  std::optional<std::uint64_t> seen_;  // of the table that the last connection was made by
};

}  // namespace

cluster::cluster(cluster_options options) : core_(std::make_shared<cluster_core>(std::move(options))) {}

cluster::cluster(std::string_view url, cluster_options others) : cluster(with_url(url, std::move(others))) {}

cluster::~cluster() {
  if (core_ != nullptr) core_->abort();
}

coro<std::vector<reply>> cluster::execute(std::vector<request> what) { return execute_all(core_, std::move(what)); }

coro<std::shared_ptr<client>> cluster::client_for(std::string_view key) {
  return client_for_slot(core_, key_slot(key));
}

coro<std::vector<std::shared_ptr<client>>> cluster::masters() { return clients_of_masters(core_); }

client_options cluster::options_for(std::string_view key) const {
  client_options options = core_->options().node;
  options.endpoint = std::make_shared<endpoint_of_slot>(core_, key_slot(key));
  return options;
}

coro<void> cluster::close() { return close_core(core_); }

void cluster::abort() noexcept { core_->abort(); }

const cluster_options& cluster::options() const noexcept { return core_->options(); }

coro<reply> cluster::ask(std::shared_ptr<detail::cluster_core> core, request what) {
  co_return co_await core->ask(std::move(what));
}

async_generator<std::string> scan(cluster& by, scan_options options) {
  const auto masters = co_await by.masters();
  for (const auto& each : masters) {
    auto keys = scan(*each, options);
    while (auto key = co_await keys.next()) co_yield std::move(*key);
  }
}

}  // namespace hocket::redis
