#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <hocket/redis/client.hpp>
#include <hocket/redis/detail/borrowed_call.hpp>
#include <hocket/redis/node_address.hpp>

namespace hocket::redis::detail {

/// A node of a cluster, with the connection to it that all share. Lives as long as anybody has it, though the cluster may have forgotten it.
class cluster_node {
 public:
  cluster_node(node_address at, client_options options) : address_(std::move(at)), client_(std::move(options)) {}

  [[nodiscard]] const node_address& address() const noexcept { return address_; }
  [[nodiscard]] redis::client& client() noexcept { return client_; }

  // What is asked must stay until it is answered, and so must the node.
  [[nodiscard]] borrowed_call ask(const request& what) { return {client_.core_, what}; }
  [[nodiscard]] borrowed_batch ask(std::vector<const request*> what) { return {client_.core_, std::move(what)}; }

 private:
  node_address address_;
  redis::client client_;
};

using node_pointer = std::shared_ptr<cluster_node>;

}  // namespace hocket::redis::detail
